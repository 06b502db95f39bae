"""Log entries as kept in the database: what a method said, by level and text.

The whole log is the run's ``run.log``; of a very long one only part of the entries are kept here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from pm_kernel.domain.runs import LogEntry
from pm_kernel.domain.storable import storable_text
from pm_kernel.store.engine import Store

_ENTRIES = """
SELECT level, message, logged_at, line FROM run_logs
WHERE run_id = :run_id AND line > :after
"""


def log_entries(
    store: Store,
    run_id: int,
    *,
    levels: Sequence[str] = (),
    containing: str | None = None,
    after: int = 0,
    limit: int = 1000,
) -> list[LogEntry]:
    """Return a run's entries in the order of its log, those behind line ``after``.

    ``levels`` are the wanted ones, all when empty; ``containing`` is text that an entry must have,
    upper and lower case alike.
    """
    query = _ENTRIES
    if levels:
        query += " AND level = ANY(:levels)"
    if containing is not None:
        query += " AND strpos(lower(message), lower(:containing)) > 0"
    values = {
        "run_id": run_id,
        "after": after,
        "limit": limit,
        "levels": list(levels),
        "containing": None if containing is None else storable_text(containing),
    }
    with store.reading() as connection:
        rows = connection.execute(text(f"{query} ORDER BY line LIMIT :limit"), values)
        return [LogEntry(*row) for row in rows]
