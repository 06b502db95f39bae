"""Submitting, resuming and cancelling: what begins and ends the supervisor of a plan."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pm_kernel import planning
from pm_kernel.artifacts.layout import RunStore, writing
from pm_kernel.config import Settings
from pm_kernel.domain.plans import OPEN, Plan
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import Conflict
from pm_kernel.running import stopping
from pm_kernel.running.orphans import settle_orphans
from pm_kernel.running.process import Life, ProcessIdentity
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.store import launches, plans
from pm_kernel.store.engine import Connection, Store, libpq_url
from pm_kernel.store.ownership import PlanLock

#: Starts a detached process; replaced in tests.
StartProcess = Callable[[list[str], Path, dict[str, str]], None]


def start_detached(command: list[str], log: Path, environ: dict[str, str]) -> None:
    """Start a process that outlives this one, its terminal and its session."""
    with open(log, "ab") as stream:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd="/",
            env=environ,
            start_new_session=True,
        )


def submit(
    settings: Settings,
    store: Store,
    plan_id: int,
    same_imports: Callable[[Connection], SameImports],
    *,
    accept: Callable[[str], bool] = lambda _difference: False,
    start: StartProcess = start_detached,
) -> None:
    """Submit a draft and start its supervisor."""
    epoch = planning.submit(store, plan_id, same_imports, user=settings.user, accept=accept)
    _snapshot(settings, store, plan_id)
    supervise(settings, plan_id, epoch, start)


def resume(
    settings: Settings, store: Store, plan_id: int, *, start: StartProcess = start_detached
) -> int:
    """Begin a new epoch of a plan: a launch of what has no valid completed run.

    Returns how many planned runs lack a result. Raises Conflict while the plan is running.
    """
    plan = plans.get_plan(store, plan_id)
    if plan.status == "draft":
        raise Conflict(
            f"Plan {plan_id} is a draft.", hint=f"Submit it with `pm plan submit {plan_id}`."
        )
    if plan.kind == "run":
        raise Conflict(
            f"Plan {plan_id} is a direct run; it is not resumed.",
            hint="Run the method again with `pm run`.",
        )
    missing = plan.total - plan.counts.get("completed", 0) - plan.counts.get("reused", 0)
    if missing == 0:
        if plan.status not in (*OPEN, "completed"):
            # Its last runs ended after their supervisor had said how the plan ended.
            with store.transaction() as connection:
                plans.set_status(connection, plan_id, "completed")
        return 0
    lock = PlanLock(store.url, plan_id)
    if not lock.acquire():
        raise Conflict(f"Plan {plan_id} is running.", hint=f"`pm plan watch {plan_id}` follows it.")
    try:
        settle_orphans(settings, store, DirectRecorder(libpq_url(store.url)), plan_id)
        with store.transaction() as connection:
            epoch = launches.raise_epoch(connection, plan_id)
            plans.set_status(connection, plan_id, "submitted")
    finally:
        lock.release()
    supervise(settings, plan_id, epoch, start)
    return missing


def cancel(settings: Settings, store: Store, plan_id: int, *, patience: float = 60.0) -> Plan:
    """Stop a plan: its living runs end as cancelled; returns the plan as it is then.

    The order matters: first nothing more may register, then the living runs are told, then killed.
    """
    plan = plans.get_plan(store, plan_id)
    if plan.status not in OPEN:
        raise Conflict(f"Plan {plan_id} is not running; it is {plan.status}.")
    run_store = RunStore(settings.runs_dir)
    with store.transaction() as connection:
        launches.cancel_epoch(connection, plan_id)
    stopping.tell(run_store, launches.live_runs(store, settings.workspace_id, plan_id))
    supervisor = _supervisor(run_store, plan_id)
    if supervisor is not None and supervisor.life() is Life.ALIVE:
        os.kill(supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        plan = plans.get_plan(store, plan_id)
        if plan.status not in OPEN:
            return plan
        if supervisor is None or supervisor.life() is not Life.ALIVE:
            break
        time.sleep(0.2)
    # Runs that outlived their Nextflow, or whose supervisor is gone: nobody else ends them.
    stopping.end(run_store, launches.live_runs(store, settings.workspace_id, plan_id))
    while time.monotonic() < deadline:
        if not launches.live_runs(store, settings.workspace_id, plan_id):
            break
        time.sleep(0.2)
    settle_unowned(settings, store)
    return plans.get_plan(store, plan_id)


def settle_unowned(settings: Settings, store: Store) -> list[int]:
    """Settle what nobody looks after any more: direct runs, and plans whose supervisor is gone.

    Returns the ids of the plans that were brought to an end. Runs of theirs that still live are
    left to end by themselves; their plan stays open until then.
    """
    recorder = DirectRecorder(libpq_url(store.url))
    settle_orphans(settings, store, recorder)
    ended = []
    for plan_id in plans.open_plans(store, settings.workspace_id):
        lock = PlanLock(store.url, plan_id)
        if not lock.acquire():
            continue
        try:
            if launches.live_runs(store, settings.workspace_id, plan_id):
                continue
            with store.transaction() as connection:
                if plans.settle_status(connection, plan_id):
                    ended.append(plan_id)
        finally:
            lock.release()
    return ended


def supervise(settings: Settings, plan_id: int, epoch: int, start: StartProcess) -> None:
    """Start the supervisor of an epoch."""
    folder = RunStore(settings.runs_dir).plan(plan_id)
    with writing(settings.runs_dir):
        folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "pm_kernel.nextflow.supervisor",
        str(settings.root),
        str(plan_id),
        str(epoch),
    ]
    start(command, folder / "supervisor.log", dict(settings.environ))


def _snapshot(settings: Settings, store: Store, plan_id: int) -> None:
    """Keep the submitted document beside what the plan does: it outlives the database."""
    plan = plans.get_plan(store, plan_id)
    folder = RunStore(settings.runs_dir).plan(plan_id)
    with writing(settings.runs_dir):
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {"name": plan.name, "document": plan.document, "request": plan.request}, indent=2
        )
        (folder / "plan.json").write_text(text + "\n", encoding="utf-8")


def _supervisor(store: RunStore, plan_id: int) -> ProcessIdentity | None:
    try:
        facts = json.loads((store.plan(plan_id) / "supervisor.json").read_bytes())
        return ProcessIdentity(**facts)
    except (FileNotFoundError, ValueError, TypeError):
        return None
