"""Registering one execution of a planned run: one transaction that says go, or why not."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from pm_kernel.domain.storable import storable
from pm_kernel.store.recorded_inputs import recorded_inputs, resolve_inputs

Row = tuple[Any, ...]

# The plan's row is locked too (shared): a cancel or a resume either sees this run or is seen by it.
# In this order, which is that of opening a launch.
_PLANNED = """
SELECT p.plan_id, p.step, p.sample, p.branch, p.key, p.param_set_id, p.set_params, p.inputs,
       p.launch_id, p.current_run, l.epoch AS launch_epoch, e.epoch, e.cancelled_epoch, e.metadata,
       w.id AS workspace_id, v.id AS version_id, v.method_id, v.version, v.git_commit_hash,
       v.git_tag, v.declaration, v.content_hash, m.name AS method, mo.name AS module,
       (SELECT json_agg(json_build_array(c.output_name, c.field_name, c.field_type, c.required)
                        ORDER BY c.id)
        FROM output_contracts c WHERE c.module_id = mo.id) AS contract
FROM planned_runs p
JOIN execution_plans e ON e.id = p.plan_id
JOIN method_versions v ON v.id = p.method_version_id
JOIN methods m ON m.id = v.method_id
JOIN modules mo ON mo.id = m.module_id
JOIN workspaces w ON w.id = e.workspace_id
LEFT JOIN plan_launches l ON l.id = %(launch)s AND l.plan_id = p.plan_id
WHERE p.id = %(planned)s
FOR SHARE OF e FOR UPDATE OF p
"""

_METHOD_INPUTS = """
SELECT input_name, id FROM method_inputs
WHERE method_id = %s AND first_version <= %s AND (last_version IS NULL OR last_version >= %s)
"""

_EXPECTED = """
SELECT f.function_name || '.' || d.param_name, s.value
FROM param_set_values s
JOIN param_defs d ON d.id = s.param_def_id
JOIN tracked_functions f ON f.id = d.tracked_function_id
WHERE s.param_set_id = %s
"""

# What settling needs of a run, and what its directory says of it where nothing else does.
LIVE = """
SELECT r.id AS run_id, r.uuid::text AS uuid, r.pid, r.pid_start, r.boot_id, r.host,
       r.scheduler_job_id, r.work_dir, r.sample, r.started_at::text AS started_at, r.created_by,
       r.set_params, v.version AS method_version, v.git_commit_hash AS commit, m.name AS method,
       mo.name AS module
FROM runs r
JOIN method_versions v ON v.id = r.method_version_id
JOIN methods m ON m.id = r.method_id
JOIN modules mo ON mo.id = m.module_id
WHERE r.status = 'running'
"""

_INSERT_RUN = """
INSERT INTO runs (uuid, workspace_id, method_id, method_version_id, param_set_id, execution_plan_id,
    planned_run_id, launch_id, plan_step, plan_branch, sample, attempt, status, set_params,
    metadata, created_by, host, pid, pid_start, boot_id, scheduler_job_id, work_dir, heartbeat_at)
VALUES (%(uuid)s, %(workspace_id)s, %(method_id)s, %(version_id)s, %(param_set_id)s, %(plan_id)s,
    %(planned)s, %(launch)s, %(step)s, %(branch)s, %(sample)s, %(attempt)s, 'running',
    %(set_params)s, %(metadata)s, %(created_by)s, %(host)s, %(pid)s, %(pid_start)s, %(boot_id)s,
    %(scheduler_job_id)s, %(work_dir)s, now())
RETURNING id, started_at
"""

INSERT_INPUT = """
INSERT INTO run_inputs
    (run_id, method_input_id, source_run_id, source_output, checksum, ordinal, label, value)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def register(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Register one execution of a planned run, or say why not.

    The answer's ``answer`` is one of: ``go`` (a new row, with all that is needed to start),
    ``done`` (a valid completed run exists), ``live`` (another execution has not ended: settle it
    and ask again), ``ended`` (this uuid was ended already) or ``refused`` with a reason.
    """
    request = storable(request)
    with connection.transaction():
        planned = _named(
            connection.execute(
                _PLANNED, {"planned": request["planned"], "launch": request["launch"]}
            )
        )
        if planned is None:
            return _refused(f"there is no planned run {request['planned']} in this database")
        known = connection.execute(
            "SELECT id, status, started_at FROM runs WHERE uuid = %s", (request["uuid"],)
        ).fetchone()
        if known is not None:
            # The reply to an earlier request was lost: same uuid, same run, same inputs.
            if known[1] != "running":
                return {"answer": "ended", "run_id": known[0], "status": known[1]}
            inputs = recorded_inputs(connection, known[0], planned["inputs"])
            return _go(connection, request, planned, known[0], known[2], inputs)
        refusal = _may_register(connection, request, planned)
        if refusal is not None:
            return refusal
        inputs, waiting = resolve_inputs(connection, request["planned"], planned["inputs"])
        if waiting is not None:
            return _refused(f"its input is not ready: {waiting}")
        declared: dict[str, int] = dict(
            connection.execute(
                _METHOD_INPUTS, (planned["method_id"], planned["version"], planned["version"])
            ).fetchall()
        )
        for name in inputs:
            if name not in declared:
                told = f"version {planned['version']} of {planned['method']} has no input {name!r}"
                return _refused(told)
        run_id, started_at = _insert(connection, request, planned, declared, inputs)
        return _go(connection, request, planned, run_id, started_at, inputs)


def _may_register(
    connection: psycopg.Connection[Row], request: dict[str, Any], planned: dict[str, Any]
) -> dict[str, Any] | None:
    if planned["current_run"] is not None:
        return {"answer": "done", "run_id": planned["current_run"]}
    if planned["launch_epoch"] is None or planned["launch_id"] != request["launch"]:
        return _refused("this planned run was given to another launch meanwhile")
    if planned["cancelled_epoch"] >= planned["launch_epoch"]:
        return {"answer": "refused", "reason": "the plan was cancelled", "cancelled": True}
    if planned["launch_epoch"] != planned["epoch"]:
        return _refused("the plan was resumed meanwhile; the newer launch has this planned run")
    live = _named(connection.execute(LIVE + " AND r.planned_run_id = %s", (request["planned"],)))
    return None if live is None else {"answer": "live", "run": live}


def _go(
    connection: psycopg.Connection[Row],
    request: dict[str, Any],
    planned: dict[str, Any],
    run_id: int,
    started_at: Any,
    inputs: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    expected = connection.execute(_EXPECTED, (planned["param_set_id"],)).fetchall()
    return {
        "answer": "go",
        "run_id": run_id,
        "uuid": request["uuid"],
        "started_at": started_at.isoformat(),
        "plan_id": planned["plan_id"],
        "planned": request["planned"],
        "planned_key": planned["key"],
        "launch": request["launch"],
        "step": planned["step"],
        "sample": planned["sample"],
        "branch": planned["branch"],
        "attempt": request["attempt"],
        "method": planned["method"],
        "module": planned["module"],
        "method_version": planned["version"],
        "commit": planned["git_commit_hash"],
        "tag": planned["git_tag"],
        "content_hash": planned["content_hash"],
        "declaration": _declared(planned["declaration"]),
        "contract": planned["contract"] or [],
        "set_params": planned["set_params"],
        "expected": dict(expected),
        "inputs": inputs,
        "metadata": planned["metadata"],
        "created_by": request["created_by"],
        "host": request["host"],
        "scheduler_job_id": request.get("scheduler_job_id"),
        "work_dir": request["work_dir"],
        "problem": _problem(inputs),
    }


def _problem(inputs: dict[str, dict[str, Any]]) -> str | None:
    """Return what makes the run fail at once although its parents have completed."""
    for name, entry in inputs.items():
        for item in entry["items"]:
            if item["kind"] == "run" and item["path"] is None:
                return f"Input {name!r}: run {item['run_id']} has no output {item['output']!r}."
    return None


def _declared(declaration: dict[str, Any]) -> dict[str, Any]:
    """Return what a run needs of its version's declaration, by name."""
    options = {
        param["name"]: {
            "option": param["option"],
            "kind": param["kind"],
            "default": param["default"],
        }
        for tracked in declaration["tracked"]
        for param in tracked["params"]
        if param.get("option") or param["kind"] == "argument"
    }
    return {
        "entry": declaration["entry"],
        "options": options,
        "paths": _paths(declaration),
        "environment": declaration.get("environment"),
        "tracked": [
            {
                "function": tracked["function"],
                "qualname": tracked["qualname"],
                "file": tracked["file"],
                "params": [param["name"] for param in tracked["params"]],
            }
            for tracked in declaration["tracked"]
        ],
        "inputs": {i["name"]: {"required": i["required"]} for i in declaration["inputs"]},
        "outputs": {
            o["name"]: {"path": o["path"], "type": o["type"], "required": o["required"]}
            for o in declaration["outputs"]
        },
    }


def _paths(declaration: dict[str, Any]) -> dict[str, Any]:
    """Return which parts of which parameters arrive as path objects, where they are set."""
    shapes = {}
    for tracked in declaration["tracked"]:
        for param in tracked["params"]:
            annotation, default = param.get("type", ""), param.get("default_source", "")
            if "Path" in annotation or "Path" in default:
                from pm_kernel.domain.arriving import path_shape

                if shape := path_shape(annotation, default):
                    shapes[f"{tracked['function']}.{param['name']}"] = shape
    return shapes


def _insert(
    connection: psycopg.Connection[Row],
    request: dict[str, Any],
    planned: dict[str, Any],
    declared: dict[str, int],
    inputs: dict[str, dict[str, Any]],
) -> Row:
    row = connection.execute(
        _INSERT_RUN,
        {
            **planned,
            **request,
            "set_params": json.dumps(planned["set_params"]),
            "metadata": json.dumps(planned["metadata"]),
            "scheduler_job_id": request.get("scheduler_job_id"),
        },
    ).fetchone()
    assert row is not None
    rows = input_rows(row[0], declared, inputs)
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT_INPUT, rows)
    return row


def input_rows(
    run_id: int, declared: dict[str, int], inputs: dict[str, dict[str, Any]]
) -> list[Row]:
    """Return the rows of ``run_inputs``, in the order of INSERT_INPUT."""
    return [
        (
            run_id,
            declared[name],
            item.get("run_id"),
            item.get("output"),
            item.get("checksum"),
            ordinal,
            item.get("label"),
            _value(item),
        )
        for name, entry in inputs.items()
        for ordinal, item in enumerate(entry["items"])
    ]


def _value(item: dict[str, Any]) -> str | None:
    if item["kind"] == "value":
        return json.dumps({"text": item["text"]})
    if item["kind"] == "file":
        return json.dumps({"path": item["path"]})
    return None


def renumber(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Give a running run an id above ``above``: its own names a directory of another run.

    That happens where a database was put back by other means than `pm db restore`: it gives out
    ids that the run store has had already.
    """
    with connection.transaction():
        connection.execute("LOCK TABLE runs IN EXCLUSIVE MODE")
        connection.execute(
            "SELECT setval(s, greatest(%s, (SELECT max(id) FROM runs), "
            "coalesce(pg_sequence_last_value(s::regclass), 0))) "
            "FROM pg_get_serial_sequence('runs', 'id') AS s",
            (request["above"],),
        )
        row = connection.execute(
            "SELECT id, nextval(pg_get_serial_sequence('runs', 'id')) FROM runs "
            "WHERE uuid = %s AND status = 'running'",
            (request["uuid"],),
        ).fetchone()
        if row is None:
            return _refused("it was ended meanwhile")
        old, new = row
        inputs = connection.execute(
            "DELETE FROM run_inputs WHERE run_id = %s RETURNING method_input_id, source_run_id, "
            "source_output, checksum, ordinal, label, value::text",
            (old,),
        ).fetchall()
        connection.execute("UPDATE runs SET id = %s WHERE id = %s", (new, old))
        if inputs:
            with connection.cursor() as cursor:
                cursor.executemany(INSERT_INPUT, [(new, *each) for each in inputs])
    return {"answer": "renumbered", "run_id": new}


def _named(cursor: psycopg.Cursor[Row]) -> dict[str, Any] | None:
    row = cursor.fetchone()
    if row is None or cursor.description is None:
        return None
    return {column.name: value for column, value in zip(cursor.description, row, strict=True)}


def _refused(reason: str) -> dict[str, Any]:
    return {"answer": "refused", "reason": reason}
