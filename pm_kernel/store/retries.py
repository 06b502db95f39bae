"""Running parts of a plan again: what is given to the launches of an epoch, and what is held back.

Nothing here decides who may register (``registering`` does): it only changes what a launch is given
(``launches``), under the locks that opening a launch takes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Row, cast, func, select, text, update
from sqlalchemy.sql import ColumnElement

from pm_kernel.domain.planned_tree import PlannedTree
from pm_kernel.store.tables import execution_plans, plan_launches, planned_runs, runs

#: How the reason begins for which a planned run has no result any more.
AGAIN = "run again:"
_NOT_WANTED = {"again_by": None, "again_of": None}

_WANTED = text(
    """
    SELECT id, again_by, again_of, current_run FROM planned_runs
    WHERE plan_id = :plan AND again_by IS NOT NULL ORDER BY ordinal
    """
)

# Parents before their children.
_ABOVE = text(
    """
    SELECT p.id, p.decision, p.current_run IS NOT NULL AS has_result,
           ARRAY(SELECT DISTINCT d.parent_id FROM planned_edges d
                 WHERE d.child_id = p.id) AS parents
    FROM planned_runs p WHERE p.plan_id = :plan ORDER BY p.ordinal
    """
)


def lock(connection: Connection, plan_id: int) -> str:
    """Lock a plan and its planned runs, in the order that opening a launch takes; its status.

    The locks are not for keys, as there: a run that is recorded meanwhile refers to its plan.
    """
    status: str = connection.execute(
        select(execution_plans.c.status)
        .where(execution_plans.c.id == plan_id)
        .with_for_update(key_share=True)
    ).scalar_one()
    connection.execute(
        select(planned_runs.c.id)
        .where(planned_runs.c.plan_id == plan_id)
        .order_by(planned_runs.c.id)
        .with_for_update(key_share=True)
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
        .values(current_run=None, decision="run", reason=reason, **_NOT_WANTED)
    )


def hold(connection: Connection, planned_ids: Collection[int], epoch: int) -> None:
    """Keep planned runs without a result out of the launches of an epoch."""
    connection.execute(update(planned_runs).where(_among(planned_ids)).values(held_epoch=epoch))


def held(connection: Connection, plan_id: int, epoch: int) -> set[int]:
    """Return the planned runs that are kept out of the launches of an epoch."""
    columns = planned_runs.c
    query = select(columns.id).where(columns.plan_id == plan_id, columns.held_epoch == epoch)
    return set(connection.execute(query).scalars())


def want(connection: Connection, planned_ids: Collection[int], user: str) -> None:
    """Note that planned runs are wanted again once the running launch has ended.

    Until then nothing is taken from them: what runs now may be reading their results.
    """
    connection.execute(
        update(planned_runs)
        .where(_among(planned_ids))
        .values(again_by=user, again_of=planned_runs.c.current_run)
    )


def take_back(connection: Connection, planned_ids: Collection[int]) -> None:
    """Let planned runs not be wanted again; their results stay."""
    connection.execute(update(planned_runs).where(_among(planned_ids)).values(**_NOT_WANTED))


def wanted(connection: Connection, plan_id: int) -> dict[int, bool]:
    """Return the planned runs that are wanted again: planned run -> whether it has a result."""
    columns = planned_runs.c
    query = select(columns.id, columns.current_run.is_not(None).label("has_result"))
    rows = connection.execute(
        query.where(columns.plan_id == plan_id, columns.again_by.is_not(None)).order_by(columns.id)
    )
    return {row.id: row.has_result for row in rows}


def fulfil(connection: Connection, plan_id: int) -> None:
    """Make what is wanted again ready for the launch that is being opened.

    It loses its result, with everything below it. Where something of that is alive, or waits for
    what is, it stays wanted. The caller has locked the plan's rows.
    """
    asked = connection.execute(_WANTED, {"plan": plan_id}).all()
    if not asked:
        return
    rows = {row.id: row for row in connection.execute(_ABOVE, {"plan": plan_id})}
    tree = PlannedTree({planned: row.parents for planned, row in rows.items()})
    alive = set(live(connection, plan_id))
    # Those that have another result since they were asked for.
    moot = {row.id for row in asked if row.current_run not in (None, row.again_of)}
    asked = [row for row in asked if row.id not in moot]
    waiting = _waiting(tree, asked, alive)
    begun = [row for row in asked if row.id not in waiting]
    cleared: dict[str, set[int]] = {}
    for row in begun:
        if row.current_run is not None:
            cleared.setdefault(row.again_by, set()).add(row.id)
    taken: set[int] = set()
    for user, planned_ids in cleared.items():
        below = {each for each in tree.below(planned_ids) if rows[each].decision != "blocked"}
        clear(connection, below, f"{AGAIN} {user} asked for it")
        taken |= below
    # What waits below one without a result may be held back from this epoch, or have had its try.
    tried = {row.id for row in begun if row.current_run is None}
    lacking = {each for each in rows if not rows[each].has_result}
    again = taken | (tree.below(tried) & lacking) | (tree.above(tried | taken) & lacking - alive)
    ask_again(connection, plan_id, again - waiting)
    take_back(connection, moot)


def _waiting(tree: PlannedTree, asked: Sequence[Row[Any]], alive: Collection[int]) -> set[int]:
    """Return what is alive, what is asked for above that, and all that this would run again.

    What two wishes have in common runs once for both: neither of them begins before the other can.
    """
    waiting = set(alive)
    with_result = {row.id for row in asked if row.current_run is not None}
    while True:
        above = tree.above(waiting)
        deferred = {
            row.id for row in asked if row.id in (above if row.id in with_result else waiting)
        }
        more = deferred | tree.below(deferred & with_result)
        if more <= waiting:
            return waiting
        waiting |= more


def ask_again(connection: Connection, plan_id: int, planned_ids: Collection[int]) -> None:
    """Let the next launch of the running epoch have planned runs that had their try in it."""
    newest = select(func.max(plan_launches.c.id)).where(plan_launches.c.plan_id == plan_id)
    connection.execute(
        update(planned_runs)
        .where(_among(planned_ids))
        .values(retry_after=newest.scalar_subquery(), held_epoch=None, **_NOT_WANTED)
    )


def asked_meanwhile(connection: Connection, plan_id: int) -> bool:
    """Return whether anything is wanted again that no launch has been given.

    The plan stays locked until the transaction ends: what is asked for later finds what it did.
    """
    lock_plan = select(execution_plans.c.id).where(execution_plans.c.id == plan_id)
    connection.execute(lock_plan.with_for_update(key_share=True))
    return bool(wanted(connection, plan_id))


def _among(planned_ids: Collection[int]) -> ColumnElement[bool]:
    return planned_runs.c.id == func.any(cast(list(planned_ids), ARRAY(BigInteger)))
