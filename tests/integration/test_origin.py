"""Somebody holds a file and asks what made it: `pm lineage FILE`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pm_kernel import origin as origins
from pm_kernel.errors import IntegrityError, InvalidInput, NotFound
from pm_kernel.origin import origin_of

from ..workbench import Workbench
from .recording_harness import Life

DRAW = """
from pathlib import Path

def run(image, output_dir):
    out = Path(output_dir)
    (out / "figure.png").write_bytes(b"the figure of " + Path(image).read_bytes())
    (out / "tiles").mkdir()
    for number in range(3):
        (out / "tiles" / f"{number}.txt").write_text(f"tile {number}")
    print("drawn")
"""


@pytest.fixture
def bench(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Workbench]:
    """A workspace whose run 1 drew a figure and three tiles, and run 2 the same again."""
    cache = tmp_path_factory.getbasetemp() / "cache"
    made = Workbench.make(tmp_path / "workspace", database_url, cache=cache)
    for name, value in made.environ.items():
        if name.startswith("PM_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("PM_WORKSPACE", str(made.root))
    (made.root / "raw.txt").write_text("raw")
    made.method(
        "draw",
        DRAW,
        inputs={"image": "file"},
        outputs={"figure": ("figure.png", "image"), "tiles": ("tiles/*.txt", "text")},
    )
    life = Life(made, tmp_path)
    for _ in range(2):
        life.run(made.open("draw", inputs=[("image", f"file:{made.root / 'raw.txt'}")]))
    yield made
    made.close()


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of the workspace, where the person is."""
    folder = tmp_path / "paper"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_copy_of_a_figure_leads_to_the_runs_that_made_it(bench, paper, pm):
    shutil.copy(bench.final(1) / "figure.png", paper / "figure3.png")
    told = pm("lineage", "figure3.png")
    assert told.out.startswith("● run 2 · draw v1")
    assert "pm: figure3.png is output figure of run 2 · draw v1\n" in told.err
    assert "pm: the same content was made by run 1\n" in told.err
    document = json.loads(pm("lineage", "./figure3.png", "--json").out)
    assert document["run_id"] == 2
    assert [(m["run"]["run_id"], m["output"]) for m in document["file"]["made"]] == [
        (2, "figure"),
        (1, "figure"),
    ]
    assert document["file"]["place"] is None
    assert pm("lineage", "figure3.png", "--mermaid").out.startswith("graph LR\n")

    # One of several files of an output: the database has one checksum for all of them.
    shutil.copy(bench.final(1) / "tiles" / "1.txt", paper / "tile.txt")
    found = origin_of(bench.settings, bench.store, paper / "tile.txt")
    assert [(m.run.run_id, m.output, m.path) for m in found.made] == [
        (2, "tiles", "tiles/1.txt"),
        (1, "tiles", "tiles/1.txt"),
    ]
    # Where that takes too long it is not said that no run made it.
    late = iter(range(0, 1000, 500))
    found = origin_of(bench.settings, bench.store, paper / "tile.txt", clock=lambda: next(late))
    assert (found.made, found.searched) == ((), False)
    assert "No run that was looked into made" in found.missing().message

    # One that was altered since says less of where a content came from, however new it is.
    figure = bench.final(2) / "figure.png"
    figure.chmod(0o644)
    figure.write_text("painted over")
    pm("verify", "2", code=IntegrityError.exit_code)
    assert pm("lineage", "figure3.png").out.startswith("● run 1 · draw v1")


def test_a_file_in_a_run_s_directory_is_known_by_its_place_and_checked(bench, paper, pm):
    figure = bench.final(1) / "figure.png"
    told = pm("lineage", str(figure), "--short")
    # Not the newest run with this content: the one that it lies with.
    assert told.out.startswith("● run 1 · draw v1")
    assert "output figure of run 1" in told.err
    (paper / "link.png").symlink_to(figure)
    assert pm("lineage", "link.png", "--short").out.startswith("● run 1 · draw v1")
    # A log is of its run too, and no output.
    assert "run.log is run.log of run 1" in pm("lineage", str(bench.final(1) / "run.log")).err

    refused = pm("lineage", str(bench.final(1) / "meta.json"), code=NotFound.exit_code).err
    assert "a part of the record of run 1" in refused
    folder = bench.final(1)
    folder.chmod(0o755)
    (folder / "notes.txt").write_text("mine")
    refused = pm("lineage", str(folder / "notes.txt"), code=IntegrityError.exit_code).err
    assert "was put there by somebody else" in refused

    figure.chmod(0o644)
    figure.write_bytes(b"painted over")
    refused = pm("lineage", str(figure), code=IntegrityError.exit_code).err
    assert "but is not what that run left there: it was altered since" in refused
    assert "pm verify 1" in refused
    # Also where somebody changes the manifest along with it.
    manifest = folder / ".manifest.json"
    manifest.chmod(0o644)
    document = json.loads(manifest.read_text())
    document["files"]["figure.png"]["sha256"] = origins.hash_file(figure)
    manifest.write_text(json.dumps(document))
    pm("lineage", str(figure), code=IntegrityError.exit_code)
    # What was put there instead may be what another run made.
    figure.write_bytes((bench.final(2) / "figure.png").read_bytes() + b"!")
    shutil.copy(bench.final(2) / "tiles" / "0.txt", folder / "notes.txt")
    told = pm("lineage", str(folder / "notes.txt"), "--short")
    assert told.out.startswith("● run 2 · draw v1")
    assert "lies in the directory of run 1, which did not leave it so" in told.err


def test_a_file_that_no_run_made_is_said_to_be_none(bench, paper, pm):
    (paper / "other.png").write_bytes(b"somebody painted this")
    refused = pm("lineage", "other.png", code=NotFound.exit_code).err
    assert "No run made a file with the content of 'other.png'." in refused
    assert "opened and saved again" in refused
    shutil.copy(bench.root / "raw.txt", paper / "copy.txt")
    refused = pm("lineage", "copy.txt", code=NotFound.exit_code).err
    assert "read as an input, by run 2 (draw), run 1 (draw)" in refused
    assert "pm lineage 2 --down" in refused

    (paper / "empty").touch()
    assert (
        "says nothing of where it came from"
        in pm("lineage", "empty", code=InvalidInput.exit_code).err
    )
    assert "is a folder" in pm("lineage", str(paper), code=InvalidInput.exit_code).err
    assert "There is no file 'gone.png'." in pm("lineage", "gone.png", code=NotFound.exit_code).err
    os.mkfifo(paper / "pipe")
    assert "no plain file" in pm("lineage", "pipe", code=InvalidInput.exit_code).err
    # A number is a run; of that name a file is told by its folder.
    (paper / "47").write_text("somebody painted this too")
    assert "There is no run 47." in pm("lineage", "47", code=NotFound.exit_code).err
    assert "the content of '47'" in pm("lineage", "./47", code=NotFound.exit_code).err
