"""Registering a run, on the host where it will execute.

The order is what makes it safe: the uuid is drawn and noted before anything else, the directory
exists before the row, the row exists before the code starts. See ARCHITECTURE.md, "Recording".
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pm_kernel.artifacts.layout import RunStore, remove_tree, writing
from pm_kernel.config import Settings
from pm_kernel.environment import clean_environ
from pm_kernel.errors import Conflict, PmError
from pm_kernel.running import complete, inputs, settle
from pm_kernel.running.process import ProcessIdentity
from pm_kernel.running.recorder import Recorder

UUID_NOTE = ".pm_uuid"
RUN_ID_NOTE = ".pm_run_id"
RUN_SCRIPT = ".pm-run.sh"
_ATTEMPTS = 5


@dataclass(frozen=True)
class Registered:
    """What became of a registration: ``run_id``, and whether there is anything left to execute."""

    run_id: int
    done: bool
    record: dict[str, Any]


def register(
    settings: Settings,
    recorder: Recorder,
    *,
    planned: int,
    launch: int,
    attempt: int,
    task_dir: Path,
    wrapper: ProcessIdentity,
    scheduler_job_id: str | None = None,
) -> Registered:
    """Register one execution of a planned run and make its task directory ready to start.

    Raises Conflict when it may not run (cancelled, resumed elsewhere, alive elsewhere),
    StoreUnavailable when the run store cannot be written, and whatever keeps an already registered
    run from starting: such a run is recorded as failed with that reason first.
    """
    store = RunStore(settings.runs_dir)
    uuid = _note_uuid(store, task_dir, settings.root)
    request = {
        "op": "register",
        "uuid": uuid,
        "planned": planned,
        "launch": launch,
        "attempt": attempt,
        "created_by": settings.user,
        "host": wrapper.host,
        "pid": wrapper.pid,
        "pid_start": wrapper.start,
        "boot_id": wrapper.boot,
        "scheduler_job_id": scheduler_job_id,
        "work_dir": str(task_dir),
    }
    answer = _ask(recorder, store, request)
    if answer["answer"] == "done":
        remove_tree(store.partial(uuid))
        _write(task_dir / RUN_ID_NOTE, f"{answer['run_id']}\n")
        _write(task_dir / RUN_SCRIPT, "# A completed run exists: nothing to execute.\nexit 0\n")
        (task_dir / UUID_NOTE).unlink(missing_ok=True)
        return Registered(answer["run_id"], True, answer)
    record = {**answer, "store": str(store.root), "task_dir": str(task_dir)}
    folder = store.partial(uuid)
    with writing(store.root):
        _write(folder / ".pm" / "record.json", json.dumps(record))
    _write(task_dir / RUN_ID_NOTE, f"{answer['run_id']}\n")
    try:
        _make_ready(settings, store, record, folder, task_dir)
    except (PmError, OSError) as error:
        # afterScript does not run when beforeScript fails: the failure is recorded here or never.
        reason = error.message if isinstance(error, PmError) else f"It could not start: {error}"
        complete.complete(store, recorder, record, folder, exit_code=None, reason=reason)
        raise
    return Registered(answer["run_id"], False, record)


def _note_uuid(store: RunStore, task_dir: Path, workspace: Path) -> str:
    note = task_dir / UUID_NOTE
    with writing(task_dir):
        task_dir.mkdir(parents=True, exist_ok=True)
        uuid = str(uuid4())
        store.create_partial(uuid)
        # A requeued job comes back to the same folder: its earlier note is of another execution.
        _write(note, f"{uuid}\n{workspace}\n")
    return uuid


def _ask(recorder: Recorder, store: RunStore, request: dict[str, Any]) -> dict[str, Any]:
    uuid = request["uuid"]
    for _ in range(_ATTEMPTS):
        answer = recorder.ask(request)
        if answer["answer"] in ("go", "done"):
            return answer
        if answer["answer"] == "live":
            live = answer["run"]
            if settle.settle_run(store, recorder, live):
                continue
            remove_tree(store.partial(uuid))
            raise Conflict(
                f"Run {live['run_id']} of the same planned run is still alive "
                f"(process {live['pid']} on {live['host']}); a second one was not started."
            )
        break
    remove_tree(store.partial(uuid))
    reason = answer.get("reason", f"its uuid belongs to an ended run ({answer['answer']})")
    raise Conflict(f"This run may not start: {reason}.")


def _make_ready(
    settings: Settings, store: RunStore, record: dict[str, Any], folder: Path, task_dir: Path
) -> None:
    from pm_kernel.errors import IntegrityError, InvalidInput
    from pm_kernel.running import code

    if record["problem"]:
        raise InvalidInput(record["problem"])
    altered = inputs.check(record["inputs"])
    if altered:
        record["altered"] = [vars(item) for item in altered]
        raise IntegrityError(altered[0].message)
    declared = record["declaration"]["inputs"]
    required = {name: entry.get("required", True) for name, entry in declared.items()}
    handed = inputs.hand_over(record["inputs"], folder, required)
    prepared = code.prepare(settings, store, record)
    record["environment_fingerprint"] = prepared.environment.fingerprint
    record["environment_kind"] = prepared.environment.kind
    if prepared.environment.notice:
        record.setdefault("notices", []).append(prepared.environment.notice)
    with writing(store.root):
        _write(folder / ".pm" / "record.json", json.dumps(record))
    with writing(task_dir):
        code_dir = task_dir / "code"
        remove_tree(code_dir)
        shutil.copytree(prepared.folder, code_dir, symlinks=True)
        work_dir = task_dir / "work"
        work_dir.mkdir(exist_ok=True)
        document = {
            "format": 1,
            "entry": prepared.entry,
            "inputs": handed,
            "outputs": {n: o["path"] for n, o in record["declaration"]["outputs"].items()},
            "run_dir": str(folder),
            "work_dir": str(work_dir),
            "tracked": prepared.tracked,
            "set": record["set_params"],
            "heartbeat_seconds": 5,
        }
        _write(code_dir / "_pm_task.json", json.dumps(document))
        command = [*prepared.environment.command, str(code_dir / "_pm_runner.py")]
        _write(task_dir / RUN_SCRIPT, _script(settings, command))


def _script(settings: Settings, command: list[str]) -> str:
    """Return the shell text that starts a run without our variables and our secrets."""
    kept = clean_environ(settings.environ)
    dropped = [name for name in settings.environ if name not in kept and name.isidentifier()]
    unset = f"unset {' '.join(sorted(dropped))}\n" if dropped else ""
    return f"{unset}exec {shlex.join(command)}\n"


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
