"""Plans that a Nextflow of somebody's own runs: one per export and session, made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, func, insert, select, text, update

from pm_kernel.store.engine import Store, libpq_url, translated
from pm_kernel.store.keepalive import KEEP_ALIVE
from pm_kernel.store.tables import execution_plans, plan_launches, planned_runs

# Without a result and without a living run; what cannot be begun yet is refused when it registers.
_ASSIGN = text(
    """
    UPDATE planned_runs p SET launch_id = :launch
    WHERE p.plan_id = :plan AND p.current_run IS NULL AND p.decision <> 'blocked'
      AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.planned_run_id = p.id AND r.status = 'running')
    """
)

_OPEN = text(
    """
    SELECT e.id AS plan_id, e.status, l.id AS launch_id, l.pid, l.pid_start, l.boot_id, l.host,
           extract(epoch FROM now() - greatest(e.submitted_at, l.started_at, r.seen)) AS quiet
    FROM execution_plans e
    JOIN workspaces w ON w.id = e.workspace_id
    LEFT JOIN LATERAL (SELECT * FROM plan_launches x WHERE x.plan_id = e.id
                       ORDER BY x.id DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT max(greatest(x.started_at, x.finished_at)) AS seen FROM runs x
                       WHERE x.execution_plan_id = e.id) r ON true
    WHERE w.uuid = CAST(:workspace AS uuid) AND e.kind = 'export'
      AND e.status IN ('submitted', 'running')
    ORDER BY e.id
    """
)


@contextmanager
def one_at_a_time(url: str, export_id: str, session: str) -> Iterator[None]:
    """Let one process at a time make the plan and the launch of a start; the others wait.

    The lock is the connection's: it ends with the process that held it, wherever that was.
    """
    with (
        translated(),
        psycopg.connect(
            libpq_url(url),
            autocommit=True,
            connect_timeout=10,
            application_name="pm export",
            **KEEP_ALIVE,
        ) as connection,
    ):
        connection.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"{export_id} {session}",)
        )
        yield


def find_plan(store: Store, export_id: str, session: str) -> tuple[int, str] | None:
    """Return the plan of a session and its status; None where there is none yet."""
    columns = execution_plans.c
    with store.reading() as connection:
        row = connection.execute(
            select(columns.id, columns.status).where(
                columns.export_id == export_id, columns.nextflow_session_id == session
            )
        ).one_or_none()
    return None if row is None else (row.id, row.status)


def note_session(connection: Connection, plan_id: int, export_id: str, session: str) -> None:
    """Note what a plan that was just made belongs to."""
    connection.execute(
        update(execution_plans)
        .where(execution_plans.c.id == plan_id)
        .values(export_id=export_id, nextflow_session_id=session)
    )


def open_launch(connection: Connection, plan_id: int, epoch: int, facts: dict[str, Any]) -> int:
    """Give a start of Nextflow everything of its plan that has no result and no living run.

    Locking and assigning are two statements, as in ``launches.open_launch``. Which of them it
    begins is decided by its own tables; which of these may run, when they register.
    """
    connection.execute(
        select(execution_plans.c.id)
        .where(execution_plans.c.id == plan_id)
        .with_for_update(key_share=True)
    ).one()
    connection.execute(
        select(planned_runs.c.id)
        .where(planned_runs.c.plan_id == plan_id)
        .order_by(planned_runs.c.id)
        .with_for_update(key_share=True)
    ).all()
    numbers = select(func.coalesce(func.max(plan_launches.c.number), 0) + 1)
    number = numbers.where(plan_launches.c.plan_id == plan_id).scalar_subquery()
    launch_id: int = connection.execute(
        insert(plan_launches)
        .values(plan_id=plan_id, number=number, epoch=epoch, **facts)
        .returning(plan_launches.c.id)
    ).scalar_one()
    given = connection.execute(_ASSIGN, {"launch": launch_id, "plan": plan_id})
    connection.execute(
        update(plan_launches)
        .where(plan_launches.c.id == launch_id)
        .values(task_count=given.rowcount)
    )
    return launch_id


def open_exports(store: Store, workspace_uuid: str) -> list[dict[str, Any]]:
    """Return the exported plans that are not at their end, with their newest launch.

    Each has plan_id, status, launch_id (None: there is none yet), the identity of its Nextflow
    (None where that runs on another machine than its tasks) and ``quiet``: seconds since anything
    happened.
    """
    with store.reading() as connection:
        rows = connection.execute(_OPEN, {"workspace": workspace_uuid})
        return [dict(row._mapping) for row in rows]
