"""Settling: the only way to end a run from outside.

Evidence first (the process that wrapped the run is gone), then the claim (its directory is
renamed), then its runner is ended, the outcome written, the directory sealed, the row recorded. It
may stop at any point and be started again by anybody.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.errors import Conflict, StoreUnavailable
from pm_kernel.running import scheduler
from pm_kernel.running.complete import complete, end_runner, read_json, record_sealed
from pm_kernel.running.process import Life, ProcessIdentity, host_name
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.run_record import lost_request, request_from_meta


def settle_run(
    store: RunStore, recorder: Recorder, run: dict[str, Any], *, evidence: str | None = None
) -> bool:
    """End a run whose process is gone; True when it is ended and recorded.

    ``run`` is a row as ``store.registering.LIVE`` gives it. ``evidence`` is a sentence of somebody
    who knows that it is dead (Nextflow's trace, a scheduler, a person); without it only this host's
    processes count, and a run that may be alive is left alone. False also where another process is
    settling it right now, or where its processes belong to somebody else.
    """
    wrapper = wrapper_of(run)
    if evidence is None:
        if wrapper is None or wrapper.life() is not Life.GONE:
            return False
        evidence = f"The process that ran it (pid {wrapper.pid} on {wrapper.host}) is gone"
    if not _may_end(store, run["uuid"]):
        return False
    dead = _claim(store, run["uuid"])
    if dead is not None:
        if dead.is_symlink():
            # Before it is put aside: behind it may be the note of who its runner is.
            _end_processes(run, dead)
        seal.put_back(dead)
        with _only_settler(dead) as alone:
            if not alone:
                return False
            if dead.is_dir():
                _end(store, recorder, run, dead, evidence)
    else:
        # Its method may have moved it away, and go on there. What is sealed changes no more.
        life = end_runner(store.partial(run["uuid"]))
        if life is Life.ALIVE and not seal.is_of(store.final(run["run_id"]), run["uuid"]):
            raise _not_ended(run)
    return record_ended(store, recorder, run["run_id"], run["uuid"]) is not None


def scheduler_evidence(
    runs: Iterable[dict[str, Any]], environ: Mapping[str, str]
) -> dict[int, str]:
    """Return what proves that runs on other hosts are dead, by run id, where a scheduler knows.

    ``runs`` are rows as ``store.launches.live_runs`` gives them; the scheduler is asked once for
    all of them. On this host the processes themselves are looked at.
    """
    jobs = {
        run["run_id"]: run["scheduler_job_id"]
        for run in runs
        if run["scheduler_job_id"] is not None and run["host"] != host_name()
    }
    ended = scheduler.ended(jobs.values(), environ)
    return {
        run_id: f"The scheduler says that its job {job} does not run any more"
        for run_id, job in jobs.items()
        if job in ended
    }


def wrapper_of(run: dict[str, Any]) -> ProcessIdentity | None:
    """Return the process that wraps a run; None where it is not known."""
    if run["pid"] is None:
        return None
    return ProcessIdentity(run["pid"], run["pid_start"], run["boot_id"], run["host"])


def record_ended(store: RunStore, recorder: Recorder, run_id: int, uuid: str) -> str | None:
    """Bring the row in line with where a run's directory is; returns its status.

    None: the directory has no final name yet; whoever claimed it, or its own wrapper, will record
    it. Raises StoreUnavailable where the run store itself is not there.
    """
    final = store.final(run_id)
    found = store.locate(run_id, uuid)
    # Beside a whole directory another one is what a task made that asks once more.
    if found is not None and seal.is_of(final, uuid):
        seal.lock(final)
        meta = seal.read_meta(final)
        assert meta is not None
        request = request_from_meta(meta, final)
        return record_sealed(recorder, request, final, meta["registered"].get("workspace"))
    if found is not None and found != final:
        return None
    if not store.is_there():
        raise StoreUnavailable(
            f"{store.root} is not the run store that run {run_id} was written to.",
            hint="Is its disk mounted? Nothing is recorded about the run until it is.",
        )
    # Neither partial, dead nor final: somebody removed it. The row must not stay "running".
    request = lost_request(
        uuid, "Its directory is gone: the method deleted its output_dir, or somebody the folder."
    )
    return record_sealed(recorder, request, final, None)


def _may_end(store: RunStore, uuid: str) -> bool:
    """Whether we may end the processes of a run and write its directory."""
    for folder in (store.partial(uuid), store.dead(uuid)):
        try:
            # Of what is in its place, not of what a link leads to.
            return os.geteuid() in (0, folder.lstat().st_uid)
        except FileNotFoundError:
            continue
    return True


def _claim(store: RunStore, uuid: str) -> Path | None:
    dead = store.dead(uuid)
    if store.is_there():
        dead.parent.mkdir(exist_ok=True)
    try:
        store.partial(uuid).rename(dead)
    except OSError:
        # Sealed meanwhile, or claimed before by somebody who did not finish; then a task that
        # outlived its wrapper may have made the directory anew, and removes it when it is refused.
        if os.path.lexists(dead):
            return dead
        if os.path.lexists(store.partial(uuid)):
            raise
        return None
    return dead


@contextmanager
def _only_settler(dead: Path) -> Iterator[bool]:
    """Keep a second settler out while this process lives; False where one is at work.

    Both would write into the same directory, and the rename of one would catch the other half-way.
    """
    path = dead / ".pm" / "settling"
    try:
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        # Sealed meanwhile.
        yield True
        return
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: two settlers at once are then possible, and rare.
        return True
    return True


def _end(
    store: RunStore, recorder: Recorder, run: dict[str, Any], dead: Path, evidence: str
) -> None:
    _end_processes(run, dead)
    record = _record_of(dead, run)
    cancelled = (dead / ".pm" / "cancel").exists()
    try:
        complete(
            store,
            recorder,
            record,
            dead,
            exit_code=None,
            reason=f"{evidence}; it had not been completed.",
            cancelled=cancelled,
        )
    except Conflict:
        if dead.is_dir():
            raise
    work_dir = record.get("work_dir") or run.get("work_dir")
    if work_dir is not None and Path(work_dir).parent == store.root / ".work":
        # Of a direct run; Nextflow looks after its own.
        remove_tree(Path(work_dir))


def _end_processes(run: dict[str, Any], folder: Path) -> None:
    if end_runner(folder) is Life.ALIVE:
        raise _not_ended(run)


def _not_ended(run: dict[str, Any]) -> Conflict:
    return Conflict(f"The processes of run {run['run_id']} could not be ended.")


def _record_of(dead: Path, run: dict[str, Any]) -> dict[str, Any]:
    notes = [dead / ".pm" / "record.json"]
    if run.get("work_dir") is not None:
        notes.append(Path(run["work_dir"]) / ".pm_record.json")
    for note in notes:
        record = read_json(note)
        if record is not None and record["uuid"] == run["uuid"]:
            return record
    # Killed between the row and its note: the row has the rest.
    return {
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
        "set_params": run.get("set_params") or {},
        "expected": {},
        "inputs": {},
    }
