"""Executing one registered run right here, without Nextflow: what `pm run` does.

It is a plan of one planned run, under the same rules; this process is the run's wrapper, so that after
its death the next command finds and settles the run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from uuid import uuid4

from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.config import Settings
from pm_kernel.domain.plans import Launch
from pm_kernel.errors import EngineUnavailable
from pm_kernel.running.complete import Ended, complete
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
        with interruptible():
            registered = register(
                settings,
                recorder,
                planned=launch.tasks[0][0],
                launch=launch.launch_id,
                attempt=1,
                task_dir=task_dir,
                wrapper=wrapper,
            )
            record = registered.record
            if registered.done:
                return Ended(registered.run_id, "completed", None, store.final(registered.run_id))
            folder = store.partial(record["uuid"])
            process: subprocess.Popen[bytes] | None = None
            try:
                on_registered(registered.run_id, folder / "run.log")
                process = start(task_dir, dict(settings.environ))
                _wait(process, recorder, record["uuid"], on_tick)
            except KeyboardInterrupt:
                (folder / ".pm" / "cancel").touch()
                on_cancel()
            return complete(
                store,
                recorder,
                record,
                folder,
                exit_code=None if process is None else _reap(process, record, folder),
            )
    finally:
        remove_tree(task_dir)


def _wait(
    process: subprocess.Popen[bytes], recorder: Recorder, uuid: str, on_tick: Callable[[], None]
) -> None:
    pause = 0.01
    beat_at = time.monotonic() + _BEAT
    while process.poll() is None:
        on_tick()
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
        if time.monotonic() > beat_at:
            recorder.ask({"op": "beat", "uuids": [uuid]})
            beat_at = time.monotonic() + _BEAT
    on_tick()


def _reap(process: subprocess.Popen[bytes], record: dict[str, object], folder: Path) -> int:
    from pm_kernel.running.complete import end_runner

    if process.poll() is None:
        end_runner(folder)
        # Before the runner noted itself there is only the process we started.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP arrive as KeyboardInterrupt, as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {sign: signal.signal(sign, interrupt) for sign in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
