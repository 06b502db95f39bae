"""What is recorded of an ended run: the request for the database, and ``meta.json``.

Both say the same. The request, but for the log entries, is inside ``meta.json``; so the row can be
made from the directory at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.outputs import Output
from pm_kernel.domain.storable import storable
from pm_kernel.running import parameters
from pm_kernel.running.log_entries import log_entries

#: Of the registration's answer, only for that moment.
_PASSING = ("answer", "problem", "store", "task_dir")
_REPORTED = ("python", "imports", "editable", "outside_files", "calls")


def request_of(
    record: dict[str, Any],
    report: dict[str, Any] | None,
    folder: Path,
    *,
    status: str,
    error: str | None,
    outputs: Sequence[Output],
    altered: list[dict[str, Any]],
    notices: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what is recorded of a run that ended in ``folder``; every text in it is storable."""
    report = report or {}
    arrival = parameters.compare(
        record["declaration"]["tracked"],
        record["set_params"],
        record["expected"],
        parameters.read_calls(folder / ".pm" / "calls.jsonl"),
    )
    logs, left_out = log_entries(folder / "run.log")
    told = [*record.get("notices", []), *report.get("notices", []), *arrival.notices, *notices]
    if left_out:
        told.append(f"{left_out} log entries are only in run.log, which is complete.")
    outside = report.get("outside_files", {})
    if outside:
        told.append(
            "It imported files from outside its folder and environment: " + ", ".join(outside)
        )
    reported = {key: report[key] for key in _REPORTED if key in report}
    request: dict[str, Any] = storable(
        {
            "uuid": record["uuid"],
            "status": status,
            "error": error,
            "finished_at": _now(record["started_at"]),
            "metrics": report.get("metrics", {}),
            "notices": told,
            "outputs": [output.to_json() for output in outputs],
            "parameters": arrival.rows,
            "logs": logs,
            "environment": {"kind": record.get("environment_kind"), **_image(record), **reported},
            "environment_fingerprint": record.get("environment_fingerprint"),
            "cpu_seconds": report.get("cpu_seconds"),
            "peak_rss_bytes": report.get("peak_rss_bytes"),
            "reusable": arrival.reusable if status == "completed" else None,
            "altered": altered,
            "created_by": record["created_by"] or "",
        }
    )
    return request


def _image(record: dict[str, Any]) -> dict[str, str]:
    image = record.get("environment_image")
    return {} if image is None else {"image": image}


def meta_of(record: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Return ``meta.json``: readable by a person first, then all that rebuilds the row."""
    items = [item for entry in record["inputs"].values() for item in entry["items"]]
    parents = sorted({item["run_id"] for item in items if item["kind"] == "run"})
    return {
        "format": 1,
        "run_id": record["run_id"],
        "uuid": record["uuid"],
        "method": record["method"],
        "module": record["module"],
        "method_version": record["method_version"],
        "commit": record["commit"],
        "sample": record["sample"],
        "params": {
            f"{row['function']}.{row['param']}": row["value"]
            for row in request["parameters"]
            if row["ordinal"] == 0
        },
        "parent_run_id": parents[0] if len(parents) == 1 else None,
        "parent_run_ids": parents,
        "status": request["status"],
        "error": request["error"],
        "started_at": record["started_at"],
        "finished_at": request["finished_at"],
        "outputs": [output["path"] for output in request["outputs"]],
        "metrics": request["metrics"],
        "created_by": record["created_by"],
        "host": record["host"],
        "registered": {k: v for k, v in record.items() if k not in _PASSING},
        "record": {k: v for k, v in request.items() if k != "logs"},
    }


def request_from_meta(meta: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the request that records a sealed run, from its directory."""
    return {**meta["record"], "logs": storable(log_entries(folder / "run.log")[0])}


def lost_request(uuid: str, error: str) -> dict[str, Any]:
    """Return what is recorded of a run that left nothing behind."""
    return {
        "uuid": uuid,
        "status": "failed",
        "error": error,
        "finished_at": _now(None),
        "metrics": {},
        "notices": [],
        "outputs": [],
        "parameters": [],
        "logs": [],
        "environment": {},
        "environment_fingerprint": None,
        "cpu_seconds": None,
        "peak_rss_bytes": None,
        "reusable": None,
        "altered": [],
        "created_by": "",
    }


def _now(started_at: str | None) -> str:
    now = datetime.now(UTC)
    # The database's clock said when it started; no run ends before that.
    started = datetime.fromisoformat(started_at) if started_at else now
    return max(now, started).isoformat()
