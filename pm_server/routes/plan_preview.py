"""``/pm/api/preview`` and ``/pm/api/plans/N/preview``: what would run now, what is reused, and why.

Nothing is written. The numbers are those that a submit would come to at this moment.
"""

from __future__ import annotations

from typing import Any

from pm_kernel import planning
from pm_kernel.domain.plan_documents import preview_document, tree_document
from pm_kernel.environment_match import same_imports
from pm_kernel.nextflow.site import SiteCheck
from pm_kernel.planning import PlanInput, Preview
from pm_kernel.store import plans
from pm_server.routes.base import Route, verb
from pm_server.services import Opened

#: Samples of the run tree in one answer.
_TREE, _MOST_TREE = 50, 1000


class PreviewRoute(Route):
    """A pipeline that is being drawn."""

    @verb
    async def post(self) -> None:
        """Preview a document that is stored nowhere; ``tree`` asks for part of its run tree."""
        body = self.body("document", "request", "tree", "first", "limit")
        document, request = body.table("document"), body.kept("request")
        part = None
        if body.flag("tree"):
            part = (
                body.optional_integer("first", least=0) or 0,
                body.optional_integer("limit", most=_MOST_TREE) or _TREE,
            )
        self.answer(
            await self.ask(
                lambda at: _preview(at, PlanInput(document, request, at.settings.root), part),
                slow=True,
                reads=True,
            )
        )


class PlanPreviewRoute(Route):
    """A draft, or what a plan would be if it were submitted now."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Preview a stored plan with part of its run tree."""
        query = self.query("first", "limit")
        part = (
            query.integer("first", least=0) or 0,
            query.integer("limit", most=_MOST_TREE) or _TREE,
        )
        self.answer(await self.ask(lambda at: _stored(at, int(plan_id), part), slow=True))

    @verb
    async def post(self, plan_id: str) -> None:
        """Preview it as if it were asked for otherwise; what is stored stays as it is."""
        body = self.body("request", "first", "limit")
        request = body.kept("request")
        part = (
            body.optional_integer("first", least=0) or 0,
            body.optional_integer("limit", most=_MOST_TREE) or _TREE,
        )
        self.answer(
            await self.ask(
                lambda at: _stored(at, int(plan_id), part, request), slow=True, reads=True
            )
        )


def _stored(
    at: Opened, plan_id: int, part: tuple[int, int], request: dict[str, Any] | None = None
) -> dict[str, Any]:
    plan = plans.get_plan(at.store, plan_id)
    given = PlanInput.stored(plan.document, plan.request)
    if request is not None:
        # What `base` a person sends is nobody's: files are meant from where the draft says.
        asked = {key: value for key, value in request.items() if key != "base"}
        given = PlanInput(given.document, asked, given.base)
    return _preview(at, given, part)


def _preview(at: Opened, plan: PlanInput, part: tuple[int, int] | None) -> dict[str, Any]:
    shown = planning.preview(
        at.store, plan, same_imports(at.settings), check=SiteCheck(at.settings)
    )
    tree = None
    if part is not None:
        first, limit = part
        tree = tree_document(shown.expanded, shown.decisions, first=first, limit=limit)
    document = preview_document(shown.expanded, shown.decisions, shown.problems)
    return {**document, **_takes(shown, document["steps"]), "tree": tree}


def _step_takes(shown: Preview, step: dict[str, Any]) -> dict[str, Any]:
    """How long one run of a step takes, and who says so."""
    took = shown.method_seconds.get(step["method"])
    if took is not None:
        return {"seconds": took, "seconds_from": "history"}
    documented = shown.documented_seconds.get(step["step"])
    return {"seconds": documented, "seconds_from": None if documented is None else "document"}


def _takes(shown: Preview, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """How long one run of each step takes, and all that are to run."""
    takes = shown.estimate
    return {
        "steps": [{**each, **_step_takes(shown, each)} for each in steps],
        "seconds": None if takes.unknown else takes.work,
        "estimate": takes.to_document(),
    }
