"""Plans in a Python session: previewed, stored, followed, and their results read."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import Pipeline, Plan, grid, plan_as_python, planning
from pm_kernel.domain.methods import MethodInput, MethodOutput
from pm_kernel.errors import Conflict, NotFound, Problems
from pm_kernel.retrying import Retry
from pm_kernel.store import plans
from pm_kernel.store.ownership import PlanLock

from ..workbench import Workbench, same_imports
from .recording_harness import Life

MERGE = """
from pathlib import Path

def run(tables, output_dir, tables_labels=()):
    tiles = Path(output_dir) / "tiles"
    tiles.mkdir()
    for label, table in zip(tables_labels, tables):
        (tiles / f"{label}.txt").write_text(Path(table).read_text())
    if len(tables) > 2:
        raise ValueError("<too many>")
"""


@pytest.fixture
def bench(tmp_path: Path, database_url: str) -> Iterator[Workbench]:
    made = Workbench.make(tmp_path / "workspace", database_url)
    made.method("scale")
    made.method(
        "merge",
        MERGE,
        inputs={"tables": MethodInput("tables", "upstream", gather=True)},
        outputs={"tiles": MethodOutput("tiles", "tiles/*.txt", "text")},
    )
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _here(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session in the workspace: its variables, and its folder somewhere below."""
    for name, value in bench.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PM_WORKSPACE")
    (bench.root / "notebooks").mkdir()
    monkeypatch.chdir(bench.root / "notebooks")


def a_plan(bench: Workbench, factors: list[int]) -> Plan:
    p = Pipeline("cohort", workspace=bench.settings)
    one = p.step("one", method="scale", branches=grid({"scale.factor": factors}))
    p.step("all <b>of</b> them", method="merge", inputs={"tables": one["table"].gather(over="one")})
    return p.plan(name="<script>alert(1)</script>")


def execute(bench: Workbench, life: Life, plan: Plan) -> None:
    """What a supervisor does with a stored plan."""
    assert plan.plan_id is not None
    epoch = planning.submit(bench.store, plan.plan_id, same_imports, user="somebody")
    launch = bench.launch(plan.plan_id, epoch)
    for position in range(len(launch.tasks)):
        life.run(launch, position)
    with bench.store.transaction() as connection:
        plans.set_status(
            connection, plan.plan_id, plans.status_from_record(connection, plan.plan_id)
        )


class Tags(HTMLParser):
    """Which elements a text has, and what is written in them."""

    def __init__(self, html: str | None) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        assert html is not None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_preview_counts_and_draws_the_runs_and_stores_nothing(bench: Workbench) -> None:
    preview = a_plan(bench, [2, 3]).preview()
    assert (preview.totals.run, preview.totals.reuse, preview.final_results) == (3, 0, 1)
    assert preview.problems == preview.errors == ()
    (top,) = preview.tree
    assert [leaf.step for leaf in top.runs] == ["all <b>of</b> them"]
    assert [child.label for child in top.children] == ["factor=2", "factor=3"]
    assert repr(preview).startswith("3 runs (3 new, 0 reused), 1 final result\n")
    assert bench.rows("SELECT id FROM execution_plans") == []


def test_what_a_notebook_shows_is_escaped(bench: Workbench) -> None:
    plan = a_plan(bench, [2])
    shown = Tags(plan.preview()._repr_html_())
    assert shown.tags == {"pre", "span"}
    assert "all <b>of</b> them" in shown.text
    shown = Tags(plan.save()._repr_html_())
    assert shown.tags == {"pre", "span"}
    assert "<script>alert(1)</script>" in shown.text


def test_a_plan_with_problems_shows_them_and_is_not_stored(bench: Workbench) -> None:
    p = Pipeline("p", workspace=bench.root)
    p.step("one", method="scale", params={"scale.facto": 2})
    plan = p.plan()
    (problem,) = plan.preview().errors
    assert "did you mean 'scale.factor'?" in problem.message
    with pytest.raises(Problems):
        plan.submit()
    assert plan.plan_id is None


def test_a_plan_refused_for_a_missing_method_is_stored_once_it_is_registered(
    bench: Workbench,
) -> None:
    p = Pipeline("p", workspace=bench.settings)
    p.step("one", method="later")
    plan = p.plan()
    with pytest.raises(Problems):
        plan.save()
    bench.method("later")
    assert plan.save().plan_id == 1


def test_a_stored_plan_is_a_draft_that_can_be_opened_by_its_number(bench: Workbench) -> None:
    plan = a_plan(bench, [2]).save()
    assert plan.save().plan_id == plan.plan_id
    again = Plan.open(1, workspace=bench.root)
    assert (again.status, again.counts) == ("draft", {"waiting": 2})
    assert again.preview().totals.run == 2
    with pytest.raises(Conflict, match="is a draft; nothing runs"):
        again.wait()
    with pytest.raises(NotFound, match="There is no plan 2"):
        Plan.open(2, workspace=bench.settings)


def test_the_workspace_is_found_as_pm_finds_it() -> None:
    p = Pipeline("p")
    p.step("one", method="scale")
    assert p.plan().preview().totals.run == 1


def test_results_are_runs_with_their_outputs_as_paths(bench: Workbench, life: Life) -> None:
    plan = a_plan(bench, [2, 3]).save()
    execute(bench, life, plan)
    assert plan.wait() == "completed"
    one = plan.results("one")
    assert [each.branch for each in one] == ["factor=2", "factor=3"]
    assert [each["table"].read_text() for each in one] == ["value\n42\n", "value\n63\n"]
    assert [each.metrics for each in one] == [{"result": 42}, {"result": 63}]
    assert [each.params for each in one] == [
        {"scale.value": 21, "scale.factor": 2},
        {"scale.value": 21, "scale.factor": 3},
    ]
    (merged,) = plan.results("all <b>of</b> them")
    assert sorted(path.name for path in merged["tiles"].iterdir()) == [
        "factor=2.txt",
        "factor=3.txt",
    ]
    assert len(plan.results()) == 3
    with pytest.raises(NotFound, match="has no step 'two'; it has 'one'"):
        plan.results("two")


def test_results_are_shown_as_a_table(bench: Workbench, life: Life) -> None:
    plan = a_plan(bench, [2]).save()
    assert repr(plan.results()) == "no results"
    execute(bench, life, plan)
    assert repr(plan.results("one")) == "run 1 · one · factor=2 · completed · table"
    shown = Tags(plan.results()._repr_html_())
    assert shown.tags == {"table", "thead", "tbody", "tr", "th", "td"}
    assert "all <b>of</b> them" in shown.text


def test_a_failed_plan_has_the_results_it_has_and_says_what_failed(
    bench: Workbench, life: Life
) -> None:
    plan = a_plan(bench, [2, 3, 4]).save()
    execute(bench, life, plan)
    told: list[str] = []
    assert plan.wait(progress=told.append) == "partial"
    assert told == ["plan 1 partial: 3 of 4, 1 failed"]
    assert len(plan.results()) == 3
    assert [row.state for row in plan.runs] == ["completed"] * 3 + ["failed"]
    assert "ValueError: <too many>" in Tags(plan._repr_html_()).text


def test_what_a_running_plan_made_is_asked_for_again_and_taken_back(
    bench: Workbench, life: Life
) -> None:
    plan = a_plan(bench, [2, 3]).save()
    execute(bench, life, plan)
    assert plan.plan_id is not None
    bench.execute("UPDATE execution_plans SET status = 'running'")
    owner = PlanLock(bench.store.url, plan.plan_id)
    assert owner.acquire()
    assert plan.retry(branch="factor=2", again=True) == Retry(2, queued=True)
    assert [row.again_by for row in plan.runs] == ["somebody", None, None]
    told = "1 runs again when the running launch has ended, with what is made of it"
    assert told in repr(plan)
    assert plan.take_back(step="one") == 1
    assert [row.again_by for row in plan.runs] == [None, None, None]
    with pytest.raises(Conflict, match="Nothing of that is waiting to run again"):
        plan.take_back()
    owner.release()


def test_a_second_plan_reuses_the_runs_of_the_first(bench: Workbench, life: Life) -> None:
    execute(bench, life, a_plan(bench, [2]).save())
    plan = a_plan(bench, [2, 3])
    assert (plan.preview().totals.run, plan.preview().totals.reuse) == (2, 1)
    execute(bench, life, plan.save())
    assert [(each.run_id, each.state) for each in plan.results("one")] == [
        (1, "reused"),
        (3, "completed"),
    ]


def test_a_stored_plan_is_written_as_the_python_that_builds_it(bench: Workbench) -> None:
    stored = a_plan(bench, [2, 3]).save()
    source = plan_as_python(1, workspace=bench.settings)
    assert source.startswith("# Plan 1 of somebody, ")
    assert "with one v1, all <b>of</b> them v1." in source.splitlines()[0]
    names: dict[str, Any] = {}
    source = source.replace('Pipeline("cohort")', 'Pipeline("cohort", workspace=settings)')
    exec(source, {"settings": bench.settings}, names)
    again = names["plan"].save()
    first, second = (plans.get_plan(bench.store, n) for n in (stored.plan_id, again.plan_id))
    assert (first.name, first.document, first.request) == (
        second.name,
        second.document,
        second.request,
    )
