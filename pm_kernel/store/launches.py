"""Launches: which planned runs a submit or resume is given, and which runs are alive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Row, cast, func, insert, select, text, update

from pm_kernel.domain.assignment import Need, State, assign
from pm_kernel.domain.plans import Launch
from pm_kernel.domain.survivors import Member, survivors
from pm_kernel.errors import Conflict, NotFound
from pm_kernel.store import retries
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

# Of the planned runs that lack a result, or below which one lacks it.
_NEEDS = text(
    """
    SELECT d.child_id, d.input_name, d.parent_id, d.label, d.on_failure,
           (c.inputs -> d.input_name ->> 'gather')::boolean AS gather,
           c.current_run IS NOT NULL AND p.current_run IS NULL AS doubtful
    FROM planned_edges d
    JOIN planned_runs c ON c.id = d.child_id
    JOIN planned_runs p ON p.id = d.parent_id
    WHERE c.plan_id = :plan AND (:every OR c.current_run IS NULL OR p.current_run IS NULL)
    ORDER BY d.child_id, d.input_name, d.ordinal
    """
)

# Results that are older than what they should have been made from, or lack a member of a list that
# goes on without what failed: only these can be stale.
_SUSPECT = text(
    """
    SELECT d.child_id, d.input_name, d.label, d.on_failure, d.source_output,
           (c.inputs -> d.input_name ->> 'gather')::boolean AS gather,
           p.current_run IS NOT NULL AS present, o.checksum
    FROM planned_edges d
    JOIN planned_runs c ON c.id = d.child_id
    JOIN planned_runs p ON p.id = d.parent_id
    LEFT JOIN run_outputs o ON o.run_id = p.current_run AND o.output_name = d.source_output
    WHERE d.child_id IN (
        SELECT d.child_id FROM planned_edges d
        JOIN planned_runs c ON c.id = d.child_id AND c.plan_id = :plan
        JOIN planned_runs p ON p.id = d.parent_id
        WHERE p.current_run > c.current_run
           -- a member that was given up may have been at work when its list was made without it
           OR d.on_failure = 'go_on' AND p.current_run IS NOT NULL AND c.current_run IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM run_inputs i WHERE i.run_id = c.current_run
                              AND i.source_run_id = p.current_run))
    ORDER BY d.child_id, d.input_name, d.ordinal
    """
)

_RECORDED = text(
    """
    SELECT c.id AS child_id, mi.input_name, ri.label, ri.checksum
    FROM planned_runs c
    JOIN run_inputs ri ON ri.run_id = c.current_run
    JOIN method_inputs mi ON mi.id = ri.method_input_id
    WHERE c.id = ANY(CAST(:children AS bigint[]))
    ORDER BY c.id, mi.input_name, ri.ordinal
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
           v.git_commit_hash AS commit, m.name AS method, mo.name AS module, r.heartbeat_at,
           r.scheduler_job_id
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


@dataclass(frozen=True)
class OpenLaunch:
    """A launch that nobody noted the end of, and the Nextflow process it was."""

    launch_id: int
    pid: int
    start: str
    boot: str
    host: str


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

    What was wanted again meanwhile loses its result here, in the transaction that gives it away.
    Locking and assigning are two statements on purpose: as one, a row that changed while it waited
    for the lock is judged by its old state. A launch without tasks is not stored.

    Raises Conflict when another submit or resume has begun a newer epoch, or it was cancelled.
    """
    # The locks are not for keys: a register that inserts its run need not wait for them, and a
    # deadlock with it is impossible.
    plan = connection.execute(
        select(execution_plans.c.epoch, execution_plans.c.cancelled_epoch)
        .where(execution_plans.c.id == plan_id)
        .with_for_update(key_share=True)
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
        .with_for_update(key_share=True)
    ).all()
    retries.fulfil(connection, plan_id)
    number = connection.execute(
        select(func.coalesce(func.max(plan_launches.c.number), 0) + 1).where(
            plan_launches.c.plan_id == plan_id
        )
    ).scalar_one()
    tasks = _given(connection, plan_id, epoch, first=number == 1)
    if not tasks:
        return Launch(0, number, plan_id, epoch, (), ())
    launch_id = connection.execute(
        insert(plan_launches)
        .values(plan_id=plan_id, number=number, epoch=epoch, task_count=len(tasks))
        .returning(plan_launches.c.id)
    ).scalar_one()
    connection.execute(
        update(planned_runs)
        .where(planned_runs.c.id == func.any(cast([t for t, _ in tasks], ARRAY(BigInteger))))
        .values(launch_id=launch_id)
    )
    edges = connection.execute(_EDGES, {"launch": launch_id}).all()
    return Launch(
        launch_id=launch_id,
        number=number,
        plan_id=plan_id,
        epoch=epoch,
        tasks=tasks,
        edges=tuple((e.parent_id, e.child_id) for e in edges),
    )


def _given(
    connection: Connection, plan_id: int, epoch: int, *, first: bool
) -> tuple[tuple[int, str], ...]:
    """Return (planned run id, step) of what a launch is given; drops results that are stale."""
    rows = connection.execute(_STATES, {"plan": plan_id, "epoch": epoch}).all()
    states: dict[int, State] = {row.id: row.state for row in rows}
    verdicts = assign(states, _needs(connection, plan_id))
    if not first:
        stale = {c for c in _stale(connection, plan_id) if verdicts[c] == "done"}
        if stale:
            drop_results(connection, stale)
            states.update(dict.fromkeys(stale, "open"))
            verdicts = assign(states, _needs(connection, plan_id))
    return tuple((row.id, row.step) for row in rows if verdicts[row.id] == "given")


def to_run_again(connection: Connection, plan_id: int) -> set[int]:
    """Return the planned runs whose results do not stand, although they have one.

    Somebody wants them again, or they were made from something else than their parents give now.
    """
    wanted = retries.wanted(connection, plan_id)
    return {each for each, has_result in wanted.items() if has_result} | _stale(connection, plan_id)


def _needs(connection: Connection, plan_id: int) -> list[Need]:
    rows = connection.execute(_NEEDS, {"plan": plan_id, "every": False}).all()
    if any(row.doubtful for row in rows):
        # The doubt goes on downwards, through what has a result.
        rows = connection.execute(_NEEDS, {"plan": plan_id, "every": True}).all()
    return [
        Need(
            child=row.child_id,
            input=row.input_name,
            parent=row.parent_id,
            label=row.label if row.gather else None,
            on_failure=row.on_failure,
        )
        for row in rows
    ]


def _stale(connection: Connection, plan_id: int) -> set[int]:
    """Return planned runs whose result was made from something else than their parents give now.

    A parent was executed again, or a member that a list went on without has come after all.
    """
    wanted: dict[int, dict[str, list[Row[Any]]]] = {}
    for row in connection.execute(_SUSPECT, {"plan": plan_id}):
        wanted.setdefault(row.child_id, {}).setdefault(row.input_name, []).append(row)
    read: dict[int, dict[str, list[tuple[str, str | None]]]] = {child: {} for child in wanted}
    for row in connection.execute(_RECORDED, {"children": list(wanted)}):
        read[row.child_id].setdefault(row.input_name, []).append((row.checksum, row.label))
    stale = set()
    for child, inputs in wanted.items():
        members = {
            name: [
                Member(row.present, row.label if row.gather else None, row.on_failure)
                for row in rows
            ]
            for name, rows in inputs.items()
        }
        left = survivors(members)
        if left is None:
            continue
        now = {
            name: [
                (rows[n].checksum, rows[n].label if rows[n].gather else None) for n in left[name]
            ]
            for name, rows in inputs.items()
        }
        if any(read[child].get(name, []) != given for name, given in now.items()):
            stale.add(child)
    return stale


def drop_results(connection: Connection, planned_ids: Iterable[int]) -> None:
    """Let planned runs need a result again; the runs that made the old ones stay on record."""
    connection.execute(
        update(planned_runs)
        .where(planned_runs.c.id == func.any(cast(list(planned_ids), ARRAY(BigInteger))))
        .values(current_run=None)
    )


def note_launch(connection: Connection, launch_id: int, **facts: Any) -> None:
    """Note facts of a launch: directory, process identity, session, exit code, error."""
    connection.execute(update(plan_launches).where(plan_launches.c.id == launch_id).values(**facts))


def lacking(connection: Connection, launch_id: int) -> int:
    """Return how many planned runs of a launch have no result."""
    columns = planned_runs.c
    query = select(func.count()).where(
        columns.launch_id == launch_id, columns.current_run.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def achieved(connection: Connection, launch_id: int) -> bool:
    """Return whether any planned run of a launch has a run of it, or a result."""
    return bool(
        connection.execute(
            text(
                """
                SELECT EXISTS (SELECT 1 FROM runs WHERE launch_id = :launch)
                    OR EXISTS (SELECT 1 FROM planned_runs
                               WHERE launch_id = :launch AND current_run IS NOT NULL)
                """
            ),
            {"launch": launch_id},
        ).scalar_one()
    )


def input_roots(connection: Connection, launch_id: int) -> list[str]:
    """Return the folders of the workspaces whose runs a launch reads, as far as is known."""
    rows = connection.execute(
        text(
            """
            WITH sources AS (
                SELECT p.current_run AS run_id FROM planned_edges d
                JOIN planned_runs c ON c.id = d.child_id AND c.launch_id = :launch
                JOIN planned_runs p ON p.id = d.parent_id AND p.current_run IS NOT NULL
                UNION
                SELECT (item ->> 'run_id')::bigint
                FROM planned_runs c, jsonb_each(c.inputs) AS input(name, given),
                     jsonb_array_elements(given -> 'items') AS item
                WHERE c.launch_id = :launch AND item ->> 'kind' = 'run')
            SELECT DISTINCT w.root FROM sources s
            JOIN runs r ON r.id = s.run_id JOIN workspaces w ON w.id = r.workspace_id
            ORDER BY 1
            """
        ),
        {"launch": launch_id},
    )
    return [row.root for row in rows]


def finish_launch(connection: Connection, launch_id: int) -> None:
    """Note that a launch has ended."""
    note_launch(connection, launch_id, finished_at=func.now())


def unfinished_launches(connection: Connection, plan_id: int) -> list[OpenLaunch]:
    """Return the launches of a plan whose end nobody noted, with the process of each."""
    columns = plan_launches.c
    query = select(columns.id, columns.pid, columns.pid_start, columns.boot_id, columns.host)
    return [
        OpenLaunch(row.id, row.pid, row.pid_start, row.boot_id, row.host)
        for row in connection.execute(
            query.where(
                columns.plan_id == plan_id, columns.finished_at.is_(None), columns.pid.is_not(None)
            ).order_by(columns.number)
        )
    ]


def live_runs(
    store: Store, workspace_uuid: str, plan_id: int | None = None
) -> list[dict[str, Any]]:
    """Return the runs of a workspace that the record calls running, with their processes."""
    with store.reading() as connection:
        rows = connection.execute(_LIVE, {"workspace": workspace_uuid, "plan": plan_id})
        return [dict(row._mapping) for row in rows]
