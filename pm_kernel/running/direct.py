"""Executing one registered run right here, without Nextflow: what `pm run` does.

It is a plan of one planned run, under the same rules; this process is the run's wrapper, so that
after its death the next command finds and settles the run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from pm_kernel.artifacts.layout import RunStore, remove_tree, writing
from pm_kernel.config import Settings
from pm_kernel.domain.plans import Launch
from pm_kernel.errors import Cancelled, EngineUnavailable
from pm_kernel.running.complete import Ended, complete, end_runner
from pm_kernel.running.orphans import mark_owner
from pm_kernel.running.process import identify
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.register import RUN_SCRIPT, UUID_NOTE, register

#: Seconds between two signs of life in the database.
_BEAT = 10.0

#: Starts the run's script; replaced in tests by launchers that fail.
Starter = Callable[[Path, dict[str, str]], "subprocess.Popen[bytes]"]


def start_script(task_dir: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a task's script in a session of its own: a Ctrl-C is ours to answer."""
    return subprocess.Popen(
        ["/bin/sh", str(task_dir / RUN_SCRIPT)],
        cwd=task_dir,
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


class Interrupts:
    """Notes Ctrl-C, SIGTERM and SIGHUP instead of letting them break in at any line.

    A run is then ended at the one place that can record it as cancelled. The second signal breaks
    in. A signal that was ignored when we came (`nohup`, a job in the background) stays ignored.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.noted = False
        #: While the run is not registered, waiting may be given up.
        self.may_give_up = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        # Only the main thread may set handlers; elsewhere nobody sends us signals.
        if threading.current_thread() is threading.main_thread():
            for sign in self._SIGNALS:
                if signal.getsignal(sign) is not signal.SIG_IGN:
                    self._before[sign] = signal.signal(sign, self._note)
        return self

    def __exit__(self, *_exception: object) -> None:
        for sign, handler in self._before.items():
            signal.signal(sign, handler)

    def wait(self, seconds: float) -> None:
        """Sleep, as a recorder does while the database is away. Raises Cancelled when stopped."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.noted and self.may_give_up:
                raise Cancelled("Stopped before the run was registered.")
            time.sleep(min(left, 0.1))

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True


def execute(
    settings: Settings,
    recorder: Recorder,
    launch: Launch,
    interrupts: Interrupts,
    *,
    on_registered: Callable[[int, Path], None] = lambda _run_id, _log: None,
    on_tick: Callable[[], None] = lambda: None,
    on_cancel: Callable[[], None] = lambda: None,
    start: Starter = start_script,
) -> Ended:
    """Execute the one planned run of a launch; returns how it ended.

    ``on_registered`` gets the run id and the path of its log; ``on_tick`` is called several times a
    second; ``on_cancel`` before a cancelled run is ended. What they raise does not reach the run.
    Call it inside ``interrupts``: Ctrl-C, SIGTERM and SIGHUP then cancel the run.

    Raises NotStarted where the run could not be made ready (it is recorded as failed), and what
    ``register`` and ``complete`` raise.
    """
    store = RunStore(settings.runs_dir)
    wrapper = identify(os.getpid())
    if wrapper is None:
        raise EngineUnavailable("This process cannot identify itself; is `ps` installed?")
    task_dir = store.work(os.urandom(16).hex())
    process: subprocess.Popen[bytes] | None = None
    with writing(store.root):
        task_dir.mkdir(parents=True)
        mark_owner(task_dir)
    try:
        interrupts.may_give_up = True
        try:
            registered = register(
                settings,
                recorder,
                planned=launch.tasks[0][0],
                launch=launch.launch_id,
                attempt=1,
                task_dir=task_dir,
                wrapper=wrapper,
            )
        except Cancelled:
            # It may be registered all the same: only the answer was lost. Then this says why.
            _mark_cancelled(store.partial((task_dir / UUID_NOTE).read_text().split("\n")[0]))
            raise
        interrupts.may_give_up = False
        record, run_id = registered.record, registered.run_id
        if registered.done:
            return Ended(run_id, "completed", None, store.final(run_id))
        folder = store.partial(record["uuid"])
        _told(lambda: on_registered(run_id, folder / "run.log"))
        try:
            process = start(task_dir, dict(settings.environ))
        except OSError as error:
            reason = f"Its process could not be started: {error}."
            return complete(store, recorder, record, folder, exit_code=None, reason=reason)
        _wait(process, recorder, record["uuid"], on_tick, interrupts)
        if process.poll() is None:
            _mark_cancelled(folder)
            _told(on_cancel)
            _end(process, folder)
        return complete(store, recorder, record, folder, exit_code=process.wait())
    finally:
        if process is not None and process.poll() is None:
            # Something broke in; what we started does not go on without us.
            _end(process, folder)
        remove_tree(task_dir)


def _wait(
    process: subprocess.Popen[bytes],
    recorder: Recorder,
    uuid: str,
    on_tick: Callable[[], None],
    interrupts: Interrupts,
) -> None:
    pause = 0.01
    beat_at = time.monotonic() + _BEAT
    while process.poll() is None and not interrupts.noted:
        _told(on_tick)
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
        if time.monotonic() > beat_at:
            _told(lambda: recorder.ask({"op": "beat", "uuids": [uuid]}))
            beat_at = time.monotonic() + _BEAT
    _told(on_tick)


def _told(callback: Callable[[], object]) -> None:
    # A terminal that was closed, a database that is away: the run goes on, or ends, all the same.
    with contextlib.suppress(Exception):
        callback()


def _mark_cancelled(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        (folder / ".pm" / "cancel").touch()


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    end_runner(folder)
    # Before the runner noted itself there is only the process that was started.
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
