"""``pm run`` as a person types it."""

from __future__ import annotations

from ..workbench import Workbench


def test_a_run_ends_completed_with_its_id_on_stdout(bench: Workbench) -> None:
    bench.method("double")
    done = bench.pm("run", "double")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert "the result is 42" in done.stderr
    assert bench.run_row(1)["status"] == "completed"
    assert bench.unfinished() == []
