"""The statements that record a run, in plain psycopg: they run twice per run.

Every request is a JSON-able dictionary, so that it may as well arrive through a socket. The rules
(who may register, what a completion may change) are those of ARCHITECTURE.md, "Recording".
"""

from __future__ import annotations

import json
from typing import Any

import psycopg

from pm_kernel.domain.reuse import content_identity, set_key, stated_key, value_identity
from pm_kernel.domain.storable import storable
from pm_kernel.domain.survivors import Member, survivors

Row = tuple[Any, ...]

_PLANNED = """
SELECT p.plan_id, p.step, p.sample, p.branch, p.method_version_id, p.param_set_id, p.set_params,
       p.inputs, p.launch_id, p.current_run, l.epoch, e.epoch, e.cancelled_epoch,
       v.method_id, v.version, v.git_commit_hash, v.git_tag, v.declaration, m.name, mo.name,
       w.id, p.key, e.metadata, v.content_hash
FROM planned_runs p
JOIN execution_plans e ON e.id = p.plan_id
JOIN method_versions v ON v.id = p.method_version_id
JOIN methods m ON m.id = v.method_id
JOIN modules mo ON mo.id = m.module_id
JOIN workspaces w ON w.id = e.workspace_id
LEFT JOIN plan_launches l ON l.id = %(launch)s AND l.plan_id = p.plan_id
WHERE p.id = %(planned)s
FOR UPDATE OF p
"""

_EDGES = """
SELECT pe.input_name, pe.ordinal, pe.source_output, pe.label, pe.on_failure,
       pp.key, pp.current_run, r.status, o.artifact_path, o.checksum, o.artifact_type, w.root
FROM planned_edges pe
JOIN planned_runs pp ON pp.id = pe.parent_id
LEFT JOIN runs r ON r.id = pp.current_run
LEFT JOIN run_outputs o ON o.run_id = r.id AND o.output_name = pe.source_output
LEFT JOIN workspaces w ON w.id = r.workspace_id
WHERE pe.child_id = %s
ORDER BY pe.input_name, pe.ordinal
"""

_EXISTING = """
SELECT r.id, r.status, o.artifact_path, o.checksum, o.artifact_type, w.root
FROM runs r
JOIN workspaces w ON w.id = r.workspace_id
LEFT JOIN run_outputs o ON o.run_id = r.id AND o.output_name = %s
WHERE r.id = %s
"""

_METHOD_INPUTS = """
SELECT input_name, id, required FROM method_inputs
WHERE method_id = %s AND first_version <= %s AND (last_version IS NULL OR last_version >= %s)
"""

_EXPECTED = """
SELECT f.function_name, d.param_name, s.value
FROM param_set_values s
JOIN param_defs d ON d.id = s.param_def_id
JOIN tracked_functions f ON f.id = d.tracked_function_id
WHERE s.param_set_id = %s
"""

_LIVE = """
SELECT id, uuid::text, status, pid, pid_start, boot_id, host FROM runs
WHERE planned_run_id = %s AND status = 'running'
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

_INSERT_INPUT = """
INSERT INTO run_inputs
    (run_id, method_input_id, source_run_id, source_output, checksum, ordinal, label, value)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def connect(url: str) -> psycopg.Connection[Row]:
    """Open a connection for recording; transactions are explicit blocks."""
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=10,
        application_name="pm record",
        prepare_threshold=None,
    )


def register(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Register one execution of a planned run, or say why not.

    The answer's ``answer`` is one of: ``go`` (a new row, with all that is needed to start),
    ``done`` (a valid completed run exists), ``live`` (another execution has not ended: settle it
    and ask again), ``ended`` (this uuid was ended already) or ``refused`` with a reason.
    """
    with connection.transaction():
        planned = connection.execute(
            _PLANNED, {"planned": request["planned"], "launch": request["launch"]}
        ).fetchone()
        if planned is None:
            return _refused(f"there is no planned run {request['planned']} in this database")
        known = connection.execute(
            "SELECT id, status, started_at FROM runs WHERE uuid = %s", (request["uuid"],)
        ).fetchone()
        if known is not None:
            # The reply to an earlier request was lost: same uuid, same run.
            if known[1] != "running":
                return {"answer": "ended", "run_id": known[0], "status": known[1]}
            return _go(connection, request, planned, known[0], known[2], insert=False)
        refusal = _may_register(connection, request, planned)
        if refusal is not None:
            return refusal
        return _go(connection, request, planned, None, None, insert=True)


def _may_register(
    connection: psycopg.Connection[Row], request: dict[str, Any], planned: Row
) -> dict[str, Any] | None:
    given_to, current_run, launch_epoch, epoch, cancelled_epoch = planned[8:13]
    if current_run is not None:
        return {"answer": "done", "run_id": current_run}
    if launch_epoch is None or given_to != request["launch"]:
        return _refused("this planned run was given to another launch meanwhile")
    if cancelled_epoch >= launch_epoch:
        return {"answer": "refused", "reason": "the plan was cancelled", "cancelled": True}
    if launch_epoch != epoch:
        return _refused("the plan was resumed meanwhile; the newer launch has this planned run")
    live = connection.execute(_LIVE, (request["planned"],)).fetchone()
    if live is not None:
        names = ("run_id", "uuid", "status", "pid", "pid_start", "boot_id", "host")
        return {"answer": "live", "run": dict(zip(names, live, strict=True))}
    return None


def _go(
    connection: psycopg.Connection[Row],
    request: dict[str, Any],
    planned: Row,
    run_id: int | None,
    started_at: Any,
    *,
    insert: bool,
) -> dict[str, Any]:
    method_id, version = planned[13], planned[14]
    declared = {
        name: (input_id, required)
        for name, input_id, required in connection.execute(
            _METHOD_INPUTS, (method_id, version, version)
        )
    }
    inputs, missing, problem = _resolve_inputs(connection, request["planned"], planned[7])
    if missing:
        return _refused(f"its input is not ready: {missing}")
    for name in inputs:
        if name not in declared:
            return _refused(f"version {version} of {planned[18]} has no input {name!r}")
    if insert:
        run_id, started_at = _insert(connection, request, planned, declared, inputs)
    expected = {
        f"{function}.{param}": value
        for function, param, value in connection.execute(_EXPECTED, (planned[5],))
    }
    return {
        "answer": "go",
        "run_id": run_id,
        "uuid": request["uuid"],
        "started_at": started_at.isoformat(),
        "plan_id": planned[0],
        "step": planned[1],
        "sample": planned[2],
        "branch": planned[3],
        "planned_key": planned[21],
        "planned": request["planned"],
        "launch": request["launch"],
        "attempt": request["attempt"],
        "version_id": planned[4],
        "method": planned[18],
        "module": planned[19],
        "method_version": version,
        "commit": planned[15],
        "tag": planned[16],
        "content_hash": planned[23],
        "declaration": _declared(planned[17]),
        "set_params": planned[6],
        "expected": expected,
        "inputs": inputs,
        "metadata": planned[22],
        "created_by": request["created_by"],
        "host": request["host"],
        "problem": problem,
    }


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


def _insert(
    connection: psycopg.Connection[Row],
    request: dict[str, Any],
    planned: Row,
    declared: dict[str, tuple[int, bool]],
    inputs: dict[str, dict[str, Any]],
) -> Row:
    row = connection.execute(
        _INSERT_RUN,
        {
            "uuid": request["uuid"],
            "workspace_id": planned[20],
            "method_id": planned[13],
            "version_id": planned[4],
            "param_set_id": planned[5],
            "plan_id": planned[0],
            "planned": request["planned"],
            "launch": request["launch"],
            "step": planned[1],
            "branch": planned[3],
            "sample": planned[2],
            "attempt": request["attempt"],
            "set_params": json.dumps(planned[6]),
            "metadata": json.dumps(planned[22]),
            "created_by": request["created_by"],
            "host": request["host"],
            "pid": request["pid"],
            "pid_start": request["pid_start"],
            "boot_id": request["boot_id"],
            "scheduler_job_id": request.get("scheduler_job_id"),
            "work_dir": request["work_dir"],
        },
    ).fetchone()
    assert row is not None
    rows = [
        (
            row[0],
            declared[name][0],
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
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT_INPUT, rows)
    return row


def _value(item: dict[str, Any]) -> str | None:
    if item["kind"] == "value":
        return json.dumps({"text": item["text"]})
    if item["kind"] == "file":
        return json.dumps({"path": item["path"]})
    return None


def _resolve_inputs(
    connection: psycopg.Connection[Row], planned_id: int, planned_inputs: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], str | None, str | None]:
    """Return the inputs, what is not ready yet, and what makes the run fail at once."""
    sources: dict[str, list[dict[str, Any]]] = {}
    members: dict[str, list[Member]] = {}
    waiting: str | None = None
    problem: str | None = None
    edges: dict[str, list[Row]] = {}
    for row in connection.execute(_EDGES, (planned_id,)).fetchall():
        edges.setdefault(row[0], []).append(row)
    for name, entry in planned_inputs.items():
        items = [_edge_item(row, gather=entry["gather"]) for row in edges.get(name, ())]
        items += [_existing_item(connection, item) for item in entry["items"]]
        for item in items:
            if item["waiting"]:
                waiting = waiting or item["waiting"]
            elif item["kind"] == "run" and item["path"] is None:
                told = f"Input {name!r}: run {item['run_id']} has no output {item['output']!r}."
                problem = problem or told
        sources[name] = items
        members[name] = [
            Member(not item["waiting"], item.get("label"), item.pop("on_failure", "wait"))
            for item in items
        ]
    left = survivors(members)
    if left is None:
        return {}, waiting, None
    return (
        {
            name: {
                "gather": entry["gather"],
                "items": [sources[name][position] for position in left[name]],
            }
            for name, entry in planned_inputs.items()
        },
        None,
        problem,
    )


def _edge_item(row: Row, *, gather: bool) -> dict[str, Any]:
    _, _, output, label, on_failure, key, source, status, path, checksum, kind, root = row
    ready = source is not None and status == "completed"
    return {
        "kind": "run",
        "run_id": source,
        "output": output,
        "label": label if gather else None,
        "path": path,
        "checksum": checksum,
        "type": kind,
        "root": root,
        "on_failure": on_failure,
        "waiting": None if ready else f"{key} has no completed run",
    }


def _existing_item(connection: psycopg.Connection[Row], item: dict[str, Any]) -> dict[str, Any]:
    if item["kind"] != "run":
        return {**item, "waiting": None}
    row = connection.execute(_EXISTING, (item["output"], item["run_id"])).fetchone()
    if row is None or row[1] != "completed":
        told = f"run {item['run_id']} is not a completed run"
        return {**item, "path": None, "waiting": told}
    _, _, path, checksum, kind, root = row
    details = {"path": path, "checksum": checksum, "type": kind, "root": root}
    return {**item, **details, "waiting": None}


def _refused(reason: str) -> dict[str, Any]:
    return {"answer": "refused", "reason": reason}


_COMPLETE = """
UPDATE runs SET status = %(status)s, finished_at = %(finished_at)s, error = %(error)s,
    metrics = %(metrics)s, notices = %(notices)s, environment = %(environment)s,
    environment_fingerprint = %(environment_fingerprint)s, cpu_seconds = %(cpu_seconds)s,
    peak_rss_bytes = %(peak_rss_bytes)s
WHERE uuid = %(uuid)s AND status = 'running'
RETURNING id, method_version_id, param_set_id, set_params, planned_run_id
"""

_INSERT_OUTPUT = """
INSERT INTO run_outputs
    (run_id, output_name, artifact_path, artifact_type, size_bytes, file_count, checksum, declared)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""

_INSERT_PARAMETER = """
INSERT INTO run_parameters
    (run_id, function_name, param_name, ordinal, value, value_type, expected, is_set)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""

_INSERT_ALTERED = """
INSERT INTO integrity_events (run_id, kind, tier, result, file, reason, created_by)
SELECT id, 'altered', 'content', 'altered', %(file)s,
       'expected sha256:' || %(expected)s || ', found ' || %(actual)s, %(by)s
FROM runs WHERE id = %(run_id)s
"""

_CONTENTS = """
SELECT mi.input_name, ri.checksum, ri.value, ri.label
FROM run_inputs ri JOIN method_inputs mi ON mi.id = ri.method_input_id
WHERE ri.run_id = %s ORDER BY mi.input_name, ri.ordinal
"""


def complete(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Bring the row of an ended run in line with its sealed directory; may be repeated.

    The answer's ``answer`` is ``recorded``, ``known`` (it was recorded before) or ``unknown`` (no
    such row: the directory is of a run that this database never saw, or forgot).
    """
    request = storable(request)
    with connection.transaction():
        row = connection.execute(
            _COMPLETE,
            {
                **{key: request[key] for key in ("uuid", "status", "finished_at", "error")},
                "metrics": json.dumps(request["metrics"]),
                "notices": json.dumps(request["notices"]),
                "environment": json.dumps(request["environment"]),
                "environment_fingerprint": request["environment_fingerprint"],
                "cpu_seconds": request["cpu_seconds"],
                "peak_rss_bytes": request["peak_rss_bytes"],
            },
        ).fetchone()
        if row is None:
            known = connection.execute(
                "SELECT id, status FROM runs WHERE uuid = %s", (request["uuid"],)
            ).fetchone()
            if known is None:
                return {"answer": "unknown"}
            return {"answer": "known", "run_id": known[0], "status": known[1]}
        run_id, version_id, param_set_id, set_params, planned_id = row
        _insert_details(connection, run_id, request)
        if request["status"] == "completed":
            if planned_id is not None:
                connection.execute(
                    "UPDATE planned_runs SET current_run = %s "
                    "WHERE id = %s AND current_run IS NULL",
                    (run_id, planned_id),
                )
            if request["reusable"] is not None:
                inputs = _contents(connection, run_id)
                key = (
                    stated_key(version_id, param_set_id, inputs)
                    if request["reusable"] == "stated"
                    else set_key(version_id, set_params, inputs)
                )
                connection.execute("UPDATE runs SET reuse_key = %s WHERE id = %s", (key, run_id))
        return {"answer": "recorded", "run_id": run_id, "status": request["status"]}


def _insert_details(
    connection: psycopg.Connection[Row], run_id: int, request: dict[str, Any]
) -> None:
    for item in request["altered"]:
        connection.execute(_INSERT_ALTERED, {**item, "by": request["created_by"]})
    with connection.cursor() as cursor:
        if request["outputs"]:
            cursor.executemany(
                _INSERT_OUTPUT,
                [
                    (
                        run_id,
                        o["name"],
                        o["path"],
                        o["type"],
                        o["size"],
                        o["files"],
                        o["checksum"],
                        o["declared"],
                    )
                    for o in request["outputs"]
                ],
            )
        if request["parameters"]:
            cursor.executemany(
                _INSERT_PARAMETER,
                [
                    (
                        run_id,
                        p["function"],
                        p["param"],
                        p["ordinal"],
                        p["value"],
                        p["type"],
                        p["expected"],
                        p["set"],
                    )
                    for p in request["parameters"]
                ],
            )
        if request["logs"]:
            with cursor.copy(
                "COPY run_logs (run_id, level, message, logged_at, line) FROM STDIN"
            ) as copy:
                for entry in request["logs"]:
                    copy.write_row(
                        (run_id, entry["level"], entry["message"], entry["time"], entry["line"])
                    )


def _contents(connection: psycopg.Connection[Row], run_id: int) -> dict[str, list[str]]:
    inputs: dict[str, list[str]] = {}
    for name, checksum, value, label in connection.execute(_CONTENTS, (run_id,)):
        identity = (
            content_identity(checksum, label)
            if checksum is not None
            else value_identity(value["text"], label)
        )
        inputs.setdefault(name, []).append(identity)
    return inputs


def beat(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Record a sign of life of runs that are still running."""
    connection.execute(
        "UPDATE runs SET heartbeat_at = now() WHERE uuid = ANY(%s::uuid[]) AND status = 'running'",
        (request["uuids"],),
    )
    return {"answer": "noted"}


#: What a recorder may be asked to do.
OPERATIONS = {"register": register, "complete": complete, "beat": beat}
