"""What the run store repeats of plans and templates, read from the database and into a new one.

All of it is plain JSON values. Ids stay what they are: directories and records of runs name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update

from pm_kernel.store import numbering, param_sets, run_tree
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

_PLAN = (
    *("kind", "name", "notes", "metadata", "document", "request", "template_id", "template_hash"),
    *("created_at", "created_by"),
)
_STATE = ("status", "epoch", "cancelled_epoch", "submitted_at", "finished_at", "error")
_LAUNCH = (
    *("id", "number", "epoch", "nextflow_session_id", "nextflow_run_name", "directory", "host"),
    *("pid", "pid_start", "boot_id", "task_count", "exit_code", "error", "started_at"),
    "finished_at",
)
_RUN = (
    *("id", "ordinal", "key", "step", "sample", "branch", "coordinates", "method_version_id"),
    *("param_set_id", "set_params", "inputs", "decision", "reason"),
)
_TEMPLATE = (
    *("name", "definition", "content_hash", "version", "note", "created_at", "updated_at"),
    *("created_by", "updated_by"),
)
_VERSION = ("definition", "content_hash", "note", "saved_at", "saved_by")
_TIMES = frozenset(
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
_ASK = text(
    """
    UPDATE planned_runs p SET decision = :decision, reason = :reason, held_epoch = :held_epoch,
        retry_after = :retry_after, again_by = :again_by, again_of = :again_of,
        launch_id = (SELECT l.id FROM plan_launches l WHERE l.id = :launch_id),
        current_run = CASE
            -- a run of its own that came after it was noted made it anew
            WHEN :lacking AND coalesce(:newest, 0) >= coalesce(
                (SELECT max(r.id) FROM runs r WHERE r.planned_run_id = p.id), 0) THEN NULL
            ELSE p.current_run END
    WHERE p.id = :id AND p.plan_id = :plan
    """
)

# A planned run is given to a launch only while it has no result, so its newest run says how it is.
_RESULTS = text(
    """
    UPDATE planned_runs p SET launch_id = coalesce(r.launch_id, p.launch_id),
        current_run = CASE WHEN r.status = 'completed' THEN r.id END
    FROM (SELECT DISTINCT ON (planned_run_id) planned_run_id, id, status, launch_id
          FROM runs WHERE execution_plan_id = :plan AND planned_run_id IS NOT NULL
          ORDER BY planned_run_id, id DESC) r
    WHERE p.id = r.planned_run_id AND p.plan_id = :plan
    """
)
# A run names its planned run by the id that this had then. Where the tree got other ids since, it
# is the same planned run by its key, executed with the same parameters.
_LINK = text(
    """
    UPDATE runs r SET execution_plan_id = :plan, planned_run_id = p.id,
        launch_id = (SELECT l.id FROM plan_launches l WHERE l.id = :launch AND l.plan_id = :plan)
    FROM planned_runs p JOIN execution_plans e ON e.id = p.plan_id
    WHERE r.id = :run AND r.uuid = CAST(:uuid AS uuid) AND r.planned_run_id IS NULL
      AND p.plan_id = :plan AND p.key = :key AND p.method_version_id = r.method_version_id
      AND (p.id = :planned OR p.param_set_id = r.param_set_id)
      AND r.workspace_id = e.workspace_id AND r.started_at >= e.created_at
    """
)


_UNLINK = text(
    """
    UPDATE runs SET execution_plan_id = NULL, planned_run_id = NULL, launch_id = NULL
    WHERE execution_plan_id = :plan
    """
)

_DRAWN = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :n)")


@dataclass(frozen=True)
class Known:
    """What tells a plan of the database from another of the same number."""

    kind: str
    created_at: str
    status: str
    #: The id of its workspace.
    workspace: str


class Missing(Exception):
    """Something that is named is not in this database; the text says what."""


# --- from the database ----------------------------------------------------------------------------


def read_plan(connection: Connection, plan_id: int) -> dict[str, Any]:
    """Return what a plan was asked for, as it is now."""
    return {"plan_id": plan_id, **_row(connection, execution_plans, _PLAN, plan_id)}


def read_state(connection: Connection, plan_id: int) -> dict[str, Any]:
    """Return what became of a plan that was submitted, with its launches."""
    columns = plan_launches.c
    launches = connection.execute(
        select(*(columns[name] for name in _LAUNCH))
        .where(columns.plan_id == plan_id)
        .order_by(columns.number)
    )
    return {
        **_row(connection, execution_plans, _STATE, plan_id),
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
        select(*(runs[name] for name in _RUN)).where(runs.plan_id == plan_id).order_by(runs.ordinal)
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


def read_template(connection: Connection, template_id: int) -> dict[str, Any]:
    """Return a template."""
    row = _row(connection, workflow_templates, _TEMPLATE, template_id)
    return {"template_id": template_id, **row}


def read_template_version(connection: Connection, template_id: int, version: int) -> dict[str, Any]:
    """Return an earlier version of a template."""
    columns = template_versions.c
    row = connection.execute(
        select(*(columns[name] for name in _VERSION)).where(
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
    columns = execution_plans.c
    query = select(
        columns.id, columns.kind, columns.created_at, columns.status, workspaces.c.uuid
    ).join_from(execution_plans, workspaces)
    return {
        row.id: Known(row.kind, row.created_at.isoformat(), row.status, str(row.uuid))
        for row in connection.execute(query.where(columns.id.in_(list(ids))))
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


# --- into a new one -------------------------------------------------------------------------------


def insert_template(connection: Connection, document: Mapping[str, Any]) -> None:
    """Store a template under the id that it had."""
    # What was written before templates had versions says none.
    known = {"version": 1, "note": "", "updated_by": document["created_by"], **document}
    values = {name: _value(name, known[name]) for name in _TEMPLATE}
    connection.execute(insert(workflow_templates).values(id=document["template_id"], **values))


def insert_template_version(connection: Connection, document: Mapping[str, Any]) -> None:
    """Store an earlier version of a template that is there."""
    values = {name: _value(name, document[name]) for name in _VERSION}
    connection.execute(
        insert(template_versions).values(
            template_id=document["template_id"], version=document["version"], **values
        )
    )


def insert_plan(
    connection: Connection,
    workspace_uuid: str,
    document: Mapping[str, Any],
    state: Mapping[str, Any] | None = None,
) -> int:
    """Store a plan under the id that it had: a draft, where no ``state`` is known; returns it."""
    plan_id: int = document["plan_id"]
    values = {name: _value(name, document[name]) for name in _PLAN}
    request = document["request"]
    columns = workflow_templates.c
    template = select(columns.id).where(columns.id == values.pop("template_id"))
    if state is not None:
        values |= {name: _value(name, state[name]) for name in _STATE}
    workspace = select(workspaces.c.id).where(workspaces.c.uuid == workspace_uuid)
    connection.execute(
        insert(execution_plans).values(
            id=plan_id,
            workspace_id=workspace.scalar_subquery(),
            # It may have been deleted since.
            template_id=template.scalar_subquery(),
            data_sources={"samples": request.get("samples", [])},
            branch_params=request.get("branches", {}),
            **values,
        )
    )
    return plan_id


def remove_draft(connection: Connection, plan_id: int) -> None:
    """Remove a draft, in whose place comes what was submitted. Raises Missing where it is none."""
    columns = execution_plans.c
    status = connection.execute(
        select(columns.status).where(columns.id == plan_id).with_for_update()
    ).scalar_one_or_none()
    if status != "draft":
        raise Missing("the draft that it was")
    connection.execute(_UNLINK, {"plan": plan_id})
    run_tree.store_planned_runs(connection, plan_id, ())
    connection.execute(delete(execution_plans).where(columns.id == plan_id))


def insert_launches(
    connection: Connection, plan_id: int, launches: Iterable[Mapping[str, Any]]
) -> None:
    """Store the launches of a plan; one without an id gets a new one."""
    for launch in launches:
        values = {name: _value(name, launch[name]) for name in _LAUNCH if name in launch}
        connection.execute(insert(plan_launches).values(plan_id=plan_id, **values))


def insert_tree(connection: Connection, plan_id: int, tree: Mapping[str, Any]) -> None:
    """Store the run tree of a plan, with the results that it reused.

    Raises Missing where a version, or a run that it reused, is not in this database.
    """
    reused = set(tree["reused"].values())
    absent = reused - numbering.known_runs(connection, list(reused))
    if absent:
        raise Missing(f"run {min(absent)}, which it reuses,")
    versions = {
        int(number): _version(connection, *named) for number, named in tree["versions"].items()
    }
    sets: dict[tuple[int, int], int] = {}
    rows = []
    for run in tree["runs"]:
        version = run["method_version_id"]
        stated = (version, run["param_set_id"])
        if stated not in sets:
            sets[stated] = param_sets.find_or_create(
                connection, versions[version], tree["param_sets"][str(run["param_set_id"])]
            )
        own = {"method_version_id": versions[version], "param_set_id": sets[stated]}
        rows.append({**run, **own, "current_run": tree["reused"].get(str(run["id"]))})
    run_tree.copy_runs(connection, plan_id, rows)
    run_tree.copy_edges(connection, tree["edges"])


def link_run(
    connection: Connection,
    plan_id: int,
    run: tuple[int, str],
    planned: tuple[int, str],
    launch: int | None,
) -> None:
    """Let a run (id and uuid) be one of a planned run (id and key), where it really is one."""
    connection.execute(
        _LINK,
        {
            "plan": plan_id,
            "run": run[0],
            "uuid": run[1],
            "planned": planned[0],
            "key": planned[1],
            "launch": launch,
        },
    )


def take_results(connection: Connection, plan_id: int, asked: Sequence[Mapping[str, Any]]) -> None:
    """Give the planned runs of a plan the results that their runs are, but what was ``asked``."""
    connection.execute(_RESULTS, {"plan": plan_id})
    if asked:
        connection.execute(_ASK, [{**each, "plan": plan_id} for each in asked])


def set_finished(connection: Connection, plan_id: int, moment: str | None) -> None:
    """Say when a plan ended."""
    values = {"finished_at": _value("finished_at", moment)}
    connection.execute(
        update(execution_plans).where(execution_plans.c.id == plan_id).values(**values)
    )


def places(connection: Connection, table: str, ids: Sequence[int]) -> dict[int, int]:
    """Return the ids that planned runs or launches get: as before, or new where one is taken."""
    rows = {"planned_runs": planned_runs, "plan_launches": plan_launches}[table]
    query = select(func.count()).select_from(rows).where(rows.c.id.in_(ids))
    if not connection.execute(query).scalar_one():
        return {each: each for each in ids}
    drawn = sorted(connection.execute(_DRAWN, {"table": table, "n": len(ids)}).scalars())
    return dict(zip(ids, drawn, strict=True))


def moved_tree(tree: Mapping[str, Any], places: Mapping[int, int]) -> dict[str, Any]:
    """Return a run tree under other ids."""
    child, parent = run_tree.EDGE.index("child_id"), run_tree.EDGE.index("parent_id")
    edges = [list(edge) for edge in tree["edges"]]
    for edge in edges:
        edge[child], edge[parent] = places[edge[child]], places[edge[parent]]
    return {
        **tree,
        "runs": [{**run, "id": places[run["id"]]} for run in tree["runs"]],
        "edges": edges,
        "reused": {str(places[int(each)]): run for each, run in tree["reused"].items()},
    }


def moved_state(
    state: Mapping[str, Any], places: Mapping[int, int], launches: Mapping[int, int]
) -> dict[str, Any]:
    """Return what became of a plan under the other ids of its tree and its launches."""
    return {
        **state,
        "launches": [{**each, "id": launches[each["id"]]} for each in state["launches"]],
        "asked": [
            {
                **each,
                "id": places[each["id"]],
                **{
                    name: launches.get(each[name], each[name])
                    for name in ("launch_id", "retry_after")
                },
            }
            for each in state["asked"]
            if each["id"] in places
        ],
    }


def _version(connection: Connection, method: str, number: int, commit: str) -> int:
    columns = method_versions.c
    found: int | None = connection.execute(
        select(columns.id)
        .join_from(method_versions, methods)
        .where(
            methods.c.name == method,
            columns.version == number,
            columns.git_commit_hash == commit,
        )
    ).scalar_one_or_none()
    if found is None:
        raise Missing(f"version {number} of method {method} (commit {commit[:12]})")
    return found


def _row(connection: Connection, table: Table, names: Sequence[str], number: int) -> dict[str, Any]:
    query = select(*(table.c[name] for name in names)).where(table.c.id == number)
    return _plain(connection.execute(query).one()._mapping)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _value(name: str, value: Any) -> Any:
    if name in _TIMES and value is not None:
        return datetime.fromisoformat(value)
    return value
