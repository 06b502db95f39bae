"""``/pm/api/plans``: plans of every status, drafts made and changed."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pm_kernel import drafts, planning, templates
from pm_kernel.domain.plan_documents import (
    changes_document,
    plan_details,
    plan_document,
    planned_run_document,
    preview_document,
    revision,
    step_counts,
)
from pm_kernel.domain.plans import Plan, PlannedRunRow
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import Conflict, InvalidInput
from pm_kernel.nextflow.site import SiteCheck
from pm_kernel.plan_file import PlanFile
from pm_kernel.plan_trouble import trouble_of
from pm_kernel.planning import PlanInput
from pm_kernel.store import plans, runs
from pm_kernel.store.log_levels import levels_of_plan
from pm_kernel.store.planned_pages import page_of_plan
from pm_kernel.store.step_times import times_of_steps
from pm_server.payload import Fields, Query
from pm_server.routes.base import Route, verb
from pm_server.services import Opened

#: Direct runs are plans too, of one run; lists of plans leave them out unless asked.
_KINDS = ("plan", "export")
_ALL_KINDS = ("plan", "export", "run")
#: Plans looked through for one page of those with a wanted status.
_LOOKED_AT = 500
_PAGE = 100
#: Characters of an error in a list, which shows how it ends; the run has all of it.
_MOST_ERROR = 1000
#: Planned runs of one answer: each reads the whole tree.
_MOST_RUNS = 10_000


class PlansRoute(Route):
    """All plans, newest first."""

    @verb
    async def get(self) -> None:
        """List the plans."""
        wanted = _Wanted.of(self.query("kind", "status", "pipeline", "limit", "before"))
        self.answer(await self.ask(lambda at: _list(at, wanted), settled=True))

    @verb
    async def post(self) -> None:
        """Make a draft from a pipeline document, or from a template."""
        body = self.body("document", "template", "request", "name", "notes", "metadata")
        new = _NewPlan.of(body)
        self.answer(await self.ask(lambda at: _create(at, new), slow=True), HTTPStatus.CREATED)


class PlanRoute(Route):
    """One plan."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Show a plan: its document, its request, and how far each step is."""
        self.query()
        self.answer(await self.ask(lambda at: _show(at, int(plan_id)), settled=True))

    @verb
    async def put(self, plan_id: str) -> None:
        """Change a draft; ``expected`` is the revision that the browser has seen."""
        body = self.body("expected", "document", "request", "name", "notes", "metadata")
        expected = body.text("expected")
        self.answer(await self.ask(lambda at: _edit(at, int(plan_id), expected, body), slow=True))


class PlanStatusRoute(Route):
    """How far a plan is."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Count the planned runs of a plan and of each step by state."""
        self.query()
        self.answer(await self.ask(lambda at: _status(at, int(plan_id)), settled=True))


class PlanTroubleRoute(Route):
    """Why a plan is not what was hoped for."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Tell a plan's own error and the ends of the logs of its newest launches."""
        self.query()
        self.answer(await self.ask(lambda at: _trouble(at, int(plan_id))))


class PlanLevelsRoute(Route):
    """Warnings and errors in the logs of a plan."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Count them for each step; of runs that have ended."""
        self.query()
        self.answer(await self.ask(lambda at: _levels(at, int(plan_id))))


class PlannedRunsRoute(Route):
    """The planned runs of a plan, in its order."""

    @verb
    async def get(self, plan_id: str) -> None:
        """List planned runs by state, step and sample."""
        query = self.query("state", "step", "sample", "first", "limit")
        await self.answer_long(lambda at: _planned_runs(at, int(plan_id), query), settled=True)


@dataclass(frozen=True)
class _Wanted:
    """Which plans a list is asked for."""

    kinds: tuple[str, ...]
    statuses: frozenset[str]
    pipeline: str | None
    limit: int
    before: int | None

    @classmethod
    def of(cls, query: Query) -> _Wanted:
        kinds = tuple(query.words("kind")) or _KINDS
        for kind in kinds:
            if kind not in _ALL_KINDS:
                raise InvalidInput(f"Plans are of no kind {kind!r}; {', '.join(_ALL_KINDS)}.")
        return cls(
            kinds=kinds,
            statuses=frozenset(query.words("status")),
            pipeline=query.text("pipeline"),
            limit=query.integer("limit", most=_LOOKED_AT) or _PAGE,
            before=query.integer("before"),
        )

    def plans(self, at: Opened, limit: int, before: int | None) -> list[Plan]:
        return plans.list_plans(
            at.store, limit=limit, before=before, kinds=self.kinds, pipeline=self.pipeline
        )


@dataclass(frozen=True)
class _NewPlan:
    """What a draft is made from."""

    document: dict[str, Any] | None
    template: str | None
    request: dict[str, Any]
    name: str | None
    notes: str
    metadata: dict[str, Any]

    @classmethod
    def of(cls, body: Fields) -> _NewPlan:
        document, template = body.optional_table("document"), body.optional_text("template")
        if document is None and template is None:
            raise InvalidInput("A plan is made from a 'document' or from a 'template'.")
        return cls(
            document=document,
            template=template,
            request=body.kept("request"),
            name=body.optional_text("name"),
            notes=body.optional_text("notes") or "",
            metadata=body.kept("metadata"),
        )


def _list(at: Opened, wanted: _Wanted) -> dict[str, Any]:
    """Look through the plans until there are enough; ``before`` is where the next page goes on."""
    found: list[dict[str, Any]] = []
    before, looked_at = wanted.before, 0
    while looked_at < _LOOKED_AT:
        page = wanted.plans(at, _PAGE, before)
        for plan in page:
            if not wanted.statuses or plan.status in wanted.statuses:
                found.append(plan_document(plan))
            before = plan.plan_id
            if len(found) == wanted.limit:
                more = wanted.plans(at, 1, before)
                return {"plans": found, "before": before if more else None}
        looked_at += len(page)
        if len(page) < _PAGE:
            return {"plans": found, "before": None}
    return {"plans": found, "before": before}


def _create(at: Opened, new: _NewPlan) -> dict[str, Any]:
    template = None if new.template is None else templates.get_template(at.store, new.template)
    document = new.document
    if document is None:
        document = dict(template.document) if template is not None else {}
    given = PlanInput(document, new.request, at.settings.root)
    shown = planning.preview(
        at.store, given, same_imports(at.settings), check=SiteCheck(at.settings)
    )
    plan_id = planning.store_plan(
        at.store,
        at.settings,
        given,
        shown,
        name=new.name or shown.pipeline.name or "pipeline",
        notes=new.notes,
        metadata=new.metadata,
        template_id=None if template is None else template.template_id,
    )
    preview = preview_document(shown.expanded, shown.decisions, shown.problems)
    return {**_show(at, plan_id), "preview": preview}


def _show(at: Opened, plan_id: int) -> dict[str, Any]:
    plan = plans.get_plan(at.store, plan_id)
    counts = plans.counts_of_steps(at.store, plan_id)
    return plan_details(plan, counts, times_of_steps(at.store, plan_id))


def _edit(at: Opened, plan_id: int, expected: str, body: Fields) -> dict[str, Any]:
    before = drafts.read_draft(at.store, plan_id)
    if revision(plans.get_plan(at.store, plan_id)) != expected:
        raise Conflict(
            f"Plan {plan_id} was changed by somebody else meanwhile.",
            hint="Open it again to see what is different.",
        )
    document = body.optional_table("document")
    name, notes = body.optional_text("name"), body.optional_text("notes")
    after = PlanFile(
        plan=PlanInput(
            before.plan.document if document is None else document,
            body.kept("request") if body.has("request") else before.plan.request,
            before.plan.base,
        ),
        name=name or before.name,
        notes=before.notes if notes is None else notes,
        metadata=body.kept("metadata") if body.has("metadata") else before.metadata,
    )
    edited = drafts.change_draft(
        at.settings, at.store, plan_id, before, after, same_imports(at.settings)
    )
    shown = edited.shown
    return {
        **_show(at, plan_id),
        "changes": changes_document(edited.changes),
        "preview": preview_document(shown.expanded, shown.decisions, shown.problems),
    }


def _status(at: Opened, plan_id: int) -> dict[str, Any]:
    plan = plans.get_plan(at.store, plan_id)
    steps = step_counts(plans.counts_of_steps(at.store, plan_id), times_of_steps(at.store, plan_id))
    return {**plan_document(plan), "steps": steps}


def _trouble(at: Opened, plan_id: int) -> dict[str, Any]:
    found = trouble_of(at.settings, at.store, plan_id)
    return {
        "plan_id": plan_id,
        "status": found.plan.status,
        "error": found.plan.error,
        "supervisor_log": found.supervisor_log,
        "launches": [each.to_document() for each in found.launches],
    }


def _levels(at: Opened, plan_id: int) -> dict[str, Any]:
    plans.get_plan(at.store, plan_id)
    return {"steps": [vars(each) for each in levels_of_plan(at.store, plan_id)]}


def _planned_runs(at: Opened, plan_id: int, query: Query) -> dict[str, Any]:
    states = frozenset(query.words("state"))
    # Names of people's own may hold commas.
    steps, samples = frozenset(query.every("step")), frozenset(query.every("sample"))
    first = query.integer("first", least=0) or 0
    limit = query.integer("limit", most=_MOST_RUNS) or _PAGE
    plans.require(at.store, plan_id)
    page = page_of_plan(
        at.store, plan_id, first=first, limit=limit, states=states, steps=steps, samples=samples
    )
    return {
        "planned_runs": _with_times(at, page.rows),
        "total": page.total,
        "next": first + limit if page.total > first + limit else None,
    }


def _with_times(at: Opened, rows: list[PlannedRunRow]) -> list[dict[str, Any]]:
    known = runs.get_runs(at.store, {row.run_id for row in rows if row.run_id is not None})
    by_id = {run.run_id: run for run in known}
    documents = []
    for row in rows:
        run = None if row.run_id is None else by_id.get(row.run_id)
        finished = None if run is None or run.finished_at is None else run.finished_at.isoformat()
        error = row.error
        if error is not None and len(error) > _MOST_ERROR:
            error = "…" + error[-_MOST_ERROR:]
        documents.append(
            {
                **planned_run_document(row),
                "error": error,
                "started_at": None if run is None else run.started_at.isoformat(),
                "finished_at": finished,
            }
        )
    return documents
