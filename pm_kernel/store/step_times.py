"""When the runs of a step began and ended, and how long none was at work in between."""

from __future__ import annotations

from sqlalchemy import text

from pm_kernel.domain.plan_documents import StepTimes
from pm_kernel.store.engine import Store

#: A gap is what lies between a run that begins and the latest end of all that began before it.
_TIMES = text("""
WITH times AS (
    SELECT p.step, r.started_at AS began, r.finished_at AS ended,
           max(coalesce(r.finished_at, 'infinity')) OVER (
               PARTITION BY p.step ORDER BY r.started_at, r.id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM planned_runs p JOIN runs r ON r.planned_run_id = p.id
    WHERE p.plan_id = :plan AND r.started_at IS NOT NULL)
SELECT step, min(began) AS began,
       CASE WHEN bool_and(ended IS NOT NULL) THEN max(ended) END AS ended,
       coalesce(sum(extract(epoch FROM began - before)) FILTER (WHERE began > before), 0) AS idle
FROM times GROUP BY step
""")


def times_of_steps(store: Store, plan_id: int) -> dict[str, StepTimes]:
    """Return the times of the steps of which a run began; what is reused began elsewhere."""
    with store.reading() as connection:
        found = connection.execute(_TIMES, {"plan": plan_id})
        return {row.step: StepTimes(row.began, row.ended, float(row.idle)) for row in found}
