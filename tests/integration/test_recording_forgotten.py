"""Runs whose rows a database has forgotten, as a restored one has: made from their directories."""

from __future__ import annotations

from typing import Any

import pytest

from pm_kernel.errors import Conflict

from ..workbench import Workbench
from .rebuild_harness import forget
from .recording_chain import chain
from .recording_harness import Life


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
