"""Settling: the only way to end a run from outside.

Evidence first (the process that wrapped the run is gone), then the claim (its directory is
renamed), then its runner is ended, the outcome written, the directory sealed, the row recorded. It
may stop at any point and be started again by anybody.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.errors import Conflict
from pm_kernel.running import complete
from pm_kernel.running.process import Life, ProcessIdentity
from pm_kernel.running.recorder import Recorder


def settle_run(
    store: RunStore, recorder: Recorder, run: dict[str, Any], *, evidence: str | None = None
) -> bool:
    """End a run whose process is gone; True when it is ended and recorded.

    ``run`` has run_id, uuid, pid, pid_start, boot_id, host. ``evidence`` is a sentence of somebody
    who knows that it is dead (Nextflow's trace, a scheduler, a person); without it only this host's
    processes count, and a run that may be alive is left alone.
    """
    if evidence is None:
        wrapper = ProcessIdentity(run["pid"], run["pid_start"], run["boot_id"], run["host"])
        if wrapper.life() is not Life.GONE:
            return False
        evidence = f"The process that ran it (pid {run['pid']} on {run['host']}) is gone"
    run_id, uuid = run["run_id"], run["uuid"]
    dead = _claim(store, uuid)
    if dead is None:
        record_ended(store, recorder, run_id, uuid)
        return True
    record = _record_of(dead, run)
    cancelled = (dead / ".pm" / "cancel").exists()
    reason = "Cancelled." if cancelled else f"{evidence}; it had not been completed."
    try:
        complete.complete(
            store, recorder, record, dead, exit_code=None, reason=reason, cancelled=cancelled
        )
    except Conflict:
        record_ended(store, recorder, run_id, uuid)
    return True


def _claim(store: RunStore, uuid: str) -> Path | None:
    dead = store.dead(uuid)
    dead.parent.mkdir(exist_ok=True)
    try:
        store.partial(uuid).rename(dead)
    except FileNotFoundError:
        # Sealed meanwhile, or claimed before by somebody who did not finish.
        return dead if dead.is_dir() else None
    return dead


def record_ended(store: RunStore, recorder: Recorder, run_id: int, uuid: str) -> str:
    """Bring the row in line with a directory that has its final name; returns the status."""
    final = store.final(run_id)
    meta = seal.read_meta(final)
    if meta is not None and meta["uuid"] == uuid:
        seal.lock(final)
        request = complete.request_from_meta(meta, final)
    elif store.dead(uuid).is_dir():
        # Claimed by whoever settles it, who will record it.
        return "failed"
    else:
        # Neither partial, dead nor final: somebody removed it. The row must not stay "running".
        request = lost_request(uuid, "Its directory is gone from the run store.")
    complete.record_sealed(recorder, request)
    return str(request["status"])


def lost_request(uuid: str, error: str) -> dict[str, Any]:
    """Return what is recorded of a run that left nothing behind."""
    from datetime import UTC, datetime

    return {
        "uuid": uuid,
        "status": "failed",
        "error": error,
        "finished_at": datetime.now(UTC).isoformat(),
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


def _record_of(dead: Path, run: dict[str, Any]) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((dead / ".pm" / "record.json").read_bytes())
    except (FileNotFoundError, ValueError):
        # Killed between the row and its note: the row has the rest.
        record = {
            "run_id": run["run_id"],
            "uuid": run["uuid"],
            "method": run.get("method"),
            "module": run.get("module"),
            "method_version": run.get("method_version"),
            "commit": run.get("commit"),
            "sample": run.get("sample"),
            "started_at": run.get("started_at"),
            "created_by": run.get("created_by"),
            "host": run["host"],
            "declaration": {"inputs": {}, "outputs": {}, "tracked": []},
            "set_params": {},
            "expected": {},
            "inputs": {},
        }
    return record
