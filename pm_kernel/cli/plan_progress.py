"""A plan while it goes on, on a screen of any width: how far each step is, and what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pm_kernel.cli.output import fitted, width_of
from pm_kernel.cli.plan_view import again_lines, bar, counts_by_step, counts_text, failure_lines
from pm_kernel.cli.text import Line, Span, clean, line
from pm_kernel.domain.marks import plan_mark
from pm_kernel.domain.plans import Plan, StepCount
from pm_kernel.domain.quantities import clock_text
from pm_kernel.store.planned_pages import Page

#: Columns of a bar where there is room, and where there is little; of a step's name at least.
_WHOLE_BAR, _STEP_BAR, _LEAST_BAR, _LEAST_NAME = 30, 20, 7, 8
#: Failures that are told while the plan runs; all of them are when it has ended.
FAILURES = 3


def progress_lines(
    plan: Plan, counts: Sequence[StepCount], failed: Page, width: int, now: datetime
) -> Iterator[Line]:
    """Name and time, the whole, a line for each step, what failed so far; none is wider.

    ``failed`` has the first ``FAILURES`` planned runs that did, or more.
    """
    mark = plan_mark(plan.status)
    time = (
        "" if plan.submitted_at is None else clock_text((now - plan.submitted_at).total_seconds())
    )
    head = line(
        Span(f"{mark.glyph} ", mark.token), Span(f"plan {plan.plan_id} · {plan.name}", strong=True)
    )
    room = max(_LEAST_NAME, width - len(time) - 2)
    yield fitted((*fitted(head, room), Span(f"  {time}" if time else "", "neutral")), width)
    told = counts_text(plan.counts)
    whole = min(_WHOLE_BAR, max(_LEAST_BAR, width - len(told) - 4))
    yield fitted(line("  ", *bar(plan.counts, whole), f"  {told}"), width)
    yield from _steps(counts, width)
    for each in failure_lines(failed.rows[:FAILURES]):
        yield fitted(each, width)
    if failed.total > FAILURES:
        yield fitted(line(f"  … and {failed.total - FAILURES} more failed"), width)
    for each in again_lines(plan):
        yield fitted(each, width)


def _steps(of_steps: Sequence[StepCount], width: int) -> Iterator[Line]:
    steps = counts_by_step(of_steps)
    if not steps:
        return
    told = {step: counts_text(counts) for step, counts in steps.items()}
    longest = max(width_of(clean(step)) for step in steps)
    # Two blanks before and between the three columns; names give way before bars do.
    room = width - 6 - max(map(len, told.values()))
    name = min(longest, max(_LEAST_NAME, room - _STEP_BAR))
    long = min(_STEP_BAR, max(_LEAST_BAR, room - name))
    for step, counts in steps.items():
        shown = fitted(line(step), name)
        blank = " " * (name - sum(width_of(span.text) for span in shown))
        parts = line("  ", *shown, f"{blank}  ", *bar(counts, long), f"  {told[step]}")
        yield fitted(parts, width)
