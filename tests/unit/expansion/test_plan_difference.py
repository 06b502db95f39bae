"""What is said when a plan would now run otherwise than it was previewed."""

from __future__ import annotations

from dataclasses import replace

from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.plan_difference import plan_difference
from pm_kernel.domain.plans import PlannedRunRow
from pm_kernel.domain.preview import count

STEPS = {
    "load": {"inputs": {"i": {"column": "sample"}}},
    "filter": {
        "inputs": {"i": {"from": "load.out"}},
        "branches": {"tight": {"f.x": "1.5"}, "loose": {"f.x": "2.5"}},
    },
    "all": {"inputs": {"i": {"from": "filter.out", "gather": {"over": ["sample"], "by": []}}}},
}
NEW = Decision("run", "no earlier run with the same version, parameters and inputs", "new")
FOLLOWS = Decision("run", "upstream step 'load' will run", "upstream")


def reused(run_id):
    return Decision("reuse", f"reuses run {run_id}: same version", "equal", run_id)


class Drawn:
    """A plan of two samples, all of it reused when it was previewed."""

    def __init__(self, bench):
        self.plan = bench.clean(STEPS, ["s1", "s2"])
        self.rows = [
            PlannedRunRow(n, run.key, run.step, run.sample, run.branch, "reuse", "", "reused",
                          n, run.step, 1, {})
            for n, run in enumerate(self.plan.runs, 1)
        ]  # fmt: skip
        self.now = {row.key: reused(row.run_id) for row in self.rows}

    def set(self, step, *decisions):
        runs = self.plan.runs_of(step)
        self.now |= {run.key: each for run, each in zip(runs, decisions, strict=True)}

    def told(self, rows=None):
        counts = count(self.plan, self.now)
        return plan_difference(self.rows if rows is None else rows, self.plan, self.now, counts)


def test_nothing_is_said_of_a_plan_that_runs_as_previewed(bench):
    drawn = Drawn(bench)
    assert drawn.told() is None
    # What a draft would run has no run yet, whatever its reason is by now.
    rows = [replace(row, decision="run", run_id=None) for row in drawn.rows]
    drawn.now = {row.key: NEW for row in rows}
    assert drawn.told(rows) is None


def test_what_happens_instead_is_said_of_what_is_the_cause_in_names_that_people_gave(bench):
    drawn = Drawn(bench)
    drawn.set("load", NEW, reused(2))
    drawn.set("filter", FOLLOWS, FOLLOWS, reused(5), reused(99))
    drawn.set("all", FOLLOWS, FOLLOWS)
    assert drawn.told() == (
        "6 of 8 planned runs differ (now 5 new, 3 reused). "
        "Step 'load' for sample 's1' runs instead of reusing run 1: no earlier run with the same "
        "version, parameters and inputs. "
        "Step 'filter' for sample 's2' (tight) reuses run 99 instead of reusing run 6."
    )


def test_another_version_is_said_once_for_its_step(bench):
    drawn = Drawn(bench)
    rows = [replace(row, version=3) if row.step == "filter" else row for row in drawn.rows]
    drawn.set("filter", NEW, NEW, NEW, NEW)
    drawn.set("all", FOLLOWS, FOLLOWS)
    assert drawn.told(rows) == (
        "6 of 8 planned runs differ (now 6 new, 2 reused). "
        "Step 'filter' takes version 1 of its method, not version 3 as before."
    )


def test_long_differences_end_in_a_number(bench):
    drawn = Drawn(bench)
    blocked = Decision("blocked", "its column 'image' is empty", "problem")
    gone = replace(drawn.rows[0], key="gone", sample="s0", branch="")
    rows = [gone, *(replace(row, decision="blocked", run_id=None) for row in drawn.rows[:1]),
            *drawn.rows[2:]]  # fmt: skip
    drawn.set("load", NEW, reused(2))
    drawn.set("all", NEW, blocked)
    assert drawn.told(rows) == (
        "5 of 8 planned runs differ (now 2 new, 5 reused). "
        "Step 'load' for sample 's1' runs instead of being left out: no earlier run with the same "
        "version, parameters and inputs. "
        "Step 'load' for sample 's2' is new in it. "
        "Step 'all' (loose) runs instead of reusing run 7: no earlier run with the same "
        "version, parameters and inputs. And 2 more."
    )
    drawn.set("all", reused(7), blocked)
    assert "Step 'all' (tight) cannot run any more: its column" in drawn.told(rows)
