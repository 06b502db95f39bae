"""Runs that nobody ends any more: found and settled by whatever command comes next."""

from __future__ import annotations

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings
from pm_kernel.running.recorder import Recorder
from pm_kernel.running.settle import settle_run
from pm_kernel.store import launches, plans
from pm_kernel.store.engine import Store


def settle_orphans(
    settings: Settings, store: Store, recorder: Recorder, plan_id: int | None = None
) -> list[int]:
    """Settle every run of this workspace whose process is gone; returns their ids.

    Runs that live, or live on another host, are left alone.
    """
    run_store = RunStore(settings.runs_dir)
    settled = []
    for run in launches.live_runs(store, settings.workspace_id, plan_id):
        if settle_run(run_store, recorder, run):
            settled.append(run["run_id"])
    finish_direct_plans(store)
    return settled


def finish_direct_plans(store: Store) -> None:
    """Give the plans of direct runs the status of their run, once it has ended."""
    with store.transaction() as connection:
        plans.finish_direct(connection)
