"""What one launch is given: the planned runs that must run, and the links among them.

A reused parent has its result already and is no link of the launch: a child waits only for parents
that run beside it, and one without such parents can begin at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.plan import ExpandedPlan, parents_of


@dataclass(frozen=True, slots=True)
class LaunchTask:
    """One planned run of a launch; ``parents`` counts its distinct parents inside the launch."""

    key: str
    step: str
    parents: int


@dataclass(frozen=True, slots=True)
class LaunchEdge:
    """``child`` waits for ``parent``; both are in the launch, and each pair occurs once."""

    parent: str
    child: str
    #: How many parents of this launch the child waits for.
    n: int
    #: False where the child goes on without this parent, should it fail.
    needed: bool


@dataclass(frozen=True, slots=True)
class LaunchRows:
    """Tasks in the order of the plan, and edges in the order of their children."""

    tasks: tuple[LaunchTask, ...]
    edges: tuple[LaunchEdge, ...]


def launch_rows(expanded: ExpandedPlan, decisions: Mapping[str, Decision]) -> LaunchRows:
    """Everything that is decided to run."""
    tasks: list[LaunchTask] = []
    edges: list[LaunchEdge] = []
    for run in expanded.runs:
        if decisions[run.key].action != "run":
            continue
        inside = {
            parent: needed
            for parent, needed in parents_of(run).items()
            if decisions[parent].action == "run"
        }
        tasks.append(LaunchTask(run.key, run.step, len(inside)))
        edges.extend(
            LaunchEdge(parent, run.key, len(inside), needed) for parent, needed in inside.items()
        )
    return LaunchRows(tuple(tasks), tuple(edges))
