"""What the run store repeats of plans and templates, read into a database that lacks it.

Ids stay what they are where they are free: directories and records of runs name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, update

from pm_kernel.store import mirrored, numbering, param_sets, run_tree
from pm_kernel.store.tables import (
    execution_plans,
    method_versions,
    methods,
    plan_launches,
    template_versions,
    workflow_templates,
    workspaces,
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
# Of a run that was read while its launch was not there yet.
_NAME_LAUNCH = text(
    """
    UPDATE runs r SET launch_id = l.id FROM plan_launches l
    WHERE r.id = :run AND r.uuid = CAST(:uuid AS uuid) AND r.execution_plan_id = :plan
      AND r.launch_id IS NULL AND l.id = :launch AND l.plan_id = :plan
    """
)

_UNLINK = text(
    """
    UPDATE runs SET execution_plan_id = NULL, planned_run_id = NULL, launch_id = NULL
    WHERE execution_plan_id = :plan
    """
)


class Missing(Exception):
    """Something that is named is not in this database; the text says what."""


def insert_template(connection: Connection, document: Mapping[str, Any]) -> None:
    """Store a template under the id that it had."""
    values = _template_values(document)
    connection.execute(insert(workflow_templates).values(id=document["template_id"], **values))


def update_template(connection: Connection, document: Mapping[str, Any]) -> None:
    """Let a template that is locked be what it was when it was saved last."""
    columns = workflow_templates.c
    connection.execute(
        update(workflow_templates)
        .where(columns.id == document["template_id"])
        .values(**_template_values(document))
    )


def insert_template_version(connection: Connection, document: Mapping[str, Any]) -> None:
    """Store an earlier version of a template that is there."""
    values = {name: column_value(name, document[name]) for name in mirrored.VERSION}
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
    values = {name: column_value(name, document[name]) for name in mirrored.PLAN}
    request = document["request"]
    columns = workflow_templates.c
    template = select(columns.id).where(columns.id == values.pop("template_id"))
    if state is not None:
        values |= {name: column_value(name, state[name]) for name in mirrored.STATE}
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
        values = {
            name: column_value(name, launch[name]) for name in mirrored.LAUNCH if name in launch
        }
        connection.execute(insert(plan_launches).values(plan_id=plan_id, **values))


def insert_tree(connection: Connection, plan_id: int, tree: Mapping[str, Any]) -> None:
    """Store the run tree of a plan, with the results that it reused.

    Raises Missing where a version, or a run that it reused, is not in this database.
    """
    require_reused(connection, tree)
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


def require_reused(connection: Connection, tree: Mapping[str, Any]) -> None:
    """Raise Missing where a run that a run tree reuses is not in this database."""
    reused = set(tree["reused"].values())
    absent = reused - numbering.known_runs(connection, list(reused))
    if absent:
        raise Missing(f"run {min(absent)}, which it reuses,")


def link_run(
    connection: Connection,
    plan_id: int,
    run: tuple[int, str],
    planned: tuple[int, str],
    launch: int | None,
) -> None:
    """Let a run (id and uuid) be one of a planned run (id and key), where it really is one."""
    named = {"plan": plan_id, "run": run[0], "uuid": run[1], "launch": launch}
    connection.execute(_LINK, {**named, "planned": planned[0], "key": planned[1]})
    connection.execute(_NAME_LAUNCH, named)


def take_results(connection: Connection, plan_id: int, asked: Sequence[Mapping[str, Any]]) -> None:
    """Give the planned runs of a plan the results that their runs are, but what was ``asked``."""
    connection.execute(_RESULTS, {"plan": plan_id})
    if asked:
        connection.execute(_ASK, [{**each, "plan": plan_id} for each in asked])


def set_finished(connection: Connection, plan_id: int, moment: str | None) -> None:
    """Say when a plan ended."""
    values = {"finished_at": column_value("finished_at", moment)}
    connection.execute(
        update(execution_plans).where(execution_plans.c.id == plan_id).values(**values)
    )


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


def _template_values(document: Mapping[str, Any]) -> dict[str, Any]:
    # What was written before templates had versions says none.
    known = {"version": 1, "note": "", "updated_by": document["created_by"], **document}
    return {name: column_value(name, known[name]) for name in mirrored.TEMPLATE}


def column_value(name: str, value: Any) -> Any:
    """Return a value of a document as its column takes it."""
    if name in mirrored.TIMES and value is not None:
        return datetime.fromisoformat(value)
    return value
