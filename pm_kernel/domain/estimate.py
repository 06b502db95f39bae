"""How long a plan will probably take, from how long its methods took before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

    def to_document(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "work_seconds": round(self.work, 3),
            "longest_seconds": round(self.longest, 3),
            "unknown_methods": list(self.unknown),
        }


def estimate(
    expanded: ExpandedPlan, decisions: Mapping[str, Decision], seconds: Mapping[str, float]
) -> Estimate:
    """Add up what runs; ``seconds`` is what a run of a method (by its name) takes."""
    work = 0.0
    unknown: dict[str, None] = {}
    ends: dict[str, float] = {}
    for run in expanded.runs:  # parents come before their children
        takes = 0.0
        if decisions[run.key].action == "run":
            method = expanded.steps[run.step].step.method
            if method in seconds:
                takes = seconds[method]
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
    return Estimate(work, max(ends.values(), default=0.0), tuple(unknown))
