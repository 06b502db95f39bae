"""Registering an execution: identity and the one transaction (ARCHITECTURE.md, "Recording")."""

from __future__ import annotations

import subprocess
import threading
from typing import Any

import psycopg
import pytest

from pm_kernel.errors import Cancelled, Conflict
from pm_kernel.running.register import RUN_SCRIPT, UUID_NOTE
from pm_kernel.store import launches
from pm_kernel.store.recording import send

from ..workbench import Workbench
from .recording_chain import READ, cancel, chain
from .recording_harness import Killed, Killing, Life, LosingRecorder, elsewhere, gone, wait_for


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
