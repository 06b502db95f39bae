"""Changing a draft: looked at again as a whole, stored as it was looked at, or left as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pm_kernel import planning
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes
from pm_kernel.config import Settings
from pm_kernel.domain.bindings import SAMPLE
from pm_kernel.domain.faults import suggestion
from pm_kernel.domain.names import shown
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plan_changes import Change, plan_changes
from pm_kernel.domain.plan_labels import check_labels
from pm_kernel.domain.plan_request import parse_request
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import Conflict, InvalidInput, NotFound, Problems
from pm_kernel.located import located
from pm_kernel.mirror import keep_plan
from pm_kernel.nextflow.site import SiteCheck
from pm_kernel.plan_file import PlanFile
from pm_kernel.planned_rows import new_planned_runs
from pm_kernel.store import drafts, mirrored, plans, run_tree
from pm_kernel.store.engine import Connection, Store


@dataclass(frozen=True)
class Edited:
    """A draft that was changed: what is different, and every run it would make or reuse now."""

    changes: tuple[Change, ...]
    shown: planning.Preview
    #: How many planned runs it has now that it did not have, and the other way round.
    added: int
    removed: int


def read_draft(store: Store, plan_id: int) -> PlanFile:
    """Return a draft as a plan file says it. Raises NotFound, and Conflict for any other plan."""
    plan = plans.get_plan(store, plan_id)
    if plan.status != "draft":
        raise Conflict(
            f"Plan {plan_id} was submitted; it is {plan.status} and stays as it is.",
            hint="`pm plan create` makes a new one.",
        )
    return PlanFile(
        planning.PlanInput.stored(plan.document, plan.request), plan.name, plan.notes, plan.metadata
    )


def change_draft(
    settings: Settings,
    store: Store,
    plan_id: int,
    before: PlanFile,
    after: PlanFile,
    same_imports: Callable[[Connection], SameImports],
) -> Edited:
    """Store a draft as ``after`` where it still is ``before``.

    Raises Problems when something is wrong with it then, or with the place where it would run, also
    where it newly is to run again what the plan does not have; InvalidInput for a name, notes or
    metadata that could not be stored, Conflict when somebody else changed or submitted it
    meanwhile, or where it belongs to another workspace, and StoreUnavailable when the run store,
    which keeps it too, cannot be written; in all cases it is as it was.
    """
    check_labels(after.name, after.notes, after.metadata)
    plans.refuse_elsewhere(store, settings.workspace_id, plan_id)
    shown_now = planning.preview(store, after.plan, same_imports, check=SiteCheck(settings))
    earlier, _problems = parse_request(before.plan.request)
    shown_now = shown_now.asked_now(shown_now.request.rerun.without(earlier.rerun))
    if shown_now.errors:
        raise Problems(shown_now.errors)
    runs = new_planned_runs(shown_now)
    known = {row.key for row in plans.planned_runs_of(store, plan_id)}
    keys = {run.key for run in runs}
    with changes(settings.runs_dir) as kept, store.transaction() as connection:
        drafts.lock(connection, plan_id, before.plan.document, before.plan.stored_request())
        was = mirrored.read_plan(connection, plan_id)
        drafts.change(
            connection,
            plan_id,
            name=after.name,
            notes=after.notes,
            metadata=dict(after.metadata),
            document=shown_now.pipeline.to_document(),
            request=after.plan.stored_request(),
            template_hash=shown_now.pipeline.content_hash,
        )
        run_tree.store_planned_runs(connection, plan_id, runs)
        keep_plan(kept, connection, RunStore(settings.runs_dir), plan_id, before=was)
    return Edited(
        changes=differences(before, after),
        shown=shown_now,
        added=len(keys - known),
        removed=len(known - keys),
    )


def differences(before: PlanFile, after: PlanFile) -> tuple[Change, ...]:
    """Return what is different, however the two are written."""
    return plan_changes(_comparable(before), _comparable(after))


def _comparable(file: PlanFile) -> dict[str, Any]:
    """Return a plan in the one form that every way of writing it comes to; samples by name."""
    pipeline, _problems = parse_pipeline(file.plan.document)
    request, _problems = parse_request(file.plan.request)
    document = pipeline.to_document()
    return {
        "name": file.name,
        "notes": file.notes,
        "metadata": dict(file.metadata),
        "base": str(file.plan.base),
        "steps": document["steps"],
        "pipeline": {key: document[key] for key in ("name", "description", "layout")},
        **request.to_document(),
        "samples": {
            row[SAMPLE]: ", ".join(f"{c} = {cell}" for c, cell in row.items() if c != SAMPLE)
            for row in request.samples.rows
        },
    }


def with_params(file: PlanFile, set_to: Mapping[str, str], unset: Sequence[str] = ()) -> PlanFile:
    """Return the plan with parameters set (``step.function.param`` -> text as typed) and unset.

    Raises NotFound for a step that it does not have, InvalidInput for a change without effect.
    """
    steps = {
        name: {**step, "params": dict(step.get("params", {}))}
        for name, step in file.plan.document.get("steps", {}).items()
    }
    for name, text in set_to.items():
        step, param = _split(steps, name)
        _refuse_overruled(file.plan, step, param)
        steps[step]["params"][param] = text
    for name in unset:
        step, param = _split(steps, name)
        if param not in steps[step]["params"]:
            raise InvalidInput(f"Step {shown(step)} does not set {shown(param)}.")
        del steps[step]["params"][param]
    document = {**file.plan.document, "steps": steps}
    return replace(file, plan=replace(file.plan, document=document))


def with_request(file: PlanFile, **wishes: Any) -> PlanFile:
    """Return the plan with these parts of its request in the place of what it had."""
    return replace(file, plan=replace(file.plan, request={**file.plan.request, **wishes}))


def with_sheet(file: PlanFile, text: str, folder: Path) -> PlanFile:
    """Return the plan with another sample sheet, whose file names are meant from ``folder``."""
    pipeline, _problems = parse_pipeline(file.plan.document)
    # Those of the pipeline were meant from where the plan came from.
    document = located(pipeline, file.plan.base).to_document()
    plan = planning.PlanInput(document, file.plan.request, folder)
    return with_request(replace(file, plan=plan), samples={"sheet": text})


def _split(steps: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return step and ``function.param``; a step's name may contain dots itself."""
    fitting = [
        step for step in steps if name.startswith(f"{step}.") and "." in name[len(step) + 1 :]
    ]
    if not fitting:
        told = suggestion(name.partition(".")[0], steps, otherwise="It has")
        raise NotFound(
            f"{shown(name)} names no step of this plan and a parameter of it{told}",
            hint="As in `--set gate.threshold_cells.minimum=0.5`: step, function, parameter.",
        )
    step = max(fitting, key=len)
    return step, name[len(step) + 1 :]


def _refuse_overruled(plan: planning.PlanInput, step: str, param: str) -> None:
    """A branch wins over its step: what every branch sets cannot be set for all of them."""
    asked = plan.request.get("branches", {}).get(step)
    given = plan.document["steps"][step].get("branches") if asked is None else asked
    document = {"format": 1, "steps": {step: {"method": "any", "branches": given}}}
    pipeline, _problems = parse_pipeline(document)
    members = pipeline.steps[step].branches.members
    if members and all(param in each.params for each in members):
        raise InvalidInput(
            f"Every branch of step {shown(step)} sets {shown(param)} itself, so that this would "
            "change nothing.",
            hint="Change the branches: `pm plan edit ID --editor`.",
        )
