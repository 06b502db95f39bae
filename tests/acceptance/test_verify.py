"""``pm verify`` after somebody touched artifacts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ..workbench import Workbench

READER = """
def run(table, output_dir):
    (output_dir / "copy.csv").write_text(table.read_text())
"""


@pytest.fixture
def two_runs(bench: Workbench) -> Workbench:
    bench.method("double")
    bench.method("reader", READER, inputs={"table": "upstream"}, outputs={"copy": "copy.csv"})
    assert bench.pm("run", "double").stdout == "1\n"
    assert bench.pm("run", "reader", "--input", "table=run:1/table").stdout == "2\n"
    return bench


def verdicts(bench: Workbench, *words: str) -> dict[int, bool]:
    done = bench.pm("verify", *words, "--json")
    return {each["run_id"]: each["clean"] for each in json.loads(done.stdout)}


def test_untouched_artifacts_are_what_was_recorded(two_runs: Workbench) -> None:
    for tier in ([], ["--full"]):
        done = two_runs.pm("verify", *tier)
        assert done.returncode == 0, done.stderr
        assert "2 runs are what was recorded" in done.stdout
    places = [two_runs.final(1), *two_runs.final(1).rglob("*")]
    assert not any(place.stat().st_mode & 0o222 for place in places)


def test_a_changed_file_is_named_with_both_checksums(two_runs: Workbench) -> None:
    table = two_runs.final(1) / "table.csv"
    table.chmod(0o644)
    table.write_text("value\n43\n")
    done = two_runs.pm("verify")
    assert done.returncode == 9
    assert "table.csv: changed" in done.stdout
    assert done.stdout.count("sha256:") == 2
    assert "1 of 2 runs" in done.stderr
    runs = json.loads(two_runs.pm("runs", "--json").stdout)["runs"]
    states = {run["run_id"]: run["state"] for run in runs}
    assert states == {1: "altered", 2: "tainted"}


def test_a_change_that_hides_its_time_is_found_by_reading_every_byte(two_runs: Workbench) -> None:
    table = two_runs.final(1) / "table.csv"
    before = table.stat()
    table.chmod(0o644)
    table.write_text("value\n43\n")
    os.utime(table, ns=(before.st_atime_ns, before.st_mtime_ns))
    table.chmod(0o444)
    assert verdicts(two_runs, "--full") == {1: False, 2: True}


def test_a_manifest_rewritten_to_fit_is_found_out(two_runs: Workbench) -> None:
    folder = two_runs.final(1)
    other = two_runs.final(2)
    for name in ("table.csv", ".manifest.json"):
        (folder / name).chmod(0o644)
    forged = "value\n43\n"
    (folder / "table.csv").write_text(forged)
    import hashlib

    manifest = json.loads((folder / ".manifest.json").read_text())
    entry = manifest["files"]["table.csv"]
    info = (folder / "table.csv").stat()
    entry |= {
        "sha256": hashlib.sha256(forged.encode()).hexdigest(),
        "size": info.st_size,
        "mtime_ns": info.st_mtime_ns,
        "ctime_ns": info.st_ctime_ns,
        "inode": info.st_ino,
    }
    (folder / ".manifest.json").write_text(json.dumps(manifest))
    assert verdicts(two_runs) == {1: False, 2: True}
    assert other.is_dir()


def test_an_altered_input_stops_the_next_run_and_no_plan_reuses_it(two_runs: Workbench) -> None:
    table = two_runs.final(1) / "table.csv"
    table.chmod(0o644)
    table.write_text("value\n43\n")
    done = two_runs.pm("run", "reader", "--input", "table=run:1/table", "--rerun")
    assert done.returncode != 0
    assert "altered after it was recorded" in done.stderr
    again = two_runs.pm("run", "double")
    assert again.stdout.strip() not in ("1", "2"), again.stderr
    assert two_runs.unfinished() == []


def test_a_lost_directory_is_said(two_runs: Workbench) -> None:
    two_runs.final(1).rename(two_runs.root / "elsewhere")
    done = two_runs.pm("verify", "1")
    assert done.returncode == 9
    assert "00000001" in done.stdout


def test_only_what_there_is_to_verify_gets_a_verdict(two_runs: Workbench) -> None:
    assert "There is no run 99" in two_runs.pm("verify", "1", "99").stderr
    two_runs.execute("UPDATE runs SET status = 'running', host = 'node7' WHERE id = 2")
    assert "Run 2 has not ended" in two_runs.pm("verify", "2").stderr
    # Of another workspace, whose run store is elsewhere; then of a disk that is not mounted.
    other = Workbench.make(two_runs.root.parent / "other", two_runs.url)
    for bench, said in ((other, f"of the workspace {two_runs.root}"), (two_runs, "mounted?")):
        if bench is two_runs:
            two_runs.runs.rename(two_runs.root / "disk")
            two_runs.runs.mkdir()
        done = bench.pm("verify", "1")
        assert done.returncode == 8
        assert said in done.stdout
    other.close()
    assert two_runs.rows("SELECT * FROM integrity_events") == []


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that gives no byte")
def test_of_what_cannot_be_read_nothing_is_noted_and_the_others_are_checked(
    two_runs: Workbench,
) -> None:
    folder = two_runs.final(1)
    folder.chmod(0o755)
    (folder / ".manifest.json").rename(two_runs.root / "kept")
    # Also root gets an error of the disk from it.
    (folder / ".manifest.json").symlink_to("/proc/self/mem")
    done = two_runs.pm("verify")
    assert done.returncode == 8
    assert "? run 1" in done.stdout
    assert "Input/output error" in done.stdout
    assert "1 of 2 runs could not be read" in done.stderr
    assert verdicts(two_runs) == {1: False, 2: True}
    runs = json.loads(two_runs.pm("runs", "--json").stdout)["runs"]
    assert {run["run_id"]: run["state"] for run in runs} == {1: "completed", 2: "completed"}
    done = two_runs.pm("run", "reader", "--input", "table=run:1/table", "--rerun")
    assert done.returncode != 0
    assert "Input/output error" in done.stderr
    runs = json.loads(two_runs.pm("runs", "--json").stdout)["runs"]
    assert {run["run_id"]: run["state"] for run in runs if run["run_id"] < 3} == {
        1: "completed",
        2: "completed",
    }
