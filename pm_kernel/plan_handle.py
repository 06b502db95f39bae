"""A plan in a Python session: looked at, run, followed, and its results read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pm_kernel import planning, retrying, submission
from pm_kernel.cli import plan_view
from pm_kernel.cli.text import Line, plain
from pm_kernel.domain import names
from pm_kernel.domain.pipeline import Pipeline
from pm_kernel.domain.plans import OPEN, PlannedRunRow
from pm_kernel.domain.plans import Plan as StoredPlan
from pm_kernel.domain.preview import Counts, Node, preview_tree
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import Conflict, NotFound, Problem
from pm_kernel.line_html import lines_html
from pm_kernel.nextflow.site import SiteCheck
from pm_kernel.open_workspace import Named, OpenWorkspace
from pm_kernel.results import Results, read_results
from pm_kernel.retrying import Retry
from pm_kernel.store import plans
from pm_kernel.store.planned_pages import ended_short

if TYPE_CHECKING:
    from pm_kernel.store.engine import Store

#: Seconds between two looks at a plan that is waited for.
_LOOK = 0.5


@dataclass(frozen=True)
class PlanPreview:
    """Every run that a plan would make or reuse, when it was looked at."""

    shown: planning.Preview

    @property
    def totals(self) -> Counts:
        """How many planned runs are new (``run``), reused (``reuse``), cannot be made."""
        return self.shown.counts

    @property
    def final_results(self) -> int:
        """How many results the plan is made for."""
        return self.shown.expanded.totals.final_results

    @property
    def tree(self) -> tuple[Node, ...]:
        """Sample → branch → step, with what is reused and why."""
        return preview_tree(self.shown.expanded, self.shown.decisions)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, and what is worth knowing."""
        return self.shown.problems

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a submit."""
        return self.shown.errors

    @cached_property
    def _lines(self) -> list[Line]:
        return list(plan_view.preview_lines(self.shown))

    def __repr__(self) -> str:
        return "\n".join(map(plain, self._lines))

    def _repr_html_(self) -> str:
        return lines_html(self._lines)


class Plan:
    """One plan of a workspace. Made by ``Pipeline.plan``, or opened by its number."""

    def __init__(self, workspace: Named | None, plan_id: int | None) -> None:
        self._named = workspace
        self._plan_id = plan_id
        self._input: planning.PlanInput | None = None
        self._shown: planning.Preview | None = None
        self._name = ""
        self._notes = ""
        self._metadata: Mapping[str, Any] = {}

    @classmethod
    def new(
        cls,
        document: Pipeline,
        request: Mapping[str, Any],
        base: Path,
        *,
        name: str,
        notes: str,
        metadata: Mapping[str, Any],
        workspace: Named | None,
    ) -> Plan:
        """Return a plan that is not stored yet."""
        plan = cls(workspace, None)
        plan._input = planning.PlanInput(document.to_document(), request, base)
        plan._name, plan._notes, plan._metadata = name, notes, metadata
        return plan

    @classmethod
    def open(cls, plan_id: int, *, workspace: Named | None = None) -> Plan:
        """Return a stored plan, as after a kernel was started again. Raises NotFound."""
        plan = cls(workspace, plan_id)
        plan._name = plan._stored().name
        return plan

    # --- before it runs ---------------------------------------------------------------------------

    def preview(self) -> PlanPreview:
        """Look at every run that it would make or reuse now."""
        with self._workspace.store() as store:
            return PlanPreview(self._look(store))

    def save(self) -> Plan:
        """Store it as a draft, as it was previewed last; ``pm plan`` knows it by its number then.

        Raises Problems when something is wrong with it.
        """
        if self._plan_id is None:
            with self._workspace.store() as store:
                self._save(store)
        return self

    def submit(self, *, accept: bool = False) -> Plan:
        """Run it through Nextflow and return at once; it goes on without this session.

        It looks again first, at files and earlier runs. Raises Conflict when it would now run
        otherwise than it was previewed, unless ``accept`` is true, and Problems when something is
        wrong with it.
        """
        with self._workspace.store() as store:
            submission.submit(
                self._workspace.settings,
                store,
                self._save(store),
                same_imports(self._workspace.settings),
                accept=lambda _difference: accept,
            )
        return self

    # --- while it runs, and after -----------------------------------------------------------------

    @property
    def plan_id(self) -> int | None:
        """Its number; None as long as it is not stored."""
        return self._plan_id

    @property
    def status(self) -> str:
        """draft, submitted, running, completed, partial, failed or cancelled, as of now."""
        return "draft" if self._plan_id is None else self._stored().status

    @property
    def counts(self) -> Mapping[str, int]:
        """How many planned runs are waiting, running, completed, reused, failed, … now."""
        return {} if self._plan_id is None else self._stored().counts

    @property
    def error(self) -> str | None:
        """What went wrong with the plan itself; a run has its own error."""
        return None if self._plan_id is None else self._stored().error

    @property
    def runs(self) -> list[PlannedRunRow]:
        """Every planned run with what has become of it, in the order of the plan."""
        number = self._number
        with self._workspace.store() as store:
            return plans.planned_runs_of(store, number)

    def wait(
        self, *, timeout: float | None = None, progress: Callable[[str], None] | None = None
    ) -> str:
        """Wait for its end and return its status; an interrupt only ends the waiting.

        ``timeout`` is in seconds; the status is that of then. ``progress`` is called with a line
        whenever something has changed: ``plan.wait(progress=print)``.
        """
        number = self._number
        deadline = None if timeout is None else time.monotonic() + timeout
        told = ""
        with self._workspace.store() as store:
            while True:
                plan = self._get(store)
                if plan.status in OPEN:
                    # A supervisor that died leaves the plan to whoever looks.
                    submission.settle_unowned(self._workspace.settings, store)
                    plan = self._get(store)
                line = f"plan {number} {plan.status}: {plan_view.counts_text(plan.counts)}"
                if progress is not None and line != told:
                    progress(line)
                    told = line
                if plan.status == "draft":
                    raise Conflict(
                        f"Plan {number} is a draft; nothing runs.", hint="`plan.submit()` runs it."
                    )
                if plan.status not in OPEN:
                    return plan.status
                if deadline is not None and time.monotonic() >= deadline:
                    return plan.status
                time.sleep(_LOOK)

    def resume(self) -> Plan:
        """Run what has no valid result yet. Raises Conflict while it runs."""
        number = self._number
        with self._workspace.store() as store:
            submission.resume(self._workspace.settings, store, number)
        return self

    def retry(
        self,
        *,
        step: str | None = None,
        sample: str | None = None,
        branch: str | None = None,
        run: int | None = None,
        again: bool = False,
    ) -> Retry:
        """Run what failed once more, all of it or the chosen; with ``again``, what has results too.

        While the plan runs, it begins by itself when the running launch has ended; until then
        ``take_back`` forgets it. Raises NotFound when nothing fits, Conflict when nothing is to be
        run there, UsageError for ``again`` without a choice.
        """
        choice = retrying.Choice(step, sample, run, branch)
        with self._workspace.store() as store:
            settings = self._workspace.settings
            return retrying.retry(settings, store, self._number, choice, again=again)

    def take_back(
        self,
        *,
        step: str | None = None,
        sample: str | None = None,
        branch: str | None = None,
        run: int | None = None,
    ) -> int:
        """Forget what was to run again, all of it or the chosen; returns how many planned runs.

        Raises Conflict when nothing of it is waiting to run again any more.
        """
        choice = retrying.Choice(step, sample, run, branch)
        with self._workspace.store() as store:
            return retrying.take_back(self._workspace.settings, store, self._number, choice)

    def cancel(self) -> Plan:
        """Stop it: its living runs end as cancelled."""
        number = self._number
        with self._workspace.store() as store:
            submission.cancel(self._workspace.settings, store, number)
        return self

    def results(self, step: str | None = None) -> Results:
        """Return the results so far, of one step or of all, with their outputs as paths."""
        number = self._number
        with self._workspace.store() as store:
            rows = plans.planned_runs_of(store, number)
            steps = list(dict.fromkeys(row.step for row in rows))
            if step is not None and step not in steps:
                known = names.listed(steps, 12)
                raise NotFound(f"Plan {number} has no step {names.shown(step)}; it has {known}.")
            return read_results(store, [row for row in rows if step in (None, row.step)])

    def __repr__(self) -> str:
        if self._plan_id is None:
            return f"<plan {names.shown(self._name)}, not stored yet>"
        return "\n".join(map(plain, self._lines()))

    def _repr_html_(self) -> str | None:
        return None if self._plan_id is None else lines_html(self._lines())

    # --- inside -----------------------------------------------------------------------------------

    @cached_property
    def _workspace(self) -> OpenWorkspace:
        return OpenWorkspace.find(self._named)

    @property
    def _number(self) -> int:
        if self._plan_id is None:
            raise Conflict(
                f"The plan {names.shown(self._name)} is not stored yet.",
                hint="`plan.submit()` runs it.",
            )
        return self._plan_id

    def _get(self, store: Store) -> StoredPlan:
        return plans.get_plan(store, self._number)

    def _stored(self) -> StoredPlan:
        with self._workspace.store() as store:
            return self._get(store)

    def _look(self, store: Store) -> planning.Preview:
        plan = self._input
        if plan is None:
            stored = self._get(store)
            plan = planning.PlanInput.stored(stored.document, stored.request)
        settings = self._workspace.settings
        self._shown = planning.preview(
            store, plan, same_imports(settings), check=SiteCheck(settings)
        )
        if self._input is not None:
            self._shown = self._shown.asked_now()
        return self._shown

    def _save(self, store: Store) -> int:
        if self._plan_id is None:
            assert self._input is not None
            shown = self._shown
            if shown is None or shown.errors:
                # What was wrong may have been mended since.
                shown = self._look(store)
            self._plan_id = planning.store_plan(
                store,
                self._workspace.settings,
                self._input,
                shown,
                name=self._name,
                notes=self._notes,
                metadata=self._metadata,
            )
        return self._plan_id

    def _lines(self) -> Iterable[Line]:
        with self._workspace.store() as store:
            plan = self._get(store)
            counts = plans.counts_of_steps(store, self._number)
            failed = ended_short(store, self._number).rows
        yield plan_view.summary_line(plan)
        yield from plan_view.step_lines(counts)
        yield from plan_view.failure_lines(failed, plan.counts.get("blocked", 0))
        yield from plan_view.again_lines(plan)
