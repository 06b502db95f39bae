"""Whether a run is said to be of the sample that its data is of.

A run whose data comes from existing runs alone is of their sample. Files, other planned runs and
members of gathered lists are data of which no record says whose it is, so beside them anything may
be said: an image of one sample may well be aligned to the result of another.
"""

from __future__ import annotations

from collections.abc import Mapping

from pm_kernel.domain.names import shown
from pm_kernel.domain.plan import ExistingRun, ExpandedPlan, File, PlannedEdge, PlannedRun
from pm_kernel.errors import Problem

#: Rows that a notice names, before it counts the others.
_NAMED = 3


def only_runs(run: PlannedRun) -> tuple[int, ...]:
    """Return the existing runs that all data of a planned run comes from; empty: not all does."""
    found: dict[int, None] = {}
    for sources in run.inputs.values():
        for source in sources:
            match source:
                case ExistingRun(run_id=run_id, label=None):
                    found[run_id] = None
                case ExistingRun() | File() | PlannedEdge():
                    return ()
    return tuple(found)


def common_sample(runs: tuple[int, ...], samples: Mapping[int, str | None]) -> str | None:
    """Return the one sample that all of these runs are of; None, there is none."""
    found = {samples.get(run_id) for run_id in runs}
    return found.pop() if len(found) == 1 else None


def others(
    sample: str | None, runs: tuple[int, ...], samples: Mapping[int, str | None]
) -> dict[int, str]:
    """Return the runs with their samples, if every one of them is of another than ``sample``."""
    found = {run_id: of for run_id in runs if (of := samples.get(run_id)) is not None}
    if sample is None or len(found) < len(runs) or sample in found.values():
        return {}
    return found


def told(found: Mapping[int, str]) -> str:
    """Return runs and their samples in words."""
    return " and ".join(f"run {run_id} of sample {shown(of)}" for run_id, of in found.items())


def label_notices(expanded: ExpandedPlan, samples: Mapping[int, str | None]) -> list[Problem]:
    """Return a notice for each step whose rows take their data from runs of other samples."""
    said: dict[str, list[str]] = {}
    for run in expanded.runs:
        if run.sample is not None and (found := others(run.sample, only_runs(run), samples)):
            said.setdefault(run.step, []).append(f"{shown(run.sample)} takes {told(found)}")
    return [
        Problem(
            f"Step {shown(step)}: sample {'; '.join(each[:_NAMED])}"
            + (f"; and {len(each) - _NAMED} more like it." if len(each) > _NAMED else "."),
            step=step,
            code="sample",
            severity="notice",
        )
        for step, each in said.items()
    ]
