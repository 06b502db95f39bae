"""A plan that an exported folder makes for itself, when its Nextflow starts its first task.

    session of Nextflow → plan      a new one is a plan of its own, -resume goes on with its plan
    start of Nextflow   → launch    with an epoch of its own: an older Nextflow may not register

Nextflow's cache says which tasks it need not start, the record says which of the others have a
result already: those register, are told so, and execute nothing. A task that it skips although its
result was lost or altered fails whatever needs that, when it registers; a start without -resume
mends it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pm_kernel.config import Settings
from pm_kernel.errors import Conflict
from pm_kernel.running.recorder import Recorder

if TYPE_CHECKING:
    from pm_kernel.exported_folder import ExportedPlan
    from pm_kernel.running.process import ProcessIdentity
    from pm_kernel.store.engine import Store

#: Seconds without a sign of a Nextflow on another machine, after which its plan counts as ended.
#: The next task that registers opens it again.
QUIET = 600.0
#: Seconds that whoever was asked to run a plan has for taking it over.
_STARTING = 30.0


@dataclass(frozen=True)
class Call:
    """What a task of an exported folder says of itself."""

    export_id: str
    #: Where its folder is now.
    folder: Path
    #: Its number in the folder's tables: the position of its planned run, from 1.
    task: int
    session: str
    run_name: str
    #: Process id of Nextflow, on the machine that it runs on.
    head: int


def place(settings: Settings, recorder: Recorder, call: Call) -> tuple[int, int]:
    """Return planned run and launch of a task; makes plan and launch where it is the first.

    Raises NotFound and InvalidInput for a folder that is no export, Conflict for one of another
    workspace, or whose plan would be another today, and Problems when the plan cannot run.
    """
    request = {
        "op": "place_exported",
        "export": call.export_id,
        "session": call.session,
        "run_name": call.run_name,
        "task": call.task,
    }
    answer = recorder.ask(request)
    if answer["answer"] == "unknown":
        _begin(settings, recorder, call, request)
        answer = recorder.ask(request)
    if answer["answer"] == "unknown":
        raise Conflict(f"{call.folder} has no task {call.task}.")
    return answer["planned"], answer["launch"]


def settle_exported(settings: Settings, store: Store) -> list[int]:
    """Give exported plans whose Nextflow has ended the status of their record; returns their ids.

    One that is resumed by `pm plan resume` belongs to its supervisor.
    """
    from pm_kernel.store import exports, launches, plans
    from pm_kernel.store.ownership import PlanLock

    ended = []
    for plan in exports.open_exports(store, settings.workspace_id):
        plan_id = plan["plan_id"]
        lock = PlanLock(store.url, plan_id)
        if not lock.acquire():
            continue
        try:
            if launches.live_runs(store, settings.workspace_id, plan_id):
                continue
            with store.transaction() as connection:
                status = plans.status_from_record(connection, plan_id)
                if status in ("partial", "failed") and not _has_ended(plan):
                    continue
                plans.set_status(connection, plan_id, status, error=_error(status, plan_id))
                if plan["launch_id"] is not None:
                    launches.finish_launch(connection, plan["launch_id"])
            ended.append(plan_id)
        finally:
            lock.release()
    return ended


def _begin(settings: Settings, recorder: Recorder, call: Call, request: dict[str, Any]) -> None:
    """Make plan and launch of this start, or find that another task did meanwhile."""
    from pm_kernel.database import open_store
    from pm_kernel.exported_folder import read_exported
    from pm_kernel.store import exports, launches, plans

    exported = read_exported(call.folder)
    if exported.export_id != call.export_id:
        raise Conflict(
            f"{call.folder} holds another export than the pipeline that was started.",
            hint="Start the pipeline.nf that lies there.",
        )
    if exported.workspace_id != settings.workspace_id:
        raise Conflict(
            f"{call.folder} was exported from another workspace, {exported.workspace}.",
            hint="Export the plan from this one: `pm plan export`.",
        )
    store = open_store(settings, explicit=False)
    try:
        with exports.one_at_a_time(store.url, exported.export_id, call.session):
            if recorder.ask(request)["answer"] != "unknown":
                return
            plan_id, epoch = _plan(settings, store, exported, call)
            with store.transaction() as connection:
                if epoch is None:
                    epoch = launches.raise_epoch(connection, plan_id)
                exports.open_launch(connection, plan_id, epoch, _facts(call))
                plans.set_status(connection, plan_id, "running")
    finally:
        store.close()


def _plan(
    settings: Settings, store: Store, exported: ExportedPlan, call: Call
) -> tuple[int, int | None]:
    """Return the plan of this session, and its epoch where it begins now.

    It may be there already: made by an earlier start, or by whoever was killed while making it.
    """
    from pm_kernel import planning
    from pm_kernel.environment_match import same_imports
    from pm_kernel.errors import Problems
    from pm_kernel.planned_rows import new_planned_runs
    from pm_kernel.store import exports, plans, run_tree

    found = exports.find_plan(store, exported.export_id, call.session)
    if found is None:
        shown = planning.preview(store, exported.plan, same_imports(settings))
        if shown.errors:
            raise Problems(shown.errors)
        if [run.key for run in shown.expanded.runs] != [run["key"] for run in exported.runs]:
            raise Conflict(
                "This program makes other planned runs of the exported plan than the one that "
                "exported it.",
                hint="Export it again with `pm plan export`.",
            )
        with store.transaction() as connection:
            plan_id = plans.create_plan(
                connection,
                workspace_uuid=settings.workspace_id,
                kind="export",
                name=exported.name,
                document=shown.pipeline.to_document(),
                request=exported.plan.stored_request(),
                created_by=settings.user,
                template_hash=shown.pipeline.content_hash,
                notes=exported.notes,
                metadata=exported.metadata,
            )
            exports.note_session(connection, plan_id, exported.export_id, call.session)
            run_tree.store_planned_runs(connection, plan_id, new_planned_runs(shown))
        found = (plan_id, "draft")
    plan_id, status = found
    if status != "draft":
        return plan_id, None
    # Disks first, as for every submitted plan; what differs from a moment ago is no question.
    epoch = planning.submit(
        store, plan_id, same_imports(settings), user=settings.user, accept=lambda _told: True
    )
    return plan_id, epoch


def _facts(call: Call) -> dict[str, Any]:
    """Return what is noted of a start of Nextflow."""
    facts: dict[str, Any] = {
        "nextflow_session_id": call.session,
        "nextflow_run_name": call.run_name,
        "directory": str(call.folder),
    }
    head = _head(call.head)
    if head is not None:
        facts |= {
            "pid": head.pid,
            "pid_start": head.start,
            "boot_id": head.boot,
            "host": head.host,
        }
    return facts


def _head(pid: int) -> ProcessIdentity | None:
    """Return which process Nextflow is; None where this task runs on another machine.

    Another machine may have a process of the same number: only one that this process descends from
    is surely it.
    """
    from pm_kernel.running.process import identify, parent_of

    above: int | None = os.getppid()
    while above is not None and above > 1:
        if above == pid:
            return identify(pid)
        above = parent_of(above)
    return None


def _has_ended(plan: dict[str, Any]) -> bool:
    from pm_kernel.running.process import Life, ProcessIdentity

    if plan["status"] == "submitted" and plan["quiet"] < _STARTING:
        return False
    if plan["pid"] is not None:
        head = ProcessIdentity(plan["pid"], plan["pid_start"], plan["boot_id"], plan["host"])
        life = head.life()
        if life is not Life.UNKNOWN:
            return life is Life.GONE
    return float(plan["quiet"]) > QUIET


def _error(status: str, plan_id: int) -> str | None:
    if status not in ("partial", "failed"):
        return None
    # A list that has a result is done for whoever asks; only a resume looks whether it still holds.
    return (
        "Its Nextflow has ended; with -resume it runs what is missing. Lists that were made "
        f"without what failed then are made again by `pm plan resume {plan_id}`."
    )
