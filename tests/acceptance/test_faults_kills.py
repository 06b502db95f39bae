"""Kill -9 of everything a plan consists of, at several moments, and a resume at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .fault_harness import RUNS, FaultWorld, wait_for

pytestmark = pytest.mark.nextflow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultWorld]:
    made = FaultWorld.begin(tmp_path_factory.mktemp("faults") / "workspace")
    yield made
    made.end()


#: Held at each moment, in the order in which a plan comes to them.
MOMENTS = (("first-a", "first-b"), ("second-a*1",), ("all-2",))


def strike(world: FaultWorld, plan: int, victim: str) -> None:
    """Kill everything of a kind that lives in a plan right now."""
    everything = victim == "everything"
    processes = []
    if everything or victim == "supervisor":
        processes.append(world.supervisor(plan))
    if everything or victim == "nextflow":
        processes += world.nextflows(plan)
    if everything or victim == "wrapper":
        processes += world.wrappers(plan)
    if everything or victim == "runner":
        processes += world.runners(plan)
    assert victim == "postgres" or processes
    if everything or victim == "postgres":
        world.kill_postgres()
    world.kill(processes)


@pytest.mark.parametrize(
    "victim", ["supervisor", "nextflow", "wrapper", "runner", "postgres", "everything"]
)
def test_whatever_is_killed_and_whenever_a_resume_runs_what_is_missing_and_nothing_twice(
    world: FaultWorld, victim: str
) -> None:
    world.hold(*(name for moment in MOMENTS for name in moment))
    plan = world.submit()
    if victim in ("supervisor", "nextflow", "everything"):
        # Before anything has registered.
        wait_for(lambda: world.nextflows(plan), "a Nextflow")
        strike(world, plan, victim)
        world.resume(plan)
    for held in MOMENTS:
        world.reach(plan, *held)
        strike(world, plan, victim)
        world.resume(plan)
        world.release(*held)
    world.complete(plan)
    assert world.states(plan) == {"completed": RUNS}
    world.audit()
