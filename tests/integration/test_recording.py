"""The rules of recording, one by one: ARCHITECTURE.md, "Recording"."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pm_kernel.errors import Cancelled, Conflict, IntegrityError, StoreUnavailable
from pm_kernel.running.register import RUN_SCRIPT, UUID_NOTE, NotStarted
from pm_kernel.store import launches
from pm_kernel.store.recording import send

from ..workbench import Workbench
from .recording_harness import Killed, Killing, Life, LosingRecorder, elsewhere, gone, me, wait_for


@pytest.fixture
def bench(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> Iterator[Workbench]:
    cache = tmp_path_factory.getbasetemp() / "cache"
    made = Workbench.make(tmp_path / "workspace", database_url, cache=cache)
    yield made
    made.close()


@pytest.fixture
def life(bench: Workbench, tmp_path: Path) -> Life:
    return Life(bench, tmp_path)


READ = """
from pathlib import Path

def run(table, output_dir):
    text = Path(table).read_text()
    (Path(output_dir) / "read.txt").write_text(text)
"""


def chain(bench: Workbench) -> tuple[int, int]:
    """A plan of two steps, the second of which reads the first."""
    bench.method("double")
    bench.method("read", READ, inputs={"table": "upstream"}, outputs={"text": "read.txt"})
    return bench.plan(
        {
            "steps": {
                "double": {"method": "double"},
                "read": {"method": "read", "inputs": {"table": {"from": "double.table"}}},
            }
        }
    )


def cancel(bench: Workbench, plan_id: int) -> None:
    with bench.store.transaction() as connection:
        launches.cancel_epoch(connection, plan_id)


# --- S1 identity, S2 register ---------------------------------------------------------------------


def test_the_directory_and_the_note_exist_before_the_row(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    with pytest.raises(Killed):
        life.register(launch, recorder=Killing(life.recorder, "register"))
    assert bench.rows("SELECT id FROM runs") == []
    task_dir = life.folder / "task1"
    assert life.partial(task_dir).is_dir()


def test_a_lost_answer_to_registering_finds_the_same_run(life: Life, bench: Workbench) -> None:
    bench.method("double")
    recorder = LosingRecorder(life.recorder, "register", losses=2)
    registered, _ = life.register(bench.open("double"), recorder=recorder)
    assert recorder.asked == ["register"] * 3
    assert [row["id"] for row in bench.rows("SELECT id FROM runs")] == [registered.run_id]


def test_a_lost_answer_gets_the_inputs_that_were_recorded_not_newer_ones(
    life: Life, bench: Workbench
) -> None:
    fails = "def run(which, output_dir):\n    (0 if which == 's1' else 1) and 1 / 0\n"
    fails += "    open(f'{output_dir}/one.txt', 'w').write(which)\n"
    bench.method("one", fails, inputs={"which": "value"}, outputs={"text": "one.txt"})
    gather = (
        "def run(texts, output_dir):\n    open(f'{output_dir}/n', 'w').write(str(len(texts)))\n"
    )
    from pm_kernel.domain.methods import MethodInput

    many = MethodInput("texts", "upstream", gather=True)
    bench.method("all", gather, inputs={"texts": many}, outputs={"n": "n"})
    plan_id, epoch = bench.plan(
        {
            "steps": {
                "one": {"method": "one", "inputs": {"which": {"column": "sample"}}},
                "all": {
                    "method": "all",
                    "inputs": {
                        "texts": {
                            "from": "one.text",
                            "gather": {"over": ["sample"], "on_failure": "go_on"},
                        }
                    },
                },
            }
        },
        samples={"columns": ["sample"], "rows": [{"sample": "s1"}, {"sample": "s2"}]},
    )
    first = bench.launch(plan_id, epoch)
    assert [life.run(first, n).status for n in range(2)] == ["completed", "failed"]
    second = bench.launch(plan_id, epoch)
    ((planned, _),) = second.tasks
    request = {
        "op": "register", "uuid": "0b7e1a52-6c2f-4c58-9d0e-111111111111", "planned": planned,
        "launch": second.launch_id, "attempt": 1, "created_by": "somebody", "host": "h", "pid": 1,
        "pid_start": "1", "boot_id": "b", "work_dir": "/w",
    }  # fmt: skip
    answer = send(bench.url, request)
    # The failed member gets a result after all, between the answer and its repetition.
    (member,) = bench.rows(
        "SELECT id FROM planned_runs WHERE current_run IS NULL AND id <> %s", planned
    )
    bench.execute("UPDATE planned_runs SET current_run = 1 WHERE id = %s", member["id"])
    again = send(bench.url, request)
    assert len(answer["inputs"]["texts"]["items"]) == 1
    assert again["inputs"] == answer["inputs"]
    assert again["run_id"] == answer["run_id"]


def test_a_completed_run_makes_a_second_registration_nothing_to_do(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    ended = life.run(launch)
    registered, task_dir = life.register(launch)
    assert (registered.run_id, registered.done) == (ended.run_id, True)
    assert subprocess.run(["sh", task_dir / RUN_SCRIPT], check=False).returncode == 0
    assert (task_dir / ".pm_run_id").read_text() == f"{ended.run_id}\n"
    done = bench.pm("complete_run", "--task-dir", str(task_dir), "--exit", "0")
    assert done.returncode == 0
    assert len(bench.rows("SELECT id FROM runs")) == 1
    assert bench.left_behind() == []


def test_two_registrations_at_once_make_one_run(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    life.register(bench.open("double"))  # the code is prepared
    outcomes: list[Any] = []
    both = threading.Barrier(2)

    def one(number: int) -> None:
        both.wait()
        try:
            outcomes.append(life.register(launch, task_dir=life.folder / f"t{number}")[0].run_id)
        except Conflict as conflict:
            outcomes.append(conflict)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (refused,) = [each for each in outcomes if isinstance(each, Conflict)]
    assert "has not ended" in refused.message
    (run_id,) = [each for each in outcomes if isinstance(each, int)]
    rows = bench.rows("SELECT id FROM runs WHERE planned_run_id = %s", launch.tasks[0][0])
    assert [row["id"] for row in rows] == [run_id]
    # The one that was refused left nothing.
    assert len(bench.left_behind()) == 2


def test_a_cancelled_plan_registers_nothing(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    cancel(bench, launch.plan_id)
    with pytest.raises(Cancelled, match="the plan was cancelled"):
        life.register(launch)
    assert bench.rows("SELECT id FROM runs") == []
    assert bench.left_behind() == []


def test_a_cancel_waits_for_a_registration_under_way_and_then_sees_its_run(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    registered: list[Any] = []
    registering = threading.Thread(target=lambda: registered.append(life.register(launch)))
    cancelling = threading.Thread(target=cancel, args=(bench, launch.plan_id))
    with psycopg.connect(bench.url) as other:
        # Somebody else has the planned run for a moment: registering is half-way.
        other.execute("SELECT 1 FROM planned_runs FOR UPDATE")
        registering.start()
        wait_for(lambda: bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
        cancelling.start()
        cancelling.join(0.5)
        assert cancelling.is_alive()
        other.rollback()
        cancelling.join(30)
        assert bench.rows("SELECT status FROM runs") == [{"status": "running"}]
    registering.join(30)
    assert registered[0][0].run_id == 1


def test_registering_and_opening_a_launch_at_once_never_wait_for_each_other_forever(
    life: Life, bench: Workbench
) -> None:
    plan_id, epoch = chain(bench)
    errors: list[BaseException] = []

    def register_all() -> None:
        try:
            for _ in range(15):
                launch = bench.launch(plan_id, epoch)
                for planned, _step in launch.tasks:
                    send(
                        bench.url,
                        {
                            "op": "register", "uuid": "0b7e1a52-6c2f-4c58-9d0e-000000000000",
                            "planned": planned, "launch": 10**9, "attempt": 1, "created_by": "s",
                            "host": "h", "pid": 1, "pid_start": "1", "boot_id": "b",
                            "work_dir": "/w",
                        },
                    )  # fmt: skip
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    threads = [threading.Thread(target=register_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_an_older_epoch_and_another_launch_register_nothing(life: Life, bench: Workbench) -> None:
    plan_id, epoch = chain(bench)
    old = bench.launch(plan_id, epoch)
    with bench.store.transaction() as connection:
        newer = launches.raise_epoch(connection, plan_id)
    with pytest.raises(Conflict, match="was resumed meanwhile"):
        life.register(old)
    new = bench.launch(plan_id, newer)
    with pytest.raises(Conflict, match="given to another launch"):
        life.register(old)
    assert life.register(new)[0].run_id == 1
    assert len(bench.left_behind()) == 1


def test_a_child_does_not_register_before_its_parent_has_a_result(
    life: Life, bench: Workbench
) -> None:
    launch = bench.launch(*chain(bench))
    with pytest.raises(Conflict, match=r"input is not ready: .*double.* has no completed run"):
        life.register(launch, position=1)
    assert life.run(launch, 0).status == "completed"
    ended = life.run(launch, 1)
    assert (ended.status, ended.error) == ("completed", None)
    (read,) = bench.rows("SELECT * FROM run_inputs")
    assert (read["run_id"], read["source_run_id"], read["source_output"]) == (2, 1, "table")


def test_a_failed_parent_does_not_let_its_child_register(life: Life, bench: Workbench) -> None:
    bench.method("fail", "def run():\n    raise ValueError('no')\n", outputs={"table": "t"})
    bench.method("read", READ, inputs={"table": "upstream"}, outputs={"text": "read.txt"})
    launch = bench.launch(
        *bench.plan(
            {
                "steps": {
                    "fail": {"method": "fail"},
                    "read": {"method": "read", "inputs": {"table": {"from": "fail.table"}}},
                }
            }
        )
    )
    assert life.run(launch, 0).status == "failed"
    with pytest.raises(Conflict, match="no completed run"):
        life.register(launch, position=1)


def test_a_living_run_is_left_alone_and_a_dead_one_makes_room(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    first, _ = life.register(launch)
    with pytest.raises(Conflict, match="has not ended"):
        life.register(launch)
    bench.execute("UPDATE runs SET pid = %s, pid_start = %s", gone().pid, gone().start)
    second, task_dir = life.register(launch)
    assert second.run_id != first.run_id
    assert bench.run_row(first.run_id)["status"] == "failed"
    assert life.complete(task_dir, life.start(task_dir).wait()).status == "completed"
    assert bench.left_behind() == []


def test_a_run_on_another_host_is_not_taken_for_dead(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    life.register(launch, wrapper=elsewhere())
    with pytest.raises(Conflict, match="on another-host"):
        life.register(launch)
    assert life.settle() == []


def test_a_job_that_its_scheduler_started_again_replaces_its_lost_execution(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    first, _ = life.register(launch, wrapper=elsewhere(), scheduler_job_id="77")
    with pytest.raises(Conflict):
        life.register(launch, scheduler_job_id="78")
    second, _ = life.register(launch, scheduler_job_id="77")
    assert second.run_id > first.run_id
    row = bench.run_row(first.run_id)
    assert row["status"] == "failed"
    assert "Its scheduler started job 77 again" in row["error"]


def test_the_same_job_on_this_host_must_be_dead_all_the_same(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    # A whole plan may run inside one job.
    life.register(launch, scheduler_job_id="77")
    with pytest.raises(Conflict, match="has not ended"):
        life.register(launch, scheduler_job_id="77")


def test_a_requeued_job_that_comes_back_to_its_folder_is_another_run(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    first, task_dir = life.register(launch, wrapper=gone())
    before = (task_dir / UUID_NOTE).read_text()
    second, _ = life.register(launch, task_dir=task_dir)
    assert (task_dir / UUID_NOTE).read_text() != before
    assert second.run_id != first.run_id
    assert life.complete(task_dir, life.start(task_dir).wait()).run_id == second.run_id


# --- what keeps a registered run from starting ----------------------------------------------------


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
    assert bench.run_row(1)["status"] == "failed"
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


# --- S3 start -------------------------------------------------------------------------------------


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


# --- S4 seal, S5 record ---------------------------------------------------------------------------


def test_a_lost_answer_to_completing_records_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    recorder = LosingRecorder(life.recorder, "complete")
    ended = life.complete(task_dir, life.start(task_dir).wait(), recorder)
    assert recorder.asked == ["complete", "complete"]
    assert ended.status == "completed"
    assert len(bench.rows("SELECT id FROM run_outputs")) == 1
    assert len(bench.rows("SELECT run_id FROM run_parameters")) == 2


def test_a_directory_sealed_without_its_row_is_recorded_by_the_next_command(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    _, task_dir = life.register(launch, wrapper=gone())
    exit_code = life.start(task_dir).wait()
    with pytest.raises(Killed):
        life.complete(task_dir, exit_code, Killing(life.recorder, "complete"))
    assert bench.run_row(1)["status"] == "running"
    assert life.settle() == [1]
    row = bench.run_row(1)
    assert (row["status"], row["metrics"]) == ("completed", {"result": 42})
    assert [o["output_name"] for o in bench.rows("SELECT * FROM run_outputs")] == ["table"]
    assert bench.rows("SELECT message FROM run_logs") == [{"message": "the result is 42"}]
    (planned,) = bench.rows("SELECT current_run FROM planned_runs")
    assert planned["current_run"] == 1
    assert bench.unfinished() == []


def test_row_and_directory_say_the_same(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double", params={"scale.factor": "3"}, sample="s1", metadata={"a": "b"})
    ended = life.run(launch)
    row, meta = bench.run_row(ended.run_id), bench.meta(ended.run_id)
    assert meta["uuid"] == str(row["uuid"])
    assert (meta["status"], meta["sample"], meta["created_by"]) == (
        row["status"], row["sample"], row["created_by"],
    )  # fmt: skip
    assert meta["metrics"] == row["metrics"] == {"result": 63}
    assert meta["params"] == {"scale.value": "21", "scale.factor": "3"}
    parameters = bench.rows("SELECT * FROM run_parameters ORDER BY param_name")
    assert [(p["param_name"], p["value"], p["expected"], p["is_set"]) for p in parameters] == [
        ("factor", "3", "3", True),
        ("value", "21", "21", False),
    ]
    assert meta["record"]["notices"] == row["notices"]
    assert meta["outputs"] == ["table.csv"]
    (output,) = bench.rows("SELECT * FROM run_outputs")
    manifest = json.loads((ended.folder / ".manifest.json").read_bytes())
    assert output["checksum"] == manifest["files"]["table.csv"]["sha256"]
    assert meta["registered"]["metadata"] == row["metadata"] == {"a": "b"}


def test_a_set_parameter_that_never_arrived_is_shown_so_and_never_reused(
    life: Life, bench: Workbench
) -> None:
    bench.method(
        "idle",
        "from helper import scale\ndef run():\n    pass\n",
        files={"helper.py": "def scale(value, factor=2):\n    return value * factor\n"},
        tracked=["helper.py:scale"],
    )
    ended = life.run(bench.open("idle", params={"scale.factor": "3"}))
    row, meta = bench.run_row(ended.run_id), bench.meta(ended.run_id)
    assert row["status"] == "completed"
    assert row["reuse_key"] is None
    assert "scale.factor was set to 3 but not applied: scale never ran." in row["notices"]
    assert meta["params"]["scale.factor"] is None
    (factor,) = bench.rows("SELECT * FROM run_parameters WHERE param_name = 'factor'")
    assert (factor["value"], factor["expected"], factor["is_set"]) == (None, "3", True)
    again = bench.open("idle", params={"scale.factor": "3"}, rerun=False)
    assert len(again.tasks) == 1


def test_an_unapplied_run_is_not_reused_and_an_applied_one_is(life: Life, bench: Workbench) -> None:
    bench.method("double")
    assert life.run(bench.open("double", params={"scale.factor": "3"})).status == "completed"
    again = bench.open("double", params={"scale.factor": "3"}, rerun=False)
    assert again.tasks == ()


# --- a database that forgot -----------------------------------------------------------------------


def forget(bench: Workbench, run_id: int) -> None:
    """What a restored older backup does: the run's rows are gone, its planned run is open."""
    for table in ("run_inputs", "run_outputs", "run_parameters", "run_logs", "integrity_events"):
        bench.execute(f"DELETE FROM {table} WHERE run_id = %s", run_id)
    bench.execute("UPDATE planned_runs SET current_run = NULL WHERE current_run = %s", run_id)
    bench.execute("DELETE FROM runs WHERE id = %s", run_id)


def everything(bench: Workbench, run_id: int) -> dict[str, Any]:
    ignored = ("heartbeat_at", "pid", "pid_start", "boot_id", "id")
    found = {}
    for table, key in (
        ("runs", "id"), ("run_inputs", "run_id"), ("run_outputs", "run_id"),
        ("run_parameters", "run_id"), ("run_logs", "run_id"),
    ):  # fmt: skip
        rows = bench.rows(f"SELECT * FROM {table} WHERE {key} = %s", run_id)
        kept = [{k: v for k, v in row.items() if k not in ignored} for row in rows]
        found[table] = sorted(kept, key=str)
    return found


def test_completing_a_run_that_the_database_forgot_brings_it_back_whole(
    life: Life, bench: Workbench
) -> None:
    launch = bench.launch(*chain(bench))
    life.run(launch, 0)
    _, task_dir = life.register(launch, position=1)
    exit_code = life.start(task_dir).wait()
    ended = life.complete(task_dir, exit_code)
    before = everything(bench, ended.run_id)
    forget(bench, ended.run_id)
    # The answer "unknown" makes the row from the directory.
    from pm_kernel.running.settle import record_ended

    uuid = bench.meta(ended.run_id)["uuid"]
    assert record_ended(life.store, life.recorder, ended.run_id, uuid) == "completed"
    assert everything(bench, ended.run_id) == before
    (planned,) = bench.rows("SELECT current_run FROM planned_runs WHERE step = 'read'")
    assert planned["current_run"] == ended.run_id
    assert life.run(bench.open("double")).run_id == ended.run_id + 1


def test_a_run_that_was_forgotten_while_it_ran_is_recorded_when_it_ends(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    forget(bench, 1)
    ended = life.complete(task_dir, life.start(task_dir).wait())
    assert (ended.run_id, ended.status) == (1, "completed")
    assert bench.run_row(1)["metrics"] == {"result": 42}


def test_a_plan_of_the_same_number_made_since_is_not_taken_for_its_own(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    forget(bench, 1)
    bench.execute("UPDATE execution_plans SET created_at = now()")
    life.complete(task_dir, life.start(task_dir).wait())
    row = bench.run_row(1)
    assert (row["status"], row["execution_plan_id"], row["planned_run_id"]) == (
        "completed", None, None,
    )  # fmt: skip
    assert bench.rows("SELECT current_run FROM planned_runs") == [{"current_run": None}]


def test_where_its_method_is_not_known_the_directory_stays_and_says_so(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    exit_code = life.start(task_dir).wait()
    forget(bench, 1)
    bench.execute("UPDATE method_versions SET git_commit_hash = 'another'")
    with pytest.raises(Conflict, match="lacks version 1 of method double"):
        life.complete(task_dir, exit_code)
    assert bench.meta(1)["status"] == "completed"
    assert bench.rows("SELECT id FROM runs") == []
    assert bench.rows("SELECT id FROM param_sets WHERE id > 1") == []


def test_an_id_that_another_run_has_taken_keeps_the_directory_out_of_the_database(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    exit_code = life.start(task_dir).wait()
    bench.execute("UPDATE runs SET uuid = gen_random_uuid(), status = 'failed'")
    with pytest.raises(Conflict, match="lacks a free place: id 1 belongs to another run"):
        life.complete(task_dir, exit_code)
    assert bench.meta(1)["status"] == "completed"


# --- what the store does --------------------------------------------------------------------------


def test_a_final_name_that_another_run_has_leaves_the_run_in_its_place(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    exit_code = life.start(task_dir).wait()
    bench.final(1).mkdir()
    with pytest.raises(IntegrityError, match="belongs to another run"):
        life.complete(task_dir, exit_code)
    assert (life.partial(task_dir) / "table.csv").exists()
    bench.final(1).rmdir()
    assert life.complete(task_dir, exit_code).status == "completed"


def test_a_store_that_is_not_mounted_makes_no_run_a_lost_one(life: Life, bench: Workbench) -> None:
    bench.method("double")
    life.register(bench.open("double"), wrapper=gone())
    bench.runs.rename(bench.root / "elsewhere")
    bench.runs.mkdir()
    assert life.settle() == []
    assert "is not the run store" in life.said[0]
    assert bench.run_row(1)["status"] == "running"
    bench.runs.rmdir()
    (bench.root / "elsewhere").rename(bench.runs)
    assert life.settle() == [1]


def test_an_input_in_a_store_that_is_not_mounted_is_not_called_altered(
    life: Life, bench: Workbench
) -> None:
    launch = bench.launch(*chain(bench))
    life.run(launch, 0)
    bench.execute(
        "WITH w AS (INSERT INTO workspaces (uuid, root, host) "
        "VALUES (gen_random_uuid(), '/not/mounted', 'h') RETURNING id) "
        "UPDATE runs SET workspace_id = w.id FROM w"
    )
    with pytest.raises(NotStarted) as stopped:
        life.register(launch, position=1)
    assert isinstance(stopped.value.cause, StoreUnavailable)
    assert bench.rows("SELECT * FROM integrity_events") == []


def test_a_workspace_seen_under_another_path_reads_its_own_runs_where_they_are_here(
    life: Life, bench: Workbench
) -> None:
    launch = bench.launch(*chain(bench))
    life.run(launch, 0)
    # Another host noted where it has the same workspace.
    bench.execute("UPDATE workspaces SET root = '/mnt/elsewhere'")
    assert life.run(launch, 1).status == "completed"


def test_this_process_is_alive() -> None:
    assert me().life().value == "alive"
    assert gone().life().value == "gone"
    assert elsewhere().life().value == "unknown"
