"""Who is at work in a database right now, in whatever workspace: for what must not disturb them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from pm_kernel.store.engine import libpq_url, translated
from pm_kernel.store.ownership import is_owned

_PLANS = """
SELECT e.id, e.name, w.root, coalesce(e.submitted_at > now() - interval '30 seconds', false)
FROM execution_plans e JOIN workspaces w ON w.id = e.workspace_id
WHERE e.status IN ('submitted', 'running') AND e.kind <> 'run' ORDER BY e.id
"""
_RUNS = """
SELECT r.id, m.name, w.root, r.execution_plan_id FROM runs r
JOIN methods m ON m.id = r.method_id JOIN workspaces w ON w.id = r.workspace_id
WHERE r.status = 'running' ORDER BY r.id
"""


@dataclass(frozen=True)
class Activity:
    """One plan or run that is not finished."""

    kind: str
    number: int
    name: str
    workspace: str

    def __str__(self) -> str:
        return f"{self.kind} {self.number} ({self.name})"


def at_work(url: str) -> list[Activity]:
    """Return the plans that somebody supervises or that have living runs, and the other live runs.

    Works on a database of any schema of ours; one without these tables has nobody at work.
    Raises DatabaseUnavailable.
    """
    with translated(), psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
        try:
            plans = connection.execute(_PLANS).fetchall()
            runs = connection.execute(_RUNS).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return []
    living: set[Any] = {run[3] for run in runs}
    found = [
        Activity("plan", plan[0], plan[1], plan[2])
        for plan in plans
        # The supervisor of a plan submitted a moment ago is still starting.
        if plan[3] or plan[0] in living or is_owned(url, plan[0])
    ]
    shown = {each.number for each in found}
    return found + [Activity("run", r[0], r[1], r[2]) for r in runs if r[3] not in shown]
