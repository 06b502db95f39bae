"""In what a plan would now run otherwise than it was previewed, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.names import shown
from pm_kernel.domain.plan import ExpandedPlan
from pm_kernel.domain.plans import PlannedRunRow
from pm_kernel.domain.preview import Counts

#: Statements before the rest is only counted.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a preview says of one planned run; two are equal where the same would happen."""

    version: int
    action: str
    run_id: int | None


@dataclass(frozen=True, slots=True)
class _Place:
    step: str
    sample: str | None
    branch: str

    def __str__(self) -> str:
        sample = "" if self.sample is None else f" for sample {shown(self.sample)}"
        return f"Step {shown(self.step)}{sample}" + (f" ({self.branch})" if self.branch else "")


def plan_difference(
    before: Iterable[PlannedRunRow],
    now: ExpandedPlan,
    decisions: Mapping[str, Decision],
    counts: Counts,
) -> str | None:
    """Say in what a stored preview and the plan as it is now differ; None: in nothing."""
    stored = list(before)
    old = {row.key: _stored(row) for row in stored}
    new = {
        run.key: Foreseen(
            0 if (version := now.steps[run.step].version) is None else version.version,
            decisions[run.key].action,
            decisions[run.key].run_id,
        )
        for run in now.runs
    }
    changed = [key for key in {**new, **old} if old.get(key) != new.get(key)]
    if not changed:
        return None
    places = {row.key: _Place(row.step, row.sample, row.branch) for row in stored}
    places |= {run.key: _Place(run.step, run.sample, run.branch) for run in now.runs}
    # What only follows from another difference is said where there is nothing else to say.
    causes = [key for key in changed if key not in new or decisions[key].code != "upstream"]
    told = list(_statements(causes or changed, old, new, places, decisions))
    more = f" And {len(told) - _TOLD} more." if len(told) > _TOLD else ""
    return (
        f"{len(changed)} of {len(new)} planned runs differ (now {counts.run} new, "
        f"{counts.reuse} reused). {' '.join(told[:_TOLD])}{more}"
    )


def _stored(row: PlannedRunRow) -> Foreseen:
    run_id = row.run_id if row.decision == "reuse" else None
    return Foreseen(row.version, row.decision, run_id)


def _statements(
    keys: Iterable[str],
    old: Mapping[str, Foreseen],
    new: Mapping[str, Foreseen],
    places: Mapping[str, _Place],
    decisions: Mapping[str, Decision],
) -> Iterator[str]:
    """What is different of each of these; a version is said once per step."""
    steps: set[str] = set()
    for key in keys:
        was, now, place = old.get(key), new.get(key), places[key]
        if now is None:
            yield f"{place} is no longer part of it."
        elif was is None:
            yield f"{place} is new in it."
        elif was.version != now.version:
            if place.step not in steps:
                steps.add(place.step)
                yield (
                    f"Step {shown(place.step)} takes version {now.version} of its method, "
                    f"not version {was.version} as before."
                )
        else:
            yield f"{place} {_decided(was, decisions[key])}"


def _decided(was: Foreseen, now: Decision) -> str:
    before = {
        "run": "running",
        "reuse": f"reusing run {was.run_id}",
        "blocked": "being left out",
    }
    match now.action:
        case "reuse":
            what = f"reuses run {now.run_id} instead of {before[was.action]}"
        case "run":
            what = f"runs instead of {before[was.action]}: {now.reason}"
        case "blocked":
            what = f"cannot run any more: {now.reason}"
    return f"{what}."
