"""Counts of runs and of links between methods, fast also for a million runs.

Without a filter both questions are answered from indexes alone: the rows of runs are wide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import text

from pm_kernel.domain.everything import Everything, MethodEdge, MethodNode
from pm_kernel.domain.lineage import Edge
from pm_kernel.domain.runs import RunFilter
from pm_kernel.store import runs
from pm_kernel.store.engine import Store
from pm_kernel.store.equal_bytes import equal_bytes

_METHODS = text("""
SELECT m.id, m.name, o.name AS module,
       (SELECT count(*) FROM method_versions v WHERE v.method_id = m.id) AS versions
FROM methods m JOIN modules o ON o.id = m.module_id ORDER BY o.name, m.name
""")
_COUNTS = "SELECT method_id, status, count(*) AS n FROM {runs} GROUP BY 1, 2"
# The method of a taking run follows from its input, so that only the sources are looked up; the
# names of both are joined to the few groups, not to the many rows.
_EDGES = text("""
SELECT x.source, mi.method_id AS target, sum(x.n) AS n
FROM (SELECT p.method_id AS source, i.method_input_id, count(*) AS n
      FROM run_inputs i JOIN runs p ON p.id = i.source_run_id GROUP BY 1, 2) x
JOIN method_inputs mi ON mi.id = x.method_input_id
GROUP BY 1, 2
""")
_CHOSEN_EDGES = """
SELECT p.method_id AS source, c.method_id AS target, count(*) AS n
FROM (SELECT r.id, r.method_id FROM runs r WHERE {where}) c
JOIN run_inputs i ON i.run_id = c.id JOIN runs p ON p.id = i.source_run_id
GROUP BY 1, 2
"""
_BETWEEN = text("""
SELECT i.run_id, i.source_run_id, mi.input_name, i.source_output, i.ordinal, i.label
FROM run_inputs i JOIN method_inputs mi ON mi.id = i.method_input_id
WHERE i.run_id = ANY(CAST(:ids AS bigint[])) AND i.source_run_id = ANY(CAST(:ids AS bigint[]))
ORDER BY i.run_id, mi.input_name, i.ordinal
""")


def everything(store: Store, criteria: RunFilter | None = None) -> Everything:
    """Return every method with its runs that fit, and the links by which those were fed."""
    # Conditions are made of constants.
    where, values = runs.conditions(criteria or RunFilter())
    counts, edges = _COUNTS.format(runs="runs"), _EDGES
    if where:
        chosen = " AND ".join(where)
        fitting = f"(SELECT r.method_id, r.status FROM runs r WHERE {chosen}) c"  # noqa: S608
        counts = _COUNTS.format(runs=fitting)
        edges = text(_CHOSEN_EDGES.format(where=chosen))
    with store.reading() as connection:
        methods = connection.execute(_METHODS).all()
        found: dict[int, dict[str, int]] = {}
        for row in connection.execute(text(counts), values):
            found.setdefault(row.method_id, {})[row.status] = row.n
        links = connection.execute(edges, values).all()
    names = {row.id: row.name for row in methods}
    return Everything(
        tuple(
            MethodNode(row.name, row.module, row.versions, found.get(row.id, {})) for row in methods
        ),
        tuple(
            sorted(
                (MethodEdge(names[row.source], names[row.target], int(row.n)) for row in links),
                key=lambda edge: (edge.source, edge.target),
            )
        ),
    )


def edges_between(store: Store, run_ids: Iterable[int]) -> list[Edge]:
    """Return the links among some runs: both ends are of them."""
    with store.reading() as connection:
        rows = connection.execute(_BETWEEN, {"ids": runs.array(run_ids)}).all()
        equal = equal_bytes(connection, {row.run_id for row in rows})
    edges = [Edge(*row) for row in rows]
    return [replace(e, equal_bytes=equal.get((e.run_id, e.input, e.ordinal), ())) for e in edges]
