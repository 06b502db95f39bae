"""Bringing the workspace's database to this program's schema: only when a person asks for it."""

from __future__ import annotations

from pm_kernel.config import Settings
from pm_kernel.database import embedded_postgres
from pm_kernel.store import schema
from pm_kernel.store.engine import Store


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Migrate where needed; return the revision before and now.

    The embedded server is started if need be. Raises DatabaseUnavailable, also where the database
    holds somebody else's tables, and Conflict where a newer program made it.
    """
    url = settings.database_url or embedded_postgres(settings).ensure_started(explicit=True)
    store = Store(url, pooled=False)
    before = schema.current_revision(store)
    if before is None:
        # An empty database, or somebody else's, which is refused.
        schema.ensure(store)
    else:
        schema.upgrade(store)
    return before, schema.head_revision()
