"""Runs that nobody ends any more: found and settled by whatever command comes next."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.config import Settings
from pm_kernel.errors import PmError
from pm_kernel.running.complete import read_json
from pm_kernel.running.process import Life, ProcessIdentity, identify
from pm_kernel.running.recorder import DirectRecorder, Recorder
from pm_kernel.running.settle import scheduler_evidence, settle_run
from pm_kernel.store import launches, plans
from pm_kernel.store.engine import Store, libpq_url

#: In a scratch folder: the process it belongs to.
_OWNER = ".pm_owner.json"
#: Seconds after which a scratch folder without such a note is nobody's.
_UNMARKED = 3600.0

Say = Callable[[str], object]


def settle_orphans(
    settings: Settings,
    store: Store,
    recorder: Recorder,
    plan_id: int | None = None,
    *,
    say: Say = lambda _message: None,
) -> list[int]:
    """Settle every run of this workspace whose process is gone; returns their ids.

    Runs that live, or live on another host, are left alone. A run that cannot be settled now (a
    full disk, somebody else's files) is left for later, and ``say`` is told why: it must not keep a
    command from its own work.
    """
    run_store = RunStore(settings.runs_dir)
    settled = []
    live = launches.live_runs(store, settings.workspace_id, plan_id)
    evidence = scheduler_evidence(live, settings.environ)
    for run in live:
        try:
            if settle_run(run_store, recorder, run, evidence=evidence.get(run["run_id"])):
                settled.append(run["run_id"])
        except (PmError, OSError) as error:
            reason = error.message if isinstance(error, PmError) else str(error)
            say(f"run {run['run_id']} has died and cannot be closed yet: {reason}")
    if plan_id is None:
        _sweep(settings, store, run_store, recorder, {run["uuid"] for run in live}, say)
        finish_direct_plans(store)
    return settled


def look_after(settings: Settings, store: Store, say: Say) -> None:
    """Settle what has died since the last command; what cannot be settled now is said.

    Cheap where nothing has died: one query and two folders. A command's own work does not hang on
    it.
    """
    try:
        recorder = DirectRecorder(libpq_url(store.url), patience=0)
        settle_orphans(settings, store, recorder, say=say)
    except (PmError, OSError) as error:
        say(error.message if isinstance(error, PmError) else str(error))


def finish_direct_plans(store: Store) -> None:
    """Give the plans of direct runs the status of their run, once it has ended."""
    with store.transaction() as connection:
        for plan_id, launch in plans.direct_without_run(connection):
            owner = _identity(launch)
            if launch is None or (owner is not None and owner.life() is Life.GONE):
                told = "It ended before its run was registered."
                plans.set_status(connection, plan_id, "failed", error=told)
        plans.finish_direct(connection)


def mark_owner(folder: Path) -> None:
    """Note in a scratch folder that it belongs to this process."""
    identity = identify(os.getpid())
    if identity is not None:
        (folder / _OWNER).write_text(json.dumps(vars(identity)), encoding="utf-8")


def _sweep(
    settings: Settings,
    database: Store,
    store: RunStore,
    recorder: Recorder,
    live: set[str],
    say: Say,
) -> None:
    """Remove what dead processes left that never became a run, and close what became one.

    A run whose row is missing (an older backup was restored while it ran) is sealed and recorded
    from its directory.
    """
    left = [
        (folder, wrapper)
        for place in (".partial", ".dead")
        for folder in _folders(store.root / place)
        if folder.name not in live and (wrapper := _dead_wrapper(folder)) is not None
    ]
    if left:
        # Registered a moment ago, and dead already: those are runs, settled by the next command.
        live = {run["uuid"] for run in launches.live_runs(database, settings.workspace_id)}
    for folder, wrapper in left:
        record = read_json(folder / ".pm" / "record.json")
        try:
            if folder.name in live:
                continue
            if record is None:
                remove_tree(folder)
            elif record.get("workspace") == settings.workspace_id:
                settle_run(store, recorder, {**record, **_process(wrapper)})
        except (PmError, OSError) as error:
            say(f"{folder} was left behind and cannot be closed yet: {error}")
    for folder in _folders(store.root / ".work"):
        owner = _identity(read_json(folder / _OWNER))
        try:
            old = time.time() - folder.stat().st_mtime > _UNMARKED
            if old if owner is None else owner.life() is Life.GONE:
                remove_tree(folder)
        except OSError as error:
            say(f"{folder} was left behind and cannot be removed: {error}")


def _dead_wrapper(folder: Path) -> ProcessIdentity | None:
    """Return the process that made a run directory, where it is gone for certain."""
    wrapper = _identity(read_json(folder / ".pm" / "wrapper.json"))
    return wrapper if wrapper is not None and wrapper.life() is Life.GONE else None


def _folders(place: Path) -> list[Path]:
    try:
        return sorted(place.iterdir())
    except FileNotFoundError:
        return []


def _identity(facts: dict[str, Any] | None) -> ProcessIdentity | None:
    if facts is None or facts.get("pid") is None:
        return None
    return ProcessIdentity(facts["pid"], facts["start"], facts["boot"], facts["host"])


def _process(wrapper: ProcessIdentity) -> dict[str, Any]:
    return {
        "pid": wrapper.pid,
        "pid_start": wrapper.start,
        "boot_id": wrapper.boot,
        "host": wrapper.host,
    }
