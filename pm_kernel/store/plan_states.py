"""What has become of planned runs: one piece of SQL, for whole plans or for a part of one.

A statement that begins with it has a table ``states``: id, plan_id, ordinal, current_run,
latest_run, error, shown (the state). `blocked` follows from a parent that ended without a result.
"""

from __future__ import annotations

from typing import Any, Final

from pm_kernel.domain.plans import PlannedRunRow

_STATES = """
WITH RECURSIVE {first}latest AS (
    SELECT DISTINCT ON (r.planned_run_id) r.planned_run_id, r.id, r.status, r.error, r.launch_id
    FROM {runs} AND r.planned_run_id IS NOT NULL
    ORDER BY r.planned_run_id, r.id DESC
), base AS (
    SELECT p.id, p.plan_id, p.ordinal, p.current_run, l.id AS latest_run, l.error,
        -- a list that goes on without failed members may still do so while the plan runs
        e.status IN ('submitted', 'running') AS open,
        CASE
            WHEN p.current_run IS NOT NULL AND l.id IS DISTINCT FROM p.current_run
                 AND NOT EXISTS (SELECT 1 FROM runs o
                                 WHERE o.id = p.current_run AND o.planned_run_id = p.id)
                THEN 'reused'
            WHEN p.current_run IS NOT NULL THEN 'completed'
            WHEN p.decision = 'blocked' THEN 'blocked'
            WHEN l.status = 'running' THEN 'running'
            -- given to a launch after its last run failed: it waits again
            WHEN l.status IN ('failed', 'cancelled')
                 AND (e.status NOT IN ('submitted', 'running') OR p.launch_id = l.launch_id)
                THEN l.status
            ELSE 'waiting'
        END AS state
    FROM planned_runs p
    JOIN execution_plans e ON e.id = p.plan_id
    LEFT JOIN latest l ON l.planned_run_id = p.id
    WHERE {planned}
), blocked AS (
    SELECT d.child_id AS id, b.open
    FROM planned_edges d JOIN base b ON b.id = d.parent_id{within}
    WHERE b.state IN ('failed', 'cancelled', 'blocked') AND (d.on_failure = 'wait' OR NOT b.open)
    UNION
    SELECT d.child_id, x.open FROM planned_edges d JOIN blocked x ON x.id = d.parent_id{within}
    WHERE d.on_failure = 'wait' OR NOT x.open
), states AS (
    SELECT b.*, CASE WHEN b.state = 'waiting' AND k.id IS NOT NULL THEN 'blocked'
                     ELSE b.state END AS shown
    FROM base b LEFT JOIN (SELECT DISTINCT id FROM blocked) k ON k.id = b.id
)
"""

#: Of all planned runs of the plans ``:plans``.
STATES: Final = _STATES.format(
    first="",
    runs="runs r WHERE r.execution_plan_id = ANY(:plans)",
    planned="p.plan_id = ANY(:plans)",
    within="",
)

# A planned run is as it is because of itself and what lies above it: the rest is not looked at.
_SCOPE = """part AS ({part}), scope AS (
    SELECT id FROM part
    UNION
    SELECT d.parent_id FROM scope s JOIN planned_edges d ON d.child_id = s.id
), """


def states_of_part(part: str) -> str:
    """Return the same of some planned runs and what lies above them; ``part`` selects ids."""
    return _STATES.format(
        first=_SCOPE.format(part=part),
        runs="scope s JOIN runs r ON r.planned_run_id = s.id WHERE true",
        planned="p.id IN (SELECT id FROM scope)",
        within=" JOIN scope w ON w.id = d.child_id",
    )


def planned_columns(states: str) -> str:
    """Return the query for ``planned_run``, of what is in the table ``states``."""
    return f"""
SELECT p.id, p.key, p.step, p.sample, p.branch, p.decision, p.reason, s.shown,
       coalesce(p.current_run, s.latest_run) AS run_id, m.name AS method, v.version,
       p.set_params, s.error, p.again_by,
       (SELECT array_agg(DISTINCT d.parent_id) FROM planned_edges d
        WHERE d.child_id = p.id) AS parents
FROM {states} s
JOIN planned_runs p ON p.id = s.id
LEFT JOIN method_versions v ON v.id = p.method_version_id
LEFT JOIN methods m ON m.id = v.method_id
ORDER BY p.ordinal
"""  # noqa: S608 - constants only


def planned_run(row: Any) -> PlannedRunRow:
    """Return a row of ``planned_columns`` as a value."""
    return PlannedRunRow(
        planned_id=row.id,
        key=row.key,
        step=row.step,
        sample=row.sample,
        branch=row.branch,
        decision=row.decision,
        reason=row.reason,
        state=row.shown,
        run_id=row.run_id,
        method=row.method,
        version=row.version,
        set_params=row.set_params,
        error=row.error if row.shown in ("failed", "cancelled") else None,
        parents=tuple(sorted(row.parents or ())),
        again_by=row.again_by,
    )
