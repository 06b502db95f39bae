"""The supervisor: a detached process per plan that starts Nextflow and sees the plan to its end.

    settle what died → open a launch → Nextflow → settle → …  until nothing is runnable or alive

It outlives the terminal or Jupyter server that started it, and restarts of the database. What is
done is asked of the record only: Nextflow's exit code is noted and otherwise ignored.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings, load_settings
from pm_kernel.database import embedded_postgres, open_store
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.errors import DatabaseUnavailable, PmError
from pm_kernel.nextflow import ending, jobs, launching, owner
from pm_kernel.nextflow.launcher import LOG, NextflowProcess
from pm_kernel.nextflow.launching import Share
from pm_kernel.nextflow.machine import machine_limits
from pm_kernel.nextflow.places import Held, Places
from pm_kernel.nextflow.plan_record import PlanRecord, Superseded
from pm_kernel.nextflow.task_recorder import TaskRecorder
from pm_kernel.nextflow.trace import TraceReader
from pm_kernel.running.process import host_name, identify
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.settle import scheduler_evidence, settle_run
from pm_kernel.store.engine import Store

#: Launches of one epoch: the first, and those that take what was not runnable before.
_MAX_LAUNCHES = 100
#: Launches in a row that brought nothing forth: a full disk does not mend itself.
_MAX_FRUITLESS = 3
#: Seconds that a new supervisor waits for whoever still has its plan.
_OWN_PATIENCE = 60.0
#: Seconds between two looks at heartbeats and at the dead.
_BEAT = 5.0
#: Seconds between two questions to a scheduler.
_ASK = 15.0
#: Seconds between two looks at the lock and the plan's epoch.
_LOOK = 1.0
#: Seconds between two looks at Nextflow.
_TICK = 0.05
#: Seconds after which a Nextflow that says that it is stuck is taken at its word.
_STUCK = 60.0

#: Starts Nextflow for a launch; the one door to it.
StartNextflow = Callable[[Settings, Launch, Plan, Path], NextflowProcess]


class CancelAsked(Exception):
    """A person cancelled the plan, or told this process to end."""


class Supervisor:
    """Owns one epoch of one plan."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        plan_id: int,
        epoch: int,
        *,
        start: StartNextflow | None = None,
        recorder: Recorder | None = None,
        address: Callable[[], str] | None = None,
    ) -> None:
        self._settings = settings
        self._epoch = epoch
        self._start = self._start_nextflow if start is None else start
        self._runs = RunStore(settings.runs_dir)
        self._folder = self._runs.plan(plan_id)
        #: Told to end by a signal.
        self._interrupted = False
        self._record = PlanRecord(
            store,
            settings.workspace_id,
            plan_id,
            epoch,
            address=address,
            hurried=lambda: self._interrupted,
        )
        self._tasks = TaskRecorder(settings, self._folder, recorder, say=_say)
        self._recorder = self._tasks.recorder
        self._process: NextflowProcess | None = None
        self._places = Places(settings.state_dir, machine_limits().cpus)
        #: What the running launch has of this machine.
        self._share = Share(settings, Held([], 0), 1)
        #: Task directory -> what Nextflow says of it.
        self._ended: dict[str, str] = {}
        self._beat_at = 0.0
        self._look_at = 0.0
        self._ask_at = 0.0
        #: Why the plan did not complete, where that is no failure of a run.
        self._error: str | None = None

    def run(self) -> str:
        """See the plan to its end; returns its final status, or "not owned".

        Raises DatabaseUnavailable when the database stays away for an hour, or is away when this
        process is told to end.
        """
        try:
            while True:
                self._own_and_supervise()
                status = self._record.finish(self._error)
                self._record.follow(self._runs)
                if status is not None:
                    return status
        except Superseded:
            # The newer owner waits for what still runs.
            return "not owned"
        finally:
            self._tasks.close()
            self._record.release()

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Signal handler: cancel the plan."""
        self._interrupted = True

    # --- the loop ---------------------------------------------------------------------------------

    def _own_and_supervise(self) -> None:
        try:
            self._take_over()
            self._supervise()
        except CancelAsked:
            self._end_jobs(waiting=False)
            self._end_runs()
        except DatabaseUnavailable:
            if self._interrupted and self._process is not None:
                self._process.stop()
            raise
        except (PmError, OSError) as error:
            self._error = str(error)

    def _take_over(self) -> None:
        """Become the owner; what an earlier one left running goes on, but starts nothing more."""
        deadline = time.monotonic() + _OWN_PATIENCE
        while not self._record.acquire():
            self._compare_epoch()
            if time.monotonic() > deadline:
                raise Superseded
        self._compare_epoch()
        owner.write(self._folder, identify(os.getpid()), self._epoch)
        self._tasks.serve()
        left = self._record.unfinished()
        ending.kill_nextflows(left)
        self._end_jobs(waiting=True)
        for launch in left:
            self._record.close_launch(launch.launch_id, "Its supervisor ended before it did.")

    def _supervise(self) -> None:
        fruitless = 0
        for _ in range(_MAX_LAUNCHES):
            launch = self._next_launch()
            if launch is None:
                return
            fruitful, refused = self._launch(launch)
            fruitless = 0 if fruitful else fruitless + 1
            if refused or fruitless == _MAX_FRUITLESS:
                break
        else:
            self._error = f"It was launched {_MAX_LAUNCHES} times; resume goes on."
        while self._wait_for_an_orphan(self._record.wanted()):
            pass

    def _next_launch(self) -> Launch | None:
        """Return what can run now, once there is something; None when nothing more ever will."""
        while True:
            self._settle()
            self._compare_epoch()
            # Before, so that whatever is asked for from now on is seen as new.
            known = self._record.wanted()
            launch = self._record.open_launch()
            if launch.tasks:
                return launch
            if not self._wait_for_an_orphan(known):
                return None

    def _launch(self, launch: Launch) -> tuple[bool, bool]:
        """Run one launch to its end; whether it brought anything forth, and Nextflow refused it."""
        directory = self._folder / "launches" / str(launch.number)
        self._error = None
        try:
            process = self._start(self._settings, launch, self._record.plan(), directory)
        except (PmError, OSError) as error:
            self._record.close_launch(launch.launch_id, str(error))
            raise
        self._process = process
        self._record.note_process(launch, directory, process)
        self._record.follow(self._runs)
        # Nextflow takes two seconds to its first task.
        self._tasks.warm()
        trace = TraceReader(directory / LOG)
        stuck = None
        try:
            if self._follow(launch, process, trace):
                stuck = "Nextflow started none of the tasks that waited, though nothing ran"
                _say(f"{stuck}; another one goes on with them")
                process.stop()
        except CancelAsked:
            # Nextflow ends at once; its tasks go on to complete their records.
            process.stop()
            self._end_jobs(waiting=False)
            self._end_runs()
            self._close(launch, directory, process, "It was cancelled.")
            raise
        self._read_trace(trace)
        exit_code = process.poll() or 0
        if exit_code != 0:
            # Killed, it took nothing back; nobody looks after what still waits in a queue.
            self._end_jobs(waiting=True)
        self._settle()
        fruitful = self._record.achieved(launch)
        # Ended by us, it has nothing to say itself.
        self._error = stuck or launching.launch_failure(directory, exit_code)
        if self._error is None and not fruitful:
            self._error = launching.registration_failure(directory)
        self._close(launch, directory, process, self._error)
        return fruitful, not fruitful and 0 < exit_code < 128

    def _follow(self, launch: Launch, process: NextflowProcess, trace: TraceReader) -> bool:
        """Wait for the end of Nextflow; True where it is stuck instead, and nothing runs."""
        well_at = time.monotonic()
        while process.poll() is None:
            self._stand()
            if self._is_time_to_beat():
                self._read_trace(trace)
                if not trace.stuck or self._record.live_runs():
                    well_at = time.monotonic()
                elif time.monotonic() - well_at > _STUCK:
                    return True
                # Others may have what its last tasks cannot use.
                self._share.held.keep(self._record.lacking(launch) * self._share.each)
                try:
                    self._settle()
                    self._beat()
                except DatabaseUnavailable:
                    raise
                except (PmError, OSError) as error:
                    # A full disk, somebody else's files: no reason to leave Nextflow alone.
                    _say(str(error))
            time.sleep(_TICK)
        return False

    def _wait_for_an_orphan(self, known: set[int]) -> bool:
        """Wait until a run that outlived its launch has ended; False when there is none.

        No longer than until somebody wants more again than is ``known``: that may have nothing to
        do with what lives, which may be on a host that nobody hears of any more.
        """
        before = {run["run_id"] for run in self._record.live_runs()}
        while before and {run["run_id"] for run in self._record.live_runs()} == before:
            self._stand()
            if not self._record.wanted() <= known:
                break
            if self._is_time_to_beat():
                self._beat()
            time.sleep(_LOOK)
            self._settle()
        return bool(before)

    # --- rules ------------------------------------------------------------------------------------

    def _stand(self) -> None:
        """Look whether the plan is still ours to run. Raises Superseded or CancelAsked."""
        if self._interrupted or time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK
            while not self._record.acquire():
                # Lost with its connection. Whoever has it now lets go, or begins a newer epoch.
                self._compare_epoch()
            self._compare_epoch()

    def _compare_epoch(self) -> None:
        if self._interrupted and self._record.cancel():
            self._error = "Its supervisor was told to end (by a signal)."
        epoch, cancelled = self._record.epochs()
        if epoch != self._epoch:
            raise Superseded
        if cancelled >= epoch:
            raise CancelAsked

    def _settle(self) -> None:
        """End every run of this plan of which there is evidence that it is dead."""
        live = self._record.live_runs()
        known = self._told_by_scheduler(live)
        for run in live:
            evidence = known.get(run["run_id"])
            if run["host"] != host_name() and run["work_dir"] in self._ended:
                # Of another host only Nextflow knows, and its scheduler.
                evidence = f"Nextflow says that its task {self._ended[run['work_dir']].lower()}"
            self._record.patiently(self._settling(run, evidence))

    def _told_by_scheduler(self, live: list[dict[str, Any]]) -> dict[int, str]:
        """What the scheduler says of runs that no Nextflow follows; it is not asked too often."""
        if self._process is not None or time.monotonic() < self._ask_at:
            return {}
        self._ask_at = time.monotonic() + _ASK
        return scheduler_evidence(live, self._settings.environ)

    def _settling(self, run: dict[str, Any], evidence: str | None) -> Callable[[], bool]:
        return lambda: settle_run(self._runs, self._recorder, run, evidence=evidence)

    def _read_trace(self, trace: TraceReader) -> None:
        for row in trace.read():
            self._ended[row.work_dir] = row.status

    def _end_jobs(self, *, waiting: bool) -> None:
        for told in jobs.end_left(self._folder, self._settings.environ, waiting=waiting):
            _say(told)

    def _end_runs(self) -> None:
        if not ending.end_runs(self._runs, self._recorder, self._record.live_runs):
            _say("some of its runs could not be ended; they are settled when they have ended")

    def _is_time_to_beat(self) -> bool:
        if time.monotonic() < self._beat_at:
            return False
        self._beat_at = time.monotonic() + _BEAT
        return True

    def _beat(self) -> None:
        """Pass on the signs of life that the runners leave in their directories."""
        fresh = []
        for run in self._record.live_runs():
            heartbeat = self._runs.partial(run["uuid"]) / ".pm" / "heartbeat"
            try:
                if time.time() - heartbeat.stat().st_mtime < 3 * _BEAT:
                    fresh.append(run["uuid"])
            except FileNotFoundError:
                continue
        if fresh:
            self._recorder.ask({"op": "beat", "uuids": fresh})

    # --- doors ------------------------------------------------------------------------------------

    def _start_nextflow(
        self, settings: Settings, launch: Launch, plan: Plan, directory: Path
    ) -> NextflowProcess:
        roots = self._record.input_roots(launch)
        self._share = launching.share_of(settings, launch, plan, self._places)
        if self._share.settings.max_tasks != settings.max_tasks:
            _say(f"tasks at once: {self._share.settings.max_tasks}; other plans have the rest")
        try:
            return launching.start_launch(
                self._share.settings, launch, plan, directory, roots=roots
            )
        except BaseException:
            self._share.held.keep(0)
            raise

    def _close(
        self, launch: Launch, directory: Path, process: NextflowProcess, error: str | None
    ) -> None:
        self._process = None
        self._share.held.keep(0)
        code = process.poll()
        self._record.close_launch(launch.launch_id, error, directory=directory, exit_code=code)


def main(argv: list[str]) -> int:
    """``python -m pm_kernel.nextflow.supervisor WORKSPACE PLAN EPOCH``."""
    workspace, plan_id, epoch = argv
    settings = load_settings(workspace=Path(workspace))
    store = open_store(settings, explicit=False)

    def address() -> str:
        if settings.embedded:
            return embedded_postgres(settings).ensure_started(explicit=False)
        return store.url

    supervisor = Supervisor(settings, store, int(plan_id), int(epoch), address=address)
    signal.signal(signal.SIGTERM, supervisor.interrupt)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        status = supervisor.run()
    except PmError as error:
        _say(str(error))
        return error.exit_code
    _say(status)
    return 0


def _say(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
