"""Inputs that are equal to those of other runs: what plans that reuse a run meant it to read.

A plan that reuses a run keeps its own edges. Where one of them comes from another run than the
reused one really read, the bytes are the same. Both are on record, the plan's side since it was
planned, and the checksums agree: nothing is told of bytes that merely may be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from pm_kernel.domain.runs import EqualBytes
from pm_kernel.store import runs

#: Run, name of the input, position in a gathered list.
Place = tuple[int, str, int]

_EQUAL = text(
    """
SELECT i.run_id, d.input_name, i.ordinal, w.run_id AS other, min(p.plan_id) AS plan_id
FROM run_inputs i
JOIN method_inputs d ON d.id = i.method_input_id
JOIN planned_runs p ON p.current_run = i.run_id AND p.decision = 'reuse'
  -- not one that lost what it reused, and made this run itself
  AND NOT EXISTS (SELECT 1 FROM runs own WHERE own.id = i.run_id AND own.planned_run_id = p.id)
JOIN execution_plans e ON e.id = p.plan_id AND e.status <> 'draft'
CROSS JOIN LATERAL (
    SELECT parent.current_run AS run_id, x.source_output AS output
    FROM planned_edges x JOIN planned_runs parent ON parent.id = x.parent_id
    WHERE x.child_id = p.id AND x.input_name = d.input_name AND x.ordinal = i.ordinal
    UNION ALL
    -- an existing run that the plan starts from
    SELECT CAST(item ->> 'run_id' AS bigint), item ->> 'output'
    FROM (SELECT p.inputs -> d.input_name -> 'items' -> i.ordinal AS item) given
    WHERE item ->> 'kind' = 'run'
) w
JOIN run_outputs o ON o.run_id = w.run_id AND o.output_name = w.output AND o.checksum = i.checksum
WHERE i.run_id = ANY(CAST(:ids AS bigint[])) AND i.source_run_id IS NOT NULL
  AND w.run_id <> i.source_run_id
GROUP BY i.run_id, d.input_name, i.ordinal, w.run_id
ORDER BY i.run_id, d.input_name, i.ordinal, w.run_id
"""
)


def equal_bytes(
    connection: Connection, run_ids: Iterable[int]
) -> Mapping[Place, tuple[EqualBytes, ...]]:
    """Return, of inputs of these runs, whose outputs plans counted on instead of those read."""
    found: dict[Place, tuple[EqualBytes, ...]] = {}
    for row in connection.execute(_EQUAL, {"ids": runs.array(run_ids)}):
        place = (row.run_id, row.input_name, row.ordinal)
        found[place] = (*found.get(place, ()), EqualBytes(row.other, row.plan_id))
    return found
