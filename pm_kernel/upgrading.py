"""Bringing the workspace's database to this program's schema: only when a person asks for it."""

from __future__ import annotations

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings
from pm_kernel.database import embedded_postgres, go_on_above
from pm_kernel.rebuilding.repeating import keep_missing
from pm_kernel.store import schema
from pm_kernel.store.engine import Store


def upgrade(settings: Settings) -> tuple[str | None, str]:
    """Migrate where needed; return the revision before and now.

    The embedded server is started if need be. Raises DatabaseUnavailable, also where the database
    holds somebody else's tables, Conflict where a newer program made it, and StoreUnavailable where
    the run store cannot repeat what only the database has; the database is upgraded then.
    """
    url = settings.database_url or embedded_postgres(settings).ensure_started(explicit=True)
    store = Store(url, pooled=False)
    before = schema.current_revision(store)
    if before is None:
        # An empty database, or somebody else's, which is refused.
        schema.ensure(store)
        go_on_above(store, settings)
    else:
        schema.upgrade(store)
    if RunStore(settings.runs_dir).is_there():
        # Of what an older program did, the run store has nothing yet.
        keep_missing(settings, store)
    return before, schema.head_revision()
