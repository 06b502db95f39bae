"""Which planned run and launch a task of an exported folder is: asked once per run, so bare."""

from __future__ import annotations

from typing import Any

import psycopg

Row = tuple[Any, ...]

_PLACE = """
SELECT e.id, e.status, e.epoch, e.cancelled_epoch, l.id, l.epoch, p.id
FROM execution_plans e
JOIN plan_launches l ON l.plan_id = e.id AND l.nextflow_run_name = %(run_name)s
JOIN planned_runs p ON p.plan_id = e.id AND p.ordinal = %(task)s - 1
WHERE e.export_id = %(export)s AND e.nextflow_session_id = %(session)s
ORDER BY l.id DESC LIMIT 1
"""

# A look at the plan while Nextflow was between two tasks may have taken it for ended.
_REOPEN = """
UPDATE execution_plans SET status = 'running', finished_at = NULL, error = NULL
WHERE id = %s AND status IN ('partial', 'failed')
"""


def place(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Return which planned run and launch a task of an exported folder is.

    The answer's ``answer`` is ``known`` with ``planned`` and ``launch``, or ``unknown``: this start
    of Nextflow has no launch yet.
    """
    with connection.transaction():
        row = connection.execute(_PLACE, request).fetchone()
        if row is None:
            return {"answer": "unknown"}
        plan_id, status, epoch, cancelled, launch_id, launch_epoch, planned_id = row
        if status in ("partial", "failed") and launch_epoch == epoch > cancelled:
            connection.execute(_REOPEN, (plan_id,))
    return {"answer": "known", "planned": planned_id, "launch": launch_id}
