"""How a result came to be, and what was made of it: walks over ``run_inputs``.

``UNION`` and not ``UNION ALL``: each run is visited once. Twenty layers of a diamond, where every
run reads the same two, are a million ways and forty runs. It also ends where a record that was
tampered with holds a cycle.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from pm_kernel.domain.lineage import Direction, Edge, LineageGraph, lineage
from pm_kernel.store import runs
from pm_kernel.store.engine import Store
from pm_kernel.store.equal_bytes import equal_bytes

#: Runs of a graph unless somebody asks for more; what a screen can show is far less.
MAX_RUNS: Final = 20_000

# PostgreSQL walks level by level and stops when it has enough: those that are kept are the nearest.
_WALK = """
WITH RECURSIVE reached(id) AS (
    SELECT CAST(:run AS bigint)
    UNION
    SELECT i.{onward} FROM reached r JOIN run_inputs i ON i.{here} = r.id
    WHERE i.{onward} IS NOT NULL
)
SELECT r.place, r.id, i.run_id, i.source_run_id, d.input_name, i.source_output, i.ordinal, i.label
FROM (SELECT id, row_number() OVER () AS place FROM reached LIMIT :limit) r
LEFT JOIN run_inputs i ON i.{here} = r.id AND i.source_run_id IS NOT NULL
LEFT JOIN method_inputs d ON d.id = i.method_input_id
ORDER BY i.run_id, d.ordinal, i.ordinal
"""
_QUERIES = {
    "up": text(_WALK.format(here="run_id", onward="source_run_id")),
    "down": text(_WALK.format(here="source_run_id", onward="run_id")),
}


def ancestry(store: Store, run_id: int, *, max_runs: int = MAX_RUNS) -> LineageGraph:
    """Return every run whose outputs went into this one, itself included. Raises NotFound."""
    return _walk(store, run_id, "up", max_runs)


def descendants(store: Store, run_id: int, *, max_runs: int = MAX_RUNS) -> LineageGraph:
    """Return every run that this one's outputs went into, itself included. Raises NotFound."""
    return _walk(store, run_id, "down", max_runs)


def _walk(store: Store, run_id: int, direction: Direction, max_runs: int) -> LineageGraph:
    reached: set[int] = set()
    truncated = False
    walks = []
    with store.reading() as connection:
        walked = connection.execute(_QUERIES[direction], {"run": run_id, "limit": max_runs + 1})
        for place, here, reader, source, name, output, ordinal, label in walked.all():
            if place > max_runs:
                truncated = True
                continue
            reached.add(here)
            if reader is not None:
                walks.append((reader, source, name, output or "", ordinal, label))
        found = runs.by_ids(connection, reached)
        equal = equal_bytes(connection, {edge[0] for edge in walks})
        if not found:
            runs.one(connection, run_id)
    edges = [Edge(*each, equal.get((each[0], each[2], each[4]), ())) for each in walks]
    return lineage(run_id, direction, found, edges, truncated=truncated)
