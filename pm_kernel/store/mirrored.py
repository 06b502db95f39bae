"""What the run store repeats of plans and templates, read from the database.

All of it is plain JSON values; ``reading_again`` reads them into a database that lacks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Table, cast, func, select, text

from pm_kernel.domain.plan_progress import Progress
from pm_kernel.domain.plans import OPEN
from pm_kernel.store import run_tree
from pm_kernel.store.retries import AGAIN
from pm_kernel.store.tables import (
    execution_plans,
    method_versions,
    methods,
    plan_launches,
    planned_edges,
    planned_runs,
    template_versions,
    workflow_templates,
    workspaces,
)

PLAN = (
    *("kind", "name", "notes", "metadata", "document", "request", "template_id", "template_hash"),
    *("created_at", "created_by"),
)
STATE = ("status", "epoch", "cancelled_epoch", "submitted_at", "finished_at", "error")
LAUNCH = (
    *("id", "number", "epoch", "nextflow_session_id", "nextflow_run_name", "directory", "host"),
    *("pid", "pid_start", "boot_id", "task_count", "exit_code", "error", "started_at"),
    "finished_at",
)
RUN = (
    *("id", "ordinal", "key", "step", "sample", "branch", "coordinates", "method_version_id"),
    *("param_set_id", "set_params", "inputs", "decision", "reason"),
)
TEMPLATE = (
    *("name", "definition", "content_hash", "version", "note", "created_at", "updated_at"),
    *("created_by", "updated_by"),
)
VERSION = ("definition", "content_hash", "note", "saved_at", "saved_by")
TIMES = frozenset(
    {"created_at", "updated_at", "submitted_at", "finished_at", "started_at", "saved_at"}
)

_PARAM_SETS = text(
    """
    SELECT v.param_set_id, f.function_name || '.' || d.param_name AS name, v.value
    FROM param_set_values v
    JOIN param_defs d ON d.id = v.param_def_id
    JOIN tracked_functions f ON f.id = d.tracked_function_id
    WHERE v.param_set_id IN (SELECT param_set_id FROM planned_runs WHERE plan_id = :plan)
    """
)

# What was reused: the run that a planned run got its result from without one of its own.
_REUSED = text(
    """
    SELECT p.id, p.current_run FROM planned_runs p
    WHERE p.plan_id = :plan AND p.current_run IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM runs r
                      WHERE r.id = p.current_run AND r.planned_run_id = p.id)
    """
)

# What does not follow from a tree and its runs: that a result was let go of, what is wanted again,
# held back, or had another try.
_ASKED = text(
    """
    SELECT p.id, p.decision, p.reason, p.held_epoch, p.retry_after, p.again_by, p.again_of,
           p.launch_id, p.current_run IS NULL AS lacking, r.id AS newest
    FROM planned_runs p
    LEFT JOIN (SELECT DISTINCT ON (planned_run_id) planned_run_id, id, status FROM runs
               WHERE execution_plan_id = :plan AND planned_run_id IS NOT NULL
               ORDER BY planned_run_id, id DESC) r ON r.planned_run_id = p.id
    WHERE p.plan_id = :plan
      AND (p.held_epoch IS NOT NULL OR p.retry_after IS NOT NULL OR p.again_by IS NOT NULL
           OR p.reason LIKE :again
           OR p.current_run IS NULL AND r.status = 'completed')
    ORDER BY p.ordinal
    """
)


@dataclass(frozen=True)
class Known:
    """What tells a plan of the database from another of the same number."""

    kind: str
    created_at: datetime
    status: str
    #: The id of its workspace.
    workspace: str
    #: How far it has come here.
    progress: Progress

    def is_of(self, document: Mapping[str, Any]) -> bool:
        """Whether a document that was read from the run store is of this plan."""
        created = datetime.fromisoformat(document["created_at"])
        return (document["kind"], created) == (self.kind, self.created_at)


def read_plan(connection: Connection, plan_id: int) -> dict[str, Any]:
    """Return what a plan was asked for, as it is now."""
    return {"plan_id": plan_id, **_row(connection, execution_plans, PLAN, plan_id)}


def read_state(connection: Connection, plan_id: int) -> dict[str, Any]:
    """Return what became of a plan that was submitted, with its launches."""
    columns = plan_launches.c
    launches = connection.execute(
        select(*(columns[name] for name in LAUNCH))
        .where(columns.plan_id == plan_id)
        .order_by(columns.number)
    )
    return {
        **_row(connection, execution_plans, STATE, plan_id),
        "launches": [_plain(row._mapping) for row in launches],
        "asked": [
            dict(row._mapping)
            for row in connection.execute(_ASKED, {"plan": plan_id, "again": f"{AGAIN}%"})
        ],
    }


def read_tree(connection: Connection, plan_id: int) -> dict[str, Any]:
    """Return the run tree of a plan that was submitted; it does not change any more."""
    runs, edges = planned_runs.c, planned_edges.c
    rows = connection.execute(
        select(*(runs[name] for name in RUN)).where(runs.plan_id == plan_id).order_by(runs.ordinal)
    ).all()
    versions = connection.execute(
        select(
            method_versions.c.id,
            methods.c.name,
            method_versions.c.version,
            method_versions.c.git_commit_hash,
        )
        .join_from(method_versions, methods)
        .where(method_versions.c.id.in_({row.method_version_id for row in rows}))
    )
    values: dict[int, dict[str, str | None]] = {
        row.param_set_id: {} for row in rows if row.param_set_id is not None
    }
    for row in connection.execute(_PARAM_SETS, {"plan": plan_id}):
        values[row.param_set_id][row.name] = row.value
    between = connection.execute(
        select(*(edges[name] for name in run_tree.EDGE))
        .join(planned_runs, runs.id == edges.child_id)
        .where(runs.plan_id == plan_id)
        .order_by(edges.child_id, edges.input_name, edges.ordinal)
    )
    return {
        "versions": {str(row.id): list(row[1:]) for row in versions},
        "param_sets": {str(each): stated for each, stated in values.items()},
        "runs": [dict(row._mapping) for row in rows],
        "edges": [list(row) for row in between],
        "reused": {
            str(row.id): row.current_run for row in connection.execute(_REUSED, {"plan": plan_id})
        },
    }


def read_template(
    connection: Connection, template_id: int, *, locked: bool = False
) -> dict[str, Any]:
    """Return a template. ``locked``: nobody else changes it meanwhile."""
    row = _row(connection, workflow_templates, TEMPLATE, template_id, locked=locked)
    return {"template_id": template_id, **row}


def read_template_version(connection: Connection, template_id: int, version: int) -> dict[str, Any]:
    """Return an earlier version of a template."""
    columns = template_versions.c
    row = connection.execute(
        select(*(columns[name] for name in VERSION)).where(
            columns.template_id == template_id, columns.version == version
        )
    ).one()
    return {"template_id": template_id, "version": version, **_plain(row._mapping)}


def earlier_numbers(connection: Connection, template_id: int) -> list[int]:
    """Return the numbers of a template's earlier versions, in order."""
    columns = template_versions.c
    query = select(columns.version).where(columns.template_id == template_id)
    return list(connection.scalars(query.order_by(columns.version)))


def plan_ids(connection: Connection, workspace_uuid: str) -> dict[int, str]:
    """Return the plans of a workspace that were asked for as such: id -> status."""
    columns = execution_plans.c
    query = (
        select(columns.id, columns.status)
        .join_from(execution_plans, workspaces)
        .where(workspaces.c.uuid == workspace_uuid, columns.kind == "plan")
    )
    return {row.id: row.status for row in connection.execute(query)}


def known_plans(connection: Connection, ids: Iterable[int]) -> dict[int, Known]:
    """Return those of ``ids`` that are plans, of any kind and workspace."""
    columns, launches = execution_plans.c, plan_launches.c
    query = (
        select(
            columns.id,
            columns.kind,
            columns.created_at,
            columns.status,
            columns.epoch,
            columns.cancelled_epoch,
            workspaces.c.uuid,
            func.coalesce(func.max(launches.number), 0).label("launch"),
            func.count(launches.finished_at).label("ended"),
        )
        .join_from(execution_plans, workspaces)
        .outerjoin(plan_launches, launches.plan_id == columns.id)
        .where(columns.id == func.any(cast(list(ids), ARRAY(BigInteger))))
        .group_by(columns.id, workspaces.c.uuid)
    )
    return {
        row.id: Known(
            row.kind,
            row.created_at,
            row.status,
            str(row.uuid),
            Progress(row.epoch, row.launch, row.ended, row.cancelled_epoch, row.status not in OPEN),
        )
        for row in connection.execute(query)
    }


def is_draft(connection: Connection, plan_id: int) -> bool:
    """Whether a plan is a draft."""
    columns = execution_plans.c
    status = connection.execute(select(columns.status).where(columns.id == plan_id)).scalar_one()
    return bool(status == "draft")


def template_names(connection: Connection) -> dict[int, str]:
    """Return the name of every template."""
    columns = workflow_templates.c
    return {row.id: row.name for row in connection.execute(select(columns.id, columns.name))}


def _row(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    number: int,
    *,
    locked: bool = False,
) -> dict[str, Any]:
    query = select(*(table.c[name] for name in names)).where(table.c.id == number)
    if locked:
        query = query.with_for_update()
    return _plain(connection.execute(query).one()._mapping)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
