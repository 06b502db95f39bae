"""Plans: previewed, stored as previewed, looked at again when submitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes
from pm_kernel.config import Settings
from pm_kernel.domain import preview as tree
from pm_kernel.domain.catalogue import Catalogue
from pm_kernel.domain.connecting import mismatches
from pm_kernel.domain.decisions import Decision, decide
from pm_kernel.domain.estimate import Estimate, estimate
from pm_kernel.domain.expansion import expand
from pm_kernel.domain.methods import Declaration
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.plan import (
    ColumnValue,
    ExistingRun,
    ExpandedPlan,
    File,
    PlannedEdge,
    PlannedRun,
    Source,
    Value,
)
from pm_kernel.domain.plan_difference import plan_difference
from pm_kernel.domain.plan_labels import check_labels
from pm_kernel.domain.plan_request import PlanRequest, parse_request
from pm_kernel.domain.plans import NewEdge, NewPlannedRun
from pm_kernel.domain.rerun import Rerun, unknown_rerun
from pm_kernel.domain.sample_labels import label_notices
from pm_kernel.duplicates import DuplicateLookup, SameImports
from pm_kernel.errors import Conflict, InvalidInput, Problem, Problems
from pm_kernel.mirror import keep_plan
from pm_kernel.running import inputs
from pm_kernel.store import drafts, durations, integrity, launches, plans, reuse, run_tree
from pm_kernel.store.catalogue import read_catalogue, read_declarations
from pm_kernel.store.engine import Connection, Store


@dataclass(frozen=True)
class PlanInput:
    """What a plan is made from: a pipeline document and what is asked of it.

    ``base`` is the folder that relative file names are meant from.
    """

    document: Mapping[str, Any]
    request: Mapping[str, Any]
    base: Path

    def stored_request(self) -> dict[str, Any]:
        """The request as it is kept with the plan."""
        return {**self.request, "base": str(self.base)}

    @classmethod
    def stored(cls, document: Mapping[str, Any], request: Mapping[str, Any]) -> PlanInput:
        """Read back what ``stored_request`` wrote."""
        plain = {key: value for key, value in request.items() if key != "base"}
        return cls(document, plain, Path(request.get("base", "/")))


@dataclass(frozen=True)
class Preview:
    """A plan as it would run now."""

    pipeline: Pipeline
    request: PlanRequest
    expanded: ExpandedPlan
    decisions: Mapping[str, Decision]
    declarations: Mapping[int, Declaration]
    problems: tuple[Problem, ...]
    #: How long it will probably take.
    estimate: Estimate
    #: What one run of a method took; methods that never completed a run are absent.
    method_seconds: Mapping[str, float]
    #: What one run of a step takes by the workflow document of its version, where it has one.
    documented_seconds: Mapping[str, float]
    #: sha256 of a file that the plan starts from, read once per preview; None: unreadable.
    file_checksum: Callable[[str], str | None]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a submit."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def asked_now(self, rerun: Rerun | None = None) -> Preview:
        """The same for somebody who asks for ``rerun`` now; None: for all that is to run again.

        What it names must be there: an unknown name stops a submit then, while it is only noted of
        what was asked for before, which may have left the plan since.
        """
        unknown = unknown_rerun(
            self.request.rerun if rerun is None else rerun,
            self.expanded.runs,
            self.expanded.axes,
            self.expanded.samples,
            self.pipeline.steps,
        )
        told = {each.message for each in unknown}
        return replace(
            self,
            problems=(*(each for each in self.problems if each.message not in told), *unknown),
        )

    @property
    def counts(self) -> tree.Counts:
        """How many planned runs run, are reused, cannot be made."""
        return tree.count(self.expanded, self.decisions)


#: Says what the place where a plan will run has against some steps of a pipeline.
Check = Callable[[Pipeline, Iterable[str]], Sequence[Problem]]


def preview(
    store: Store,
    plan: PlanInput,
    same_imports: Callable[[Connection], SameImports],
    *,
    check: Check | None = None,
) -> Preview:
    """Expand a plan and decide what runs and what is reused; nothing is written.

    ``check`` looks at the place where it would run, for plans that Nextflow runs
    (``nextflow.site.SiteCheck``).
    """
    pipeline, problems = parse_pipeline(plan.document)
    request, more = parse_request(plan.request)
    with store.reading() as connection:
        catalogue = _catalogue(connection, pipeline)
        expanded = _located(expand(pipeline, request, catalogue), plan.base)
        resolved = [step.version for step in expanded.steps.values() if step.version is not None]
        declarations = read_declarations(connection, {each.version_id for each in resolved})
        lookup = DuplicateLookup(connection, declarations, same_imports(connection))
        decisions = decide(expanded, lookup, request.rerun)
        seconds = durations.median_seconds(connection, {each.method for each in resolved})
        found = [*problems, *more, *expanded.problems, *_source_problems(connection, expanded)]
    if check is not None:
        found += check(pipeline, expanded.steps)
    documented = _documented(expanded, declarations)
    return Preview(
        pipeline,
        request,
        expanded,
        decisions,
        declarations,
        tuple(found),
        estimate(expanded, decisions, seconds, documented),
        seconds,
        documented,
        lookup.file_checksum,
    )


def _documented(
    expanded: ExpandedPlan, declarations: Mapping[int, Declaration]
) -> dict[str, float]:
    """Return what the workflow documents of the steps' versions say: step -> seconds."""
    found = {}
    for name, step in expanded.steps.items():
        declared = None if step.version is None else declarations.get(step.version.version_id)
        if declared is not None and declared.documented_seconds is not None:
            found[name] = declared.documented_seconds
    return found


def store_plan(
    store: Store,
    settings: Settings,
    plan: PlanInput,
    shown: Preview,
    *,
    name: str,
    kind: str = "plan",
    notes: str = "",
    metadata: Mapping[str, Any] | None = None,
    template_id: int | None = None,
    sample: str | None = None,
) -> int:
    """Store a previewed plan as a draft, with its run tree; returns the plan id.

    ``sample`` labels planned runs that no column of a sample sheet tells apart.

    Raises Problems when the plan has errors, and InvalidInput for a name, notes or metadata that
    could not be stored. Where the run store cannot be written either, nothing is stored
    (StoreUnavailable): a plan is kept there too.
    """
    check_labels(name, notes, metadata or {})
    _refuse(shown)
    with changes(settings.runs_dir) as kept, store.transaction() as connection:
        plan_id = plans.create_plan(
            connection,
            workspace_uuid=settings.workspace_id,
            kind=kind,
            name=name,
            document=shown.pipeline.to_document(),
            request=plan.stored_request(),
            created_by=settings.user,
            template_id=template_id,
            template_hash=shown.pipeline.content_hash,
            notes=notes,
            metadata=metadata,
        )
        run_tree.store_planned_runs(connection, plan_id, new_planned_runs(shown, sample))
        if kind == "plan":
            keep_plan(kept, connection, RunStore(settings.runs_dir), plan_id, new=True)
    return plan_id


def submit(
    store: Store,
    plan_id: int,
    same_imports: Callable[[Connection], SameImports],
    *,
    user: str,
    accept: Callable[[str], bool] = lambda _difference: False,
    sample: str | None = None,
    check: Check | None = None,
) -> int:
    """Begin a draft: look again at everything it rests on, then open its first epoch.

    Disks first, then the rows, in the transaction that begins it. Returns the epoch. ``accept`` is
    asked when the plan would now run otherwise than it was previewed. Raises Conflict when it says
    no or when the plan was submitted before.
    """
    stored = plans.get_plan(store, plan_id)
    if stored.status != "draft":
        raise submitted_before(plan_id, stored.status)
    plan = PlanInput.stored(stored.document, stored.request)
    now = preview(store, plan, same_imports, check=check)
    _refuse(now)
    if not now.expanded.runs:
        raise InvalidInput(
            f"Plan {plan_id} has nothing to run: no steps, or all of its samples are left out.",
            hint=f"`pm plan edit {plan_id}` changes it.",
        )
    altered: list[str] = []
    while found := _note_altered(store, user, now):
        # It is not counted on any more, and what takes its place is looked at in turn.
        altered += found
        now = preview(store, plan, same_imports, check=check)
        _refuse(now)
    _ask(store, plan_id, now, accept, altered)
    runs = new_planned_runs(now, sample)
    with store.transaction() as connection:
        # What was looked at must be what is there: a draft may be edited, or submitted twice.
        drafts.lock(connection, plan_id, stored.document, stored.request)
        if reuse.invalid_runs(connection, _reused(now)):
            raise Conflict(
                f"A run that plan {plan_id} reuses was found altered just now.",
                hint=f"Look at it again with `pm plan preview {plan_id}`, then submit.",
            )
        run_tree.store_planned_runs(connection, plan_id, runs)
        epoch = launches.raise_epoch(connection, plan_id)
        plans.set_status(connection, plan_id, "submitted")
    return epoch


def submitted_before(plan_id: int, status: str) -> Conflict:
    """What to raise where somebody submits what is no draft any more."""
    return Conflict(
        f"Plan {plan_id} was submitted before; it is {status}.",
        hint=f"`pm plan resume {plan_id}` runs what is missing.",
    )


def ask_of_changes(
    store: Store, plan_id: int, shown: Preview, accept: Callable[[str], bool]
) -> None:
    """Ask whether a draft is run although it would now run otherwise than it was previewed.

    ``shown`` is what the draft as it is stored would run now. For whoever changes a draft and
    submits it in one go: the tree that it had is the one that somebody looked at. Raises Problems
    when something is wrong with it, Conflict when ``accept`` says no.
    """
    _refuse(shown)
    _ask(store, plan_id, shown, accept)


def _ask(
    store: Store,
    plan_id: int,
    now: Preview,
    accept: Callable[[str], bool],
    altered: Sequence[str] = (),
) -> None:
    before = plans.planned_runs_of(store, plan_id)
    difference = plan_difference(before, now.expanded, now.decisions, now.counts)
    if difference and not accept(" ".join([*altered, difference])):
        raise Conflict(
            f"Plan {plan_id} would now run otherwise than it was previewed: "
            + " ".join([*altered, difference]),
            hint=f"`pm plan preview {plan_id}` shows it as it is now, `pm plan submit {plan_id} "
            "--yes` runs it so.",
        )


def new_planned_runs(shown: Preview, sample: str | None = None) -> list[NewPlannedRun]:
    """Return the run tree in the form that is stored."""
    rows = []
    for run in shown.expanded.runs:
        version = shown.expanded.steps[run.step].version
        if version is None:
            continue
        decision = shown.decisions[run.key]
        expected = shown.declarations[version.version_id].expected()
        rows.append(
            NewPlannedRun(
                key=run.key,
                step=run.step,
                sample=run.sample or sample,
                branch=run.branch,
                coordinates=run.coordinates,
                version_id=version.version_id,
                set_params=run.params,
                stated_params={**expected, **run.params},
                inputs=_stored_inputs(shown, run),
                edges=_edges(run),
                decision=decision.action,
                reason=decision.reason,
                reuse_run_id=decision.run_id,
            )
        )
    return rows


def _catalogue(connection: Connection, pipeline: Pipeline) -> Catalogue:
    names = {step.method for step in pipeline.steps.values() if step.method}
    found = read_catalogue(connection, names)
    # A method that is not there is told with all that are.
    return found if names <= found.methods.keys() else read_catalogue(connection)


def _located(expanded: ExpandedPlan, base: Path) -> ExpandedPlan:
    """Make relative file names absolute: a run starts in another folder than the plan was made."""

    def located(sources: tuple[Source, ...]) -> tuple[Source, ...]:
        if not any(isinstance(s, File) and not Path(s.path).is_absolute() for s in sources):
            return sources
        return tuple(
            replace(source, path=str(base / source.path)) if isinstance(source, File) else source
            for source in sources
        )

    runs = tuple(
        replace(run, inputs={name: located(sources) for name, sources in run.inputs.items()})
        if any(isinstance(s, File) for sources in run.inputs.values() for s in sources)
        else run
        for run in expanded.runs
    )
    return replace(expanded, runs=runs, by_key={run.key: run for run in runs})


def _source_problems(connection: Connection, expanded: ExpandedPlan) -> list[Problem]:
    """Return what is wrong with files and existing runs that the plan starts from."""
    files: dict[str, str] = {}
    existing: dict[tuple[int, str], str] = {}
    for run in expanded.runs:
        for sources in run.inputs.values():
            for source in sources:
                if isinstance(source, File):
                    files.setdefault(source.path, run.step)
                elif isinstance(source, ExistingRun):
                    existing.setdefault((source.run_id, source.output), run.step)
    found = []
    for path, step in files.items():
        problem = _file_problem(path)
        if problem:
            found.append(Problem(f"Step {step!r}: {problem}", step=step, code="file"))
    known = reuse.output_origins(connection, existing)
    of_runs = {run_id for run_id, _ in existing}
    invalid = reuse.invalid_runs(connection, of_runs)
    for (run_id, output), step in existing.items():
        if run_id in invalid:
            told = f"Step {step!r}: run {run_id} did not complete, or was altered since."
            found.append(Problem(told, step=step, code="run"))
        elif (run_id, output) not in known:
            found.append(
                Problem(
                    f"Step {step!r}: run {run_id} has no output {output!r} (or does not exist).",
                    step=step,
                    code="run",
                )
            )
    labels = label_notices(expanded, reuse.samples_of(connection, of_runs))
    return [*found, *_unfit(expanded, known), *labels]


def _unfit(
    expanded: ExpandedPlan, known: Mapping[tuple[int, str], reuse.Origin]
) -> Iterator[Problem]:
    """Yield, once for each input, which existing output does not fit what the input declares."""
    told: set[tuple[str, str]] = set()
    for run in expanded.runs if known else ():
        version = expanded.steps[run.step].version
        for name, sources in run.inputs.items():
            declared = version.inputs.get(name) if version is not None else None
            for source in sources if declared is not None else ():
                if not isinstance(source, ExistingRun) or (run.step, name) in told:
                    continue
                origin = known.get((source.run_id, source.output))
                if origin is None:
                    continue
                assert declared is not None
                for code, reason in mismatches(
                    # What nobody declared may be anything.
                    declared if origin.type is not None else replace(declared, value_type=None),
                    module=origin.module,
                    output_type=origin.type or "file",
                    output=f"run:{source.run_id}/{source.output}",
                    owner=f"run {source.run_id}",
                ):
                    told.add((run.step, name))
                    yield Problem(
                        f"Step {run.step!r}: input {name!r}: {reason}", step=run.step, code=code
                    )


def _file_problem(path: str) -> str | None:
    try:
        if Path(path).is_dir():
            return f"{path} is a folder, not a file."
        with open(path, "rb"):
            return None
    except FileNotFoundError:
        return f"the file {path} does not exist."
    except (OSError, ValueError) as error:
        return f"the file {path} cannot be read: {error}."


def _refuse(shown: Preview) -> None:
    if shown.errors:
        raise Problems(shown.errors)


def _stored_inputs(shown: Preview, run: PlannedRun) -> dict[str, dict[str, Any]]:
    gathers = shown.expanded.steps[run.step].gathers
    return {
        name: {
            "gather": name in gathers,
            "items": [
                _item(source, shown.file_checksum)
                for source in sources
                if not isinstance(source, PlannedEdge)
            ],
        }
        for name, sources in run.inputs.items()
    }


def _item(source: Source, file_checksum: Callable[[str], str | None]) -> dict[str, Any]:
    match source:
        case ExistingRun(run_id=run_id, output=output, label=label):
            return {"kind": "run", "run_id": run_id, "output": output, "label": label}
        case File(path=path, label=label):
            checksum = file_checksum(path)
            if checksum is None:
                raise InvalidInput(f"The file {path} cannot be read any more.")
            return {"kind": "file", "path": path, "checksum": checksum, "label": label}
        case ColumnValue(text=text, label=label):
            return {"kind": "value", "text": text, "label": label}
        case Value(text=text):
            return {"kind": "value", "text": text, "label": None}
        case PlannedEdge():
            raise TypeError("an input from a planned run is an edge")


def _edges(run: PlannedRun) -> tuple[NewEdge, ...]:
    return tuple(
        NewEdge(
            input=name,
            ordinal=ordinal,
            parent_key=source.parent,
            output=source.output,
            label=source.label or "",
            on_failure=source.on_failure,
        )
        for name, sources in run.inputs.items()
        for ordinal, source in enumerate(sources)
        if isinstance(source, PlannedEdge)
    )


def drop_altered(store: Store, plan_id: int, user: str) -> int:
    """Look at the files of every result of a plan; let go of those that were altered or are gone.

    Returns how many planned runs need a result again. What was found is noted.
    """
    with store.reading() as connection:
        results = plans.results_of(connection, plan_id)
        known = reuse.invalid_runs(connection, results.values())
        artifacts = reuse.artifacts(connection, set(results.values()) - known, ())
    altered = _altered(artifacts)
    invalid = known | {item.run_id for item in altered}
    lost = [planned for planned, run_id in results.items() if run_id in invalid]
    if lost:
        with store.transaction() as connection:
            integrity.note_altered(connection, [vars(item) for item in altered], user)
            launches.drop_results(connection, lost)
    return len(lost)


def _note_altered(store: Store, user: str, shown: Preview) -> list[str]:
    """Look at the disk before reusing; returns what was altered, in words, nothing if all is well.

    What was altered is noted, so that a preview from now on does not count on it. Raises Problems
    for data that the plan names itself and cannot do without.
    """
    named = {
        (source.run_id, source.output)
        for run in shown.expanded.runs
        for sources in run.inputs.values()
        for source in sources
        if isinstance(source, ExistingRun)
    }
    with store.reading() as connection:
        artifacts = reuse.artifacts(connection, _reused(shown), named)
    altered = _altered(artifacts)
    if not altered:
        return []
    with store.transaction() as connection:
        integrity.note_altered(connection, [vars(item) for item in altered], user)
    fixed = {run_id for run_id, _ in named}
    messages = {item.run_id: item.message for item in reversed(altered) if item.run_id in fixed}
    if messages:
        raise Problems([Problem(message, code="altered") for message in messages.values()])
    files = {item.run_id: item.file for item in reversed(altered)}
    return [f"Run {run_id} was altered ({files[run_id]})." for run_id in sorted(files)]


def _altered(artifacts: Iterable[dict[str, Any]]) -> list[inputs.Altered]:
    return [found for item in artifacts for found in inputs.check({"": {"items": [item]}})]


def _reused(shown: Preview) -> set[int]:
    return {d.run_id for d in shown.decisions.values() if d.run_id is not None}
