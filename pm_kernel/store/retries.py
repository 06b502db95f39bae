"""Running parts of a plan again: what is given to the launches of an epoch, and what is held back.

Nothing here decides who may register (``registering`` does): it only changes what a launch is given
(``launches``), under the locks that opening a launch takes.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ARRAY, BigInteger, Connection, cast, func, select, update
from sqlalchemy.sql import ColumnElement

from pm_kernel.store.tables import execution_plans, plan_launches, planned_runs, runs


def lock(connection: Connection, plan_id: int) -> str:
    """Lock a plan and its planned runs, in the order that opening a launch takes; its status."""
    status: str = connection.execute(
        select(execution_plans.c.status).where(execution_plans.c.id == plan_id).with_for_update()
    ).scalar_one()
    connection.execute(
        select(planned_runs.c.id)
        .where(planned_runs.c.plan_id == plan_id)
        .order_by(planned_runs.c.id)
        .with_for_update()
    ).all()
    return status


def planned_run_of(connection: Connection, plan_id: int, run_id: int) -> int | None:
    """Return the planned run of a plan that a run was executed for, or is reused by."""
    planned: int | None = connection.execute(
        select(runs.c.planned_run_id).where(
            runs.c.id == run_id, runs.c.execution_plan_id == plan_id
        )
    ).scalar_one_or_none()
    if planned is not None:
        return planned
    return connection.execute(
        select(planned_runs.c.id)
        .where(planned_runs.c.plan_id == plan_id, planned_runs.c.current_run == run_id)
        .order_by(planned_runs.c.id)
        .limit(1)
    ).scalar_one_or_none()


def live(connection: Connection, plan_id: int) -> dict[int, int]:
    """Return the planned runs that a run of is alive: planned run -> run."""
    rows = connection.execute(
        select(runs.c.planned_run_id, runs.c.id).where(
            runs.c.execution_plan_id == plan_id,
            runs.c.status == "running",
            runs.c.planned_run_id.is_not(None),
        )
    )
    return {row.planned_run_id: row.id for row in rows}


def clear(connection: Connection, planned_ids: Collection[int], reason: str) -> None:
    """Let planned runs have no result: they are executed again, reused ones too.

    The runs that they had stay in the record, with all that was made from them.
    """
    connection.execute(
        update(planned_runs)
        .where(_among(planned_ids))
        .values(current_run=None, decision="run", reason=reason)
    )


def hold(connection: Connection, planned_ids: Collection[int], epoch: int) -> None:
    """Keep planned runs without a result out of the launches of an epoch."""
    connection.execute(update(planned_runs).where(_among(planned_ids)).values(held_epoch=epoch))


def ask_again(connection: Connection, plan_id: int, planned_ids: Collection[int]) -> None:
    """Let the next launch of the running epoch have planned runs that had their try in it."""
    newest = select(func.max(plan_launches.c.id)).where(plan_launches.c.plan_id == plan_id)
    connection.execute(
        update(planned_runs)
        .where(_among(planned_ids))
        .values(retry_after=newest.scalar_subquery(), held_epoch=None)
    )


def asked_meanwhile(connection: Connection, plan_id: int, epoch: int) -> bool:
    """Return whether somebody asked for a retry since the newest launch was opened.

    The plan stays locked until the transaction ends: what is asked for later finds what it did.
    """
    lock_plan = select(execution_plans.c.id).where(execution_plans.c.id == plan_id)
    connection.execute(lock_plan.with_for_update())
    newest = select(func.max(plan_launches.c.id)).where(plan_launches.c.plan_id == plan_id)
    waiting = select(planned_runs.c.id).where(
        planned_runs.c.plan_id == plan_id,
        planned_runs.c.retry_after == newest.scalar_subquery(),
        planned_runs.c.current_run.is_(None),
        planned_runs.c.held_epoch.is_distinct_from(epoch),
    )
    return connection.execute(waiting.limit(1)).first() is not None


def _among(planned_ids: Collection[int]) -> ColumnElement[bool]:
    return planned_runs.c.id == func.any(cast(list(planned_ids), ARRAY(BigInteger)))
