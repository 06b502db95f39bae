"""Completing a run: its directory is sealed with the outcome inside, then the row follows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.manifest import FileEntry
from pm_kernel.artifacts.outputs import Output, collect, confusable
from pm_kernel.errors import Conflict, IntegrityError, PmError
from pm_kernel.running import inputs
from pm_kernel.running.outcome import TimeLimit, failure
from pm_kernel.running.process import Life, ProcessIdentity, end_run
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.run_record import meta_of, request_of

#: Less space than this left on the disk is worth mentioning beside a failure.
_SCARCE = 1 << 20


class Ended(NamedTuple):
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
    limit: TimeLimit | None = None,
) -> Ended:
    """End a run that wrote to ``folder``: decide, hash, seal, record.

    ``exit_code`` is that of the runner (None: it never started); ``reason`` makes it a failure
    whatever the runner says; ``limit`` is how long its task might take, where that is known.

    Raises Conflict when somebody else ended the run meanwhile, and StoreUnavailable or
    DatabaseUnavailable when it could not be closed or recorded: whoever settles it later does that.
    """
    run_id = record["run_id"]
    # First: behind a link in its place may be the note of who its runner is.
    life = end_runner(folder)
    seal.put_back(folder)
    if life is Life.ALIVE and reason is None:
        reason = "Its processes could not be ended; they may still write to output_dir."
    target = store.final(run_id)
    with seal.taken_is_conflict(folder, run_id):
        request = _seal(
            record,
            folder,
            target,
            exit_code=exit_code,
            limit=limit,
            reason=reason,
            cancelled=cancelled,
        )
    status = record_sealed(recorder, request, target, record.get("workspace"))
    return Ended(run_id, status, request["error"], target)


def record_sealed(
    recorder: Recorder, request: dict[str, Any], target: Path, workspace: str | None
) -> str:
    """Bring the database in line with a sealed directory; returns the status it has there.

    A run that the database does not know (an older backup was restored) is made from its
    directory. Raises Conflict when that cannot be: the directory stays as it is.
    """
    answer = recorder.ask({**request, "op": "complete"})
    if answer["answer"] == "unknown":
        meta = seal.read_meta(target)
        if meta is None:
            return str(request["status"])
        answer = recorder.ask(
            {"op": "import", "meta": meta, "logs": request["logs"], "workspace": workspace}
        )
    if answer["answer"] == "missing":
        raise Conflict(
            f"The run in {target} ended ({request['status']}) and its directory is whole, but the "
            f"database does not have it and lacks {answer['reason']}.",
            hint="Nothing is lost: `pm rebuild` reads the run store and the methods again.",
        )
    return str(answer["status"])


def end_runner(folder: Path) -> Life:
    """End all that a run has started; GONE where nothing of it lives.

    ``folder`` is what it writes to, and named after its uuid. A method may have moved it and left a
    link there; behind any other link is what is somebody else's.
    """
    runner = None
    if not folder.is_symlink() or _leads_to_itself(folder):
        runner = read_json(folder / ".pm" / "runner.json")
    identity = None
    if runner is not None:
        identity = ProcessIdentity(runner["pid"], runner["start"], runner["boot"], runner["host"])
    return end_run(identity, folder.name)


def _leads_to_itself(folder: Path) -> bool:
    try:
        record = read_json(folder / ".pm" / "record.json")
    except OSError:
        return False
    return record is not None and record.get("uuid") == folder.name


def read_json(path: Path) -> dict[str, Any] | None:
    """Read an object that another process wrote; None where it is missing or cut off."""
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _seal(
    record: dict[str, Any],
    folder: Path,
    target: Path,
    *,
    exit_code: int | None,
    limit: TimeLimit | None,
    reason: str | None,
    cancelled: bool,
) -> dict[str, Any]:
    """Decide the outcome, hash, give the final name; returns what is to be recorded."""
    report = read_json(folder / ".pm" / "report.json")
    error = seal.fault(folder) or reason or failure(exit_code, report, limit)
    if error is None:
        cancelled = _was_cancelled(folder, finished=True)
    else:
        cancelled = cancelled or _was_cancelled(folder, finished=False)
    if cancelled:
        error = "Cancelled."
    elif error is not None and reason is None:
        error += _scarce(folder)
    seal.make_room(folder, record["uuid"])
    altered = record.get("altered", [])
    entries: list[FileEntry] = []
    outputs: list[Output] = []
    notices: list[str] = []
    if error is None:
        error, altered = _look_at_inputs(record["inputs"])
    elif reason is None and not cancelled and exit_code is not None:
        # What it fell over may be what somebody did to its input.
        told, found = _look_at_inputs(record["inputs"])
        if found:
            error, altered = f"{error}\n{told}", found
    if error is None:
        try:
            entries = _hash(record, folder)
            outputs, missing = collect(record["declaration"]["outputs"], entries)
            error = _missing(record, missing, outputs)
            if error is None and record.get("contract"):
                error = _broken_contract(record, folder, outputs, entries)
        except PmError as problem:
            error = problem.message
        except OSError as problem:
            if not folder.exists():
                raise
            error = f"Its files could not be read: {problem}.{_scarce(folder)}"
    if error is not None:
        notices += seal.set_aside_reserved(folder)
        entries = seal.hash_run(folder, strict=False)
        outputs, _ = collect(record["declaration"]["outputs"], entries)
    request = request_of(
        record,
        report,
        folder,
        status="completed" if error is None else "cancelled" if cancelled else "failed",
        error=error,
        outputs=outputs,
        altered=altered,
        notices=notices,
    )
    meta = meta_of(record, request)
    try:
        strict = error is None
        seal.seal(folder, target, record["run_id"], record["uuid"], entries, meta, strict=strict)
    except seal.StillWritten as problem:
        # A failed run it is then, and kept as it can be had.
        return _seal(
            record,
            folder,
            target,
            exit_code=exit_code,
            limit=limit,
            reason=problem.message,
            cancelled=False,
        )
    return request


def _was_cancelled(folder: Path, *, finished: bool) -> bool:
    """Whether it was told to stop, and, where it ``finished`` all the same, before that.

    A method may answer the signal by returning what it has: that is no result of its own accord.
    """
    try:
        told = (folder / ".pm" / "cancel").stat().st_mtime_ns
        return not finished or (folder / ".pm" / "report.json").stat().st_mtime_ns > told
    except (FileNotFoundError, NotADirectoryError):
        return False


def _look_at_inputs(given: inputs.Inputs) -> tuple[str | None, list[dict[str, Any]]]:
    try:
        altered = inputs.check(given)
    except (PmError, OSError) as problem:
        message = problem.message if isinstance(problem, PmError) else str(problem)
        return f"Its inputs could not be looked at again after it ran: {message}", []
    if not altered:
        return None, []
    return (
        f"While it ran, its input changed. {altered[0].message}",
        [vars(item) for item in altered],
    )


def _hash(record: dict[str, Any], folder: Path) -> list[FileEntry]:
    seal.refuse_reserved(folder)
    entries = seal.hash_run(folder)
    twice = confusable(entries)
    if twice is not None:
        raise IntegrityError(
            f"Two files in output_dir have the name {twice!r} once it is written as text. "
            "Choose names that are valid UTF-8."
        )
    changed = inputs.changed_copies(record["inputs"], entries)
    if changed:
        raise IntegrityError(
            f"The method changed {changed[0]}, the copy of its input file. That copy belongs to "
            "the record; a method that works on a file in place must copy it first."
        )
    return entries


def _broken_contract(
    record: dict[str, Any], folder: Path, outputs: list[Output], entries: list[FileEntry]
) -> str | None:
    from pm_kernel import contracts

    declared = record["declaration"]["outputs"]
    return contracts.broken(folder, record["contract"], declared, outputs, entries)


def _scarce(folder: Path) -> str:
    try:
        space = os.statvfs(folder)
    except OSError:
        return ""
    scarce = space.f_bavail * space.f_frsize < _SCARCE
    return " The disk of the run store is full." if scarce else ""


def _missing(record: dict[str, Any], missing: list[str], outputs: list[Output]) -> str | None:
    if not missing:
        return None
    declared = record["declaration"]["outputs"]
    names = ", ".join(f"{name!r} ({declared[name]['path']})" for name in missing)
    written = ", ".join(output.path for output in outputs[:20]) or "nothing"
    return f"Declared output missing: {names} was not written to output_dir; found: {written}."
