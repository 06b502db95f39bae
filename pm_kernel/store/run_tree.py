"""Writing the run tree of a draft: thousands of rows at once, in two streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from pm_kernel.domain.plans import NewPlannedRun
from pm_kernel.store import param_sets
from pm_kernel.store.tables import planned_edges, planned_runs

_RUN = (
    *("id", "plan_id", "ordinal", "key", "step", "sample", "branch", "coordinates"),
    *("method_version_id", "param_set_id", "set_params", "inputs", "decision", "reason"),
    "current_run",
)
#: An edge as ``copy_edges`` takes it.
EDGE = (
    *("child_id", "input_name", "ordinal", "parent_id", "source_output", "label"),
    "on_failure",
)

# Drawn before the rows are written: the edges between them need both ends.
_IDS = text(
    "SELECT nextval(pg_get_serial_sequence('planned_runs', 'id')) FROM generate_series(1, :n)"
)


def store_planned_runs(
    connection: Connection, plan_id: int, runs: Sequence[NewPlannedRun]
) -> dict[str, int]:
    """Replace the run tree of a draft; returns key -> planned run id."""
    old = select(planned_runs.c.id).where(planned_runs.c.plan_id == plan_id)
    connection.execute(planned_edges.delete().where(planned_edges.c.child_id.in_(old)))
    connection.execute(planned_runs.delete().where(planned_runs.c.plan_id == plan_id))
    if not runs:
        return {}
    drawn = sorted(connection.execute(_IDS, {"n": len(runs)}).scalars())
    ids = {run.key: number for run, number in zip(runs, drawn, strict=True)}
    _copy(connection, "planned_runs", _RUN, _run_rows(connection, plan_id, runs, drawn))
    edges = (
        (
            *(ids[run.key], edge.input, edge.ordinal, ids[edge.parent_key]),
            *(edge.output, edge.label, edge.on_failure),
        )
        for run in runs
        for edge in run.edges
    )
    copy_edges(connection, edges)
    return ids


def copy_runs(connection: Connection, plan_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store planned runs as they were: each column under its name."""
    own = {"plan_id": plan_id}
    given = (tuple(_written(name, {**row, **own}[name]) for name in _RUN) for row in rows)
    _copy(connection, "planned_runs", _RUN, given)


def _written(column: str, value: Any) -> Any:
    return json.dumps(value) if column in ("coordinates", "set_params", "inputs") else value


def copy_edges(connection: Connection, edges: Iterable[Sequence[Any]]) -> None:
    """Store the edges between planned runs, each with the columns of ``EDGE``."""
    _copy(connection, "planned_edges", EDGE, (tuple(edge) for edge in edges))


def _run_rows(
    connection: Connection, plan_id: int, runs: Sequence[NewPlannedRun], ids: Sequence[int]
) -> list[tuple[Any, ...]]:
    """The rows of a tree. A list: they ask for param sets, which a stream does not allow."""
    sets: dict[tuple[int, tuple[tuple[str, str | None], ...]], int] = {}
    rows = []
    for ordinal, (run, number) in enumerate(zip(runs, ids, strict=True)):
        stated = (run.version_id, tuple(sorted(run.stated_params.items())))
        if stated not in sets:
            sets[stated] = param_sets.find_or_create(connection, run.version_id, run.stated_params)
        reused = run.reuse_run_id if run.decision == "reuse" else None
        rows.append(
            (
                *(number, plan_id, ordinal, run.key, run.step, run.sample, run.branch),
                *(json.dumps(dict(run.coordinates)), run.version_id, sets[stated]),
                *(json.dumps(dict(run.set_params)), json.dumps(dict(run.inputs))),
                *(run.decision, run.reason, reused),
            )
        )
    return rows


def _copy(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Stream rows into a table: a tenth of the work of inserting them."""
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as stream,
    ):
        for row in rows:
            stream.write_row(row)
