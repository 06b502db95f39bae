"""What befalls plans while they run: failures, time limits, cancels, other people, old backups."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import Pipeline, grid
from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.nextflow.command import find_nextflow

from .fault_harness import LONG, RUNS, SECOND, STEPS, FaultWorld, wait_for

pytestmark = pytest.mark.nextflow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultWorld]:
    made = FaultWorld.begin(tmp_path_factory.mktemp("faults") / "workspace")
    yield made
    made.end()


@pytest.fixture(autouse=True)
def nothing_held(world: FaultWorld) -> Iterator[None]:
    """A test that fails leaves the others what they need."""
    yield
    world.release()
    for folder in ("raise", "kill"):
        for path in (world.root / folder).iterdir():
            path.unlink()


def runs_of(world: FaultWorld, plan: int) -> list[dict[str, Any]]:
    return world.rows(
        "SELECT r.*, r.uuid::text AS u FROM runs r WHERE execution_plan_id = %s ORDER BY id", plan
    )


def how_it_was_made(world: FaultWorld, plan: int) -> list[Any]:
    """Everything that is recorded of a plan's runs, but numbers, times and processes."""
    own = {"id", "uuid", "u", "execution_plan_id", "planned_run_id", "launch_id", "work_dir",
           "pid", "pid_start", "started_at", "finished_at", "heartbeat_at", "cpu_seconds",
           "peak_rss_bytes", "reuse_key"}  # fmt: skip
    made = []
    for run in runs_of(world, plan):
        of = run["id"]
        folder = world.final(of)
        made.append(
            (
                {key: value for key, value in run.items() if key not in own},
                run["reuse_key"] is not None,
                world.rows("SELECT output_name, artifact_path, checksum FROM run_outputs "
                           "WHERE run_id = %s ORDER BY 1", of),
                world.rows("SELECT function_name, param_name, value, expected, is_set "
                           "FROM run_parameters WHERE run_id = %s ORDER BY 1, 2", of),
                world.rows("SELECT i.ordinal, i.label, i.checksum, i.source_output, s.plan_step, "
                           "s.sample, s.plan_branch FROM run_inputs i "
                           "LEFT JOIN runs s ON s.id = i.source_run_id "
                           "WHERE i.run_id = %s ORDER BY i.ordinal", of),
                world.rows("SELECT level, message FROM run_logs WHERE run_id = %s ORDER BY line",
                           of),
                sorted(path.name for path in folder.iterdir()),
                sorted(world.meta(of)),
            )
        )  # fmt: skip
    return sorted(made, key=repr)


def test_two_plans_at_once_are_recorded_alike_with_the_socket_and_without_it(
    world: FaultWorld,
) -> None:
    """The same plan twice at the same time; the third, after them, has nothing to run."""
    world.hold("first-a")
    served = world.submit()
    world.environ["PM_RECORDER"] = "direct"
    direct = world.submit()
    del world.environ["PM_RECORDER"]
    for plan in (served, direct):
        wait_for(world.holding(plan, "first-a"), f"plan {plan} at work")
    world.release()
    for plan in (served, direct):
        world.complete(plan)
        assert world.states(plan) == {"completed": RUNS}
    log = (RunStore(world.runs).plan(served) / "supervisor.log").read_text()
    assert f"{2 * RUNS} requests of tasks were answered" in log
    assert not (RunStore(world.runs).plan(direct) / "recorder").exists()
    assert how_it_was_made(world, served) == how_it_was_made(world, direct)
    third = world.submit(rerun=())
    world.complete(third)
    assert world.states(third) == {"reused": RUNS}
    assert runs_of(world, third) == []
    world.audit()


def test_a_database_that_is_away_for_a_minute_costs_no_plan_anything(world: FaultWorld) -> None:
    """Stopped by a person; two plans at work then, one that records by itself. Nobody resumes."""
    limits = ("PM_DATABASE_PATIENCE", "PM_RECORDER_PATIENCE")
    own = {name: world.environ.pop(name) for name in limits}
    world.hold("first-a")
    samples = ("a", "b")
    try:
        served = world.submit(samples=samples)
        world.environ["PM_RECORDER"] = "direct"
        direct = world.submit(samples=samples)
        del world.environ["PM_RECORDER"]
        both = (served, direct)
        for plan in both:
            wait_for(world.holding(plan, "first-a"), f"plan {plan} at work")
        supervisors = [world.supervisor(plan) for plan in both]
        assert world.pm("db", "stop").returncode == 4  # it names the plans
        assert world.pm("db", "stop", "--force").returncode == 0
        # Their work ends while nobody can record it; what asks for the database waits.
        world.release()
        time.sleep(60)
        assert not world.server.status().running
        assert [world.supervisor(plan) for plan in both] == supervisors
        assert world.pm("db", "start").returncode == 0
        for plan in both:
            assert world.wait_for_end(plan) == "completed"
    finally:
        world.environ |= own
    for plan in both:
        runs = runs_of(world, plan)
        assert Counter(run["status"] for run in runs) == {"completed": 8}
        assert Counter(run["attempt"] for run in runs) == {1: 8}
    launches = world.rows(
        "SELECT plan_id, epoch FROM plan_launches WHERE plan_id >= %s ORDER BY plan_id", served
    )
    assert [(row["plan_id"], row["epoch"]) for row in launches] == [(plan, 1) for plan in both]
    world.audit()


def test_what_failed_blocks_what_needs_it_and_is_run_again_by_whoever_of_two_resumes_comes_first(
    world: FaultWorld,
) -> None:
    """One raises, one is killed, one takes too long; the fourth is none the worse for it."""
    (world.root / "raise" / "first-a").touch()
    (world.root / "kill" / "first-b").touch()
    world.hold("first-c")
    steps = {**STEPS, "first": {**STEPS["first"], "resources": {"time": "6s"}}}
    plan = world.submit(samples=("a", "b", "c", "d"), steps=steps)
    assert world.wait_for_end(plan) == "partial"
    assert world.states(plan) == {"completed": 3, "failed": 3, "blocked": 8}
    failed = {run["sample"]: run for run in runs_of(world, plan) if run["status"] == "failed"}
    assert "ValueError: first-a is broken" in failed["a"]["error"]
    assert "killed (signal 9)" in failed["b"]["error"]
    assert "stopped after its time limit of 6 s" in failed["c"]["error"]
    for sample, run in failed.items():
        assert f"working on first-{sample}" in world.pm("log", str(run["id"])).stdout
    world.release()
    for folder, name in (("raise", "first-a"), ("kill", "first-b")):
        (world.root / folder / name).unlink()
    both = [world.start_pm("plan", "resume", str(plan), "--no-watch") for _ in range(2)]
    world.started += both
    told = [process.communicate(timeout=600)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    # The second may come when all is done.
    assert codes in ([0, 4], [0, 0]), told
    world.complete(plan)
    again = [run for run in runs_of(world, plan) if run["status"] == "completed"]
    assert len(again) == 3 + 11
    world.audit()


def test_a_pipeline_in_python_is_run_mended_resumed_and_another_one_cancelled(
    world: FaultWorld,
) -> None:
    """As in a notebook: no plan file, no command."""
    p = Pipeline("by hand", workspace=world.settings)
    first = p.step("first", method="first", inputs={"name": p.column("name")})
    p.step("second", method="second", inputs={"text": first["text"]},
           branches=grid({"scale.factor": [1, 2]}))  # fmt: skip
    samples = [{"sample": name, "name": name} for name in ("a", "b")]
    (world.root / "raise" / "first-b").touch()
    plan = p.plan(samples=samples, rerun="all").submit()
    assert plan.plan_id is not None
    assert plan.wait(timeout=LONG) == "partial"
    assert plan.counts == {"completed": 3, "failed": 1, "blocked": 2}
    made = {each.run_id for each in plan.results()}
    world.wait_for_end(plan.plan_id)
    (world.root / "raise" / "first-b").unlink()
    assert plan.resume().wait(timeout=LONG) == "completed"
    assert [(each.sample, each["text"].read_text()) for each in plan.results("second")] == [
        ("a", "a*1"), ("a", "a*2"), ("b", "b*1"), ("b", "b*2"),
    ]  # fmt: skip
    assert made < {each.run_id for each in plan.results()}
    assert len(runs_of(world, plan.plan_id)) == 7
    # Another one is ended in the middle of its work.
    world.hold("first-a", "first-b")
    other = p.plan(samples=samples, rerun="all").submit()
    assert other.plan_id is not None
    world.reach(other.plan_id, "first-a", "first-b")
    assert other.cancel().wait(timeout=LONG) == "cancelled"
    assert [run["status"] for run in runs_of(world, other.plan_id)] == ["cancelled"] * 2
    assert len(other.results()) == 0
    world.release()
    world.wait_for_end(other.plan_id)
    world.audit()


def test_an_export_finds_its_workspace_and_the_embedded_database_by_itself(
    world: FaultWorld, tmp_path: Path
) -> None:
    plan = world.draft(samples=("a",), steps={"first": STEPS["first"]})
    folder = tmp_path / "export"
    exported = world.pm("plan", "export", str(plan), str(folder))
    assert exported.returncode == 0, exported.stderr
    nextflow = find_nextflow(world.environ, world.settings.cache_dir)
    environ = nextflow.environment(world.environ)
    for name in ("PM_WORKSPACE", "PM_DATABASE_URL"):
        environ.pop(name, None)
    done = subprocess.run(
        [*nextflow.argv, "run", str(folder / "pipeline.nf")],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=LONG, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (newest,) = world.ids("SELECT max(id) AS id FROM execution_plans")
    told = world.answer("plan", "status", str(newest))
    assert (told["kind"], told["status"]) == ("export", "completed")
    assert told["counts"] == {"completed": 1}
    (run,) = runs_of(world, newest)
    assert (world.final(run["id"]) / "text.txt").read_text() == "a"
    world.audit()


def test_a_retry_is_queued_after_the_running_launch_and_a_new_version_is_none_of_the_plan(
    world: FaultWorld,
) -> None:
    (world.root / "raise" / "first-a").touch()
    world.hold("first-b")
    plan = world.submit()
    wait_for(world.holding(plan, "first-b"), "first-b at work")
    wait_for(
        lambda: any(run["status"] == "failed" for run in runs_of(world, plan)), "first-a's failure"
    )
    done = world.pm("plan", "retry", str(plan), "--sample", "a", "--step", "first", "--no-watch")
    assert done.returncode == 0, done.stderr
    told = "1 planned run once more, and 4 more that go with it, when the launch that runs now has"
    assert told in done.stderr
    assert world.answer("plan", "status", str(plan))["again"] == 1
    # What has a result is run again then, too; here it is seen, and taken back in part.
    wait_for(lambda: world.current(plan, "first", "c"), "first-c's result")
    before = world.current(plan, "first", "c")
    wait_for(lambda: len(world.current(plan, "second", "c")) == 2, "the results of second-c")
    assert world.again(plan, "--sample", "c", "--again") == {"first c", "second c", "first a"}
    assert world.again(plan, "--sample", "c", "--step", "second", "--take-back") == {
        "first c", "first a"
    }  # fmt: skip
    # Somebody changes the method meanwhile, and registers it as anybody does.
    assert world.pm("init").returncode == 0
    folder = world.root / "methods" / "testing" / "second"
    newer = SECOND.replace("write_text(result)", "write_text('new ' + result)")
    (folder / "run.py").write_text(newer)
    declared = ("--track", "scale", "--input", "text=upstream", "--output", "text=text.txt:file")
    registered = world.answer("method", "register", str(folder), *declared)
    assert registered["version"] == 2
    (world.root / "raise" / "first-a").unlink()
    world.release()
    assert world.wait_for_end(plan) == "completed"
    runs = runs_of(world, plan)
    assert len([run for run in runs if run["status"] == "failed"]) == 1
    assert not set(world.current(plan, "first", "c")) & set(before)
    launches = world.rows(
        "SELECT epoch, task_count FROM plan_launches WHERE plan_id = %s ORDER BY number", plan
    )
    assert [launch["epoch"] for launch in launches] == [1, 1]
    versions = world.rows(
        "SELECT DISTINCT v.version FROM runs r JOIN method_versions v "
        "ON v.id = r.method_version_id WHERE execution_plan_id = %s",
        plan,
    )
    assert versions == [{"version": 1}]
    # A plan that is made now has it.
    (row,) = (row for row in world.answer("plan", "show", str(world.draft(samples=("a",))))[
        "planned_runs"] if row["step"] == "second" and row["branch"] == "low")  # fmt: skip
    assert row["version"] == 2
    assert not any(
        "new" in (world.final(run["id"]) / "text.txt").read_text()
        for run in runs
        if run["status"] == "completed"
    )

    # Whatever dies in between: a resume runs what was asked for.
    world.hold("all-2")
    assert world.pm("plan", "retry", str(plan), "--step", "all", "--again", "--no-watch",
                    ).returncode == 0  # fmt: skip
    world.reach(plan, "all-2")
    before = world.current(plan, "second", "b")
    assert world.again(plan, "--sample", "b", "--step", "second", "--again") == {"second b"}
    world.kill([world.supervisor(plan), *world.nextflows(plan), *world.runners(plan)])
    world.kill_postgres()
    world.release()
    assert world.wait_for_end(plan) == "partial"
    world.complete(plan)
    assert not set(world.current(plan, "second", "b")) & set(before)
    assert world.answer("plan", "status", str(plan))["again"] == 0
    world.audit()


def test_a_cancel_ends_what_runs_whether_the_supervisor_lives_is_dead_or_sleeps(
    world: FaultWorld,
) -> None:
    world.hold("everything")
    plan = world.submit()
    wait_for(world.holding(plan, "first-a", "first-b"), "two at work")
    assert world.answer("plan", "cancel", str(plan))["status"] == "cancelled"
    ended = runs_of(world, plan)
    assert {(run["status"], run["error"]) for run in ended} == {("cancelled", "Cancelled.")}
    assert world.nextflows(plan) == []
    assert world.unfinished() == []

    assert world.resume(plan) == "resumed"
    wait_for(world.holding(plan, "first-a", "first-b"), "two at work again")
    world.kill([world.supervisor(plan)])
    assert world.nextflows(plan)
    assert world.answer("plan", "cancel", str(plan))["status"] == "cancelled"
    assert {run["status"] for run in runs_of(world, plan)} == {"cancelled"}
    assert world.nextflows(plan) == []
    assert world.unfinished() == []

    assert world.resume(plan) == "resumed"
    wait_for(world.holding(plan, "first-a", "first-b"), "two at work once more")
    sleeping = world.supervisor(plan)
    assert sleeping is not None
    os.kill(sleeping.pid, signal.SIGSTOP)
    assert world.answer("plan", "cancel", str(plan))["status"] == "cancelled"
    assert {run["status"] for run in runs_of(world, plan)} == {"cancelled"}

    world.release()
    assert world.resume(plan) == "resumed"
    world.complete(plan)
    assert world.states(plan) == {"completed": RUNS}
    world.audit()


def test_a_supervisor_that_sleeps_longer_than_every_limit_finds_all_done_when_it_wakes(
    world: FaultWorld,
) -> None:
    world.hold("first-a", "first-b")
    world.environ["PM_RECORDER_PATIENCE"] = "0.5"
    world.environ["PM_DATABASE_PATIENCE"] = "2"
    plan = world.submit()
    wait_for(world.holding(plan, "first-a", "first-b"), "two at work")
    supervisor = world.supervisor(plan)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGSTOP)
    try:
        world.release()
        wait_for(
            lambda: [run["status"] for run in runs_of(world, plan)] == ["completed"] * RUNS,
            "everything recorded without the supervisor",
        )
        # Nobody may take the plan from one that only sleeps.
        assert world.resume(plan) == "running"
    finally:
        os.kill(supervisor.pid, signal.SIGCONT)
        world.environ |= {"PM_DATABASE_PATIENCE": "120", "PM_RECORDER_PATIENCE": "120"}
    assert world.wait_for_end(plan) == "completed"
    assert len(runs_of(world, plan)) == RUNS
    world.audit()


def test_what_a_preview_reuses_is_looked_at_again_when_it_is_submitted(world: FaultWorld) -> None:
    samples = ("p", "q", "r")  # of no other plan: nothing else can be reused instead
    made = world.submit(samples=samples)
    world.complete(made)
    draft = world.draft(samples=samples, rerun=())
    assert world.states(draft) == {"reused": RUNS}
    runs = {(run["plan_step"], run["sample"]): run["id"] for run in runs_of(world, made)}
    altered = world.final(runs["first", "r"]) / "text.txt"
    before = altered.read_text()
    removed = world.final(runs["second", "p"])
    shutil.copytree(removed, world.root / "kept", symlinks=True)
    altered.chmod(0o644)
    altered.write_text("something else")
    remove_tree(removed)
    try:
        refused = world.pm("plan", "submit", str(draft), "--no-watch")
        assert refused.returncode == 4, refused.stderr
        assert "Step 'first' for sample 'r' runs instead of reusing run" in refused.stderr
        assert world.status(draft) == "draft"
        assert runs_of(world, draft) == []
        accepted = world.pm("plan", "submit", str(draft), "--no-watch", "--yes")
        assert accepted.returncode == 0, accepted.stderr
        world.complete(draft)
        # One `first` with its two `second`, one more `second`, and both of `all`.
        assert world.states(draft) == {"completed": 6, "reused": 5}
    finally:
        altered.write_text(before)
        altered.chmod(0o444)
        shutil.copytree(world.root / "kept", removed, symlinks=True)
        shutil.rmtree(world.root / "kept")
    world.audit()


def test_an_older_backup_under_a_newer_store_makes_nothing_run_twice(world: FaultWorld) -> None:
    """Restored to a moment when the plan had half of its runs, it has all of them, and goes on."""
    world.hold("second-a*1", "second-b*1")
    plan = world.submit()
    wait_for(world.holding(plan, "second-a*1", "second-b*1"), "two at work")
    running = runs_of(world, plan)
    backup = world.root / "then.backup"
    done = world.pm("db", "backup", str(backup))
    assert done.returncode == 0, done.stderr
    (world.root / "raise" / "all-2").touch()
    world.release()
    assert world.wait_for_end(plan) == "partial"
    ended = runs_of(world, plan)
    assert len(ended) > len(running)
    restored = world.answer("db", "restore", str(backup))
    assert restored["unknown_runs"] == len(ended) - len(running)
    rebuilt = world.pm("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    (world.root / "raise" / "all-2").unlink()
    world.resume(plan)
    world.complete(plan)
    after = runs_of(world, plan)
    assert [run["u"] for run in after][: len(ended)] == [run["u"] for run in ended]
    assert len(after) == len(ended) + 1
    assert world.states(plan) == {"completed": RUNS}
    world.audit()


def test_a_restored_database_without_a_rebuild_takes_no_number_of_the_store_twice(
    world: FaultWorld,
) -> None:
    """What it forgot is not submitted once more; what is made anew has numbers of its own."""
    plan = world.draft()
    backup = world.root / "draft.backup"
    assert world.pm("db", "backup", str(backup)).returncode == 0
    world.submit(plan)
    world.complete(plan)
    before = {run["id"]: run["u"] for run in runs_of(world, plan)}
    world.answer("db", "restore", str(backup))
    refused = world.pm("plan", "submit", str(plan), "--no-watch")
    assert refused.returncode == 4
    assert "`pm rebuild` reads what became of it" in refused.stderr
    anew = world.submit()
    world.complete(anew)
    after = {run["id"]: run["u"] for run in runs_of(world, anew)}
    assert not before.keys() & after.keys()
    for run_id, uuid in {**before, **after}.items():
        assert world.meta(run_id)["uuid"] == uuid
    rebuilt = world.pm("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    both = {row["id"]: row["u"] for row in world.rows("SELECT id, uuid::text AS u FROM runs")}
    assert {**both, **before, **after} == both
    # The draft is what was submitted, with its runs.
    assert {run["id"]: run["u"] for run in runs_of(world, plan)} == before
    assert world.states(plan) == {"completed": RUNS}
    checked: subprocess.CompletedProcess[str] = world.pm("verify", "--full")
    assert checked.returncode == 0, checked.stdout
