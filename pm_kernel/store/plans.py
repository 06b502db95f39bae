"""Plans and their planned runs: stored as previewed, read with what has become of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from pm_kernel.domain.names import text_fault
from pm_kernel.domain.plans import OPEN, Plan, PlannedRunRow, StepCount
from pm_kernel.errors import Conflict, NotFound
from pm_kernel.store import launches
from pm_kernel.store.engine import Store
from pm_kernel.store.plan_states import STATES, planned_columns, planned_run
from pm_kernel.store.tables import execution_plans, planned_runs, workflow_templates, workspaces

_TREE = text(f"{STATES}{planned_columns('states')}")

_STEP_COUNTS = text(
    f"""{STATES}
SELECT p.step, m.name AS method, v.version, s.shown AS state, count(*) AS n
FROM states s
JOIN planned_runs p ON p.id = s.id
LEFT JOIN method_versions v ON v.id = p.method_version_id
LEFT JOIN methods m ON m.id = v.method_id
GROUP BY 1, 2, 3, 4
ORDER BY min(min(p.ordinal)) OVER (PARTITION BY p.step), min(p.ordinal)
"""  # noqa: S608 - constants only
)

_COUNTS = text(
    f"{STATES} SELECT plan_id, shown, count(*) AS n FROM states GROUP BY 1, 2"  # noqa: S608
)


@dataclass(frozen=True)
class OpenPlan:
    """A plan that is submitted or running."""

    plan_id: int
    epoch: int
    #: Submitted less than a minute ago: a supervisor on another host may still be starting.
    fresh: bool


def create_plan(
    connection: Connection,
    *,
    workspace_uuid: str,
    kind: str,
    name: str,
    document: Mapping[str, Any],
    request: Mapping[str, Any],
    created_by: str,
    template_id: int | None = None,
    template_hash: str | None = None,
    notes: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> int:
    """Store a new draft and return its id."""
    workspace = select(workspaces.c.id).where(workspaces.c.uuid == workspace_uuid)
    plan_id: int = connection.execute(
        insert(execution_plans)
        .values(
            workspace_id=workspace.scalar_subquery(),
            kind=kind,
            name=name,
            document=document,
            data_sources={"samples": request.get("samples", [])},
            branch_params=request.get("branches", {}),
            request=request,
            created_by=created_by,
            template_id=template_id,
            template_hash=template_hash,
            notes=notes,
            metadata=metadata or {},
        )
        .returning(execution_plans.c.id)
    ).scalar_one()
    return plan_id


def set_status(
    connection: Connection, plan_id: int, status: str, *, error: str | None = None
) -> None:
    """Change a plan's status; times follow from it."""
    values: dict[str, Any] = {"status": status, "error": error}
    if status == "submitted":
        values |= {"submitted_at": func.now(), "finished_at": None}
    elif status in ("completed", "partial", "failed", "cancelled"):
        values["finished_at"] = func.now()
    connection.execute(
        update(execution_plans).where(execution_plans.c.id == plan_id).values(**values)
    )


def status_from_record(connection: Connection, plan_id: int) -> str:
    """Return the final status that a plan's planned runs add up to: nobody else is asked."""
    counts: dict[str, int] = {
        row.shown: row.n for row in connection.execute(_COUNTS, {"plans": [plan_id]})
    }
    plan = connection.execute(
        select(execution_plans.c.epoch, execution_plans.c.cancelled_epoch).where(
            execution_plans.c.id == plan_id
        )
    ).one()
    done = counts.get("completed", 0) + counts.get("reused", 0)
    if done == sum(counts.values()) and not launches.to_run_again(connection, plan_id):
        return "completed"
    if plan.cancelled_epoch >= plan.epoch:
        return "cancelled"
    return "partial" if done else "failed"


def open_plans(connection: Connection, workspace_uuid: str) -> list[OpenPlan]:
    """Return the plans of a workspace that are submitted or running."""
    columns = execution_plans.c
    query = (
        select(
            columns.id,
            columns.epoch,
            (func.now() - columns.submitted_at < text("interval '1 minute'")).label("fresh"),
        )
        .join_from(execution_plans, workspaces)
        .where(
            workspaces.c.uuid == workspace_uuid,
            columns.status.in_(tuple(OPEN)),
            columns.kind == "plan",
        )
        .order_by(columns.id)
    )
    return [OpenPlan(row.id, row.epoch, row.fresh) for row in connection.execute(query)]


def settle_status(connection: Connection, plan_id: int, epoch: int) -> bool:
    """Give a plan that lost its supervisor the status of its record; True when it changed.

    The caller has seen to it that nobody looks after ``epoch`` of the plan any more.
    """
    row = connection.execute(
        select(execution_plans.c.status)
        .where(execution_plans.c.id == plan_id, execution_plans.c.epoch == epoch)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None or row.status not in OPEN:
        return False
    status = status_from_record(connection, plan_id)
    error = "Its supervisor ended before the plan did; resume runs what is missing."
    settled = status in ("completed", "cancelled")
    set_status(connection, plan_id, status, error=None if settled else error)
    return True


def direct_without_run(connection: Connection) -> list[tuple[int, dict[str, Any] | None]]:
    """Return open plans of direct runs that have no run, each with the process that opened it.

    None stands for one that was submitted long ago and never came to a launch.
    """
    rows = connection.execute(
        text(
            """
            SELECT e.id, l.pid, l.pid_start, l.boot_id, l.host, l.id AS launch_id
            FROM execution_plans e LEFT JOIN plan_launches l ON l.plan_id = e.id
            WHERE e.kind = 'run' AND e.status IN ('submitted', 'running')
              AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.execution_plan_id = e.id)
              AND (l.id IS NOT NULL OR e.submitted_at < now() - interval '5 minutes')
            """
        )
    )
    return [
        (
            row.id,
            None
            if row.launch_id is None
            else {"pid": row.pid, "start": row.pid_start, "boot": row.boot_id, "host": row.host},
        )
        for row in rows
    ]


def finish_direct(connection: Connection) -> None:
    """Let the plan of a direct run follow its run, once that has ended."""
    connection.execute(
        text(
            """
            UPDATE execution_plans e SET finished_at = now(), status = CASE r.status
                WHEN 'completed' THEN 'completed' WHEN 'cancelled' THEN 'cancelled'
                ELSE 'failed' END
            FROM (SELECT DISTINCT ON (execution_plan_id) execution_plan_id, status
                  FROM runs WHERE execution_plan_id IN (
                      SELECT id FROM execution_plans
                      WHERE status IN ('submitted', 'running') AND kind = 'run')
                  ORDER BY execution_plan_id, id DESC) r
            WHERE e.id = r.execution_plan_id AND r.status <> 'running'
              AND e.kind = 'run' AND e.status IN ('submitted', 'running')
            """
        )
    )


def results_of(connection: Connection, plan_id: int) -> dict[int, int]:
    """Return the run that each planned run of a plan has its result from: planned run -> run."""
    columns = planned_runs.c
    query = select(columns.id, columns.current_run).where(
        columns.plan_id == plan_id, columns.current_run.is_not(None)
    )
    return {row.id: row.current_run for row in connection.execute(query)}


def get_plan(store: Store, plan_id: int) -> Plan:
    """Return one plan. Raises NotFound."""
    plans = _plans(store, [plan_id])
    if not plans:
        raise _missing(plan_id)
    return plans[0]


def require(store: Store, plan_id: int) -> None:
    """Raise NotFound where there is no such plan; nothing of it is counted."""
    with store.reading() as connection:
        found = select(execution_plans.c.id).where(execution_plans.c.id == plan_id)
        if connection.execute(found).first() is None:
            raise _missing(plan_id)


def refuse_elsewhere(store: Store, workspace_uuid: str, plan_id: int) -> None:
    """Raise Conflict where a plan belongs to another workspace: its files are there."""
    query = (
        select(workspaces.c.root)
        .join_from(execution_plans, workspaces)
        .where(execution_plans.c.id == plan_id, workspaces.c.uuid != workspace_uuid)
    )
    with store.reading() as connection:
        root = connection.execute(query).scalar_one_or_none()
    if root is not None:
        raise Conflict(
            f"Plan {plan_id} belongs to the workspace {root}.",
            hint=f"Work on it from there: `pm -w {shlex.quote(root)} …`.",
        )


def _missing(plan_id: int) -> NotFound:
    return NotFound(f"There is no plan {plan_id}.", hint="`pm plan list` shows the plans.")


def list_plans(
    store: Store,
    *,
    limit: int = 100,
    before: int | None = None,
    kinds: Iterable[str] = ("plan",),
    pipeline: str | None = None,
) -> list[Plan]:
    """Return the newest plans first; ``before`` continues below a plan id.

    ``pipeline``: only those that were made from the template of that name, however it was called
    then, or from a document of that name that was no template.
    """
    columns = execution_plans.c
    query = select(columns.id).where(columns.kind.in_(list(kinds)))
    if before is not None:
        query = query.where(columns.id < before)
    if pipeline is not None:
        if text_fault(pipeline) is not None:
            return []
        named = select(workflow_templates.c.id).where(workflow_templates.c.name == pipeline)
        nameless = columns.template_id.is_(None) & (columns.document["name"].astext == pipeline)
        query = query.where((columns.template_id == named.scalar_subquery()) | nameless)
    with store.reading() as connection:
        ids = connection.scalars(query.order_by(execution_plans.c.id.desc()).limit(limit)).all()
    return _plans(store, list(ids))


def planned_runs_of(store: Store, plan_id: int) -> list[PlannedRunRow]:
    """Return a plan's run tree in its order, with the state of each planned run."""
    with store.reading() as connection:
        return [planned_run(row) for row in connection.execute(_TREE, {"plans": [plan_id]})]


def counts_of_steps(store: Store, plan_id: int) -> list[StepCount]:
    """Count the planned runs of each step by state, the steps in the order of the plan."""
    with store.reading() as connection:
        return [
            StepCount(row.step, row.method, row.version, row.state, row.n)
            for row in connection.execute(_STEP_COUNTS, {"plans": [plan_id]})
        ]


def _plans(store: Store, ids: list[int]) -> list[Plan]:
    if not ids:
        return []
    columns = execution_plans.c
    with store.reading() as connection:
        rows = connection.execute(select(execution_plans).where(columns.id.in_(ids))).all()
        counts: dict[int, dict[str, int]] = {}
        for row in connection.execute(
            _COUNTS,
            {"plans": ids},
        ):
            counts.setdefault(row.plan_id, {})[row.shown] = row.n
        again = _wanted_again(connection, ids)
    plans = [
        Plan(
            plan_id=row.id,
            kind=row.kind,
            name=row.name,
            status=row.status,
            document=row.document,
            request=row.request,
            epoch=row.epoch,
            cancelled_epoch=row.cancelled_epoch,
            created_at=row.created_at,
            created_by=row.created_by,
            submitted_at=row.submitted_at,
            finished_at=row.finished_at,
            error=row.error,
            notes=row.notes,
            metadata=row.metadata,
            counts=counts.get(row.id, {}),
            again=again.get(row.id, 0),
        )
        for row in rows
    ]
    return sorted(plans, key=lambda plan: -plan.plan_id)


def _wanted_again(connection: Connection, ids: list[int]) -> dict[int, int]:
    """Return how many planned runs of these plans are wanted again: plan -> number."""
    columns = planned_runs.c
    query = (
        select(columns.plan_id, func.count().label("number"))
        .where(columns.plan_id.in_(ids), columns.again_by.is_not(None))
        .group_by(columns.plan_id)
    )
    return {row.plan_id: row.number for row in connection.execute(query)}
