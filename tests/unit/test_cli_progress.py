"""A plan that is watched, on wide and narrow screens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pm_kernel.cli.output import width_of
from pm_kernel.cli.plan_progress import progress_lines
from pm_kernel.cli.text import plain
from pm_kernel.domain.plans import Plan, PlannedRunRow, StepCount
from pm_kernel.store.planned_pages import Page

BEGUN = datetime(2026, 3, 30, 10, 30, tzinfo=UTC)
NOW = BEGUN + timedelta(seconds=72)
LONG = "segment the nuclei of 胃 in the image"
STATES = {
    LONG: ["completed", "failed"],
    "gate": ["running", "running", "blocked", "blocked"],
    "summary": ["blocked", "blocked"],
}


def watched(width, states=STATES, name="cohort of the spring", begun=BEGUN):
    listed = [(step, state) for step, each in states.items() for state in each]
    rows = [
        PlannedRunRow(n, f"k{n}", step, f"s{n}", "", "run", "", state, n, "m", 1, {},
                      "ValueError: it is\nbroken" if state == "failed" else None)
        for n, (step, state) in enumerate(listed, 1)
    ]  # fmt: skip
    counts = {state: sum(s == state for _, s in listed) for _, state in listed}
    plan = Plan(7, "plan", name, "running", {}, {}, 1, 0, BEGUN, "me", begun, counts=counts)
    of_steps = [StepCount(step, "m", 1, state, each.count(state))
                for step, each in states.items() for state in dict.fromkeys(each)]  # fmt: skip
    failed = [row for row in rows if row.state == "failed"]
    shown = progress_lines(plan, of_steps, Page(failed[:3], len(failed)), width, NOW)
    return [plain(each) for each in shown]


def test_a_wide_screen_shows_all_of_it():
    assert watched(100) == [
        "◐ plan 7 · cohort of the spring  1:12",
        "  ███▒▒▒▒▒▒▒✕✕✕⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟  1 of 8, 2 running, 1 failed, 4 not run",
        f"  {LONG}  ██████████✕✕✕✕✕✕✕✕✕✕  1 of 2, 1 failed",
        f"  {'gate':37}  ▒▒▒▒▒▒▒▒▒▒⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟  0 of 4, 2 running, 2 not run",
        f"  {'summary':37}  ⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟  0 of 2, 2 not run",
        f"  ✕ run 2 · {LONG} s2: ValueError: it is",
    ]


@pytest.mark.parametrize("width", [1, 20, 44, 60, 80, 81, 99])
def test_no_line_is_wider_than_the_screen(width):
    shown = watched(width)
    assert all(width_of(line) <= width for line in shown), shown
    assert len(shown) == 6
    if width >= 44:
        # The time stays, and so do the bars; names give way.
        assert shown[0].endswith("  1:12")
        assert all("⊟⊟" in line for line in shown[3:5])


def test_of_many_failures_some_are_told():
    shown = watched(80, {"load": ["failed"] * 5})
    assert [line[:9] for line in shown[3:]] == [f"  ✕ run {n}" for n in (1, 2, 3)] + ["  … and 2"]


def test_what_has_not_begun_shows_no_time_and_names_obey_nobody():
    shown = watched(80, {}, name="\x1b[2Jclean", begun=None)
    assert shown == [r"◐ plan 7 · \x1b[2Jclean", "    0 of 0"]
