"""How much trouble the logs of a plan's runs tell of, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import text

from pm_kernel.store.engine import Store

# Of every planned run the run that counts: its result, else its last try.
_LEVELS = text("""
WITH mine AS (
    SELECT p.step, p.ordinal, coalesce(p.current_run, (
        SELECT max(r.id) FROM runs r WHERE r.planned_run_id = p.id)) AS run_id
    FROM planned_runs p WHERE p.plan_id = :plan
)
SELECT m.step, min(m.ordinal) AS place, l.level, count(*) AS entries,
       count(DISTINCT m.run_id) AS runs
FROM mine m JOIN run_logs l ON l.run_id = m.run_id
WHERE l.level IN ('WARNING', 'ERROR', 'CRITICAL')
GROUP BY m.step, l.level ORDER BY place, l.level
""")


@dataclass(frozen=True)
class StepLevels:
    """Level -> entries, and level -> runs that have such entries, in the runs of one step."""

    step: str
    entries: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)


def levels_of_plan(store: Store, plan_id: int) -> list[StepLevels]:
    """Return the steps of a plan whose ended runs have warnings or errors in their logs."""
    found: dict[str, StepLevels] = {}
    with store.reading() as connection:
        for row in connection.execute(_LEVELS, {"plan": plan_id}):
            step = found.setdefault(row.step, StepLevels(row.step))
            step.entries[row.level] = row.entries
            step.runs[row.level] = row.runs
    return list(found.values())
