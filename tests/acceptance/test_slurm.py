"""Plans through a real SLURM: the same records as here, and jobs that nobody is left alone with."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.config import default_cache_dir
from pm_kernel.domain.methods import MethodInput
from pm_kernel.nextflow import jobs, owner
from pm_kernel.nextflow.launcher import read_identity
from pm_kernel.running import scheduler

from ..workbench import Workbench
from .fault_harness import FaultWorld
from .lineages import lineages
from .slurm import CPUS, Cluster, lacking

pytestmark = [
    pytest.mark.nextflow,
    pytest.mark.skipif(lacking() is not None, reason=str(lacking())),
]

HOLD = """
import time
from pathlib import Path
from helper import scale

def run(image, output_dir):
    stem = Path(image).stem
    print("holding", stem, flush=True)
    while (Path({root!r}) / "wait" / stem).exists():
        time.sleep(0.05)
    (Path(output_dir) / "table.csv").write_text(stem + str(scale(1)))
"""
SLEEP = """
import time

def run(output_dir):
    print("going to sleep", flush=True)
    time.sleep(600)
"""
MERGE = """
from pathlib import Path

def run(tables, output_dir):
    (Path(output_dir) / "all.txt").write_text(" ".join(Path(t).read_text() for t in tables))
"""
HELPER = """
def scale(value, factor=2):
    return value * factor
"""
SITE = """
process.executor = 'slurm'
executor { pollInterval = '1s'; queueStatInterval = '2s'; exitReadTimeout = '20s' }
"""
PLAN = """
name = "plan"
sheet = "samples.csv"

[pipeline]
format = 1

[pipeline.steps.hold]
method = "hold"
inputs = { image = { column = "image" } }
branches = { low = { "scale.factor" = "1" }, high = { "scale.factor" = "5" } }
resources = { cpus = 2, memory = "100 MB", queue = "other", time = "1h" }

[pipeline.steps.all]
method = "merge"
inputs = { tables = { from = "hold.table", gather = { over = ["sample"] } } }
"""
#: One job fills the node.
WIDE = {"cpus": CPUS}


class World:
    """A workspace whose plans run through the cluster."""

    def __init__(self, bench: Workbench, cluster: Cluster) -> None:
        self.bench, self.cluster = bench, cluster
        bench.environ.update(cluster.environ, PM_CACHE_DIR=str(default_cache_dir(os.environ)))
        bench.environ |= {"PM_WORKSPACE": str(bench.root), "PM_DATABASE_URL": bench.url}
        (bench.root / "wait").mkdir()
        files, tracked = {"helper.py": HELPER}, ["helper.py:scale"]
        bench.method("hold", HOLD.format(root=str(bench.root)), files=files, tracked=tracked,
                     inputs={"image": "file"}, outputs={"table": "table.csv"})  # fmt: skip
        bench.method("sleep", SLEEP)
        tables = MethodInput("tables", "upstream", gather=True)
        bench.method("merge", MERGE, inputs={"tables": tables}, outputs={"all": "all.txt"})

    def samples(self, *names: str, wait: tuple[str, ...] = ()) -> None:
        lines = [f"{name},{name}.tif" for name in names]
        (self.bench.root / "samples.csv").write_text("\n".join(["sample,image", *lines, ""]))
        for name in names:
            (self.bench.root / f"{name}.tif").write_text(name)
        for name in wait:
            (self.bench.root / "wait" / name).touch()

    def site(self, text: str = SITE) -> None:
        (self.bench.root / "nextflow.config").write_text(text)

    def pm(self, *words: str) -> str:
        done = self.bench.pm(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begin(self, document: object, *, sheet: str | None = "samples.csv") -> int:
        """Submit a plan and return its number; it goes on by itself."""
        path = self.bench.root / "plan.json"
        plan: dict[str, Any] = {"name": "plan", "pipeline": {"format": 1, "steps": document}}
        path.write_text(json.dumps(plan | ({"sheet": sheet} if sheet else {})))
        self.pm("plan", "create", str(path))
        number: int = self.bench.rows("SELECT max(id) AS id FROM execution_plans")[0]["id"]
        self.pm("plan", "submit", str(number), "--no-watch")
        return number

    def plan(self, plan_id: int) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.pm("plan", "status", str(plan_id), "--json"))
        return document

    def running(self) -> list[dict[str, Any]]:
        return self.bench.rows("SELECT * FROM runs WHERE status = 'running' ORDER BY sample")

    def is_held(self, sample: str) -> bool:
        """Whether the method itself works on a sample."""
        return any(
            row["sample"] == sample
            and "holding" in _text(self.bench.runs / ".partial" / str(row["uuid"]) / "run.log")
            for row in self.running()
        )

    def kill(self, plan_id: int) -> None:
        """Kill the supervisor of a plan and its Nextflow, without a word."""
        folder = self.bench.runs / "plans" / str(plan_id)
        supervisor = owner.read(folder)
        nextflows = [read_identity(launch) for launch in (folder / "launches").glob("*")]
        assert supervisor is not None
        for identity in (supervisor.identity, *filter(None, nextflows)):
            with suppress(ProcessLookupError):
                os.kill(identity.pid, signal.SIGKILL)

    def submitted(self, plan_id: int) -> list[jobs.Job]:
        launches = self.bench.runs / "plans" / str(plan_id) / "launches"
        return [job for launch in sorted(launches.glob("*")) for job in jobs.submitted(launch)]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def wait_for(condition: Callable[[], object], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    started = Cluster()
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture
def world(bench: Workbench, cluster: Cluster) -> Iterator[World]:
    made = World(bench, cluster)
    yield made
    for path in (bench.root / "wait").iterdir():
        path.unlink()
    for row in bench.rows(
        "SELECT id FROM execution_plans WHERE status IN ('submitted', 'running')"
    ):
        bench.pm("plan", "cancel", str(row["id"]))


def test_the_same_plan_leaves_the_same_records_as_here(world: World) -> None:
    bench = world.bench
    world.samples("s1", "s2")
    (bench.root / "plan.toml").write_text(PLAN)
    world.pm("plan", "create", "plan.toml", "--submit")
    world.site()
    world.pm("plan", "create", "plan.toml", "--rerun", "all", "--submit")
    assert [world.plan(n)["counts"] for n in (1, 2)] == [{"completed": 6}] * 2
    assert world.plan(2)["status"] == "completed"
    assert lineages(bench, 1, "all") == lineages(bench, 2, "all")
    rows = bench.rows("SELECT * FROM runs ORDER BY id")
    assert [row["scheduler_job_id"] is None for row in rows] == [True] * 6 + [False] * 6
    assert all(row["error"] is None and row["peak_rss_bytes"] for row in rows)
    submitted = {job.job_id: job for job in world.submitted(2)}
    assert {row["scheduler_job_id"] for row in rows[6:]} == submitted.keys()
    assert {job.scheduler for job in submitted.values()} == {"slurm"}
    for row in rows[6:]:
        # What the scheduler was asked for is what the step asks for.
        facts = world.cluster.facts(row["scheduler_job_id"])
        wanted = ("2", "other", "01:00:00", "100M") if row["plan_step"] == "hold" else None
        told = tuple(facts[name] for name in ("NumCPUs", "Partition", "TimeLimit", "MinMemoryNode"))
        assert wanted in (None, told)
        assert row["work_dir"] == facts["WorkDir"]
    assert bench.unfinished() == []


def test_where_the_cluster_is_this_host_its_jobs_reach_the_embedded_database(
    cluster: Cluster, tmp_path: Path
) -> None:
    world = FaultWorld.begin(tmp_path / "workspace")
    world.environ.update(cluster.environ)
    (world.root / "nextflow.config").write_text(SITE)
    try:
        plan = world.submit(samples=["s1"])
        assert world.wait_for_end(plan) == "completed"
        rows = world.rows("SELECT status, scheduler_job_id FROM runs ORDER BY id")
        assert [row["status"] for row in rows] == ["completed"] * 5
        assert all(row["scheduler_job_id"] for row in rows)
    finally:
        world.end()


def test_a_job_that_is_killed_or_meets_its_time_limit_has_failed_with_its_log(
    world: World,
) -> None:
    world.site()
    world.samples("s1", "s2", wait=("s1", "s2"))
    steps = {
        "late": {"method": "sleep", "resources": {"time": "1m"}},
        "hold": {"method": "hold", "inputs": {"image": {"column": "image"}}},
        "all": {
            "method": "merge",
            "inputs": {"tables": {"from": "hold.table", "gather": {"over": ["sample"]}}},
        },
    }
    plan_id = world.begin(steps)
    wait_for(lambda: world.is_held("s1") and world.is_held("s2"))
    killed = next(row for row in world.running() if row["sample"] == "s1")
    world.cluster.ask("scancel", killed["scheduler_job_id"])
    (world.bench.root / "wait" / "s2").unlink()
    wait_for(lambda: world.plan(plan_id)["status"] == "partial", seconds=300)
    assert world.plan(plan_id)["counts"] == {"completed": 1, "failed": 2, "blocked": 1}
    rows = {(r["plan_step"], r["sample"]): r for r in world.bench.rows("SELECT * FROM runs")}
    assert {key: row["status"] for key, row in rows.items()} == {
        ("late", None): "failed",
        ("hold", "s1"): "failed",
        ("hold", "s2"): "completed",
    }
    late, held = rows["late", None], rows["hold", "s1"]
    assert "time limit of 1 min" in late["error"]
    assert "stopped from outside" in held["error"]
    assert "going to sleep" in (world.bench.final(late["id"]) / "run.log").read_text()
    assert "holding s1" in (world.bench.final(held["id"]) / "run.log").read_text()
    # A job is out of the queue a moment after its Nextflow has read how it ended.
    wait_for(lambda: world.cluster.jobs() == {})
    assert world.bench.unfinished() == []


def one_wide(world: World, *samples: str) -> int:
    """A plan whose jobs fill the node, so that all but one wait in the queue."""
    step = {"method": "hold", "inputs": {"image": {"column": "image"}}, "resources": WIDE}
    plan_id = world.begin({"hold": step})
    states = ["PENDING"] * (len(samples) - 1) + ["RUNNING"]
    wait_for(lambda: sorted(world.cluster.jobs().values()) == states)
    wait_for(lambda: any(world.is_held(sample) for sample in samples))
    return plan_id


def test_cancelling_a_plan_takes_its_jobs_out_of_the_queue(world: World) -> None:
    world.site()
    world.samples("s1", "s2", "s3", wait=("s1", "s2", "s3"))
    plan_id = one_wide(world, "s1", "s2", "s3")
    world.pm("plan", "cancel", str(plan_id))
    assert world.plan(plan_id)["status"] == "cancelled"
    wait_for(lambda: world.cluster.jobs() == {})
    rows = world.bench.rows("SELECT status FROM runs")
    assert [row["status"] for row in rows] == ["cancelled"]
    assert world.bench.unfinished() == []


def test_jobs_that_outlive_their_nextflow_are_taken_back_where_they_wait_and_left_where_they_run(
    world: World,
) -> None:
    world.site()
    world.samples("s1", "s2", "s3", wait=("s1", "s2", "s3"))
    plan_id = one_wide(world, "s1", "s2", "s3")
    (held,) = world.running()
    before = world.cluster.jobs()
    world.kill(plan_id)
    assert world.cluster.jobs().keys() == before.keys()
    world.pm("plan", "resume", str(plan_id), "--no-watch")
    waiting = {job for job, state in before.items() if state == "PENDING"}
    wait_for(lambda: not waiting & world.cluster.jobs().keys())
    assert [row["id"] for row in world.running()] == [held["id"]]
    # Once more, and this time somebody wants an end of it.
    wait_for(lambda: len(world.cluster.jobs()) == 3)
    world.kill(plan_id)
    world.pm("plan", "cancel", str(plan_id))
    assert world.plan(plan_id)["status"] == "cancelled"
    wait_for(lambda: world.cluster.jobs() == {})
    for path in (world.bench.root / "wait").iterdir():
        path.unlink()
    world.pm("plan", "resume", str(plan_id))
    assert world.plan(plan_id)["counts"] == {"completed": 3}
    rows = world.bench.rows("SELECT status, count(*) AS n FROM runs GROUP BY 1")
    assert {row["status"]: row["n"] for row in rows} == {"completed": 3, "cancelled": 1}
    assert world.bench.unfinished() == []


def test_of_a_run_on_another_host_the_scheduler_knows_whether_it_is_dead(world: World) -> None:
    world.site()
    world.samples("s1", wait=("s1",))
    plan_id = one_wide(world, "s1")
    (held,) = world.running()
    world.kill(plan_id)
    world.bench.execute("UPDATE runs SET host = 'node7' WHERE id = %s", held["id"])
    world.pm("plan", "status", str(plan_id))
    assert [row["id"] for row in world.running()] == [held["id"]]
    os.kill(held["pid"], signal.SIGKILL)
    wait_for(lambda: world.cluster.jobs() == {})
    world.pm("plan", "status", str(plan_id))
    (row,) = world.bench.rows("SELECT status, error FROM runs")
    assert row["status"] == "failed"
    assert f"its job {held['scheduler_job_id']} does not run any more" in row["error"]
    assert world.bench.unfinished() == []
    # Who runs in an array of jobs knows itself by a number that the queue lists last.
    array = world.cluster.ask(
        "sbatch", "--parsable", "--array=1-2", "-o", "/dev/null", "--wrap", "sleep 600"
    ).strip()
    wait_for(lambda: set(world.cluster.jobs().values()) == {"RUNNING"})
    numbers = set(world.cluster.ask("squeue", "-h", "-o", "%A").split())
    assert len(numbers) == 2
    environ = {**world.cluster.environ, "SQUEUE_STATES": "PENDING"}
    assert scheduler.ended({*numbers, f"{array}_2", "999999"}, environ) == {"999999"}
    world.cluster.ask("scancel", array)
