"""Log entries of all runs, newest first: in which runs did a method say something.

A search reads a limited number of entries and says where to go on: without an index on text, one
that finds nothing would otherwise read every log there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from pm_kernel.domain.runs import LogEntry, Run
from pm_kernel.domain.storable import storable_text
from pm_kernel.store import runs
from pm_kernel.store.engine import Store

_CONDITIONS = {
    "containing": "strpos(lower(l.message), lower(:containing)) > 0",
    "levels": "l.level = ANY(:levels)",
    "method": "r.method_id = (SELECT id FROM methods WHERE name = :method)",
    "sample": "r.sample = :sample",
    # What it reused has warned as well: its steps count it.
    "plan_id": runs.OF_PLAN,
    "step": "r.plan_step = :step",
}


@dataclass(frozen=True)
class LogSearch:
    """What to look for; every field narrows, an empty one does not."""

    #: Text in the message, upper and lower case alike.
    containing: str | None = None
    levels: Sequence[str] = ()
    method: str | None = None
    sample: str | None = None
    plan_id: int | None = None
    #: Of a plan: its runs of this step; else all that ran as a step of this name.
    step: str | None = None


@dataclass(frozen=True)
class FoundEntry:
    """One entry, and the run that wrote it."""

    run: Run
    entry: LogEntry


@dataclass(frozen=True)
class FoundEntries:
    """Some entries, newest first."""

    entries: tuple[FoundEntry, ...]
    #: Where the search goes on; None: everything was looked at.
    before: int | None
    #: About how many entries, the newest, were looked through for these.
    looked_at: int


def search_logs(
    store: Store, wanted: LogSearch, *, limit: int = 100, before: int | None = None
) -> FoundEntries:
    """Return the newest entries that fit, of those that are older than ``before``."""
    asked: dict[str, Any] = {
        name: storable_text(value) if isinstance(value, str) else value
        for name in _CONDITIONS
        if (value := getattr(wanted, name))
    }
    if wanted.levels:
        # A tuple would be sent as a row, not as an array.
        asked["levels"] = list(wanted.levels)
    conditions = {**_CONDITIONS, **({"step": runs.OF_STEP} if wanted.plan_id else {})}
    where = "".join(f" AND {conditions[name]}" for name in asked)
    query = text(
        "SELECT l.id, l.run_id, l.level, l.message, l.logged_at, l.line "  # noqa: S608 - constants
        "FROM run_logs l JOIN runs r ON r.id = l.run_id "
        f"WHERE l.id >= :oldest AND l.id < :newest{where} ORDER BY l.id DESC LIMIT :limit"
    )
    with store.reading() as connection:
        newest = before or 1 + (connection.scalar(text("SELECT max(id) FROM run_logs")) or 0)
        oldest = max(1, newest - runs.LOOKED_AT)
        values = {**asked, "oldest": oldest, "newest": newest, "limit": limit}
        rows = connection.execute(query, values).all()
        known = {run.run_id: run for run in runs.by_ids(connection, {row.run_id for row in rows})}
    further = rows[-1].id if len(rows) == limit else oldest
    return FoundEntries(
        tuple(
            FoundEntry(known[row.run_id], LogEntry(row.level, row.message, row.logged_at, row.line))
            for row in rows
        ),
        further if further > 1 else None,
        newest - further,
    )
