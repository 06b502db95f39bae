"""``pm runs fail N --reason TEXT``: a person says that a run on a lost machine is dead."""

from __future__ import annotations

import argparse
import json
import sys

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import run_number
from pm_kernel.database import running_url
from pm_kernel.errors import Conflict, InvalidInput
from pm_kernel.running import orphans
from pm_kernel.running.process import Life
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.running.settle import settle_run, wrapper_of
from pm_kernel.store import launches, runs


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    arguments = argparse.ArgumentParser(
        prog="pm runs fail",
        description="End a run that is called running although its machine is lost. What it wrote "
        "is kept, it is recorded as failed with your reason, and whatever of it still lives on "
        "this machine is ended. A run whose process is alive here is refused: stop that first.",
        epilog="Example: pm runs fail 47 --reason 'node 12 lost its power supply'",
    )
    arguments.add_argument("run", type=run_number, help="number of the run")
    arguments.add_argument("--reason", required=True, help="how you know; kept with the run")
    return arguments


def fail(argv: list[str], context: Context) -> int:
    """End a run on a person's word; the run id goes to stdout."""
    options = parser().parse_args(argv)
    reason = " ".join(options.reason.split())
    if not reason:
        raise InvalidInput("--reason must say how you know that the run is dead.")
    settings, store = context.settings, context.store
    living = launches.live_runs(store, settings.workspace_id)
    run = next((each for each in living if each["run_id"] == options.run), None)
    if run is None:
        raise _not_running(context, options.run)
    wrapper = wrapper_of(run)
    if wrapper is not None and wrapper.life() is Life.ALIVE:
        told = f"`pm plan cancel {run['plan_id']}`" if run["plan_id"] else "its own terminal"
        raise Conflict(
            f"Run {options.run} is alive: its process {wrapper.pid} runs on this machine.",
            hint=f"Stop it with {told}, or `kill {wrapper.pid}`; it is then recorded by itself.",
        )
    recorder = DirectRecorder(lambda: running_url(settings), patience=settings.database_patience)
    evidence = f"{settings.user} said: {reason.rstrip('.')}"
    if not settle_run(RunStore(settings.runs_dir), recorder, run, evidence=evidence):
        raise Conflict(
            f"Run {options.run} was not ended: another process is ending it right now, or its "
            "files belong to another user.",
            hint=f"`pm runs show {options.run}` shows whose it is and how it is now.",
        )
    orphans.finish_direct_plans(store)
    ended = runs.get_run(store, options.run)
    if context.json:
        print(json.dumps({"run_id": ended.run_id, "status": ended.status, "error": ended.error}))
    else:
        print(ended.run_id)
        sys.stderr.write(f"pm: run {ended.run_id} {ended.status}: {ended.error}\n")
    return 0


def _not_running(context: Context, run_id: int) -> Conflict:
    run = runs.get_run(context.store, run_id)
    if run.status != "running":
        return Conflict(f"Run {run_id} is not running; it is {run.status}.")
    return Conflict(
        f"Run {run_id} belongs to another workspace, {run.workspace_root}.",
        hint=f"Use the command there: `pm -w {run.workspace_root} runs fail {run_id} …`.",
    )
