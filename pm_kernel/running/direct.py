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
from uuid import uuid4

from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.config import Settings
from pm_kernel.domain.plans import Launch
from pm_kernel.errors import EngineUnavailable
from pm_kernel.running.complete import Ended, complete, end_runner
from pm_kernel.running.process import identify
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.register import RUN_SCRIPT, register

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


def execute(
    settings: Settings,
    recorder: Recorder,
    launch: Launch,
    *,
    on_registered: Callable[[int, Path], None] = lambda _run_id, _log: None,
    on_tick: Callable[[], None] = lambda: None,
    on_cancel: Callable[[], None] = lambda: None,
    start: Starter = start_script,
) -> Ended:
    """Execute the one planned run of a launch; returns how it ended.

    ``on_registered`` gets the run id and the path of its log; ``on_tick`` is called several times a
    second; ``on_cancel`` before a cancelled run is ended. Ctrl-C, SIGTERM and SIGHUP cancel.
    """
    store = RunStore(settings.runs_dir)
    wrapper = identify(os.getpid())
    if wrapper is None:
        raise EngineUnavailable("This process cannot identify itself; is `ps` installed?")
    task_dir = store.work(uuid4())
    try:
        with Interrupts() as interrupts:
            registered = register(
                settings,
                recorder,
                planned=launch.tasks[0][0],
                launch=launch.launch_id,
                attempt=1,
                task_dir=task_dir,
                wrapper=wrapper,
            )
            record, run_id = registered.record, registered.run_id
            if registered.done:
                return Ended(run_id, "completed", None, store.final(run_id))
            folder = store.partial(record["uuid"])
            on_registered(run_id, folder / "run.log")
            process = start(task_dir, dict(settings.environ))
            _wait(process, recorder, record["uuid"], on_tick, interrupts)
            if process.poll() is None:
                (folder / ".pm" / "cancel").touch()
                on_cancel()
                _end(process, folder)
            return complete(store, recorder, record, folder, exit_code=process.wait())
    finally:
        remove_tree(task_dir)


class Interrupts:
    """Notes Ctrl-C, SIGTERM and SIGHUP instead of letting them break in at any line.

    A run is then ended at the one place that can record it as cancelled. The second signal breaks in.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.noted = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        # Only the main thread may set handlers; elsewhere nobody sends us signals.
        if threading.current_thread() is threading.main_thread():
            self._before = {sign: signal.signal(sign, self._note) for sign in self._SIGNALS}
        return self

    def __exit__(self, *_exception: object) -> None:
        for sign, handler in self._before.items():
            signal.signal(sign, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True


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
        on_tick()
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
        if time.monotonic() > beat_at:
            recorder.ask({"op": "beat", "uuids": [uuid]})
            beat_at = time.monotonic() + _BEAT
    on_tick()


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    end_runner(folder)
    # Before the runner noted itself there is only the process that was started.
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
