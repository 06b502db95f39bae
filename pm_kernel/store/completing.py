"""Bringing the row of an ended run in line with its sealed directory; signs of life until then."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from pm_kernel.domain.reuse import content_identity, set_key, stated_key, value_identity
from pm_kernel.domain.storable import storable

Row = tuple[Any, ...]

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
_OUTPUT = ("name", "path", "type", "size", "files", "checksum", "declared")

_INSERT_PARAMETER = """
INSERT INTO run_parameters
    (run_id, function_name, param_name, ordinal, value, value_type, expected, is_set)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_PARAMETER = ("function", "param", "ordinal", "value", "type", "expected", "set")

_INSERT_ALTERED = """
INSERT INTO integrity_events (run_id, kind, tier, result, file, reason, created_by)
SELECT id, 'altered', 'content', 'altered', %(file)s, %(reason)s, %(by)s
FROM runs WHERE id = %(run_id)s
"""

_CONTENTS = """
SELECT mi.input_name, ri.checksum, ri.value, ri.label
FROM run_inputs ri JOIN method_inputs mi ON mi.id = ri.method_input_id
WHERE ri.run_id = %s ORDER BY mi.input_name, ri.ordinal
"""


def complete(connection: psycopg.Connection[Row], request: dict[str, Any]) -> dict[str, Any]:
    """Bring the row of an ended run in line with its sealed directory; may be repeated.

    The answer's ``answer`` is ``recorded``, ``known`` (it was recorded before, ``status`` says as
    what) or ``unknown`` (no such row: the directory is of a run that this database never saw, or
    forgot).
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
        record_details(connection, row, request)
        return {"answer": "recorded", "run_id": row[0], "status": request["status"]}


def record_details(connection: psycopg.Connection[Row], row: Row, request: dict[str, Any]) -> None:
    """Record what belongs to an ended run beside its row.

    ``row`` is id, version, param set, set parameters and planned run; ``request`` is storable.
    """
    run_id, version_id, param_set_id, set_params, planned_id = row
    _insert_all(connection, run_id, request)
    if request["status"] != "completed":
        return
    if planned_id is not None:
        connection.execute(
            "UPDATE planned_runs SET current_run = %s WHERE id = %s AND current_run IS NULL",
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


def _insert_all(connection: psycopg.Connection[Row], run_id: int, request: dict[str, Any]) -> None:
    for item in request["altered"]:
        reason = f"expected sha256:{item['expected']}, found {item['actual']}"
        values = {"run_id": item["run_id"], "file": item["file"], "reason": reason}
        connection.execute(_INSERT_ALTERED, {**values, "by": request["created_by"]})
    with connection.cursor() as cursor:
        for statement, keys, items in (
            (_INSERT_OUTPUT, _OUTPUT, request["outputs"]),
            (_INSERT_PARAMETER, _PARAMETER, request["parameters"]),
        ):
            if items:
                rows = [(run_id, *(item[key] for key in keys)) for item in items]
                cursor.executemany(statement, rows)
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
