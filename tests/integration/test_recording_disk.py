"""Recording on a disk that is full or read-only: a real one, small and mounted for the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pm_kernel.artifacts.layout import release_reserve
from pm_kernel.errors import StoreUnavailable
from pm_kernel.running.register import NotStarted

from ..workbench import Workbench
from .recording_harness import Life

MB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def bench(
    tmp_path: Path, disk: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> Iterator[Workbench]:
    cache = tmp_path_factory.getbasetemp() / "cache"
    made = Workbench.make(disk / "workspace", database_url, cache=cache)
    yield made
    made.close()


FILL = """
import os
from pathlib import Path

def run(output_dir):
    (Path(output_dir) / "result.txt").write_text("done")
    with open(Path(output_dir) / "filler", "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(65536))
        except OSError:
            {answer}
"""


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    filler = folder / "filler"
    with open(filler, "ab", buffering=0) as stream:
        for size in (MB, 4096, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue
    return filler


def test_a_method_that_fills_the_disk_fails_and_is_closed_and_recorded(
    life: Life, bench: Workbench
) -> None:
    bench.method("fill", FILL.format(answer="raise"), outputs={"result": "result.txt"})
    ended = life.run(bench.open("fill"))
    assert ended.status == "failed"
    row, meta = bench.run_row(1), bench.meta(1)
    assert (row["status"], row["error"]) == ("failed", meta["error"])
    assert "disk of the run store is full" in row["error"] or "No space left" in row["error"]
    assert bench.left_behind() == []


def test_a_method_that_just_fits_is_completed_on_a_disk_without_room(
    life: Life, bench: Workbench
) -> None:
    bench.method("fill", FILL.format(answer="os.ftruncate(stream.fileno(), stream.tell() - 65536)"))
    ended = life.run(bench.open("fill"))
    assert (ended.status, ended.error) == ("completed", None)
    assert bench.meta(1)["status"] == bench.run_row(1)["status"] == "completed"


def test_a_full_disk_registers_nothing_and_says_so(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    filler = fill(bench.root.parent)
    with pytest.raises(StoreUnavailable, match="disk of the run store is full"):
        life.register(launch)
    assert bench.rows("SELECT id FROM runs") == []
    filler.unlink()
    assert life.run(launch).status == "completed"


def test_a_run_that_cannot_be_closed_is_closed_when_there_is_space(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    _, task_dir = life.register(launch)
    exit_code = life.start(task_dir).wait()
    # Somebody else took even the space that is set aside.
    release_reserve(life.partial(task_dir))
    filler = fill(bench.root.parent)
    with pytest.raises(StoreUnavailable, match="disk of the run store is full"):
        life.complete(task_dir, exit_code)
    assert bench.run_row(1)["status"] == "running"
    assert life.partial(task_dir).is_dir()
    filler.unlink()
    assert life.complete(task_dir, exit_code).status == "completed"
    assert sorted(path.name for path in bench.final(1).iterdir()) == [
        ".manifest.json", "meta.json", "run.log", "table.csv",
    ]  # fmt: skip


def test_a_disk_that_fills_up_while_a_run_is_made_ready_fails_it(
    life: Life, bench: Workbench
) -> None:
    source = "def run(data, output_dir):\n    pass\n"
    bench.method("read", source, inputs={"data": "file"})
    (life.folder / "data.bin").write_bytes(bytes(40 * MB))
    launch = bench.open("read", inputs=[("data", str(life.folder / "data.bin"))])
    with pytest.raises(NotStarted) as stopped:
        life.register(launch)
    assert isinstance(stopped.value.cause, StoreUnavailable)
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "failed"
    assert "disk of the run store is full" in bench.run_row(1)["error"]


def test_a_read_only_disk_registers_nothing_and_says_so(
    life: Life, bench: Workbench, disk: Path
) -> None:
    bench.method("double")
    assert life.run(bench.open("double")).status == "completed"
    launch = bench.open("double")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(StoreUnavailable, match="read-only disk"):
        life.register(launch)
    assert len(bench.rows("SELECT id FROM runs")) == 1
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert life.run(launch).status == "completed"
