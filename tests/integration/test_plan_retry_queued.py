"""Retrying parts of a plan that runs: queued for a launch after the running one, and taken back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pm_kernel import retrying, submission
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.errors import Conflict, EngineUnavailable, NotFound, StoreUnavailable
from pm_kernel.nextflow import owner
from pm_kernel.nextflow.launcher import LOG
from pm_kernel.nextflow.supervisor import Supervisor
from pm_kernel.retrying import Choice, Retry
from pm_kernel.running.process import identify
from pm_kernel.store import launches, plans, retries
from pm_kernel.store.engine import Store, libpq_url
from pm_kernel.store.ownership import PlanLock

from ..workbench import Workbench
from .recording_harness import Life, wait_for
from .retry_harness import STEPS, EndedNextflow, StuckNextflow, World, nobody


@pytest.fixture
def world(bench: Workbench, life: Life) -> World:
    return World(bench, life)


@pytest.fixture
def owned(world: World) -> Iterator[World]:
    """A plan that somebody looks after: it runs."""
    world.owner = PlanLock(world.bench.store.url, world.plan_id)
    assert world.owner.acquire()
    yield world
    world.owner.release()


def test_what_failed_while_the_plan_runs_is_queued_for_a_launch_after_the_running_one(
    owned: World,
) -> None:
    world = owned
    world.break_("s1", "s2")
    world.launch()
    world.mend("s1", "s2")
    assert world.retry(sample="s1") == Retry(3, queued=True)
    assert world.started == []
    assert world.launch() == ["load s1", "read s1"]
    assert world.launch() == []
    assert world.finish() == "partial"
    assert world.states()["load s2"] == "failed"


def test_a_retry_that_fails_after_it_was_queued_has_had_its_try(owned: World) -> None:
    world = owned
    world.break_("s1")
    world.launch()
    world.retry()
    assert world.launch() == ["all -", "load s1", "read s1"]
    assert world.launch() == []


def test_what_a_retry_holds_back_is_queued_with_everything_that_waits_for_it(world: World) -> None:
    world.break_("s1", "s2")
    world.run()
    world.mend("s1", "s2")
    assert world.retry(sample="s1") == Retry(3, queued=False)
    world.owner = PlanLock(world.bench.store.url, world.plan_id)
    assert world.owner.acquire()
    assert world.launch() == ["load s1", "read s1"]
    assert world.retry(sample="s2") == Retry(3, queued=True)
    assert world.launch() == ["all -", "load s2", "read s2"]
    assert world.launch() == []
    assert world.finish() == "completed"
    world.owner.release()


def test_what_a_retry_holds_back_is_queued_with_what_it_lacks_above_it(world: World) -> None:
    launch = world.bench.launch(world.plan_id, world.epoch)
    world.break_("s1")
    world.life.run(launch, world.positions(launch)["load s1"])
    world.mend("s1")
    # Everything of it is killed here: nothing but one run had its try.
    world.finish()
    assert world.retry(sample="s1") == Retry(3, queued=False)
    world.owner = PlanLock(world.bench.store.url, world.plan_id)
    assert world.owner.acquire()
    assert world.launch() == ["load s1", "read s1"]
    assert world.states()["read s2"] == "waiting"
    assert world.retry(step="read", sample="s2") == Retry(2, queued=True)
    assert world.launch() == ["load s2", "read s2"]
    assert world.launch() == []
    assert world.finish() == "partial"
    assert world.states()["load s3"] == "waiting"
    world.owner.release()


def test_what_two_wishes_have_in_common_runs_once_for_both(owned: World) -> None:
    world = owned
    launch = world.bench.launch(world.plan_id, world.epoch)
    at = world.positions(launch)
    for step in ("load s1", "load s2", "load s3", "read s1", "read s3", "all -"):
        world.life.run(launch, at[step])
    _, folder = world.life.register(launch, position=at["read s2"])
    # Above what lives is only the second of them, and the list is below both.
    world.retry(step="load", sample="s1", again=True)
    world.retry(step="load", sample="s2", again=True)
    assert world.launch() == []
    assert set(world.wanted()) == {"load s1", "load s2"}
    world.life.complete(folder, world.life.start(folder).wait())
    assert world.launch() == ["all -", "load s1", "load s2", "read s1", "read s2"]
    assert world.launch() == []
    assert world.finish() == "completed"


def test_what_is_asked_for_does_not_wait_for_a_run_that_has_nothing_to_do_with_it(
    world: World,
) -> None:
    launch = world.bench.launch(world.plan_id, world.epoch)
    at = world.positions(launch)
    for step in ("load s1", "load s2", "load s3", "read s1", "all -"):
        world.life.run(launch, at[step])
    _, folder = world.life.register(launch, position=at["read s2"])
    given: list[list[str]] = []

    def start(_settings: Settings, launch: Launch, _plan: Plan, directory: Path) -> Any:
        directory.mkdir(parents=True)
        given.append(world.play(launch))
        return EndedNextflow()

    store = Store(world.bench.url, pooled=False)
    supervisor = Supervisor(world.bench.settings, store, world.plan_id, world.epoch, start=start)
    ended = "SELECT 1 FROM plan_launches WHERE number = 2 AND finished_at IS NOT NULL"
    with ThreadPoolExecutor(1) as threads:
        supervising = threads.submit(supervisor.run)
        try:
            wait_for(lambda: bool(world.bench.rows(ended)) or supervising.done())
            assert given == [["read s3"]]
            # It waits for the run that lives, which nobody may ever hear of again.
            assert world.retry(sample="s3", again=True) == Retry(3, queued=True)
            wait_for(lambda: len(given) == 2)
            assert given[1] == ["all -", "load s3", "read s3"]
            assert world.states()["read s2"] == "running"
        finally:
            world.life.complete(folder, world.life.start(folder).wait())
        assert supervising.result(timeout=300) == "completed"
    store.close()


def test_a_nextflow_that_is_stuck_is_ended_and_another_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pm_kernel.nextflow.supervisor._BEAT", 0.05)
    monkeypatch.setattr("pm_kernel.nextflow.supervisor._STUCK", 0.2)
    given: list[list[str]] = []

    def start(_settings: Settings, launch: Launch, _plan: Plan, directory: Path) -> Any:
        directory.mkdir(parents=True)
        if given:
            given.append(world.play(launch))
            return EndedNextflow()
        at = world.positions(launch)
        for step in ("load s1", "load s2"):
            world.life.run(launch, at[step])
        given.append(["load s1", "load s2"])
        (directory / LOG).write_text(
            "!! executor local > No more task to compute -- The following nodes are still active\n"
            "%% executor local > tasks in the submission queue: 5 -- tasks to be submitted are\n"
        )
        return StuckNextflow()

    store = Store(world.bench.url, pooled=False)
    supervisor = Supervisor(world.bench.settings, store, world.plan_id, world.epoch, start=start)
    assert supervisor.run() == "completed"
    assert given[1:] == [["all -", "load s3", "read s1", "read s2", "read s3"]]
    rows = world.bench.rows("SELECT exit_code, error FROM plan_launches ORDER BY number")
    told = "Nextflow started none of the tasks that waited, though nothing ran"
    assert [(each["exit_code"], each["error"]) for each in rows] == [(143, told), (0, None)]
    store.close()


def test_a_supervisor_that_is_just_starting_is_not_replaced(world: World) -> None:
    world.break_("s1", "s2")
    world.run()
    world.mend("s1", "s2")
    assert world.resume() == 5
    epoch = plans.get_plan(world.bench.store, world.plan_id).epoch
    folder = RunStore(world.bench.settings.runs_dir).plan(world.plan_id)
    # It lives, and is not as far as to have the plan's lock.
    owner.write(folder, identify(os.getpid()), epoch)
    assert world.retry(sample="s3", again=True) == Retry(3, queued=True)
    assert world.started == []
    assert plans.get_plan(world.bench.store, world.plan_id).epoch == epoch
    assert world.launch() == [
        "all -", "load s1", "load s2", "load s3", "read s1", "read s2", "read s3",
    ]  # fmt: skip
    assert world.finish() == "completed"


def test_a_retry_whose_supervisor_cannot_be_started_leaves_a_plan_that_says_so(
    world: World,
) -> None:
    world.break_("s1")
    world.run()

    def start(_command: list[str], _log: Path, _environ: dict[str, str]) -> None:
        raise OSError(11, "no more processes")

    with pytest.raises(EngineUnavailable, match="could not be started: no more processes"):
        retrying.retry(
            world.bench.settings, world.bench.store, world.plan_id, Choice(), start=start
        )
    plan = plans.get_plan(world.bench.store, world.plan_id)
    assert plan.status == "failed"
    assert "no more processes" in (plan.error or "")


def test_where_nothing_can_run_a_retry_takes_no_result(world: World, tmp_path: Path) -> None:
    world.run()
    before = world.current()
    world.bench.environ["PATH"] = str(tmp_path)  # without what Nextflow's tasks need
    with pytest.raises(EngineUnavailable, match="needs"):
        retrying.retry(
            world.bench.settings,
            world.bench.store,
            world.plan_id,
            Choice(sample="s1"),
            again=True,
        )
    assert world.current() == before
    assert plans.get_plan(world.bench.store, world.plan_id).status == "completed"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no folder that takes no files")
def test_where_nothing_can_be_written_a_retry_takes_no_result(world: World) -> None:
    world.run()
    before = world.current()
    folder = RunStore(world.bench.runs).plan(world.plan_id)
    folder.rename(folder.with_name("kept"))
    # Nobody may make a file there, not even root.
    folder.symlink_to("/sys/kernel")
    settings, store = world.bench.settings, world.bench.store
    with pytest.raises(StoreUnavailable):
        retrying.retry(
            settings, store, world.plan_id, Choice(sample="s1"), again=True, start=nobody
        )
    assert submission.resume(settings, store, world.plan_id, start=nobody) == 0
    assert world.current() == before
    assert plans.get_plan(store, world.plan_id).status == "completed"


def test_what_has_not_ended_is_not_queued(owned: World) -> None:
    world = owned
    world.bench.launch(world.plan_id, world.epoch)
    with pytest.raises(Conflict, match="have not ended yet"):
        world.retry(step="load")


def test_what_has_a_result_runs_again_in_a_launch_after_the_running_one(owned: World) -> None:
    world = owned
    launch = world.bench.launch(world.plan_id, world.epoch)
    at = world.positions(launch)
    for step in ("load s1", "load s2", "load s3", "read s1"):
        world.life.run(launch, at[step])
    before = world.current()
    assert world.retry(sample="s1", again=True) == Retry(3, queued=True)
    # Nothing is taken from what the running launch may be reading; everybody sees what will be.
    assert world.current() == before
    assert world.wanted() == {"load s1": "somebody", "read s1": "somebody"}
    assert plans.get_plan(world.bench.store, world.plan_id).again == 2
    merged, folder = world.life.register(launch, position=at["all -"])
    # One of what lies below lives: they stay wanted until it has ended.
    assert world.launch() == ["read s2", "read s3"]
    assert len(world.wanted()) == 2
    world.life.complete(folder, world.life.start(folder).wait())
    assert world.launch() == ["all -", "load s1", "read s1"]
    assert world.wanted() == {}
    assert world.launch() == []
    assert world.finish() == "completed"
    after = world.current()
    again = {key for key in before if before[key] not in (None, after[key])}
    assert again == {"load s1", "read s1"}
    assert (after["all -"] or 0) > merged.run_id
    reasons = world.bench.rows("SELECT reason FROM planned_runs WHERE step = 'all'")
    assert reasons == [{"reason": "run again: somebody asked for it"}]


@pytest.mark.parametrize("goes_on", ["resume", "retry"])
def test_a_plan_that_has_just_ended_goes_on_at_once(
    owned: World, goes_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its supervisor says how the plan ended, and lets go of it when it has closed its door.
    world = owned
    monkeypatch.setattr(submission, "LOCK_PATIENCE", 0.05)
    world.break_("s1")
    world.launch()
    assert world.finish() == "partial"
    folder = RunStore(world.bench.settings.runs_dir).plan(world.plan_id)
    owner.write(folder, identify(os.getpid()), world.epoch)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(getattr(world, goes_on))
        time.sleep(0.5)
        assert not asked.done()
        world.owner.release()
        asked.result(60)
    assert "load s1" in world.launch()


def test_what_is_wanted_again_outlives_everything_and_a_resume_runs_it(owned: World) -> None:
    world = owned
    world.launch()
    before = world.current()
    world.retry(step="read", sample="s2", again=True)
    world.owner.release()
    # Nobody looks after it any more: all has a result, and yet it is not complete.
    with world.bench.store.transaction() as connection:
        plans.settle_status(connection, world.plan_id, world.epoch)
    plan = plans.get_plan(world.bench.store, world.plan_id)
    assert (plan.status, plan.again) == ("partial", 1)
    assert "resume" in (plan.error or "")
    # It lacks nothing but what is wanted again: taken back, all of it has a result.
    assert world.take_back() == 1
    plan = plans.get_plan(world.bench.store, world.plan_id)
    assert (plan.status, plan.error) == ("completed", None)
    with world.bench.store.transaction() as connection:
        (asked,) = world.bench.rows("SELECT id FROM planned_runs WHERE step = 'read' "
                                    "AND sample = 's2'")  # fmt: skip
        retries.want(connection, [asked["id"]], "somebody")
        plans.set_status(connection, world.plan_id, "partial")
    assert world.resume() == 1
    assert world.launch() == ["read s2"]
    assert world.finish() == "completed"
    after = world.current()
    assert {key for key in before if before[key] != after[key]} == {"read s2"}


def test_what_is_wanted_again_is_taken_back_as_long_as_no_launch_has_it(owned: World) -> None:
    world = owned
    world.break_("s3")
    world.launch()
    before = world.current()
    world.retry(sample="s1", again=True)
    world.retry(sample="s3")
    world.retry(step="read", again=True)
    assert set(world.wanted()) == {"load s1", "read s1", "read s2", "load s3"}
    assert world.take_back(step="load") == 2
    assert world.take_back(run_id=before["read s1"]) == 1
    assert set(world.wanted()) == {"read s2"}
    with pytest.raises(Conflict, match="Nothing of that is waiting to run again"):
        world.take_back(sample="s1")
    with pytest.raises(NotFound, match="no step 'laod'"):
        world.take_back(step="laod")
    assert world.take_back() == 1
    assert world.launch() == []
    assert world.current() == before
    assert world.finish() == "partial"


def test_a_cancel_takes_back_what_was_wanted_again(owned: World) -> None:
    world = owned
    world.launch()
    before = world.current()
    world.retry(sample="s1", again=True)
    world.owner.release()
    plan = submission.cancel(world.bench.settings, world.bench.store, world.plan_id, patience=5)
    assert (plan.status, plan.again) == ("completed", 0)
    assert world.current() == before


def test_a_run_that_came_to_a_result_by_itself_is_not_run_again(owned: World) -> None:
    world = owned
    world.break_("s1")
    launch = world.bench.launch(world.plan_id, world.epoch)
    at = world.positions(launch)
    world.life.run(launch, at["load s1"])
    assert world.states()["load s1"] == "failed"
    world.retry(sample="s1")
    world.mend("s1")
    # Nextflow tries it once more, because the step says so.
    world.life.run(launch, at["load s1"])
    assert world.launch() == ["all -", "load s2", "load s3", "read s1", "read s2", "read s3"]
    assert world.wanted() == {}


def test_nothing_is_queued_for_a_plan_that_was_cancelled(owned: World) -> None:
    world = owned
    world.break_("s1")
    world.launch()
    with world.bench.store.transaction() as connection:
        launches.cancel_epoch(connection, world.plan_id)
    with pytest.raises(Conflict, match="just ending"):
        world.retry()


def test_whoever_ends_a_plan_is_told_of_a_retry_that_came_meanwhile(owned: World) -> None:
    world = owned
    world.break_("s1")
    world.launch()
    assert world.launch() == []
    with world.bench.store.transaction() as connection:
        assert not retries.asked_meanwhile(connection, world.plan_id)
    world.retry()
    with world.bench.store.transaction() as connection:
        assert retries.asked_meanwhile(connection, world.plan_id)
    world.launch()
    with world.bench.store.transaction() as connection:
        assert not retries.asked_meanwhile(connection, world.plan_id)


def test_whoever_asks_waits_for_a_run_that_is_recorded_and_not_the_other_way_round(
    owned: World,
) -> None:
    world = owned
    world.launch()
    current = world.current()["load s1"]
    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(libpq_url(world.bench.url)) as recording,
        psycopg.connect(libpq_url(world.bench.url), autocommit=True) as looking,
    ):
        # A run becomes a result, in a transaction that refers to the plan after that.
        recording.execute("UPDATE planned_runs SET reason = '' WHERE current_run = %s", (current,))
        asked = threads.submit(world.retry, sample="s1", again=True)
        waiting = (
            "SELECT 1 FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        wait_for(lambda: looking.execute(waiting).fetchone() is not None or asked.done())
        recording.execute("SELECT 1 FROM execution_plans FOR KEY SHARE NOWAIT")
        recording.commit()
        assert asked.result().queued


def test_a_plan_whose_list_lacks_a_member_that_has_come_is_not_complete(
    tmp_path: Path, database_url: str
) -> None:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    gathered = {"over": ["sample"], "on_failure": "go_on"}
    merge = {"method": "merge", "inputs": {"tables": {"from": "load.table", "gather": gathered}}}
    world = World(bench, Life(bench, tmp_path), {"load": STEPS["load"], "all": merge})
    world.break_("s1")
    assert world.run() == "partial"
    without = world.current()["all -"]
    world.mend("s1")
    assert world.resume() == 1
    assert world.launch() == ["load s1"]
    # Everything of it is killed here; everything has a result.
    with bench.store.transaction() as connection:
        plans.settle_status(connection, world.plan_id, world.epoch)
    assert plans.get_plan(bench.store, world.plan_id).status == "partial"
    assert world.resume() == 1
    assert world.launch() == ["all -"]
    assert world.finish() == "completed"
    assert (world.current()["all -"] or 0) > (without or 0)
    bench.close()
