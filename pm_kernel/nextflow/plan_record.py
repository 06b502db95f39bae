"""What a supervisor reads and writes of its plan; each access waits for a database that is away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.mirror import follow_state
from pm_kernel.nextflow import launching
from pm_kernel.nextflow.launcher import NextflowProcess
from pm_kernel.nextflow.patience import Patience
from pm_kernel.store import launches, plans, retries
from pm_kernel.store.engine import Connection, Store
from pm_kernel.store.launches import OpenLaunch
from pm_kernel.store.ownership import PlanLock

T = TypeVar("T")


class Superseded(Exception):
    """Somebody else began a newer epoch: this supervisor has nothing more to say."""


class PlanRecord:
    """One plan's rows and its lock, for one epoch.

    ``address`` returns the address of the database, which it starts where that is ours to do: the
    embedded one has another address after each start. ``hurried`` tells that somebody wants this
    process to end.
    """

    def __init__(
        self,
        store: Store,
        workspace_id: str,
        plan_id: int,
        epoch: int,
        *,
        address: Callable[[], str] | None = None,
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._plan_id = plan_id
        self._epoch = epoch
        self._address = address
        self._lock = PlanLock(store.url, plan_id)
        self.patiently = Patience(self._reconnect, hurried=hurried)

    def _reconnect(self) -> None:
        if self._address is None:
            return
        url = self._address()
        if url != self._store.url:
            self._lock.release()
            self._store.close()
            self._store = Store(url)
            self._lock = PlanLock(url, self._plan_id)

    # --- ownership --------------------------------------------------------------------------------

    def acquire(self) -> bool:
        """Have the plan's lock, still or again; False when somebody else has it for a second."""
        return self.patiently(lambda: self._lock.held or self._lock.acquire(patience=1.0))

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def epochs(self) -> tuple[int, int]:
        """Return the plan's epoch and its cancelled epoch."""
        return self._read(lambda c: launches.epochs(c, self._plan_id))

    def cancel(self) -> bool:
        """Close our epoch; True when nobody had before."""

        def cancel(connection: Connection) -> bool:
            epoch, cancelled = launches.epochs(connection, self._plan_id)
            launches.cancel_epoch(connection, self._plan_id, self._epoch)
            return epoch == self._epoch and cancelled < epoch

        return self._write(cancel)

    # --- the plan ---------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return the plan."""
        return self.patiently(lambda: plans.get_plan(self._store, self._plan_id))

    def live_runs(self) -> list[dict[str, Any]]:
        """Return its runs that the record calls running."""
        return self.patiently(
            lambda: launches.live_runs(self._store, self._workspace_id, self._plan_id)
        )

    def wanted(self) -> set[int]:
        """Return its planned runs that are wanted again and were given to no launch yet."""
        return self._read(lambda c: set(retries.wanted(c, self._plan_id)))

    def finish(self, error: str | None) -> str | None:
        """Give the plan the status of its record and return it.

        None where somebody asked for a retry meanwhile: there is one more launch to open. Raises
        Superseded under a newer epoch.
        """

        def finish(connection: Connection) -> str | None:
            asked = retries.asked_meanwhile(connection, self._plan_id)
            epoch, cancelled = launches.epochs(connection, self._plan_id)
            if epoch != self._epoch:
                raise Superseded
            if asked and error is None and cancelled < epoch:
                return None
            status = plans.status_from_record(connection, self._plan_id)
            told = None if status == "completed" else error
            plans.set_status(connection, self._plan_id, status, error=told)
            return status

        return self._write(finish)

    def follow(self, run_store: RunStore) -> None:
        """Repeat in the run store how the plan is now."""
        self.patiently(lambda: follow_state(run_store, self._store, self._plan_id))

    # --- its launches -----------------------------------------------------------------------------

    def unfinished(self) -> list[OpenLaunch]:
        """Return the launches whose end nobody noted."""
        return self._read(lambda c: launches.unfinished_launches(c, self._plan_id))

    def open_launch(self) -> Launch:
        """Open a launch of what can have a result now; it may be empty. Raises Conflict."""

        def open_launch(connection: Connection) -> Launch:
            launch = launches.open_launch(connection, self._plan_id, self._epoch)
            if launch.tasks:
                plans.set_status(connection, self._plan_id, "running")
            return launch

        return self._write(open_launch)

    def input_roots(self, launch: Launch) -> list[str]:
        """Return the workspaces that a launch takes inputs from."""
        return self._read(lambda c: launches.input_roots(c, launch.launch_id))

    def lacking(self, launch: Launch) -> int:
        """Return how many planned runs of a launch have no result yet."""
        return self._read(lambda c: launches.lacking(c, launch.launch_id))

    def achieved(self, launch: Launch) -> bool:
        """Return whether a launch brought anything forth."""
        return self._read(lambda c: launches.achieved(c, launch.launch_id))

    def note_process(self, launch: Launch, directory: Path, process: NextflowProcess) -> None:
        """Note which process runs a launch."""
        identity = process.identity
        facts = {
            "directory": str(directory),
            "host": identity.host,
            "pid": identity.pid,
            "pid_start": identity.start,
            "boot_id": identity.boot,
        }
        self._write(lambda c: launches.note_launch(c, launch.launch_id, **facts))

    def close_launch(
        self, launch_id: int, error: str | None, *, directory: Path | None = None,
        exit_code: int | None = None,
    ) -> None:  # fmt: skip
        """Note that a launch has ended, and how."""
        session = None if directory is None else launching.session_of(directory)

        def close(connection: Connection) -> None:
            launches.note_launch(
                connection,
                launch_id,
                error=error,
                exit_code=exit_code,
                nextflow_session_id=session,
            )
            launches.finish_launch(connection, launch_id)

        self._write(close)

    def _read(self, ask: Callable[[Connection], T]) -> T:
        def read() -> T:
            with self._store.reading() as connection:
                return ask(connection)

        return self.patiently(read)

    def _write(self, ask: Callable[[Connection], T]) -> T:
        def write() -> T:
            with self._store.transaction() as connection:
                return ask(connection)

        return self.patiently(write)
