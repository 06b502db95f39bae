"""Retrying parts of a plan: what is executed again, what is left alone, what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pm_kernel import retrying, submission
from pm_kernel.errors import Conflict, NotFound, UsageError
from pm_kernel.retrying import Choice, Retry
from pm_kernel.store import plans

from ..workbench import Workbench
from .recording_harness import Life, me
from .retry_harness import STEPS, World


@pytest.fixture
def world(bench: Workbench, life: Life) -> World:
    return World(bench, life)


# --- what failed ----------------------------------------------------------------------------------


def test_what_failed_is_run_again_with_everything_that_waits_for_it(world: World) -> None:
    world.break_("s2")
    assert world.run() == "partial"
    assert world.states()["all -"] == "blocked"
    before = world.current()
    world.mend("s2")
    assert world.retry() == Retry(3, queued=False)
    assert world.launch() == ["all -", "load s2", "read s2"]
    assert world.run() == "completed"
    after = world.current()
    assert {key: after[key] for key in before if before[key]} == {
        key: run for key, run in before.items() if run
    }


def test_only_what_was_chosen_is_run_again(world: World) -> None:
    world.break_("s1", "s2")
    world.run()
    world.mend("s1", "s2")
    assert world.retry(sample="s1").runs == 3
    assert world.launch() == ["load s1", "read s1"]
    assert world.launch() == []
    assert world.finish() == "partial"
    assert world.states() == {
        "load s1": "completed",
        "load s2": "failed",
        "load s3": "completed",
        "read s1": "completed",
        "read s2": "blocked",
        "read s3": "completed",
        "all -": "blocked",
    }


def test_a_resume_after_a_retry_runs_what_the_retry_left_out(world: World) -> None:
    world.break_("s1", "s2")
    world.run()
    world.mend("s1", "s2")
    world.retry(sample="s1")
    world.run()
    started: list[list[str]] = []
    submission.resume(
        world.bench.settings, world.bench.store, world.plan_id,
        start=lambda command, _log, _environ: started.append(command),
    )  # fmt: skip
    world.epoch = int(started[0][-1])
    assert world.launch() == ["all -", "load s2", "read s2"]
    assert world.finish() == "completed"


def test_the_failed_run_stays_in_the_record_beside_the_one_that_completed(world: World) -> None:
    world.break_("s2")
    world.run()
    world.mend("s2")
    world.retry(step="load")
    world.run()
    rows = world.bench.rows(
        "SELECT status FROM runs WHERE plan_step = 'load' AND sample = 's2' ORDER BY id"
    )
    assert [row["status"] for row in rows] == ["failed", "completed"]


def test_a_run_is_named_by_its_number_whichever_of_its_planned_run_it_is(world: World) -> None:
    world.break_("s2")
    world.run()
    (first,) = world.bench.rows("SELECT id FROM runs WHERE status = 'failed'")
    world.retry(run_id=first["id"])
    world.run()
    (_, second) = world.bench.rows("SELECT id FROM runs WHERE status = 'failed' ORDER BY id")
    world.mend("s2")
    world.retry(run_id=first["id"])
    world.run()
    assert world.states()["load s2"] == "completed"
    assert second["id"] > first["id"]


def test_several_runs_are_run_again_in_one_launch(world: World) -> None:
    world.run()
    before = world.current()
    runs = (before["load s1"], before["load s3"])
    # What both of them feed is counted once.
    assert world.retry(again=True, run_ids=runs) == Retry(5, queued=False)
    assert world.launch() == ["all -", "load s1", "load s3", "read s1", "read s3"]
    assert world.finish() == "completed"
    after = world.current()
    assert {key for key in before if before[key] == after[key]} == {"load s2", "read s2"}
    with pytest.raises(NotFound, match="Run 999 is no run of plan 1"):
        world.retry(again=True, run_ids=(*runs, 999))
    assert world.current() == after


def test_a_retry_that_fails_again_has_had_its_try(world: World) -> None:
    world.break_("s2")
    world.run()
    world.retry()
    assert world.launch() == ["all -", "load s2", "read s2"]
    assert world.launch() == []
    assert world.finish() == "partial"


@pytest.mark.parametrize(
    ("choice", "error", "told"),
    [
        ({"step": "raed"}, NotFound, r"no step 'raed'; it has 'load', 'all' and 'read'"),
        ({"sample": "s9"}, NotFound, "no sample 's9'"),
        ({"step": "all", "sample": "s1"}, NotFound, "no planned run that is all of that"),
        ({"run_id": 999}, NotFound, "Run 999 is no run of plan 1"),
        ({"sample": "s1"}, Conflict, "Nothing failed there"),
        ({"step": "read", "sample": "s2"}, Conflict, r"because run \d+ did not complete"),
    ],
)
def test_a_choice_that_means_nothing_changes_nothing(
    world: World, choice: dict[str, Any], error: type[Exception], told: str
) -> None:
    world.break_("s2")
    world.run()
    before = world.bench.rows("SELECT epoch, status FROM execution_plans")
    with pytest.raises(error, match=told):
        world.retry(**choice)
    assert world.bench.rows("SELECT epoch, status FROM execution_plans") == before
    assert world.started == []


# --- what has a result ----------------------------------------------------------------------------


def test_a_branch_with_results_runs_again_with_everything_below_it(world: World) -> None:
    assert world.run() == "completed"
    before = world.current()
    assert world.retry(step="load", sample="s2", again=True) == Retry(3, queued=False)
    assert world.states()["load s2"] == "waiting"
    assert world.launch() == ["all -", "load s2", "read s2"]
    assert world.finish() == "completed"
    after = world.current()
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"load s2", "read s2", "all -"}
    assert all((after[key] or 0) > (before[key] or 0) for key in changed)


def test_one_branch_of_one_sample_runs_again_and_its_siblings_stay(
    tmp_path: Path, database_url: str
) -> None:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    bench.method("tag", "def run(table, output_dir): (output_dir / 't').write_text(mark())\n"
                 "def mark(word='x'): return word\n", tracked=["run.py:mark"],
                 outputs={"t": "t"}, inputs={"table": "upstream"})  # fmt: skip
    branches = {"low": {"mark.word": "'a'"}, "high": {"mark.word": "'b'"}}
    tag = {"method": "tag", "inputs": {"table": {"from": "load.table"}}, "branches": branches}
    world = World(bench, Life(bench, tmp_path), {"load": STEPS["load"], "tag": tag})
    assert world.run() == "completed"
    with pytest.raises(NotFound, match=r"no branch 'lo'; it has 'low' and 'high'|'high' and 'low'"):
        world.retry(branch="lo", again=True)
    assert world.retry(sample="s2", branch="low", again=True) == Retry(1, queued=False)
    assert world.launch() == ["tag s2"]
    again = bench.rows("SELECT plan_branch, sample FROM runs WHERE plan_step = 'tag' "
                       "GROUP BY 1, 2 HAVING count(*) = 2")  # fmt: skip
    assert again == [{"plan_branch": "low", "sample": "s2"}]
    bench.close()


def test_the_runs_so_far_stay_in_the_record_with_their_lineage(world: World) -> None:
    world.run()
    old = world.current()["all -"]
    world.retry(sample="s2", again=True)
    world.run()
    (row,) = world.bench.rows("SELECT status FROM runs WHERE id = %s", old)
    assert row["status"] == "completed"
    sources = world.bench.rows("SELECT source_run_id FROM run_inputs WHERE run_id = %s", old)
    assert len(sources) == 3
    assert world.bench.final(old or 0).is_dir()


def test_a_reused_run_is_executed_when_it_is_asked_for_again(world: World) -> None:
    world.run()
    first = world.plan_id
    samples = world.bench.rows("SELECT request FROM execution_plans")[0]["request"]["samples"]
    world.plan_id, world.epoch = world.bench.plan({"steps": STEPS}, samples=samples)
    assert set(world.states().values()) == {"reused"}
    (load,) = world.bench.rows(
        "SELECT current_run FROM planned_runs WHERE plan_id = %s AND step = 'load' "
        "AND sample = 's1'",
        world.plan_id,
    )
    world.finish()
    world.retry(run_id=load["current_run"], again=True)
    assert world.run() == "completed"
    states = world.states()
    again = {key for key, state in states.items() if state == "completed"}
    assert again == {"load s1", "read s1", "all -"}
    reasons = world.bench.rows(
        "SELECT DISTINCT reason FROM planned_runs WHERE plan_id = %s AND decision = 'run'",
        world.plan_id,
    )
    assert [row["reason"] for row in reasons] == ["run again: somebody asked for it"]
    assert plans.get_plan(world.bench.store, first).counts == {"completed": 7}


def test_again_needs_a_choice(world: World) -> None:
    world.run()
    with pytest.raises(UsageError, match="which part"):
        world.retry(again=True)


def test_nothing_is_cleared_below_a_run_that_lives(world: World) -> None:
    world.break_("s2")
    world.run()
    world.mend("s2")
    world.retry(sample="s2")
    launch = world.bench.launch(world.plan_id, world.epoch)
    registered, _ = world.life.register(launch, wrapper=me())
    before = world.current()
    with pytest.raises(Conflict, match=rf"Run {registered.run_id} of them is still alive"):
        world.retry(sample="s2", again=True)
    assert world.current() == before


# --- what is no plan to retry ---------------------------------------------------------------------


def test_drafts_and_direct_runs_are_not_retried(world: World) -> None:
    world.bench.execute("UPDATE execution_plans SET status = 'draft'")
    with pytest.raises(Conflict, match="is a draft"):
        world.retry()
    world.bench.execute("UPDATE execution_plans SET status = 'failed', kind = 'run'")
    with pytest.raises(Conflict, match="is a direct run"):
        world.retry()
    with pytest.raises(NotFound):
        retrying.retry(world.bench.settings, world.bench.store, 99, Choice())
