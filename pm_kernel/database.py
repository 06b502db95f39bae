"""The workspace's database: the embedded server started where needed, its schema ensured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pm_kernel.config import Settings

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
    what a person stopped. Raises DatabaseUnavailable.
    """
    from pm_kernel.store import schema, workspaces
    from pm_kernel.store.engine import Store

    url = settings.database_url or embedded_postgres(settings).ensure_started(explicit=explicit)
    store = Store(url)
    schema.ensure(store)
    with store.transaction() as connection:
        workspaces.note(connection, settings.workspace_id, settings.root)
    return store
