"""When the runs of a plan's steps began and ended."""

from __future__ import annotations

from sqlalchemy import text

from pm_kernel.domain.plan_documents import StepTimes
from pm_kernel.store.engine import Store

_TIMES = text("""
SELECT p.step, min(r.started_at) AS began,
       CASE WHEN bool_and(r.finished_at IS NOT NULL) THEN max(r.finished_at) END AS ended
FROM planned_runs p JOIN runs r ON r.planned_run_id = p.id
WHERE p.plan_id = :plan GROUP BY p.step
""")


def times_of_steps(store: Store, plan_id: int) -> dict[str, StepTimes]:
    """Return the times of the steps of which a run began; what is reused began elsewhere."""
    with store.reading() as connection:
        found = connection.execute(_TIMES, {"plan": plan_id})
        return {row.step: (row.began, row.ended) for row in found}
