"""What a task asks for before, in and after its script, wherever it is carried out.

``pm register_run``, ``pm lookup_run`` and ``pm complete_run`` read their words and ask a plan's
supervisor; where there is none, they do themselves what it would have done. A request is repeated
with the same uuid when its answer was lost, and then finds what it did. A process that does one of
them imports nothing of the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings, load_settings
from pm_kernel.errors import Conflict, PmError, UsageError
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.recorder_call import RECORD_NOTE, RUN_ID_NOTE

#: Where schedulers say which job this is.
_JOB_VARIABLES = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")

#: Told what belongs on standard error.
Say = Callable[[str], object]


def settings_of(request: dict[str, Any]) -> Settings:
    """Return the settings of a task: its workspace's, in its environment."""
    workspace = request["workspace"]
    return load_settings(
        environ=request["environ"], workspace=Path(workspace) if workspace else None
    )


def carry_out(
    settings: Settings, recorder: Recorder, request: dict[str, Any], say: Say
) -> tuple[int, str]:
    """Do what a request asks for; returns exit code and standard output of its command."""
    work = {"register": _register, "complete": _complete, "lookup": _look_up}[request["call"]]
    return work(settings, recorder, request, say)


def _register(
    settings: Settings, recorder: Recorder, request: dict[str, Any], say: Say
) -> tuple[int, str]:
    from pm_kernel.running.process import identify
    from pm_kernel.running.register import NotStarted, register

    # Nextflow's wrapper script: it lives as long as the task does, and runs afterScript.
    wrapper = identify(request["wrapper"])
    if wrapper is None:
        raise UsageError("The process that called `pm register_run` is gone.")
    planned, launch = request.get("planned"), request.get("launch")
    if planned is None or launch is None:
        planned, launch = _placed(settings, recorder, request["exported"])
    jobs = (settings.environ.get(name) for name in _JOB_VARIABLES)
    try:
        registered = register(
            settings,
            recorder,
            planned=planned,
            launch=launch,
            attempt=request["attempt"],
            task_dir=Path(request["task_dir"]),
            wrapper=wrapper,
            scheduler_job_id=next((job for job in jobs if job), None),
            uuid=request["uuid"],
            supervised=request["recorder"],
        )
    except NotStarted as stopped:
        say(f"pm: run {stopped.run_id} failed before it started\n")
        if isinstance(stopped.cause, PmError):
            raise stopped.cause from None
        kind = type(stopped.cause).__name__
        raise PmError(f"an unexpected error, {kind}: {stopped.cause}") from stopped.cause
    return 0, f"{registered.run_id}\n"


def _placed(settings: Settings, recorder: Recorder, exported: dict[str, Any]) -> tuple[int, int]:
    from pm_kernel.exported import Call, place

    call = Call(**{**exported, "folder": Path(exported["folder"])})
    return place(settings, recorder, call)


def _complete(
    settings: Settings, recorder: Recorder, request: dict[str, Any], say: Say
) -> tuple[int, str]:
    from pm_kernel.running.complete import complete, read_json
    from pm_kernel.running.outcome import TimeLimit

    task_dir, uuid, exit_code = Path(request["task_dir"]), request["uuid"], request["exit"]
    store = RunStore(settings.runs_dir)
    folder = store.partial(uuid)
    # The method may have emptied its output_dir, or put a link to another run's in its place.
    own = None if folder.is_symlink() else read_json(folder / ".pm" / "record.json")
    record = own or read_json(task_dir / RECORD_NOTE)
    if record is None or not os.path.lexists(folder):
        return _ended_before(store, recorder, task_dir, uuid, say), ""
    limit = None
    if "limit" in request:
        limit = TimeLimit(request["limit"], request["age"])
    try:
        ended = complete(store, recorder, record, folder, exit_code=exit_code, limit=limit)
    except Conflict as conflict:
        if folder.is_dir():
            raise
        say(f"pm: {conflict.message}\n")
        return _ended_before(store, recorder, task_dir, uuid, say), ""
    if ended.error is not None:
        say(f"pm: run {ended.run_id} {ended.status}: {ended.error}\n")
    # The script's own exit code fails the task already; a broken promise must fail it too.
    return 1 if ended.status != "completed" and exit_code == 0 else 0, ""


def _look_up(
    _settings: Settings, recorder: Recorder, request: dict[str, Any], _say: Say
) -> tuple[int, str]:
    asked = {"op": "lookup", "method": request["method"], "sample": request["sample"]}
    return 0, f"{recorder.ask(asked)['run_id']}\n"


def _ended_before(store: RunStore, recorder: Recorder, task_dir: Path, uuid: str, say: Say) -> int:
    from pm_kernel.running import settle

    try:
        run_id = int((task_dir / RUN_ID_NOTE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        raise UsageError(f"Nothing was registered in {task_dir}.") from None
    status = settle.record_ended(store, recorder, run_id, uuid) or "failed"
    say(f"pm: run {run_id} was ended before: {status}\n")
    return 0 if status == "completed" else 1
