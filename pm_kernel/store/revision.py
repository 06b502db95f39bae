"""Which schema a database has, asked without the migration tools: every command asks it first."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from pm_kernel.store.engine import Store


def is_current(store: Store) -> bool:
    """Return whether the database has the newest schema; where not, ``schema`` says what to do."""
    with store.reading() as connection:
        if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return False
        found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return found == [newest()]


def newest() -> str:
    """Return the newest revision, told by the names of the migrations (``0001_….py``)."""
    folder = Path(__file__).parent / "migrations" / "versions"
    return max(file.name.partition("_")[0] for file in folder.glob("[0-9]*.py"))
