"""Carrying out a direct run from its first row to its last, in this process or in one of its own.

``carry_out`` is what ``pm run`` does. ``start`` is "run this step" in the Lab: a process that
outlives the Jupyter server does the same, and tells its run's number as soon as there is one.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pm_kernel import direct_run, errors
from pm_kernel.artifacts.layout import writing
from pm_kernel.config import Settings, load_settings
from pm_kernel.database import open_store, running_url
from pm_kernel.direct_run import DirectPlan, DirectRequest
from pm_kernel.duplicates import SameImports
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import EngineUnavailable, PmError
from pm_kernel.running import orphans
from pm_kernel.running.complete import Ended
from pm_kernel.running.direct import Interrupts, execute
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.running.register import NotStarted
from pm_kernel.store import launches
from pm_kernel.store.engine import Connection, Store

#: Seconds in which a started process must have come to a run, or to an error.
_PATIENCE = 120.0


def carry_out(
    settings: Settings,
    store: Store,
    request: DirectRequest,
    direct: DirectPlan,
    matching: Callable[[Connection], SameImports],
    interrupts: Interrupts,
    *,
    on_registered: Callable[[int, Path], None],
    on_tick: Callable[[], None] = lambda: None,
    on_stopping: Callable[[], None] = lambda: None,
) -> Ended:
    """Open, execute and close a direct run; call it inside ``interrupts``.

    ``on_registered`` gets the run's id and the path of its log. Raises NotStarted where
    the run was recorded as failed because it could not be made ready, and PmError where there is no
    run at all.
    """
    recorder = DirectRecorder(
        lambda: running_url(settings), patience=settings.database_patience, wait=interrupts.wait
    )
    launch = direct_run.open_direct(settings, store, request, direct, matching)

    def cancel() -> None:
        on_stopping()
        with store.transaction() as connection:
            launches.cancel_epoch(connection, launch.plan_id)

    try:
        return execute(
            settings,
            recorder,
            launch,
            interrupts,
            on_registered=on_registered,
            on_tick=on_tick,
            on_cancel=cancel,
        )
    except NotStarted:
        raise
    except BaseException as error:
        with contextlib.suppress(PmError):
            direct_run.close_direct(store, launch, error)
        raise
    finally:
        # Where the database is away, the next command does it.
        with contextlib.suppress(PmError):
            orphans.finish_direct_plans(store)


def start(settings: Settings, request: DirectRequest) -> int:
    """Carry out a request in a process of its own; returns its run's id once it is registered.

    Cancelling the run's plan cancels it. Looking for an equal run is the caller's
    (``direct_run.prepare``). Raises what the process met before it came to a run, and
    EngineUnavailable where it said nothing.
    """
    environ = dict(settings.environ)
    command = [sys.executable, "-m", "pm_kernel.direct_execution", str(settings.root)]
    try:
        with writing(settings.runs_dir):
            settings.runs_dir.mkdir(parents=True, exist_ok=True)
            log = open(settings.runs_dir / "direct.log", "ab")  # noqa: SIM115 - closed below
        with log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                env=environ,
                start_new_session=True,
            )
    except OSError as error:
        reason = error.strerror or error
        raise EngineUnavailable(f"The run could not be started: {reason}.") from error
    # Somebody must take note of its end.
    threading.Thread(target=process.wait, name=f"reap {process.pid}", daemon=True).start()
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout as answers:
        with contextlib.suppress(BrokenPipeError), process.stdin as asked:
            asked.write(json.dumps(_plain(request)).encode())
        told = _first_line(answers.fileno(), _PATIENCE)
    if told is None:
        raise EngineUnavailable(
            "The process of the run said nothing.",
            hint=f"See {settings.runs_dir / 'direct.log'}, and whether the run began after all.",
        )
    if "error" in told:
        kind = getattr(errors, told["error"], EngineUnavailable)
        if not (isinstance(kind, type) and issubclass(kind, PmError)) or kind is errors.Problems:
            kind = EngineUnavailable
        raise kind(told["message"], hint=told["hint"])
    run_id: int = told["run_id"]
    return run_id


def main(argv: list[str]) -> int:
    """``python -m pm_kernel.direct_execution WORKSPACE``, with the request on standard input."""
    settings = load_settings(workspace=Path(argv[0]))
    request = _read(json.loads(sys.stdin.buffer.read()))
    answer = _Answer()
    try:
        store = open_store(settings, explicit=False)
        matching = same_imports(settings)
        direct = direct_run.prepare(store, request, matching)
        interrupts = Interrupts()
        with interrupts:
            ended = carry_out(
                settings, store, request, direct, matching, interrupts, on_registered=answer.begun
            )
    except NotStarted as stopped:
        answer.begun(stopped.run_id, Path())
        return 1
    except PmError as error:
        answer.failed(error)
        return error.exit_code
    answer.begun(ended.run_id, Path())
    return 0 if ended.status == "completed" else 1


class _Answer:
    """One line to whoever started this process; nobody reads what comes after."""

    def __init__(self) -> None:
        self._told = False

    def begun(self, run_id: int, _log: Path) -> None:
        self._tell({"run_id": run_id})

    def failed(self, error: PmError) -> None:
        kind = type(error).__name__
        self._tell({"error": kind, "message": error.message, "hint": error.hint})
        sys.stderr.write(f"{error}\n")

    def _tell(self, line: dict[str, Any]) -> None:
        if not self._told:
            self._told = True
            with contextlib.suppress(OSError):
                os.write(1, json.dumps(line).encode() + b"\n")


def _first_line(descriptor: int, seconds: float) -> dict[str, Any] | None:
    deadline = time.monotonic() + seconds
    text = b""
    while not text.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            return None
        text += piece
    found: dict[str, Any] = json.loads(text)
    return found


def _plain(request: DirectRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "version": request.version,
        "sample": request.sample,
        "params": dict(request.params),
        "inputs": [list(pair) for pair in request.inputs],
        "name": request.name,
        "notes": request.notes,
        "metadata": dict(request.metadata),
        "rerun": request.rerun,
        "base": str(request.base),
    }


def _read(document: dict[str, Any]) -> DirectRequest:
    inputs = [(name, text) for name, text in document.pop("inputs")]
    return DirectRequest(inputs=inputs, base=Path(document.pop("base")), **document)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
