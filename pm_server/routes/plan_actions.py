"""``/pm/api/plans/N/submit``, ``resume``, ``retry``, ``take_back``, ``cancel``: what runs of it."""

from __future__ import annotations

from typing import Any

from pm_kernel import retrying, submission
from pm_kernel.domain.plan_documents import plan_document
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import Conflict
from pm_kernel.retrying import Choice
from pm_kernel.store import plans
from pm_server.payload import Fields
from pm_server.routes.base import Changed, Route, verb
from pm_server.services import Opened

#: Runs that are named in one request.
_MOST_RUNS = 10_000


class SubmitRoute(Route):
    """Running a draft."""

    @verb
    async def post(self, plan_id: str) -> None:
        """Submit a draft.

        Where it would now run otherwise than it was previewed, the answer is 409 with the
        difference; sent back as ``accept``, it says that the person has seen just that.
        """
        accept = self.body("accept").optional_text("accept")
        self.answer(await self.ask(lambda at: _submit(at, int(plan_id), accept), slow=True))


class ResumeRoute(Route):
    """Running what is missing."""

    @verb
    async def post(self, plan_id: str) -> None:
        """Launch what has no valid completed run; ``missing`` is how many that are."""
        self.body()
        self.answer(await self.ask(lambda at: _resume(at, int(plan_id)), slow=True))


class RetryRoute(Route):
    """Running parts of a plan once more."""

    @verb
    async def post(self, plan_id: str) -> None:
        """Run the chosen planned runs that failed, or with ``again`` also those with results."""
        body = self.body("step", "sample", "branch", "run_id", "run_ids", "again")
        choice, again = _choice(body), body.flag("again")
        self.answer(await self.ask(lambda at: _retry(at, int(plan_id), choice, again), slow=True))


class TakeBackRoute(Route):
    """Forgetting what was to run again after the running launch."""

    @verb
    async def post(self, plan_id: str) -> None:
        """Take back what was chosen of it, as long as no launch has it; all without a choice."""
        choice = _choice(self.body("step", "sample", "branch", "run_id", "run_ids"))
        self.answer(await self.ask(lambda at: _take_back(at, int(plan_id), choice)))


class CancelRoute(Route):
    """Stopping a plan."""

    @verb
    async def post(self, plan_id: str) -> None:
        """Stop a plan; the answer comes when its living runs have ended."""
        self.body()
        self.answer(await self.ask(lambda at: _cancel(at, int(plan_id)), slow=True))


def _submit(at: Opened, plan_id: int, accepted: str | None) -> dict[str, Any]:
    told: list[str] = []

    def accept(difference: str) -> bool:
        told.append(difference)
        return difference == accepted

    try:
        submission.submit(at.settings, at.store, plan_id, same_imports(at.settings), accept=accept)
    except Conflict as error:
        if told and told[-1] != accepted:
            raise Changed(
                f"Plan {plan_id} would now run otherwise than it was previewed: {told[-1]}",
                told[-1],
                hint="Look at it again, then run it as it is now.",
            ) from error
        raise
    return _plan(at, plan_id)


def _resume(at: Opened, plan_id: int) -> dict[str, Any]:
    missing = submission.resume(at.settings, at.store, plan_id)
    return {**_plan(at, plan_id), "missing": missing}


def _retry(at: Opened, plan_id: int, choice: Choice, again: bool) -> dict[str, Any]:
    begun = retrying.retry(at.settings, at.store, plan_id, choice, again=again)
    return {**_plan(at, plan_id), "runs": begun.runs, "queued": begun.queued}


def _take_back(at: Opened, plan_id: int, choice: Choice) -> dict[str, Any]:
    number = retrying.take_back(at.settings, at.store, plan_id, choice)
    return {**_plan(at, plan_id), "runs": number}


def _choice(body: Fields) -> Choice:
    return Choice(
        body.optional_text("step"),
        body.optional_text("sample"),
        body.optional_integer("run_id"),
        body.optional_text("branch"),
        run_ids=tuple(body.integers("run_ids", limit=_MOST_RUNS)),
    )


def _cancel(at: Opened, plan_id: int) -> dict[str, Any]:
    return plan_document(submission.cancel(at.settings, at.store, plan_id))


def _plan(at: Opened, plan_id: int) -> dict[str, Any]:
    return plan_document(plans.get_plan(at.store, plan_id))
