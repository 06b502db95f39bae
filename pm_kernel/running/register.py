"""Registering a run, on the host where it will execute.

The order is what makes it safe: the uuid is drawn and noted before anything else, the directory
exists before the row, the row exists before the code starts. See ARCHITECTURE.md, "Recording".
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from pm_kernel.artifacts.layout import RunStore, remove_tree, writing
from pm_kernel.config import RUN_VARIABLE, Settings
from pm_kernel.errors import Cancelled, Conflict, PmError
from pm_kernel.running.process import Life, ProcessIdentity
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.recorder_call import RECORD_NOTE, RUN_ID_NOTE, UUID_NOTE, draw_uuid

__all__ = ["RECORD_NOTE", "RUN_SCRIPT", "UUID_NOTE", "NotStarted", "Registered", "register"]

#: Inside the task directory: what starts the run.
RUN_SCRIPT = ".pm-run.sh"
#: In the place of a uuid where a completed run exists already.
DONE = "done"
_ATTEMPTS = 5
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Registered(NamedTuple):
    """What became of a registration: ``run_id``, and whether there is anything left to execute."""

    run_id: int
    done: bool
    record: dict[str, Any]


class NotStarted(Exception):
    """A registered run could not be made ready; it is recorded as failed, ``cause`` says why."""

    def __init__(self, run_id: int, cause: Exception) -> None:
        super().__init__(str(cause))
        self.run_id = run_id
        self.cause = cause


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
    uuid: str | None = None,
    supervised: str = "",
) -> Registered:
    """Register one execution of a planned run and make its task directory ready to start.

    ``uuid`` is drawn here where nobody has; asked again with the same one, because the answer was
    lost, it begins anew with what it registered. ``supervised`` is the folder of the socket through
    which the run may be completed, noted in the task directory.

    Raises Conflict when it may not run (resumed elsewhere, alive elsewhere), Cancelled when its
    plan was cancelled, StoreUnavailable when the run store cannot be written, and NotStarted, with
    the run recorded as failed, when something keeps a registered run from starting.
    """
    store = RunStore(settings.runs_dir)
    uuid = uuid or draw_uuid()
    folder = store.create_partial(uuid)
    with writing(task_dir):
        task_dir.mkdir(parents=True, exist_ok=True)
        # Who will wrap it: without a row, that is how a directory left behind is known as such.
        _write(folder / ".pm" / "wrapper.json", json.dumps(vars(wrapper)))
        # A requeued job comes back to the same folder: its earlier note is of another execution.
        _write(task_dir / UUID_NOTE, f"{uuid}\n{settings.root}\n{supervised}\n")
        (task_dir / RECORD_NOTE).unlink(missing_ok=True)
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
        remove_tree(folder)
        _write(task_dir / UUID_NOTE, f"{DONE}\n{settings.root}\n")
        _write(task_dir / RUN_ID_NOTE, f"{answer['run_id']}\n")
        _write(task_dir / RUN_SCRIPT, "# A completed run exists: nothing to execute.\nexit 0\n")
        return Registered(answer["run_id"], True, answer)
    record = {**answer, "workspace": settings.workspace_id}
    try:
        _prepare(settings, store, recorder, record, folder, task_dir)
    except Exception as error:
        # afterScript does not run when beforeScript fails: the failure is recorded here or never.
        from pm_kernel.running.complete import complete

        reason = error.message if isinstance(error, PmError) else f"It could not start: {error}"
        if store.locate(record["run_id"], uuid) is None:
            # Its wrapper was dead before the row was there, and somebody swept what was left.
            store.create_partial(uuid)
        complete(store, recorder, record, folder, exit_code=None, reason=reason)
        raise NotStarted(record["run_id"], error) from error
    return Registered(record["run_id"], False, record)


def _ask(recorder: Recorder, store: RunStore, request: dict[str, Any]) -> dict[str, Any]:
    folder = store.partial(request["uuid"])
    for _ in range(_ATTEMPTS):
        answer = recorder.ask(request)
        if answer["answer"] in ("go", "done"):
            return answer
        if answer["answer"] != "live":
            break
        if not _settled(store, recorder, answer["run"], request):
            break
    remove_tree(folder)
    if answer["answer"] == "live":
        live = answer["run"]
        raise Conflict(
            f"Run {live['run_id']} of the same planned run has not ended (process {live['pid']} on "
            f"{live['host']}); a second one was not started.",
            hint=f"Where that machine is lost: `pm runs fail {live['run_id']} --reason …`.",
        )
    if answer.get("cancelled"):
        raise Cancelled(f"This run may not start: {answer['reason']}.")
    reason = answer.get("reason", f"its uuid belongs to a run that ended ({answer['answer']})")
    raise Conflict(f"This run may not start: {reason}.")


def _settled(
    store: RunStore, recorder: Recorder, live: dict[str, Any], request: dict[str, Any]
) -> bool:
    from pm_kernel.running import settle

    evidence = None
    job = request["scheduler_job_id"]
    if job is not None and job == live.get("scheduler_job_id"):
        wrapper = settle.wrapper_of(live)
        if wrapper is None or wrapper.life() is Life.UNKNOWN:
            # A job runs once at a time: its scheduler has ended the earlier execution.
            evidence = f"Its scheduler started job {job} again"
    return settle.settle_run(store, recorder, live, evidence=evidence)


def _prepare(
    settings: Settings,
    store: RunStore,
    recorder: Recorder,
    record: dict[str, Any],
    folder: Path,
    task_dir: Path,
) -> None:
    """Make everything ready that starting the run takes; ``record`` says what it is from now on."""
    if store.final(record["run_id"]).exists():
        _renumber(store, recorder, record)
    for entry in record["inputs"].values():
        for item in entry["items"]:
            if item.get("workspace") == settings.workspace_id:
                # Where this host has it; the database knows where somebody else last saw it.
                item["root"] = str(settings.root)
    with writing(store.root):
        _write_whole(folder / ".pm" / "record.json", json.dumps(record))
    with writing(task_dir):
        _write(task_dir / RUN_ID_NOTE, f"{record['run_id']}\n")
    _make_ready(settings, store, record, folder, task_dir)
    text = json.dumps(record)
    with writing(store.root):
        _write_whole(folder / ".pm" / "record.json", text)
    with writing(task_dir):
        # The method may empty its output_dir, and .pm with it.
        _write_whole(task_dir / RECORD_NOTE, text)


def _renumber(store: RunStore, recorder: Recorder, record: dict[str, Any]) -> None:
    """Take another id where this one names a directory: the database knows less than the store."""
    taken = [int(each.name) for each in store.root.iterdir() if each.name.isdecimal()]
    request = {"op": "renumber", "uuid": record["uuid"], "above": max(taken)}
    answer = recorder.ask(request)
    if answer["answer"] != "renumbered":
        raise Conflict(f"This run may not start: {answer['reason']}.")
    record["run_id"] = answer["run_id"]


def _make_ready(
    settings: Settings, store: RunStore, record: dict[str, Any], folder: Path, task_dir: Path
) -> None:
    import shutil

    from pm_kernel.environment import clean_environ
    from pm_kernel.errors import IntegrityError, InvalidInput
    from pm_kernel.running import code, contained, inputs

    if record["problem"]:
        raise InvalidInput(record["problem"])
    altered = inputs.check(record["inputs"])
    if altered:
        record["altered"] = [vars(item) for item in altered]
        raise IntegrityError(altered[0].message)
    declared = record["declaration"]["inputs"]
    required = {name: entry.get("required", True) for name, entry in declared.items()}
    with writing(store.root):
        handed = inputs.hand_over(record["inputs"], folder, required)
    # Nextflow's script says so, where the step runs in a container.
    image = settings.environ.get(contained.IMAGE_VARIABLE)
    prepared = code.prepare(settings, store, record, image=image)
    if image is not None:
        record["environment_image"] = image
    record["environment_fingerprint"] = prepared.environment.fingerprint
    record["environment_kind"] = prepared.environment.kind
    if prepared.environment.notice and (prepared.folder / "pixi.toml").is_file():
        # It asked for an environment of its own and runs with another; else there is no news in it.
        record.setdefault("notices", []).append(prepared.environment.notice)
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
            "paths": record["declaration"]["paths"],
            "heartbeat_seconds": 5,
        }
        kept = clean_environ(settings.environ)
        dropped = [name for name in settings.environ if name not in kept]
        if image is None:
            _write(code_dir / "_pm_task.json", json.dumps(document))
            command = [*prepared.environment.command, str(code_dir / "_pm_runner.py")]
            _write(task_dir / RUN_SCRIPT, _script(command, dropped, record["uuid"]))
        else:
            _write(task_dir / contained.TASK, json.dumps(document))
            spec = {"entry": prepared.entry, "tracked": prepared.tracked, "run_dir": str(folder)}
            _write(task_dir / contained.SPEC, json.dumps(spec))
            script = contained.copy_kit(str(task_dir))
            command = [*prepared.environment.command, "-I", script, str(task_dir)]
            there = _needs_python(folder, command[0])
            _write(task_dir / RUN_SCRIPT, there + _script(command, dropped, record["uuid"]))


def _script(command: list[str], dropped: list[str], uuid: str) -> str:
    """Return the shell text that starts a run without our variables and our secrets.

    But for one, by which its processes are known wherever they go.
    """
    import shlex

    names = sorted(name for name in dropped if _SHELL_NAME.fullmatch(name))
    unset = f"unset {' '.join(names)}\n" if names else ""
    return f"{unset}export {RUN_VARIABLE}={shlex.quote(uuid)}\nexec {shlex.join(command)}\n"


def _needs_python(folder: Path, python: str) -> str:
    """Return the shell text that says, in a run's log, that its image has no Python."""
    import shlex

    log = shlex.quote(str(folder / "run.log"))
    told = f"pm: the image of this step has no {python}, which methods need (3.9 or newer)"
    return (
        f"command -v {python} >/dev/null 2>&1 || "
        f"{{ echo '{told}' | tee -a {log} >&2; exit 127; }}\n"
    )


# Nothing here is flushed to the disk: after a power cut the run is dead, and settled as such.


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="surrogateescape")


def _write_whole(path: Path, text: str) -> None:
    """Write a file that somebody may read at any time: it is there as a whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    _write(draft, text)
    draft.replace(path)
