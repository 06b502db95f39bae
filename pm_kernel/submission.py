"""Submitting, resuming and cancelling: what begins and ends the supervisor of a plan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pm_kernel import plan_results, planning
from pm_kernel.artifacts.layout import RunStore, refuse_unwritable, writing
from pm_kernel.artifacts.mirror import changes
from pm_kernel.behind import refuse_behind
from pm_kernel.config import Settings
from pm_kernel.database import running_url
from pm_kernel.domain.plans import OPEN, Plan
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import Conflict, EngineUnavailable, PmError
from pm_kernel.exported import settle_exported
from pm_kernel.mirror import follow_state, keep_plan, keep_submitted
from pm_kernel.nextflow import ending, jobs, owner
from pm_kernel.nextflow.check import look_for_programs
from pm_kernel.nextflow.site import SiteCheck, site_nextflow
from pm_kernel.running import stopping
from pm_kernel.running.orphans import settle_orphans
from pm_kernel.running.process import Life, ProcessIdentity, identify
from pm_kernel.running.recorder import DirectRecorder, Recorder
from pm_kernel.store import drafts, launches, ownership, plans, retries
from pm_kernel.store.engine import Connection, Store
from pm_kernel.store.ownership import PlanLock

#: Starts a detached process and returns its id; replaced in tests.
StartProcess = Callable[[list[str], Path, dict[str, str]], int | None]

#: Seconds for somebody who only looks to be done with a plan's lock.
LOCK_PATIENCE = 2.0
#: Seconds for the supervisor of a plan that has ended to let go of it: it says so first.
ENDING_PATIENCE = 20.0


def start_detached(command: list[str], log: Path, environ: dict[str, str]) -> int:
    """Start a process that outlives this one, its terminal and its session; returns its id."""
    with open(log, "ab") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd="/",
            env=environ,
            start_new_session=True,
        )
    # Where this process outlives it (a server), somebody must take note of its end.
    threading.Thread(target=process.wait, name=f"reap {process.pid}", daemon=True).start()
    return process.pid


def submit(
    settings: Settings,
    store: Store,
    plan_id: int,
    same_imports: Callable[[Connection], SameImports],
    *,
    accept: Callable[[str], bool] = lambda _difference: False,
    start: StartProcess = start_detached,
) -> None:
    """Submit a draft and start its supervisor.

    ``accept`` is asked when the plan would now run otherwise than it was previewed. Raises Conflict
    when it says no or when the plan was submitted before, Problems when something is wrong with it,
    EngineUnavailable when there is no Nextflow to run it, and DatabaseUnavailable where the plan's
    lock would not hold; nothing has begun then.
    """
    plans.get_plan(store, plan_id)
    plans.refuse_elsewhere(store, settings.workspace_id, plan_id)
    refuse_pooler(settings, start)
    look_for_nextflow(settings, start)
    with _lock(store, plan_id):
        _snapshot(settings, store, plan_id)
        epoch = planning.submit(
            store,
            plan_id,
            same_imports,
            user=settings.user,
            accept=accept,
            check=SiteCheck(settings),
        )
        supervise(settings, store, plan_id, epoch, start)


def resume(
    settings: Settings, store: Store, plan_id: int, *, start: StartProcess = start_detached
) -> int:
    """Begin a new epoch of a plan: a launch of what has no valid completed run.

    Results whose files were altered or are gone are made again, and what was wanted again when the
    plan ended. Returns how many planned runs these are. Raises Conflict while the plan is running.
    """
    plan = plans.get_plan(store, plan_id)
    _refuse_resume(plan)
    plans.refuse_elsewhere(store, settings.workspace_id, plan_id)
    refuse_pooler(settings, start)
    look_for_nextflow(settings, start)
    with _lock(store, plan_id):
        plan = plans.get_plan(store, plan_id)
        if plan.status in OPEN and is_supervised(settings, plan_id, plan.epoch):
            raise _running(plan_id)
        refuse_behind(settings, store, plan_id)
        settle_orphans(settings, store, _recorder(settings), plan_id)
        plan_results.drop_altered(store, plan_id, settings.user)
        with store.transaction() as connection:
            retries.lock(connection, plan_id)
            # Read by another connection, which sees what is committed: with the locks, all of it.
            plan = plans.get_plan(store, plan_id)
            missing = plan.total - plan.counts.get("completed", 0) - plan.counts.get("reused", 0)
            missing += len(launches.to_run_again(connection, plan_id))
            if missing == 0:
                # Its last runs may have ended after their supervisor said how the plan ended.
                if plan.status != "completed":
                    plans.set_status(connection, plan_id, "completed")
                return 0
            refuse_unwritable(RunStore(settings.runs_dir).plan(plan_id))
            epoch = launches.raise_epoch(connection, plan_id)
            plans.set_status(connection, plan_id, "submitted")
        supervise(settings, store, plan_id, epoch, start)
    return missing


def cancel(settings: Settings, store: Store, plan_id: int, *, patience: float = 120.0) -> Plan:
    """Stop a plan: its living runs end as cancelled; returns the plan as it is then.

    What was to run again after the running launch is taken back. The order matters: first nothing
    more may register, then the living runs are told, then killed.
    """
    plan = plans.get_plan(store, plan_id)
    if plan.status not in OPEN:
        raise Conflict(f"Plan {plan_id} is not running; it is {plan.status}.")
    run_store = RunStore(settings.runs_dir)
    with store.transaction() as connection:
        launches.cancel_epoch(connection, plan_id)
        retries.take_back(connection, retries.wanted(connection, plan_id))
    follow_state(run_store, store, plan_id)
    stopping.tell(run_store, launches.live_runs(store, settings.workspace_id, plan_id))
    deadline = time.monotonic() + patience
    while True:
        supervisor = _supervisor(run_store, plan_id)
        if supervisor is not None and supervisor.life() is Life.ALIVE:
            with suppress(ProcessLookupError):
                os.kill(supervisor.pid, signal.SIGTERM)
                # One that was stopped hears nothing until it goes on.
                os.kill(supervisor.pid, signal.SIGCONT)
        elif _end_unsupervised(settings, store, plan_id):
            break
        plan = plans.get_plan(store, plan_id)
        if plan.status not in OPEN or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return plans.get_plan(store, plan_id)


def settle_unowned(settings: Settings, store: Store, *, patience: float | None = None) -> list[int]:
    """Settle what nobody looks after any more: direct runs, and plans whose supervisor is gone.

    Returns the ids of the plans that were brought to an end. Runs of theirs that still live are
    left to end by themselves, and so is a Nextflow that outlived its supervisor; their plan stays
    open until then. ``patience`` is how many seconds recording waits for a database that is away;
    as long as the settings say where it is not given.
    """
    recorder = _recorder(settings, patience)
    settle_orphans(settings, store, recorder)
    with store.reading() as connection:
        owned = ownership.owned_plans(connection)
        found = [
            plan
            for plan in plans.open_plans(connection, settings.workspace_id)
            if plan.plan_id not in owned
            and not is_supervised(settings, plan.plan_id, plan.epoch, starting=plan.fresh)
            and not ending.is_any_alive(launches.unfinished_launches(connection, plan.plan_id))
        ]
    ended = []
    for plan in found:
        if launches.live_runs(store, settings.workspace_id, plan.plan_id):
            continue
        lock = PlanLock(store.url, plan.plan_id)
        if not lock.acquire():
            continue
        try:
            with store.transaction() as connection:
                if plans.settle_status(connection, plan.plan_id, plan.epoch):
                    ended.append(plan.plan_id)
            follow_state(RunStore(settings.runs_dir), store, plan.plan_id)
        finally:
            lock.release()
    return [*ended, *settle_exported(settings, store)]


def refuse_pooler(settings: Settings, start: StartProcess) -> None:
    """Raise DatabaseUnavailable where no lock on a plan would hold; before one is taken.

    Behind a pooler per transaction a lock would stay with whichever connection it was taken on.
    """
    # The embedded server is reached without anything in between.
    if start is start_detached and settings.database_url is not None:
        # The migration tools that it loads are of no use to commands that begin nothing.
        from pm_kernel.store.server import refuse_pooler as refuse

        refuse(settings.database_url)


def look_for_nextflow(settings: Settings, start: StartProcess) -> None:
    """Fetch Nextflow where needed, and look for what its tasks need, before anything has begun."""
    # Whoever brings another start brings what it starts.
    if start is start_detached:
        look_for_programs(settings.environ)
        site_nextflow(settings)


def _recorder(settings: Settings, patience: float | None = None) -> Recorder:
    if patience is None:
        patience = settings.database_patience
    return DirectRecorder(lambda: running_url(settings), patience=patience)


def _refuse_resume(plan: Plan) -> None:
    if plan.status == "draft":
        raise Conflict(
            f"Plan {plan.plan_id} is a draft.",
            hint=f"Submit it with `pm plan submit {plan.plan_id}`.",
        )
    if plan.kind == "run":
        raise Conflict(
            f"Plan {plan.plan_id} is a direct run; it is not resumed.",
            hint="Run the method again with `pm run`.",
        )
    if plan.kind == "export" and plan.status in OPEN:
        raise Conflict(
            f"Plan {plan.plan_id} is run by a Nextflow of somebody's own.",
            hint="Start that one again with -resume.",
        )


def _end_unsupervised(settings: Settings, store: Store, plan_id: int) -> bool:
    """End a cancelled plan that has no supervisor; False when somebody else owns it by now."""
    lock = PlanLock(store.url, plan_id)
    if not lock.acquire():
        return False
    try:
        with store.reading() as connection:
            epoch, _ = launches.epochs(connection, plan_id)
            left = launches.unfinished_launches(connection, plan_id)
        ending.stop_nextflows(left)
        folder = RunStore(settings.runs_dir).plan(plan_id)
        jobs.end_left(folder, settings.environ, waiting=False)
        ending.end_runs(
            RunStore(settings.runs_dir),
            _recorder(settings),
            lambda: launches.live_runs(store, settings.workspace_id, plan_id),
        )
        with store.transaction() as connection:
            plans.settle_status(connection, plan_id, epoch)
        follow_state(RunStore(settings.runs_dir), store, plan_id)
    finally:
        lock.release()
    return True


def own(store: Store, plan_id: int, *, patience: float) -> PlanLock | None:
    """Take the lock of a plan; None when it is running, and somebody has it for ``patience``.

    Whoever sees that a plan has ended may go on with it at once, though its supervisor says how it
    ended a little before it lets go: that is waited for.
    """
    lock = PlanLock(store.url, plan_id)
    deadline = time.monotonic() + ENDING_PATIENCE
    while not lock.acquire(patience=patience):
        if plans.get_plan(store, plan_id).status in OPEN or time.monotonic() > deadline:
            return None
        patience = LOCK_PATIENCE
    return lock


@contextmanager
def _lock(store: Store, plan_id: int) -> Iterator[None]:
    """Own a plan until its new supervisor is noted. Raises Conflict while somebody else does."""
    lock = own(store, plan_id, patience=LOCK_PATIENCE)
    if lock is None:
        raise _running(plan_id)
    try:
        yield
    finally:
        lock.release()


def _running(plan_id: int) -> Conflict:
    return Conflict(f"Plan {plan_id} is running.", hint=f"`pm plan watch {plan_id}` follows it.")


def is_supervised(settings: Settings, plan_id: int, epoch: int, *, starting: bool = False) -> bool:
    """Whether a supervisor of this epoch lives, whether or not it has the lock yet.

    ``starting``: one of which nothing can be said from here counts too.
    """
    noted = owner.read(RunStore(settings.runs_dir).plan(plan_id))
    if noted is None or noted.epoch != epoch:
        return starting
    life = noted.identity.life()
    return life is Life.ALIVE or (starting and life is Life.UNKNOWN)


def supervise(
    settings: Settings, store: Store, plan_id: int, epoch: int, start: StartProcess
) -> None:
    """Start the supervisor of an epoch, and note it.

    Raises EngineUnavailable or StoreUnavailable when it cannot be started; the plan has failed then
    and says why.
    """
    try:
        _start_supervisor(settings, store, plan_id, epoch, start)
    except PmError as error:
        with store.transaction() as connection:
            plans.set_status(connection, plan_id, "failed", error=error.message)
        follow_state(RunStore(settings.runs_dir), store, plan_id)
        raise


def _start_supervisor(
    settings: Settings, store: Store, plan_id: int, epoch: int, start: StartProcess
) -> None:
    folder = RunStore(settings.runs_dir).plan(plan_id)
    command = [
        sys.executable,
        "-m",
        "pm_kernel.nextflow.supervisor",
        str(settings.root),
        str(plan_id),
        str(epoch),
    ]
    try:
        with writing(settings.runs_dir):
            keep_submitted(RunStore(settings.runs_dir), store, plan_id)
            pid = start(command, folder / "supervisor.log", dict(settings.environ))
    except OSError as error:
        raise EngineUnavailable(
            f"The supervisor of plan {plan_id} could not be started: {error.strerror or error}.",
            hint=f"`pm plan resume {plan_id}` tries again.",
        ) from error
    if pid is not None:
        owner.write(folder, identify(pid), epoch)


def _snapshot(settings: Settings, store: Store, plan_id: int) -> None:
    """Look whether the run store takes what is asked for, also of drafts older than that rule."""
    with changes(settings.runs_dir) as kept, store.transaction() as connection:
        status, kind = drafts.hold(connection, plan_id)
        if status != "draft":
            raise planning.submitted_before(plan_id, status)
        if kind == "run":
            raise Conflict(
                f"Plan {plan_id} is a direct run, which never began.",
                hint="Run the method again with `pm run`.",
            )
        if kind == "export":
            raise Conflict(
                f"Plan {plan_id} is run by a Nextflow of somebody's own.",
                hint="Start that one again.",
            )
        keep_plan(kept, connection, RunStore(settings.runs_dir), plan_id)


def _supervisor(store: RunStore, plan_id: int) -> ProcessIdentity | None:
    noted = owner.read(store.plan(plan_id))
    return None if noted is None else noted.identity
