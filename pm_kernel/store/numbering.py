"""Ids that name folders of the run store: they must never be given out twice.

A database that was restored knows less than the store: runs and plans made after the backup have
their folders already. The sequences are raised above them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from pm_kernel.store.engine import Store

#: The tables whose ids are in the run store.
NAMED = ("runs", "execution_plans", "planned_runs", "plan_launches", "workflow_templates")

_LAST = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}"
_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, 'id')")


def last_ids(store: Store, schema_name: str | None = None) -> dict[str, int]:
    """Return the last id that a database gave out, also if unused: table -> id.

    ``schema_name`` is where the tables are, when they were put aside (default: where ours are).
    """
    prefix = "" if schema_name is None else f"{schema_name}."
    with store.reading() as connection:
        return {table: _last(connection, f"{prefix}{table}") for table in NAMED}


def raise_ids(connection: Connection, ids: Mapping[str, int]) -> None:
    """Let the next row of a table get an id above the one given: table -> id.

    Ids that are higher already stay so: sequences never go back.
    """
    for table, least in ids.items():
        if _last(connection, table) >= least:
            # Nothing to do, and nobody else at work is kept waiting.
            continue
        # Nobody may draw an id between the look and the change.
        connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        if _last(connection, table) < least:
            name = _name(connection, table)
            connection.execute(text("SELECT setval(:name, :least)"), {"name": name, "least": least})


def known_runs(connection: Connection, run_ids: list[int]) -> set[int]:
    """Return those of ``run_ids`` that the database has."""
    query = text("SELECT id FROM runs WHERE id = ANY(:ids)")
    return set(connection.scalars(query, {"ids": run_ids}))


def _last(connection: Connection, table: str) -> int:
    # The name comes from PostgreSQL, quoted where it must be.
    statement = _LAST.format(sequence=_name(connection, table))
    return int(connection.execute(text(statement)).scalar_one())


def _name(connection: Connection, table: str) -> str:
    return str(connection.execute(_SEQUENCE, {"table": table}).scalar_one())
