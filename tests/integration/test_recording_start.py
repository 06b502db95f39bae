"""What keeps a registered run from starting."""

from __future__ import annotations

from typing import Any

import pytest

from pm_kernel.errors import IntegrityError
from pm_kernel.running.register import NotStarted

from ..workbench import Workbench
from .recording_chain import READ, chain
from .recording_harness import Life, gone


def test_an_altered_input_fails_the_run_and_is_noted(life: Life, bench: Workbench) -> None:
    launch = bench.launch(*chain(bench))
    first = life.run(launch, 0)
    table = first.folder / "table.csv"
    table.chmod(0o644)
    table.write_text("value\n43\n")
    with pytest.raises(NotStarted) as stopped:
        life.register(launch, position=1)
    assert isinstance(stopped.value.cause, IntegrityError)
    row = bench.run_row(stopped.value.run_id)
    assert row["status"] == "failed"
    assert "Upstream run 1 was altered" in row["error"]
    (event,) = bench.rows("SELECT run_id, kind, result, file, created_by FROM integrity_events")
    assert event == {
        "run_id": 1, "kind": "altered", "result": "altered", "file": "table.csv",
        "created_by": "somebody",
    }  # fmt: skip
    assert bench.meta(stopped.value.run_id)["record"]["altered"][0]["file"] == "table.csv"


def test_a_file_that_changed_since_the_plan_fails_the_run(life: Life, bench: Workbench) -> None:
    bench.method("read", READ, inputs={"table": "file"}, outputs={"text": "read.txt"})
    (bench.root / "data.csv").write_text("1")
    launch = bench.open("read", inputs=[("table", "data.csv")])
    (bench.root / "data.csv").write_text("2")
    with pytest.raises(NotStarted, match="changed since this run was planned"):
        life.register(launch)
    row = bench.run_row(1)
    assert row["status"] == "failed"
    # Resuming the plan would meet the same: the record itself says what helps.
    assert "make a new plan, which takes it as it is now" in row["error"]
    assert bench.left_behind() == []


def test_what_another_command_swept_while_a_run_was_registered_is_not_blamed_on_its_method(
    life: Life, bench: Workbench
) -> None:
    # Its wrapper died; a command that looked just before the row was there took what was left.
    class Swept:
        def ask(self, request: dict[str, Any]) -> dict[str, Any]:
            if request["op"] == "register":
                life.settle()
            return life.recorder.ask(request)

    bench.method("double")
    launch = bench.open("double")
    with pytest.raises(NotStarted) as stopped:
        life.register(launch, recorder=Swept(), wrapper=gone())
    assert bench.run_row(1)["status"] == "failed"
    assert bench.run_row(1)["error"] == bench.meta(1)["record"]["error"]
    assert str(stopped.value.cause) in bench.run_row(1)["error"]
    assert bench.left_behind() == []


def test_a_broken_interpreter_fails_the_run_with_its_reason(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    broken = bench.root / "python"
    broken.write_text("#!/bin/sh\necho 'cannot load libpython' >&2\nexit 7\n")
    broken.chmod(0o755)
    bench.environ["PM_PYTHON"] = str(broken)
    with pytest.raises(NotStarted, match="cannot load libpython"):
        life.register(launch)
    row = bench.run_row(1)
    assert row["status"] == "failed"
    assert "cannot load libpython" in row["error"]
    assert bench.left_behind() == []


def test_a_directory_of_the_same_number_makes_the_run_take_the_next_one(
    life: Life, bench: Workbench
) -> None:
    # The database was put back by hand and gives out ids that the store has had already.
    bench.method("double")
    for number in (1, 2, 3):
        bench.final(number).mkdir()
    registered, task_dir = life.register(bench.open("double"))
    assert registered.run_id == 4
    ended = life.complete(task_dir, life.start(task_dir).wait())
    assert (ended.run_id, ended.status) == (4, "completed")
    assert [row["id"] for row in bench.rows("SELECT id FROM runs")] == [4]
    assert bench.meta(4)["run_id"] == 4
    assert list(bench.final(3).iterdir()) == []
    assert life.run(bench.open("double")).run_id == 5


def test_a_run_that_was_cancelled_before_it_started_never_starts(
    life: Life, bench: Workbench
) -> None:
    bench.method("mark", f"open({str(bench.root / 'started')!r}, 'w')\ndef run():\n    pass\n")
    _, task_dir = life.register(bench.open("mark"))
    (life.partial(task_dir) / ".pm" / "cancel").touch()
    assert life.start(task_dir).wait() == 130
    ended = life.complete(task_dir, 130)
    assert (ended.status, ended.error) == ("cancelled", "Cancelled.")
    assert not (bench.root / "started").exists()


def test_a_run_whose_directory_was_taken_never_starts(life: Life, bench: Workbench) -> None:
    bench.method("mark", f"open({str(bench.root / 'started')!r}, 'w')\ndef run():\n    pass\n")
    _, task_dir = life.register(bench.open("mark"), wrapper=gone())
    assert life.settle() == [1]
    assert life.start(task_dir).wait() == 130
    assert not (bench.root / "started").exists()
