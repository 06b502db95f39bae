"""The code that a run executes is its version's, whatever became of the place it is kept in."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pm_kernel.running import code
from pm_kernel.running.register import NotStarted

from ..workbench import Workbench
from .recording_harness import Life


def cached(bench: Workbench) -> list[Path]:
    """The two folders of the one version: exported, and prepared."""
    places = [p for p in (bench.runs / ".code").iterdir() if not p.name.startswith(".")]
    return sorted(places, key=lambda place: len(place.name))


def result(life: Life) -> int:
    ended = life.run(life.bench.open("double"))
    assert ended.error is None
    value: int = life.bench.run_row(ended.run_id)["metrics"]["result"]
    return value


def test_a_version_is_exported_and_prepared_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    assert result(life) == 42
    before = [(place, place.stat().st_ino) for place in cached(bench)]
    assert len(before) == 2
    assert result(life) == 42
    assert [(place, place.stat().st_ino) for place in cached(bench)] == before


@pytest.mark.parametrize("which", [0, 1])
def test_code_that_was_edited_where_it_is_kept_is_made_again(
    life: Life, bench: Workbench, which: int
) -> None:
    bench.method("double")
    assert result(life) == 42
    helper = cached(bench)[which] / "code" / "helper.py"
    helper.write_text(helper.read_text().replace("value * factor", "value + factor"))
    assert result(life) == 42
    assert "value * factor" in helper.read_text()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("damage", ["emptied", "note lost", "file added"])
def test_a_damaged_place_is_made_again(
    life: Life, bench: Workbench, which: int, damage: str
) -> None:
    bench.method("double")
    assert result(life) == 42
    place = cached(bench)[which]
    if damage == "emptied":
        for path in (place / "code").rglob("*.py"):
            path.write_bytes(b"")
    elif damage == "note lost":
        (place / "files.txt").unlink()
    else:
        (place / "code" / "helper2.py").write_text("raise SystemExit")
    assert result(life) == 42
    assert not (place / "code" / "helper2.py").exists()


def test_a_lost_description_is_made_again(life: Life, bench: Workbench) -> None:
    bench.method("double")
    assert result(life) == 42
    (cached(bench)[1] / "prepared.json").write_text("{")
    assert result(life) == 42


def test_several_that_need_the_same_code_at_once_all_get_it(life: Life, bench: Workbench) -> None:
    bench.method("double")
    opened = [bench.open("double") for _ in range(4)]
    outcomes: list[object] = []
    together = threading.Barrier(4)

    def one(number: int) -> None:
        together.wait()
        try:
            outcomes.append(life.register(opened[number], task_dir=life.folder / f"t{number}"))
        except BaseException as error:  # noqa: BLE001 - told to the test
            outcomes.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(each) for each in outcomes] == [tuple] * 4
    assert len(cached(bench)) == 2
    assert [p.name for p in (bench.runs / ".code").iterdir() if p.name.startswith(".")] == []


def test_drafts_of_killed_processes_are_removed_after_a_while(life: Life, bench: Workbench) -> None:
    bench.method("double")
    old, young = (bench.runs / ".code" / f".double-{name}" for name in ("old", "young"))
    for draft in (old, young):
        (draft / "code").mkdir(parents=True)
    long_ago = time.time() - 2 * code._ABANDONED
    os.utime(old, (long_ago, long_ago))
    assert result(life) == 42
    assert not old.exists()
    assert young.exists()


def test_a_commit_that_is_not_in_the_repository_fails_the_run(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    bench.execute("UPDATE method_versions SET git_commit_hash = %s", "1" * 40)
    with pytest.raises(NotStarted, match="1111111"):
        life.register(launch)
    assert bench.run_row(1)["status"] == "failed"
    assert bench.left_behind() == []
    assert list((bench.runs / ".code").iterdir()) == []


def test_a_table_that_breaks_the_contract_of_its_module_fails_the_run(
    life: Life, bench: Workbench
) -> None:
    source = "from pathlib import Path\nimport shutil\ndef run(given, output_dir):\n"
    source += "    shutil.copy(given, Path(output_dir) / 'cells.parquet')\n"
    bench.method(
        "cells",
        source,
        inputs={"given": "file"},
        outputs={"cells": ("cells.parquet", "table")},
        contract=[("cells", "cell_id", "str", True), ("cells", "quality", "float", True)],
    )
    parquet.write_table(pa.table({"cell_id": ["a"], "quality": [1.0]}), bench.root / "good.parquet")
    parquet.write_table(pa.table({"quality": [1.0]}), bench.root / "bad.parquet")
    good = life.run(bench.open("cells", inputs=[("given", "good.parquet")]))
    assert (good.status, good.error) == ("completed", None)
    bad = life.run(bench.open("cells", inputs=[("given", "bad.parquet")]))
    assert bad.status == "failed"
    assert bad.error == (
        "The contract of its module is broken: cells.parquet has no column 'cell_id'; "
        "it has: quality."
    )
    assert bench.run_row(bad.run_id)["error"] == bad.error
    # Nothing below it can start.
    rows = bench.rows("SELECT current_run FROM planned_runs ORDER BY id")
    assert [row["current_run"] for row in rows] == [good.run_id, None]
