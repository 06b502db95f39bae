"""Exporting a plan: a folder that a plain ``nextflow run pipeline.nf`` executes.

    pipeline.nf  tasks.tsv  edges.tsv  nextflow.config     generated: ids only
    plan.json                                              the plan: every name and parameter
    README.md                                              how to run it

It holds every planned run, also those that an earlier run answers today: which these are is decided
when it runs (``exported``), as for any plan.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

from pm_kernel import planning
from pm_kernel.artifacts.layout import writing
from pm_kernel.config import Settings
from pm_kernel.domain.bindings import gather_of
from pm_kernel.domain.pipeline import Pipeline
from pm_kernel.domain.plans import Launch, NewPlannedRun
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import Conflict, InvalidInput, Problems
from pm_kernel.exported_folder import PLAN, ExportedPlan
from pm_kernel.nextflow import launcher, launching
from pm_kernel.nextflow.ir import ExportSpec
from pm_kernel.nextflow.render import render
from pm_kernel.plan_file import PlanFile
from pm_kernel.planned_rows import new_planned_runs
from pm_kernel.store import plans
from pm_kernel.store.engine import Connection, Store

_README = """\
# An exported plan

Start it, in this folder or in any other:

    nextflow run {pipeline}

It needs Nextflow 25.04 or newer, and runs in the workspace {workspace}
with the `pm` that exported it, {pm}.
Its nextflow.config, where it has one, is used as for any plan. A database that the workspace has
for itself must be running: `pm db start`.

Each start is a plan of its own, made by its first task: `pm plan list`, `pm plan show N`, and
`pm lineage RUN` show it as any other. Runs that the workspace has already are reused.

After a failure, the same command with `-resume`, in the folder where it was started, goes on with
the same plan. What has a result in the record is not executed again, whatever Nextflow knows of it.
Where a result was lost or altered since, start without `-resume`. A list that was made without what
failed is done for Nextflow; `pm plan resume N` makes it again, with what has come since.

Nextflow's exit code is 0 also where tasks failed, for the others go on. It says at the end how many
did; `pm plan show N` says which, and why.

`plan.json` holds the plan: names, parameters, samples. The other files hold numbers only.
"""


@dataclass(frozen=True)
class Exported:
    """A folder that was written; ``shown`` is what it would run and reuse now."""

    folder: Path
    export_id: str
    shown: planning.Preview


def from_plan(store: Store, plan_id: int) -> tuple[PlanFile, Mapping[str, int]]:
    """Return a stored plan as a file would say it, and the versions that it has. Raises NotFound.

    Those of a draft may be others today: it has none yet that hold.
    """
    plan = plans.get_plan(store, plan_id)
    if plan.kind == "run":
        raise Conflict(f"Plan {plan_id} is a direct run; there is no pipeline to export.")
    rows = plans.planned_runs_of(store, plan_id) if plan.status != "draft" else []
    given = planning.PlanInput.stored(plan.document, plan.request)
    file = PlanFile(given, plan.name, plan.notes, plan.metadata)
    return file, {row.step: row.version for row in rows}


def export_plan(
    settings: Settings,
    store: Store,
    file: PlanFile,
    folder: Path,
    same_imports: Callable[[Connection], SameImports],
    *,
    versions: Mapping[str, int] | None = None,
    source: str = "",
) -> Exported:
    """Write a plan as a folder. ``versions`` are those of some steps, else the newest are taken.

    Raises Problems when something is wrong with the plan, Conflict where the folder is not empty,
    InvalidInput where Nextflow could not work in it, StoreUnavailable where it cannot be written.
    """
    folder = folder.resolve()
    if fault := launcher.folder_fault(folder):
        raise InvalidInput(fault, hint="Choose a folder with a plainer name.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} exists and is not empty.", hint="Choose another folder.")
    files, export_id, shown = export_files(
        settings, store, file, same_imports, folder=folder, versions=versions, source=source
    )
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: what is half a plan must not be started.
        draft = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8", newline="")
        draft.chmod(0o755)
        draft.rename(folder)
    return Exported(folder, export_id, shown)


def export_files(
    settings: Settings,
    store: Store,
    file: PlanFile,
    same_imports: Callable[[Connection], SameImports],
    *,
    folder: Path | None = None,
    versions: Mapping[str, int] | None = None,
    source: str = "",
) -> tuple[dict[str, str], str, planning.Preview]:
    """Return the files of an export by name, its id, and what it would run and reuse now.

    ``folder`` is where they will lie, None where nobody knows yet. Raises Problems.
    """
    shown = _pinned(store, file.plan, same_imports, versions or {})
    plan = replace(file.plan, document=shown.pipeline.to_document())
    runs = new_planned_runs(shown)
    export_id = str(uuid4())
    files = dict(_nextflow_files(settings, shown.pipeline, runs, export_id))
    exported = ExportedPlan(
        export_id=export_id,
        workspace_id=settings.workspace_id,
        workspace=str(settings.root),
        plan=plan,
        name=file.name,
        notes=file.notes,
        metadata=file.metadata,
        source=source,
        runs=tuple(
            {
                "key": run.key,
                "step": run.step,
                "sample": run.sample,
                "branch": run.branch,
                "params": dict(run.set_params),
            }
            for run in runs
        ),
    )
    files[PLAN] = exported.to_json()
    files["README.md"] = _readme(settings, folder)
    return files, export_id, shown


def _pinned(
    store: Store,
    plan: planning.PlanInput,
    same_imports: Callable[[Connection], SameImports],
    versions: Mapping[str, int],
) -> planning.Preview:
    """Look at a plan with every version a number: later ones must not change an export."""
    shown = planning.preview(store, plan, same_imports)
    if shown.errors:
        raise Problems(shown.errors)
    newest = {
        name: step.version.version
        for name, step in shown.expanded.steps.items()
        if step.version is not None
    }
    steps = {
        name: replace(step, version=versions.get(name, newest.get(name, step.version)))
        for name, step in shown.pipeline.steps.items()
    }
    document = replace(shown.pipeline, steps=steps).to_document()
    if document == shown.pipeline.to_document():
        return shown
    shown = planning.preview(store, replace(plan, document=document), same_imports)
    if shown.errors:
        raise Problems(shown.errors)
    return shown


def _nextflow_files(
    settings: Settings, pipeline: Pipeline, runs: list[NewPlannedRun], export_id: str
) -> Mapping[str, str]:
    """Return the generated files; planned runs are numbered by their position, from 1."""
    number = {run.key: n for n, run in enumerate(runs, 1)}
    possible = {run.key for run in runs if run.decision != "blocked"}
    if not possible:
        raise InvalidInput("The plan has no run that could be executed.")
    links = {
        (number[edge.parent_key], number[run.key])
        for run in runs
        for edge in run.edges
        if {edge.parent_key, run.key} <= possible
    }
    launch = Launch(
        launch_id=0,
        number=0,
        plan_id=0,
        epoch=0,
        tasks=tuple((number[run.key], run.step) for run in runs if run.key in possible),
        edges=tuple(sorted(links)),
    )
    spec = launching.launch_spec(settings, pipeline, launch)
    going_on = {
        name
        for name, step in pipeline.steps.items()
        for gather in map(gather_of, step.inputs.values())
        if gather is not None and gather.on_failure == "go_on"
    }
    incomplete = frozenset(p.name for p in spec.processes if p.step_id in going_on)
    # There is no supervisor that its tasks could ask.
    commands = replace(spec.commands, asking=None)
    return render(replace(spec, commands=commands, export=ExportSpec(export_id, incomplete))).files


def _readme(settings: Settings, folder: Path | None) -> str:
    pipeline = "pipeline.nf" if folder is None else str(folder / "pipeline.nf")
    profile = settings.nextflow_profile
    return _README.format(
        pipeline=shlex.quote(pipeline) + (f" -profile {shlex.quote(profile)}" if profile else ""),
        workspace=settings.root,
        pm=launching.pm_command(),
    )
