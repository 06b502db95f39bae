"""Plans: previewed, stored as previewed, looked at again when submitted.

What a plan starts from is looked at by ``plan_sources``, the files of earlier results by
``plan_results``; ``planned_rows`` writes a preview as the rows that are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes
from pm_kernel.config import Settings
from pm_kernel.domain import preview as tree
from pm_kernel.domain.catalogue import Catalogue
from pm_kernel.domain.decisions import Decision, decide
from pm_kernel.domain.estimate import Estimate, estimate
from pm_kernel.domain.expansion import expand
from pm_kernel.domain.methods import Declaration
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.plan import ExpandedPlan
from pm_kernel.domain.plan_difference import plan_difference
from pm_kernel.domain.plan_labels import check_labels
from pm_kernel.domain.plan_request import PlanRequest, parse_request
from pm_kernel.domain.rerun import Rerun, unknown_rerun
from pm_kernel.duplicates import DuplicateLookup, SameImports
from pm_kernel.errors import Conflict, InvalidInput, Problem, Problems
from pm_kernel.mirror import keep_plan
from pm_kernel.plan_results import note_altered, reused_by
from pm_kernel.plan_sources import located, source_problems
from pm_kernel.planned_rows import new_planned_runs
from pm_kernel.store import drafts, durations, launches, plans, reuse, run_tree
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
        expanded = located(expand(pipeline, request, catalogue), plan.base)
        resolved = [step.version for step in expanded.steps.values() if step.version is not None]
        declarations = read_declarations(connection, {each.version_id for each in resolved})
        lookup = DuplicateLookup(connection, declarations, same_imports(connection))
        decisions = decide(expanded, lookup, request.rerun)
        seconds = durations.median_seconds(connection, {each.method for each in resolved})
        found = [*problems, *more, *expanded.problems, *source_problems(connection, expanded)]
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
    while found := note_altered(store, user, now):
        # It is not counted on any more, and what takes its place is looked at in turn.
        altered += found
        now = preview(store, plan, same_imports, check=check)
        _refuse(now)
    _ask(store, plan_id, now, accept, altered)
    runs = new_planned_runs(now, sample)
    with store.transaction() as connection:
        # What was looked at must be what is there: a draft may be edited, or submitted twice.
        drafts.lock(connection, plan_id, stored.document, stored.request)
        if reuse.invalid_runs(connection, reused_by(now)):
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


def _catalogue(connection: Connection, pipeline: Pipeline) -> Catalogue:
    names = {step.method for step in pipeline.steps.values() if step.method}
    found = read_catalogue(connection, names)
    # A method that is not there is told with all that are.
    return found if names <= found.methods.keys() else read_catalogue(connection)


def _refuse(shown: Preview) -> None:
    if shown.errors:
        raise Problems(shown.errors)
