"""The places of a machine: shared out once, given back by the dead, and nobody waits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pm_kernel.nextflow.places import Holder, Places

TAKE = """
import sys
from pathlib import Path
from pm_kernel.nextflow.places import Places
held = Places(Path(sys.argv[1]), 4).take(int(sys.argv[2]), 7, Path("/else"))
print(held.number, flush=True)
sys.stdin.read()
"""


def test_places_are_taken_once_and_given_back_by_whoever_dies(tmp_path: Path) -> None:
    places = Places(tmp_path, 4)
    mine = places.take(1, 1, Path("/mine"))
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(tmp_path), "9"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "3\n"
        assert places.holders() == (Holder(1, "/mine", 1), Holder(7, "/else", 3))
        # All are taken: one task at a time goes on beside them, and takes nothing.
        beside = places.take(4, 2, Path("/mine"))
        assert (beside.number, beside.share) == (0, 1)
        assert places.holders()[1] == Holder(2, "/mine", 0)
        third = places.take(4, 3, Path("/mine"))
        assert third.share == 1
        beside.keep(0)
        third.keep(0)
        other.kill()
    assert places.holders() == (Holder(1, "/mine", 1),)
    more = places.take(4, 2, Path("/mine"))
    assert (more.number, more.whole) == (3, False)
    more.keep(1)
    assert places.holders() == (Holder(1, "/mine", 1), Holder(2, "/mine", 1))
    more.keep(0)
    mine.keep(0)
    alone = places.take(9, 3, Path("/mine"))
    assert (alone.number, alone.whole) == (4, True)
    alone.keep(0)
    assert places.holders() == ()


def test_where_there_is_no_place_for_locks_a_plan_has_the_machine(tmp_path: Path) -> None:
    (tmp_path / "places").write_text("no folder")
    places = Places(tmp_path, 4)
    assert places.take(4, 1, Path("/mine")).whole
    assert places.holders() == ()


def test_one_who_was_stopped_while_counting_holds_nobody_up(tmp_path: Path) -> None:
    places = Places(tmp_path, 2)
    with places._counting():
        held = places.take(2, 1, Path("/mine"))
    assert held.whole
    held.keep(0)
