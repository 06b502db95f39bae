"""Ending what a plan has running: its Nextflows and its living runs.

For a cancel, by the plan's supervisor or, where that is gone, by whoever cancels. The epoch is
closed before, so that nothing new can register.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.errors import PmError
from pm_kernel.nextflow import launcher
from pm_kernel.running import stopping
from pm_kernel.running.complete import end_runner
from pm_kernel.running.process import Life, ProcessIdentity
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.settle import settle_run, wrapper_of
from pm_kernel.store.launches import OpenLaunch

#: Seconds after which a run that was told to end is ended, and after which its wrapper is killed.
_TOLD, _ENDED = 2.0, 20.0
_TICK = 0.2

Live = Callable[[], list[dict[str, Any]]]


def end_runs(store: RunStore, recorder: Recorder, live: Live, *, patience: float = 60.0) -> bool:
    """End every living run; True when none is left.

    Usually Nextflow was told to end, ended their scripts, and their records are being completed.
    Those that go on are ended: first the runner, so that its wrapper records it, then the wrapper.
    Runs of other hosts are told and left to end by themselves. A run that registers while this
    goes on is met the next time around.
    """
    began = time.monotonic()
    while runs := live():
        stopping.tell(store, runs)
        age = time.monotonic() - began
        for run in runs:
            with suppress(PmError):
                if settle_run(store, recorder, run):
                    continue
            wrapper = wrapper_of(run)
            if wrapper is None or wrapper.life() is not Life.ALIVE:
                continue
            if age > _TOLD:
                end_runner(store.partial(run["uuid"]))
            if age > _ENDED:
                _kill(wrapper)
        if age > patience:
            return False
        time.sleep(_TICK)
    return True


def stop_nextflows(launches: Sequence[OpenLaunch]) -> None:
    """Ask the Nextflow of each launch to end, its tasks with it; those of this host only."""
    for launch in launches:
        identity = _identity(launch)
        if identity.life() is Life.ALIVE:
            launcher.stop(identity)


def kill_nextflows(launches: Sequence[OpenLaunch]) -> None:
    """Kill the Nextflow of each launch, so that it starts nothing more; what it started goes on."""
    for launch in launches:
        identity = _identity(launch)
        if identity.life() is Life.ALIVE:
            _kill(identity)


def is_any_alive(launches: Sequence[OpenLaunch]) -> bool:
    """Return whether the Nextflow of one of these launches lives on this host."""
    return any(_identity(launch).life() is Life.ALIVE for launch in launches)


def _identity(launch: OpenLaunch) -> ProcessIdentity:
    return ProcessIdentity(launch.pid, launch.start, launch.boot, launch.host)


def _kill(identity: ProcessIdentity) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(identity.pid, signal.SIGKILL)
