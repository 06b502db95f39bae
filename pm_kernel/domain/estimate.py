"""How long a plan will probably take, from how long its methods took before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.plan import ExpandedPlan, PlannedEdge


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds that the runs of a plan will probably take; what is reused takes none."""

    #: All runs one after another.
    work: float
    #: The longest chain of runs that wait for each other: no machine is faster than that.
    longest: float
    #: Methods that have never completed a run: theirs are not counted.
    unknown: tuple[str, ...]
    #: Methods that never completed a run, and whose time is what their workflow document says.
    documented: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "work_seconds": round(self.work, 3),
            "longest_seconds": round(self.longest, 3),
            "unknown_methods": list(self.unknown),
            "documented_methods": list(self.documented),
        }


def estimate(
    expanded: ExpandedPlan,
    decisions: Mapping[str, Decision],
    seconds: Mapping[str, float],
    documented: Mapping[str, float] = MappingProxyType({}),
) -> Estimate:
    """Add up what runs; ``seconds`` is what a run of a method (by its name) took.

    ``documented`` is what workflow documents say instead, by step: each has a version of its own.
    """
    work = 0.0
    unknown: dict[str, None] = {}
    by_document: dict[str, None] = {}
    ends: dict[str, float] = {}
    for run in expanded.runs:  # parents come before their children
        takes = 0.0
        if decisions[run.key].action == "run":
            method = expanded.steps[run.step].step.method
            if method in seconds:
                takes = seconds[method]
            elif run.step in documented:
                takes = documented[run.step]
                by_document[method] = None
            else:
                unknown[method] = None
        work += takes
        begins = max(
            (
                ends[source.parent]
                for sources in run.inputs.values()
                for source in sources
                if isinstance(source, PlannedEdge)
            ),
            default=0.0,
        )
        ends[run.key] = begins + takes
    return Estimate(work, max(ends.values(), default=0.0), tuple(unknown), tuple(by_document))
