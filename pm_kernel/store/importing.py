"""Runs whose directory is whole and whose row is missing: the row is made from the directory.

That is so after an older backup was restored while runs went on. What the directory names (method
version, upstream runs, parameters) must be known here; otherwise nothing is written and the answer
says what is missing. The directory stays as it is in either case.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg

from pm_kernel.domain.storable import storable
from pm_kernel.store.completing import record_details
from pm_kernel.store.registering import INSERT_INPUT, input_rows

Row = tuple[Any, ...]

_VERSION = """
SELECT v.id, v.method_id, v.version
FROM method_versions v JOIN methods m ON m.id = v.method_id
WHERE m.name = %s AND v.version = %s AND v.git_commit_hash = %s
"""

_PARAM_DEFS = """
SELECT f.function_name || '.' || d.param_name, d.id
FROM tracked_functions f JOIN param_defs d ON d.tracked_function_id = f.id
WHERE f.method_id = %(method)s
  AND f.first_version <= %(version)s AND coalesce(f.last_version, %(version)s) >= %(version)s
  AND d.first_version <= %(version)s AND coalesce(d.last_version, %(version)s) >= %(version)s
"""

_METHOD_INPUTS = """
SELECT input_name, id FROM method_inputs
WHERE method_id = %(method)s
  AND first_version <= %(version)s AND coalesce(last_version, %(version)s) >= %(version)s
"""

# A plan of the same number that was made after the backup is another plan.
_PLANNED = """
SELECT p.plan_id, p.id, l.id
FROM planned_runs p
JOIN execution_plans e ON e.id = p.plan_id
LEFT JOIN plan_launches l ON l.plan_id = e.id AND l.id = %(launch)s
WHERE p.id = %(planned)s AND p.plan_id = %(plan)s AND p.key = %(key)s
  AND p.method_version_id = %(version)s AND p.param_set_id = %(param_set)s
  AND e.workspace_id = %(workspace)s AND e.created_at <= %(started_at)s
"""

_INSERT_RUN = """
INSERT INTO runs (id, uuid, workspace_id, method_id, method_version_id, param_set_id,
    execution_plan_id, planned_run_id, launch_id, plan_step, plan_branch, sample, attempt, status,
    started_at, finished_at, error, set_params, metrics, metadata, notices, created_by, host,
    scheduler_job_id, work_dir, cpu_seconds, peak_rss_bytes, environment_fingerprint, environment)
VALUES (%(run_id)s, %(uuid)s, %(workspace_id)s, %(method_id)s, %(version_id)s, %(param_set_id)s,
    %(plan_id)s, %(planned_id)s, %(launch_id)s, %(step)s, %(branch)s, %(sample)s, %(attempt)s,
    %(status)s, %(started_at)s, %(finished_at)s, %(error)s, %(set_params)s, %(metrics)s,
    %(metadata)s, %(notices)s, %(created_by)s, %(host)s, %(scheduler_job_id)s, %(work_dir)s,
    %(cpu_seconds)s, %(peak_rss_bytes)s, %(environment_fingerprint)s, %(environment)s)
ON CONFLICT DO NOTHING
"""
# A planned run is executed only while it has no result: its newest run says how it is, whatever a
# backup has as its result.
_RESULT = """
UPDATE planned_runs p SET current_run = %(result)s
WHERE p.id = %(planned)s AND p.current_run IS DISTINCT FROM %(result)s
  AND NOT EXISTS (SELECT 1 FROM runs n WHERE n.planned_run_id = p.id AND n.id > %(run)s)
"""


class _Missing(Exception):
    """Something that the directory names is not in this database; the text says what."""


def import_sealed(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Make the row of a sealed run; ``meta`` is its meta.json, ``workspace`` the uuid of its store.

    The answer's ``answer`` is ``recorded``, ``known`` (there is a row) or ``missing``, with a
    ``reason`` that names what is not there.
    """
    meta = storable(request["meta"])
    try:
        with connection.transaction():
            known = connection.execute(
                "SELECT id, status FROM runs WHERE uuid = %s", (meta["uuid"],)
            ).fetchone()
            if known is not None:
                return {"answer": "known", "run_id": known[0], "status": known[1]}
            _import(connection, meta, request["workspace"], storable(request["logs"]))
    except _Missing as missing:
        return {"answer": "missing", "reason": str(missing)}
    return {"answer": "recorded", "run_id": meta["run_id"], "status": meta["status"]}


def _import(
    connection: psycopg.Connection[Row],
    meta: dict[str, Any],
    workspace: str,
    logs: list[dict[str, Any]],
) -> None:
    registered, record = meta["registered"], meta["record"]
    run_id: int = meta["run_id"]
    method, number, commit = (registered.get(k) for k in ("method", "method_version", "commit"))
    version = connection.execute(_VERSION, (method, number, commit)).fetchone()
    if version is None:
        raise _Missing(f"version {number} of method {method} (commit {str(commit)[:12]})")
    version_id, method_id, _ = version
    place = connection.execute("SELECT id FROM workspaces WHERE uuid = %s", (workspace,)).fetchone()
    if place is None:
        raise _Missing(f"the workspace {workspace}")
    inputs = registered["inputs"]
    _require_sources(connection, inputs)
    span = {"method": method_id, "version": number}
    declared: dict[str, int] = dict(connection.execute(_METHOD_INPUTS, span).fetchall())
    for name in inputs:
        if name not in declared:
            raise _Missing(f"input {name!r} of version {number} of {method}")
    started_at = registered.get("started_at") or record["finished_at"]
    param_set_id = _param_set(connection, registered, span)
    linked = connection.execute(
        _PLANNED,
        {
            "planned": registered.get("planned"),
            "plan": registered.get("plan_id"),
            "launch": registered.get("launch"),
            "key": registered.get("planned_key"),
            "version": version_id,
            "param_set": param_set_id,
            "workspace": place[0],
            "started_at": started_at,
        },
    ).fetchone()
    plan_id, planned_id, launch_id = linked or (None, None, None)
    done = connection.execute(
        _INSERT_RUN,
        {
            **{k: record[k] for k in ("status", "error", "finished_at")},
            **{k: record[k] for k in ("cpu_seconds", "peak_rss_bytes", "environment_fingerprint")},
            **{k: json.dumps(record[k]) for k in ("metrics", "notices", "environment")},
            **{k: registered.get(k) for k in ("step", "branch", "sample")},
            **{k: registered.get(k) for k in ("scheduler_job_id", "work_dir")},
            "run_id": run_id,
            "uuid": meta["uuid"],
            "workspace_id": place[0],
            "method_id": method_id,
            "version_id": version_id,
            "param_set_id": param_set_id,
            "plan_id": plan_id,
            "planned_id": planned_id,
            "launch_id": launch_id,
            "attempt": registered.get("attempt") or 1,
            "started_at": started_at,
            "set_params": json.dumps(registered["set_params"]),
            "metadata": json.dumps(registered.get("metadata") or {}),
            "created_by": registered.get("created_by") or record["created_by"],
            "host": registered.get("host") or "",
        },
    )
    if done.rowcount == 0:
        raise _Missing(f"a free place: id {run_id} belongs to another run of this database")
    connection.execute(
        "SELECT setval(s, greatest(%s, (SELECT max(id) FROM runs), "
        "coalesce(pg_sequence_last_value(s::regclass), 0))) "
        "FROM pg_get_serial_sequence('runs', 'id') AS s",
        (run_id,),
    )
    rows = input_rows(run_id, declared, inputs)
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(INSERT_INPUT, rows)
    row = (run_id, version_id, param_set_id, registered["set_params"], None)
    record_details(connection, row, {**record, "logs": logs})
    if planned_id is not None:
        result = run_id if record["status"] == "completed" else None
        connection.execute(_RESULT, {"planned": planned_id, "run": run_id, "result": result})


def _require_sources(
    connection: psycopg.Connection[Row], inputs: dict[str, dict[str, Any]]
) -> None:
    wanted = {
        item["run_id"]
        for entry in inputs.values()
        for item in entry["items"]
        if item["kind"] == "run"
    }
    found = connection.execute("SELECT id FROM runs WHERE id = ANY(%s)", (list(wanted),)).fetchall()
    absent = sorted(wanted - {row[0] for row in found})
    if absent:
        raise _Missing(f"its upstream run {absent[0]}")


def _param_set(
    connection: psycopg.Connection[Row], registered: dict[str, Any], span: dict[str, int]
) -> int:
    """Return the id of the param set that the run was registered with, made if need be."""
    from pm_kernel.domain.params import fingerprint

    stated = {**registered["expected"], **registered["set_params"]}
    found = {"method": span["method"], "mark": fingerprint(stated)}
    made = connection.execute(
        "INSERT INTO param_sets (method_id, fingerprint) VALUES (%(method)s, %(mark)s) "
        "ON CONFLICT DO NOTHING RETURNING id",
        found,
    ).fetchone()
    if made is None:
        row = connection.execute(
            "SELECT id FROM param_sets WHERE method_id = %(method)s AND fingerprint = %(mark)s",
            found,
        ).fetchone()
        assert row is not None
        return int(row[0])
    definitions: dict[str, int] = dict(connection.execute(_PARAM_DEFS, span).fetchall())
    for key in stated:
        if key not in definitions:
            raise _Missing(f"parameter {key} of version {span['version']}")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO param_set_values (param_set_id, param_def_id, value) VALUES (%s, %s, %s)",
            [(made[0], definitions[key], value) for key, value in stated.items()],
        )
    return int(made[0])
