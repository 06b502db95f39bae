"""The supervisor: a detached process per plan that starts Nextflow and sees the plan to its end.

    settle what died → open a launch → Nextflow → settle → …  until nothing is runnable or alive

It outlives the terminal or Jupyter server that started it. What is done is asked of the record
only: Nextflow's exit code is noted and otherwise ignored.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings, load_settings
from pm_kernel.database import open_store
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.errors import DatabaseUnavailable, PmError
from pm_kernel.nextflow import launching
from pm_kernel.nextflow.launcher import NextflowProcess
from pm_kernel.nextflow.trace import TraceReader
from pm_kernel.running import stopping
from pm_kernel.running.process import identify
from pm_kernel.running.recorder import DirectRecorder, Recorder
from pm_kernel.running.settle import settle_run
from pm_kernel.store import launches, plans, retries
from pm_kernel.store.engine import Store, libpq_url
from pm_kernel.store.ownership import PlanLock

#: Launches of one epoch: the first, and those that take what was not runnable before.
_MAX_LAUNCHES = 20
#: Seconds between two looks at heartbeats and the plan's epoch.
_BEAT = 5.0
#: Seconds between two looks at Nextflow.
_TICK = 0.2
#: Seconds that tasks which were told to end have for their records.
_CANCEL_PATIENCE = 60.0
#: Instead of a final status: somebody else has the plan.
_NOT_OWNED = "not owned"
#: Nextflow's word for a task that ended without its afterScript having had the last word.
_ENDED = frozenset({"FAILED", "ABORTED", "COMPLETED"})

#: Starts Nextflow for a launch; the one door to it.
StartNextflow = Callable[[Settings, Launch, Plan, Path], NextflowProcess]

Answer = TypeVar("Answer")


class Supervisor:
    """Owns one epoch of one plan."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        plan_id: int,
        epoch: int,
        *,
        start: StartNextflow = launching.start_launch,
        recorder: Recorder | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._plan_id = plan_id
        self._epoch = epoch
        self._start = start
        self._recorder = recorder or DirectRecorder(libpq_url(store.url))
        self._runs = RunStore(settings.runs_dir)
        self._lock = PlanLock(store.url, plan_id)
        self._beat_at = 0.0
        #: Asked to cancel by a signal.
        self._interrupted = False

    def run(self) -> str:
        """See the plan to its end; returns its final status, or "not owned"."""
        try:
            if not self._patiently(self._lock.acquire):
                return _NOT_OWNED
            note_supervisor(self._runs, self._plan_id)
            try:
                return self._supervise()
            except PmError as error:
                return self._patiently(partial(self._finish, error.message)) or _NOT_OWNED
        except _Superseded:
            # The owner of the newer epoch waits for what still runs; its records stay true.
            return _NOT_OWNED
        finally:
            self._lock.release()

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Signal handler: cancel the plan."""
        self._interrupted = True

    # --- the loop ---------------------------------------------------------------------------------

    def _supervise(self) -> str:
        while True:
            error = self._run_launches()
            if self._is_cancelled():
                self._stop_runs()
            # Where Nextflow failed, what it left ends by itself.
            while self._wait_for_orphans():
                continue
            status = self._patiently(partial(self._finish, error))
            if status is not None:
                return status

    def _run_launches(self) -> str | None:
        """Launch until nothing is runnable; returns a sentence when Nextflow itself failed."""
        for _ in range(_MAX_LAUNCHES):
            self._settle()
            if self._is_cancelled():
                return None
            launch = self._patiently(self._open_launch)
            if launch.tasks:
                error = self._launch(launch)
                if error is not None:
                    return error
            elif not self._wait_for_orphans():
                return None
        return None

    def _open_launch(self) -> Launch:
        with self._store.transaction() as connection:
            launch = launches.open_launch(connection, self._plan_id, self._epoch)
            plans.set_status(connection, self._plan_id, "running")
        return launch

    def _launch(self, launch: Launch) -> str | None:
        """Run one launch; returns a sentence when Nextflow itself failed."""
        plan = self._patiently(lambda: plans.get_plan(self._store, self._plan_id))
        directory = self._runs.plan(self._plan_id) / "launches" / str(launch.number)
        process = self._start(self._settings, launch, plan, directory)
        self._note(
            launch,
            directory=str(directory),
            host=process.identity.host,
            pid=process.identity.pid,
            pid_start=process.identity.start,
            boot_id=process.identity.boot,
        )
        trace = TraceReader(directory / "trace.txt")
        ended: dict[int, str] = {}
        while (exit_code := process.poll()) is None:
            self._follow(trace, ended)
            if (self._interrupted or self._due()) and self._is_cancelled():
                stopping.tell(self._runs, self._live())
                # Nextflow ends at once; its tasks go on to complete their records.
                process.stop()
                self._stop_runs()
                exit_code = process.poll()
                break
            time.sleep(_TICK)
        self._follow(trace, ended)
        self._settle(ended)
        failure = self._patiently(lambda: self._failure_of(launch, directory, exit_code, ended))
        self._note(
            launch,
            exit_code=exit_code,
            error=failure,
            nextflow_session_id=launching.session_of(directory),
        )
        return failure

    def _note(self, launch: Launch, **facts: Any) -> None:
        def note() -> None:
            with self._store.transaction() as connection:
                launches.note_launch(connection, launch.launch_id, **facts)
                if "exit_code" in facts:
                    launches.finish_launch(connection, launch.launch_id)

        self._patiently(note)

    def _failure_of(
        self, launch: Launch, directory: Path, exit_code: int | None, ended: dict[int, str]
    ) -> str | None:
        """Say why a launch got nowhere: Nextflow itself failed, or no task of it could register."""
        if not ended:
            return launching.launch_failure(directory, exit_code)
        with self._store.reading() as connection:
            if launches.registered_runs(connection, launch.launch_id):
                return None
        return launching.registration_failure(directory)

    def _follow(self, trace: TraceReader, ended: dict[int, str]) -> None:
        for row in trace.read():
            if row.status in _ENDED:
                ended[row.planned_run_id] = f"Nextflow says that its task {row.status.lower()}"
        if time.monotonic() >= self._beat_at:
            self._beat()

    def _wait_for_orphans(self) -> bool:
        """Wait until a run that outlived an earlier launch has ended; False when there is none."""
        while live := self._live():
            before = {run["run_id"] for run in live}
            self._settle()
            cancelled = self._is_cancelled()
            if cancelled:
                self._stop_runs()
            if {run["run_id"] for run in self._live()} != before:
                return True
            if cancelled:
                # Those that stay are left to a later settling.
                return False
            self._beat()
            time.sleep(1.0)
        return False

    def _stop_runs(self) -> None:
        """End every living run of this plan and wait for its record; told before, or told now."""
        live = self._live()
        stopping.tell(self._runs, live)
        stopping.end(self._runs, live)
        deadline = time.monotonic() + _CANCEL_PATIENCE
        while live and time.monotonic() < deadline:
            time.sleep(_TICK)
            self._settle()
            live = self._live()

    # --- rules ------------------------------------------------------------------------------------

    def _live(self) -> list[dict[str, Any]]:
        workspace = self._settings.workspace_id
        return self._patiently(lambda: launches.live_runs(self._store, workspace, self._plan_id))

    def _settle(self, ended: dict[int, str] | None = None) -> None:
        """End every run of this plan of which there is evidence that it is dead."""
        for run in self._live():
            try:
                evidence = (ended or {}).get(run["planned_run_id"])
                if not settle_run(self._runs, self._recorder, run) and evidence is not None:
                    # Its wrapper may still be on its way out; the trace says that it is over.
                    time.sleep(0.5)
                    settle_run(self._runs, self._recorder, run)
            except (PmError, OSError) as error:
                # The others must not wait for it; it is tried again.
                print(f"run {run['run_id']} cannot be closed yet: {error}", flush=True)

    def _is_cancelled(self) -> bool:
        """Whether this epoch was cancelled, be it by a signal to this process.

        Raises _Superseded when a newer epoch has begun: this one's owner stands down.
        """
        return self._patiently(self._look)

    def _look(self) -> bool:
        if not self._lock.held:
            # Its connection was lost. Without the lock others may think that nobody is here, but
            # only a newer epoch ends this one.
            self._lock.acquire()
        with self._store.transaction() as connection:
            if self._interrupted:
                launches.cancel_epoch(connection, self._plan_id, self._epoch)
            epoch, cancelled = launches.epochs(connection, self._plan_id)
        if epoch != self._epoch:
            raise _Superseded
        return cancelled >= epoch

    def _due(self) -> bool:
        return time.monotonic() >= self._beat_at - _BEAT / 2

    def _beat(self) -> None:
        """Pass on the signs of life that the runners leave in their directories."""
        self._beat_at = time.monotonic() + _BEAT
        fresh = []
        for run in self._live():
            heartbeat = self._runs.partial(run["uuid"]) / ".pm" / "heartbeat"
            try:
                if time.time() - heartbeat.stat().st_mtime < 3 * _BEAT:
                    fresh.append(run["uuid"])
            except FileNotFoundError:
                continue
        if fresh:
            self._recorder.ask({"op": "beat", "uuids": fresh})

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        """Ask the database, and keep trying while it is away: runs and Nextflow go on meanwhile."""
        deadline = time.monotonic() + self._settings.database_patience
        pause = _TICK
        while True:
            try:
                return ask()
            except DatabaseUnavailable as away:
                if time.monotonic() > deadline:
                    raise
                print(f"{away.message}; trying again in {pause:.1f} s", flush=True)
                time.sleep(pause)
                pause = min(10.0, pause * 2)

    def _finish(self, error: str | None) -> str | None:
        """Give the plan its final status; None where a retry asks for one more launch."""
        with self._store.transaction() as connection:
            asked = retries.asked_meanwhile(connection, self._plan_id, self._epoch)
            epoch, cancelled = launches.epochs(connection, self._plan_id)
            if epoch != self._epoch:
                # A newer resume has the plan; its status is no longer ours to say.
                raise _Superseded
            if asked and error is None and cancelled < epoch:
                return None
            status = plans.status_from_record(connection, self._plan_id)
            plans.set_status(
                connection, self._plan_id, status, error=None if status == "completed" else error
            )
        return status


class _Superseded(Exception):
    """A newer epoch of the plan has begun."""


def main(argv: list[str]) -> int:
    """``python -m pm_kernel.nextflow.supervisor WORKSPACE PLAN EPOCH``."""
    workspace, plan_id, epoch = argv
    settings = load_settings(workspace=Path(workspace))
    store = open_store(settings)
    supervisor = Supervisor(settings, store, int(plan_id), int(epoch))
    signal.signal(signal.SIGTERM, supervisor.interrupt)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    status = supervisor.run()
    print(f"plan {plan_id}: {status}", flush=True)
    return 0


def note_supervisor(store: RunStore, plan_id: int) -> None:
    """Leave this process's identity where a cancel finds it."""
    identity = identify(os.getpid())
    folder = store.plan(plan_id)
    folder.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {} if identity is None else vars(identity)
    (folder / "supervisor.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
