"""Bringing a database to the schema of this program: only on an empty one, or when asked to."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from pm_kernel.errors import Conflict, DatabaseUnavailable
from pm_kernel.store.engine import Store

#: Key of the advisory lock that keeps two upgrades apart.
_UPGRADE_LOCK = 0x706D_0001


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """Return the revision that this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migration is installed")
    return head


def current_revision(store: Store) -> str | None:
    """Return the database's revision; None where it has no schema of ours."""
    with store.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(store: Store) -> bool:
    """Migrate to the newest schema in one transaction; True when something changed.

    Raises Conflict when the database was made by a newer program.
    """
    with store.transaction() as connection:
        # Two `pm` processes on a new database: the second waits, then finds it done.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        if before == head_revision():
            return False
        _refuse_newer(before)
        command.upgrade(_config(connection), "head")
        return True


def ensure(store: Store) -> bool:
    """Create the schema in an empty database; refuse one that needs an upgrade.

    Returns whether it was created. Raises DatabaseUnavailable when it is older and Conflict when it
    is newer than this program.
    """
    current = current_revision(store)
    if current == head_revision():
        return False
    if current is None:
        with store.reading() as connection:
            strangers = set(inspect(connection).get_table_names()) - {"alembic_version"}
        if strangers:
            raise DatabaseUnavailable(
                f"The database holds {len(strangers)} tables that are not ours "
                f"({', '.join(sorted(strangers)[:3])}, …); nothing was touched.",
                hint="Give the workspace a database of its own: CREATE DATABASE pm.",
            )
        return upgrade(store)
    _refuse_newer(current)
    raise DatabaseUnavailable(
        f"The database is at schema {current}, this program needs {head_revision()}.",
        hint="Make a backup with `pm db backup FILE`, then run `pm db upgrade`.",
    )


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise Conflict(
            f"The database is at schema {current}, which a newer version of this program made.",
            hint="Update with `pip install -U research-process-manager`.",
        )
