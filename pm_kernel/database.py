"""The workspace's database: the embedded server started where needed, its schema ensured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pm_kernel.config import CONFIG_NAME, Settings
from pm_kernel.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from pm_kernel.embedded import EmbeddedPostgres
    from pm_kernel.store.engine import Store


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """Return the embedded server of a workspace, running or not."""
    from pm_kernel.embedded import EmbeddedPostgres

    return EmbeddedPostgres(settings.postgres_dir, state_dir=settings.state_dir)


def running_url(settings: Settings) -> str:
    """Return the database's address without starting anything, as libpq reads it.

    Raises DatabaseUnavailable when the embedded server does not run.
    """
    if settings.database_url is not None:
        return settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    return embedded_postgres(settings).url()


def open_store(settings: Settings, *, explicit: bool = True) -> Store:
    """Open the database, starting the embedded server if need be, and know this workspace in it.

    ``explicit`` says that a person asked for something that needs it: background use does not start
    what a person stopped. Raises DatabaseUnavailable, InvalidInput where the workspace's id is
    none, and Conflict where another folder works under the same id in this database.
    """
    from pm_kernel.store import revision

    store = _connect(settings, explicit=explicit)
    try:
        if not revision.is_current(store):
            # The migration tools take a quarter of the time that a small command takes.
            from pm_kernel.store import schema

            if schema.ensure(store):
                go_on_above(store, settings)
        _know_workspace(store, settings)
    except BaseException:
        store.close()
        raise
    return store


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Bring the database to this program's schema; returns the schema before and now.

    Raises DatabaseUnavailable, and Conflict where a newer program made the schema.
    """
    from pm_kernel.store import schema

    store = _connect(settings, explicit=True)
    try:
        before = schema.current_revision(store)
        schema.upgrade(store)
        _know_workspace(store, settings)
    finally:
        store.close()
    return before, schema.head_revision()


def _connect(settings: Settings, *, explicit: bool) -> Store:
    from pm_kernel.store.engine import Store

    _check_id(settings)
    return Store(
        settings.database_url or embedded_postgres(settings).ensure_started(explicit=explicit)
    )


def go_on_above(store: Store, settings: Settings) -> None:
    """Let a new database give out no number that the run store has from one that was lost."""
    from pm_kernel.artifacts.layout import RunStore
    from pm_kernel.backup import numbers
    from pm_kernel.store import numbering

    with store.transaction() as connection:
        numbering.raise_ids(connection, numbers.highest_ids(RunStore(settings.runs_dir)))


def _check_id(settings: Settings) -> None:
    from uuid import UUID

    try:
        UUID(settings.workspace_id)
    except ValueError:
        raise InvalidInput(
            f"{settings.root / CONFIG_NAME}: id in [workspace] must be a UUID, "
            f"not {settings.workspace_id!r}.",
            hint=f"Remove the line, then run `pm init {settings.root}`: it writes a new one.",
        ) from None


def _know_workspace(store: Store, settings: Settings) -> None:
    """Note where the workspace is; a copy beside its original may not pass for it."""
    from pm_kernel.store import workspaces

    with store.reading() as connection:
        known = workspaces.find(connection, settings.workspace_id)
    if known == workspaces.here(settings.root):
        return
    if known is not None and not settings.embedded and known.host == workspaces.host():
        # With one database each, a copy and its original do not meet.
        _refuse_copy(settings, known.root)
    with store.transaction() as connection:
        workspaces.note(connection, settings.workspace_id, settings.root)


def _refuse_copy(settings: Settings, other: Path) -> None:
    import tomllib

    try:
        document = tomllib.loads((other / CONFIG_NAME).read_text(encoding="utf-8"))
        same_id = document["workspace"]["id"] == settings.workspace_id
        if not same_id or other.samefile(settings.root):
            return
    except (OSError, ValueError, KeyError, TypeError):
        # It is not there any more: the workspace was moved.
        return
    raise Conflict(
        f"{settings.root} has the id of the workspace {other}, of which it seems to be a copy; "
        "in one database their runs would be mixed up.",
        hint=f"Remove the line with the id from {settings.root / CONFIG_NAME}, then run "
        f"`pm init {settings.root}`: it writes a new one.",
    )
