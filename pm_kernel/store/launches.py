"""Launches: which planned runs a submit or resume is given, and which runs are alive."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, cast, func, insert, select, text, update

from pm_kernel.domain.assignment import Need, assign
from pm_kernel.domain.plans import Launch
from pm_kernel.errors import Conflict, NotFound
from pm_kernel.store.engine import Store
from pm_kernel.store.tables import execution_plans, plan_launches, planned_runs

_STATES = text(
    """
    SELECT p.id, p.step,
        CASE WHEN p.current_run IS NOT NULL THEN 'done'
             WHEN p.decision = 'blocked' THEN 'ended'
             WHEN EXISTS (SELECT 1 FROM runs r
                          WHERE r.planned_run_id = p.id AND r.status = 'running') THEN 'pending'
             WHEN p.held_epoch = :epoch THEN 'ended'
             WHEN EXISTS (SELECT 1 FROM runs r JOIN plan_launches l ON l.id = r.launch_id
                          WHERE r.planned_run_id = p.id AND l.epoch = :epoch
                            AND l.id > coalesce(p.retry_after, 0)) THEN 'ended'
             ELSE 'open' END AS state
    FROM planned_runs p WHERE p.plan_id = :plan ORDER BY p.ordinal
    """
)

_NEEDS = text(
    """
    SELECT d.child_id, d.input_name, d.parent_id, d.label, d.on_failure,
           (c.inputs -> d.input_name ->> 'gather')::boolean AS gather
    FROM planned_edges d JOIN planned_runs c ON c.id = d.child_id
    WHERE c.plan_id = :plan AND c.current_run IS NULL
    """
)

_EDGES = text(
    """
    SELECT DISTINCT d.parent_id, d.child_id
    FROM planned_edges d
    JOIN planned_runs c ON c.id = d.child_id AND c.launch_id = :launch
    JOIN planned_runs p ON p.id = d.parent_id AND p.launch_id = :launch
    ORDER BY 1, 2
    """
)

_LIVE = text(
    """
    SELECT r.id AS run_id, r.uuid::text AS uuid, r.pid, r.pid_start, r.boot_id, r.host,
           r.execution_plan_id AS plan_id, r.launch_id, r.planned_run_id, r.work_dir, r.sample,
           r.started_at::text AS started_at, r.created_by, v.version AS method_version,
           v.git_commit_hash AS commit, m.name AS method, mo.name AS module, r.heartbeat_at
    FROM runs r
    JOIN workspaces w ON w.id = r.workspace_id
    JOIN method_versions v ON v.id = r.method_version_id
    JOIN methods m ON m.id = r.method_id
    JOIN modules mo ON mo.id = m.module_id
    WHERE r.status = 'running' AND w.uuid = CAST(:workspace AS uuid)
      AND (CAST(:plan AS bigint) IS NULL OR r.execution_plan_id = :plan)
    ORDER BY r.id
    """
)


def raise_epoch(connection: Connection, plan_id: int) -> int:
    """Begin a new epoch of a plan: whatever carries an older one may no longer register."""
    epoch: int | None = connection.execute(
        update(execution_plans)
        .where(execution_plans.c.id == plan_id)
        .values(epoch=execution_plans.c.epoch + 1)
        .returning(execution_plans.c.epoch)
    ).scalar_one_or_none()
    if epoch is None:
        raise NotFound(f"There is no plan {plan_id}.", hint="`pm plan list` shows the plans.")
    return epoch


def epochs(connection: Connection, plan_id: int) -> tuple[int, int]:
    """Return a plan's epoch and its cancelled epoch."""
    row = connection.execute(
        select(execution_plans.c.epoch, execution_plans.c.cancelled_epoch).where(
            execution_plans.c.id == plan_id
        )
    ).one()
    return row.epoch, row.cancelled_epoch


def cancel_epoch(connection: Connection, plan_id: int, epoch: int | None = None) -> None:
    """Forbid an epoch (default: the current one) to register anything more."""
    columns = execution_plans.c
    cancelled = columns.epoch if epoch is None else func.greatest(columns.cancelled_epoch, epoch)
    connection.execute(
        update(execution_plans).where(columns.id == plan_id).values(cancelled_epoch=cancelled)
    )


def open_launch(connection: Connection, plan_id: int, epoch: int) -> Launch:
    """Give a new launch every planned run without a result and without a living run.

    Locking and assigning are two statements on purpose: as one, a row that changed while it waited
    for the lock is judged by its old state. The launch may be empty.

    Raises Conflict when another submit or resume has begun a newer epoch.
    """
    plan = connection.execute(
        select(execution_plans.c.epoch, execution_plans.c.cancelled_epoch)
        .where(execution_plans.c.id == plan_id)
        .with_for_update()
    ).one_or_none()
    if plan is None:
        raise NotFound(f"There is no plan {plan_id}.", hint="`pm plan list` shows the plans.")
    if plan.epoch != epoch:
        raise Conflict(f"Plan {plan_id} was resumed by somebody else meanwhile.")
    if plan.cancelled_epoch >= epoch:
        raise Conflict(f"Plan {plan_id} was cancelled.")
    connection.execute(
        select(planned_runs.c.id)
        .where(planned_runs.c.plan_id == plan_id)
        .order_by(planned_runs.c.id)
        .with_for_update()
    ).all()
    number = connection.execute(
        select(func.coalesce(func.max(plan_launches.c.number), 0) + 1).where(
            plan_launches.c.plan_id == plan_id
        )
    ).scalar_one()
    launch_id = connection.execute(
        insert(plan_launches)
        .values(plan_id=plan_id, number=number, epoch=epoch)
        .returning(plan_launches.c.id)
    ).scalar_one()
    rows = connection.execute(_STATES, {"plan": plan_id, "epoch": epoch}).all()
    verdicts = assign({row.id: row.state for row in rows}, _needs(connection, plan_id))
    tasks = [row for row in rows if verdicts[row.id] == "given"]
    connection.execute(
        update(planned_runs)
        .where(planned_runs.c.id == func.any(cast([t.id for t in tasks], ARRAY(BigInteger))))
        .values(launch_id=launch_id)
    )
    edges = connection.execute(_EDGES, {"launch": launch_id}).all()
    connection.execute(
        update(plan_launches).where(plan_launches.c.id == launch_id).values(task_count=len(tasks))
    )
    return Launch(
        launch_id=launch_id,
        number=number,
        plan_id=plan_id,
        epoch=epoch,
        tasks=tuple((task.id, task.step) for task in tasks),
        edges=tuple((e.parent_id, e.child_id) for e in edges),
    )


def _needs(connection: Connection, plan_id: int) -> list[Need]:
    return [
        Need(
            child=row.child_id,
            input=row.input_name,
            parent=row.parent_id,
            label=row.label if row.gather else None,
            on_failure=row.on_failure,
        )
        for row in connection.execute(_NEEDS, {"plan": plan_id})
    ]


def note_launch(connection: Connection, launch_id: int, **facts: Any) -> None:
    """Note facts of a launch: directory, process identity, session, exit code, error."""
    connection.execute(update(plan_launches).where(plan_launches.c.id == launch_id).values(**facts))


def registered_runs(connection: Connection, launch_id: int) -> int:
    """Return how many runs a launch has brought forth."""
    count: int = connection.execute(
        text("SELECT count(*) FROM runs WHERE launch_id = :launch"), {"launch": launch_id}
    ).scalar_one()
    return count


def finish_launch(connection: Connection, launch_id: int) -> None:
    """Note that a launch has ended."""
    note_launch(connection, launch_id, finished_at=func.now())


def live_runs(
    store: Store, workspace_uuid: str, plan_id: int | None = None
) -> list[dict[str, Any]]:
    """Return the runs of a workspace that the record calls running, with their processes."""
    with store.reading() as connection:
        rows = connection.execute(_LIVE, {"workspace": workspace_uuid, "plan": plan_id})
        return [dict(row._mapping) for row in rows]
