"""Plans as plain JSON values: what programs read and the browser receives.

Keys are the names of the fields. Times are ISO 8601 in UTC, parameter values canonical text (a
browser would turn 1.0 into 1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.plan import ExpandedPlan
from pm_kernel.domain.plan_changes import Change
from pm_kernel.domain.plans import Plan, PlannedRunRow, StepCount
from pm_kernel.domain.preview import Counts, count, count_by_step, preview_tree
from pm_kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class StepTimes:
    """When the first run of a step began and the last one ended; ``ended`` is None until then."""

    began: datetime
    ended: datetime | None
    #: Seconds between in which none of its runs was at work, as before a retry.
    idle: float = 0.0


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return a plan as lists show it."""
    return {
        "plan_id": plan.plan_id,
        "kind": plan.kind,
        "name": plan.name,
        "status": plan.status,
        "error": plan.error,
        "counts": dict(plan.counts),
        "again": plan.again,
        "notes": plan.notes,
        "metadata": dict(plan.metadata),
        "created_at": plan.created_at.isoformat(),
        "created_by": plan.created_by,
        "submitted_at": _time(plan.submitted_at),
        "finished_at": _time(plan.finished_at),
    }


def plan_details(
    plan: Plan, counts: Iterable[StepCount], times: Mapping[str, StepTimes]
) -> dict[str, Any]:
    """Return a plan with what it was made from, and how far each of its steps is.

    ``base`` is the folder that relative file names are meant from.
    """
    request = dict(plan.request)
    base = request.pop("base", "/")
    return {
        **plan_document(plan),
        "document": dict(plan.document),
        "request": request,
        "base": base,
        "revision": revision(plan),
        "steps": step_counts(counts, times),
    }


def revision(plan: Plan) -> str:
    """Return the sha256 of everything about a draft that an edit can change."""
    parts = [plan.name, plan.notes, plan.metadata, plan.document, plan.request]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def planned_run_document(row: PlannedRunRow) -> dict[str, Any]:
    """Return one planned run with what has become of it."""
    return {
        **vars(row),
        "set_params": dict(row.set_params),
        "parents": list(row.parents),
    }


def step_counts(
    counts: Iterable[StepCount], times: Mapping[str, StepTimes]
) -> list[dict[str, Any]]:
    """Return how many planned runs of each step are in which state, in the order of the plan.

    ``times`` has the steps of which a run began.
    """
    steps: dict[str, dict[str, Any]] = {}
    for each in counts:
        step = steps.setdefault(
            each.step,
            {"step": each.step, "method": each.method, "version": each.version, "counts": {}},
        )
        step["counts"][each.state] = step["counts"].get(each.state, 0) + each.n
    for name, step in steps.items():
        took = times.get(name)
        step |= {
            "started_at": None if took is None else _time(took.began),
            "finished_at": None if took is None else _time(took.ended),
            "idle_seconds": 0.0 if took is None else round(took.idle, 3),
        }
    return list(steps.values())


def preview_document(
    expanded: ExpandedPlan, decisions: Mapping[str, Decision], problems: Iterable[Problem]
) -> dict[str, Any]:
    """Return what a plan would run and reuse: the numbers of the whole and of each step."""
    totals = expanded.totals
    by_step = count_by_step(expanded, decisions)
    return {
        "counts": _counts(count(expanded, decisions)),
        "final_results": totals.final_results,
        "samples": totals.samples,
        "branches": [{"axis": axis, "branches": number} for axis, number in totals.branches],
        "paths": totals.product,
        "problems": [problem_document(problem) for problem in problems],
        "steps": [
            {
                "step": name,
                "method": planned.step.method,
                "version": None if planned.version is None else planned.version.version,
                "level": planned.level,
                "dimensions": list(planned.dimensions),
                "final": planned.final,
                "counts": _counts(by_step[name]),
            }
            for name, planned in expanded.steps.items()
        ],
    }


def tree_document(
    expanded: ExpandedPlan, decisions: Mapping[str, Decision], *, first: int, limit: int
) -> dict[str, Any]:
    """Return part of the run tree: ``limit`` samples (or groups of them) from number ``first`` on.

    ``next`` is where it goes on, None at the end.
    """
    tops = preview_tree(expanded, decisions, first=first, limit=limit + 1)
    return {
        "first": first,
        "next": first + limit if len(tops) > limit else None,
        "nodes": [top.to_document() for top in tops[:limit]],
    }


def changes_document(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return what is different between two plans."""
    return [
        {"place": list(each.place), "before": each.before, "after": each.after} for each in changes
    ]


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return one thing that is wrong, with its place."""
    return {
        "message": problem.message,
        "step": problem.step,
        "edge": problem.edge,
        "code": problem.code,
        "severity": problem.severity,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "total": counts.total,
        "run": counts.run,
        "reuse": counts.reuse,
        "blocked": counts.blocked,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
