"""Completing a run: its directory is sealed with the outcome inside, then the row follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RESERVED, RunStore
from pm_kernel.artifacts.manifest import FileEntry
from pm_kernel.artifacts.outputs import Output, collect
from pm_kernel.domain.loglines import parse_log, summarise
from pm_kernel.errors import IntegrityError
from pm_kernel.running import inputs, parameters
from pm_kernel.running.process import ProcessIdentity, end_session
from pm_kernel.running.recorder import Recorder


@dataclass(frozen=True)
class Ended:
    """How a run ended; ``error`` says why where it did not complete."""

    run_id: int
    status: str
    error: str | None
    folder: Path


def complete(
    store: RunStore,
    recorder: Recorder,
    record: dict[str, Any],
    folder: Path,
    *,
    exit_code: int | None,
    reason: str | None = None,
    cancelled: bool = False,
) -> Ended:
    """End a run that wrote to ``folder``: decide, hash, seal, record.

    ``exit_code`` is that of the runner (None: it never started); ``reason`` makes it a failure
    whatever the runner says. Raises Conflict when somebody else ended the run meanwhile.
    """
    end_runner(folder)
    with seal.taken_is_conflict(folder, record["run_id"]):
        request = _seal(
            store, record, folder, exit_code=exit_code, reason=reason, cancelled=cancelled
        )
    record_sealed(recorder, request)
    target = store.final(record["run_id"])
    return Ended(record["run_id"], request["status"], request["error"], target)


def _seal(
    store: RunStore,
    record: dict[str, Any],
    folder: Path,
    *,
    exit_code: int | None,
    reason: str | None,
    cancelled: bool,
) -> dict[str, Any]:
    """Decide the outcome, hash, give the final name; returns what is to be recorded."""
    report = _read_json(folder / ".pm" / "report.json")
    cancelled = cancelled or (folder / ".pm" / "cancel").exists()
    error = reason or _failure(exit_code, report)
    if cancelled:
        # Without an error it finished before the cancel reached it.
        cancelled = error is not None
        error = "Cancelled." if cancelled else None
    entries: list[FileEntry] = []
    outputs: list[Output] = []
    altered = record.get("altered", [])
    if error is None:
        now_altered = inputs.check(record["inputs"])
        if now_altered:
            altered = [vars(item) for item in now_altered]
            error = "While it ran, its input changed. " + now_altered[0].message
    if error is None:
        try:
            _refuse_reserved(folder)
            entries = seal.hash_run(folder)
            outputs, missing = collect(record["declaration"]["outputs"], entries)
            error = _missing(record, missing, outputs)
        except IntegrityError as problem:
            error = problem.message
    if error is not None:
        _set_aside_reserved(folder)
        entries = seal.hash_run(folder, strict=False)
        outputs, _ = collect(record["declaration"]["outputs"], entries)
    status = "completed" if error is None else "cancelled" if cancelled else "failed"
    request = _request(record, report, folder, status, error, outputs, altered)
    target = store.final(record["run_id"])
    seal.seal(folder, target, record["run_id"], record["uuid"], entries, _meta(record, request))
    return request


def record_sealed(recorder: Recorder, request: dict[str, Any]) -> None:
    """Bring the database in line with a sealed directory."""
    recorder.ask({**request, "op": "complete"})


def end_runner(folder: Path) -> None:
    """End the session of the runner that writes to ``folder``, if one was ever started."""
    runner = _read_json(folder / ".pm" / "runner.json")
    if runner is not None:
        identity = ProcessIdentity(runner["pid"], runner["start"], runner["boot"], runner["host"])
        end_session(identity)


def request_from_meta(meta: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Rebuild the request that records a sealed run from its directory."""
    return {**meta["record"], "logs": _logs(folder / "run.log")[0]}


def _failure(exit_code: int | None, report: dict[str, Any] | None) -> str | None:
    if report is not None and report["outcome"] == "raised":
        error = report["error"]
        return f"{error['type']}: {error['message']}" if error["message"] else str(error["type"])
    if exit_code == 0 and report is not None and not report["exit_code"]:
        return None
    if exit_code is None:
        return "It was never started."
    if exit_code in (137, -9):
        return "It was killed (signal 9), as happens when memory runs out."
    if exit_code in (143, -15):
        return "It was stopped from outside (signal 15): a time limit, or somebody ended it."
    if exit_code in (139, -11):
        return "It crashed (signal 11, segmentation fault)."
    if exit_code == 0:
        return "Its process ended without finishing run(); os._exit() or a killed parent do that."
    return f"It ended with exit code {exit_code}."


def _missing(record: dict[str, Any], missing: list[str], outputs: list[Output]) -> str | None:
    if not missing:
        return None
    declared = record["declaration"]["outputs"]
    names = ", ".join(f"{name!r} ({declared[name]['path']})" for name in missing)
    written = ", ".join(output.path for output in outputs) or "nothing"
    return f"Declared output missing: {names} was not written to output_dir; found: {written}."


def _refuse_reserved(folder: Path) -> None:
    for name in ("meta.json", ".manifest.json"):
        if (folder / name).exists():
            raise IntegrityError(
                f"The method wrote {name} to output_dir; that name belongs to the record. "
                "Choose another file name."
            )


def _set_aside_reserved(folder: Path) -> None:
    for name in sorted(RESERVED - {"run.log", ".pm", "inputs"}):
        if (folder / name).exists():
            (folder / name).rename(folder / f"method-wrote-{name.lstrip('.')}")


def _request(
    record: dict[str, Any],
    report: dict[str, Any] | None,
    folder: Path,
    status: str,
    error: str | None,
    outputs: list[Output],
    altered: list[dict[str, Any]],
) -> dict[str, Any]:
    report = report or {}
    arrival = parameters.compare(
        record["declaration"]["tracked"],
        record["set_params"],
        record["expected"],
        parameters.read_calls(folder / ".pm" / "calls.jsonl"),
    )
    logs, left_out = _logs(folder / "run.log")
    notices = [*record.get("notices", []), *report.get("notices", []), *arrival.notices]
    if left_out:
        notices.append(f"{left_out} log entries are only in run.log, which is complete.")
    outside = report.get("outside_files", {})
    if outside:
        notices.append(
            "It imported files from outside its folder and environment: " + ", ".join(outside)
        )
    return {
        "uuid": record["uuid"],
        "status": status,
        "error": error,
        "finished_at": datetime.now(UTC).isoformat(),
        "metrics": report.get("metrics", {}),
        "notices": notices,
        "outputs": [output.to_json() for output in outputs],
        "parameters": arrival.rows,
        "logs": logs,
        "environment": {
            "kind": record.get("environment_kind"),
            **{
                key: report[key]
                for key in ("python", "imports", "editable", "outside_files", "calls")
                if key in report
            },
        },
        "environment_fingerprint": record.get("environment_fingerprint"),
        "cpu_seconds": report.get("cpu_seconds"),
        "peak_rss_bytes": report.get("peak_rss_bytes"),
        "reusable": arrival.reusable if status == "completed" else None,
        "altered": altered,
        "created_by": record["created_by"],
    }


def _meta(record: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Return ``meta.json``: readable by a person first, then all that rebuilds the row."""
    parents = sorted(
        {i["run_id"] for e in record["inputs"].values() for i in e["items"] if i["kind"] == "run"}
    )
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
        "registered": {k: v for k, v in record.items() if k not in ("answer", "problem")},
        "record": {k: v for k, v in request.items() if k != "logs"},
    }


def _logs(path: Path) -> tuple[list[dict[str, Any]], int]:
    try:
        return summarise(parse_log(_lines(path)))
    except FileNotFoundError:
        return [], 0


def _lines(path: Path) -> Iterator[str]:
    with open(path, encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        # A limit: one line of 200 MB is read in pieces.
        while line := stream.readline(1 << 16):
            yield line


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        # Missing or cut off: the process that wrote it was killed.
        return None
    return document if isinstance(document, dict) else None
