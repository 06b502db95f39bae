"""Ids that name folders of the run store: they must never be given out twice.

A database that was restored knows less than the store: runs and plans made after the backup have
their folders already. The sequences are raised above them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from pm_kernel.store.engine import Store

_LAST = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}"
_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, 'id')")


def last_ids(store: Store, schema_name: str | None = None) -> tuple[int, int]:
    """Return the last run id and the last plan id that a database gave out, also if unused.

    ``schema_name`` is where the tables are, when they were put aside (default: where ours are).
    """
    prefix = "" if schema_name is None else f"{schema_name}."
    with store.reading() as connection:
        return _last(connection, f"{prefix}runs"), _last(connection, f"{prefix}execution_plans")


def raise_ids(
    connection: Connection,
    *,
    run_id: int,
    plan_id: int,
    others: Mapping[str, int] | None = None,
) -> None:
    """Let the next run get an id above ``run_id`` and the next plan one above ``plan_id``.

    ``others`` says so of more tables by name. Ids that are higher already stay so: sequences never
    go back.
    """
    wanted = {"runs": run_id, "execution_plans": plan_id, **(others or {})}
    for table, least in wanted.items():
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
