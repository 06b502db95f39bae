"""The launches of a plan, as they are told of to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pm_kernel.store import tables
from pm_kernel.store.engine import Store


@dataclass(frozen=True)
class LaunchRow:
    """One launch of a plan."""

    launch_id: int
    number: int
    started_at: datetime
    finished_at: datetime | None
    tasks: int
    exit_code: int | None
    error: str | None


def newest(store: Store, plan_id: int, *, limit: int) -> list[LaunchRow]:
    """Return the newest launches of a plan first."""
    columns = tables.plan_launches.c
    query = (
        select(
            columns.id,
            columns.number,
            columns.started_at,
            columns.finished_at,
            columns.task_count,
            columns.exit_code,
            columns.error,
        )
        .where(columns.plan_id == plan_id)
        .order_by(columns.number.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return [LaunchRow(*row) for row in connection.execute(query)]
