"""Finding runs, and all that is recorded of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from pm_kernel.domain.methods import MethodInput
from pm_kernel.domain.runs import RunFilter
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store import log_search, logs, runs, step_times
from pm_kernel.store.run_details import details_of, get_details

from .factories import START, Rows


@pytest.fixture
def rows(store):
    return Rows(store)


def found(store, **criteria):
    return [run.run_id for run in runs.find_runs(store, RunFilter(**criteria)).runs]


def test_a_run_is_returned_with_its_method_version_and_place(store, rows):
    rows.method("label", version=2, module="data_labeling", commit="abc")
    run_id = rows.run("label", version=2, sample="s1", step="first", branch="strict")
    run = runs.get_run(store, run_id)
    assert (run.method, run.module, run.version, run.commit, run.tag) == (
        "label",
        "data_labeling",
        2,
        "abc",
        "label/v2",
    )
    assert (run.sample, run.step, run.branch, run.status) == ("s1", "first", "strict", "completed")
    assert run.started_at == START + timedelta(minutes=1)
    assert run.started_at.tzinfo == UTC
    assert run.seconds(datetime.now(UTC)) == 12
    assert run.workspace_root == Path("/somewhere/workspace")


def test_a_run_that_does_not_exist_is_said_to(store):
    with pytest.raises(NotFound, match=r"There is no run 9\."):
        runs.get_run(store, 9)


def test_of_several_ids_those_that_exist_are_returned_in_order(store, rows):
    first, second = rows.run(), rows.run()
    assert [r.run_id for r in runs.get_runs(store, [second, 99, first])] == [first, second]
    assert runs.get_runs(store, []) == []


def test_pages_continue_where_the_last_one_ended(store, rows):
    made = [rows.run() for _ in range(5)]
    first = runs.find_runs(store, RunFilter(), limit=2)
    second = runs.find_runs(store, RunFilter(), limit=2, before=first.before)
    third = runs.find_runs(store, RunFilter(), limit=2, before=second.before)
    pages = [[run.run_id for run in page.runs] for page in (first, second, third)]
    assert pages == [[made[4], made[3]], [made[2], made[1]], [made[0]]]
    assert third.before is None


def test_a_page_that_is_just_full_is_the_last_one(store, rows):
    rows.run()
    rows.run()
    assert runs.find_runs(store, RunFilter(), limit=2).before is None


def test_runs_are_found_by_method_version_module_and_sample(store, rows):
    rows.method("segment", version=1, module="segmentation")
    rows.method("segment", version=2, module="segmentation")
    rows.method("label", module="labelling")
    old = rows.run("segment", sample="s1")
    new = rows.run("segment", version=2, sample="s2")
    other = rows.run("label", sample="s1")
    assert found(store, method="segment") == [new, old]
    assert found(store, method="segment", version=2) == [new]
    assert found(store, module="labelling") == [other]
    assert found(store, sample="s1") == [other, old]
    assert found(store, sample="s1", method="segment") == [old]
    assert found(store, method="absent") == []


def test_runs_are_found_by_status_and_several_may_be_named(store, rows):
    done = rows.run()
    failed = rows.run(status="failed")
    cancelled = rows.run(status="cancelled")
    assert found(store, states=frozenset({"failed"})) == [failed]
    assert found(store, states=frozenset({"failed", "cancelled"})) == [cancelled, failed]
    assert found(store, states=frozenset({"completed"})) == [done]


def test_a_state_that_runs_do_not_have_is_refused_with_those_they_have(store):
    with pytest.raises(InvalidInput, match="no state 'done'") as error:
        found(store, states=frozenset({"done"}))
    assert "completed" in error.value.hint


def test_runs_are_found_by_when_they_started(store, rows):
    rows.run(started_at=START)
    late = rows.run(started_at=START + timedelta(days=2))
    assert found(store, since=START + timedelta(days=1)) == [late]


def test_the_runs_of_a_plan_include_those_it_reused_and_say_so(store, rows):
    earlier = rows.run()
    plan = rows.plan()
    rows.planned_run(plan, "segment", current_run=earlier)
    own = rows.run(plan=plan)
    rows.run()
    page = runs.find_runs(store, RunFilter(plan_id=plan))
    assert [(run.run_id, run.state) for run in page.runs] == [
        (own, "completed"),
        (earlier, "reused"),
    ]


def test_the_warnings_of_a_plan_are_found_in_the_runs_that_it_reused_as_well(store, rows):
    earlier = rows.run("segment")
    rows.log(earlier, "few cells", level="WARNING")
    plan = rows.plan()
    rows.planned_run(plan, "segment", current_run=earlier)
    rows.planned_run(plan, "segment")
    own = rows.run("segment", plan=plan)
    rows.log(own, "many cells", level="WARNING")
    rows.log(rows.run("segment"), "no cells", level="WARNING")
    wanted = log_search.LogSearch(plan_id=plan, method="segment", levels=("WARNING",))
    assert [
        (each.run.run_id, each.entry.message)
        for each in log_search.search_logs(store, wanted).entries
    ] == [(own, "many cells"), (earlier, "few cells")]


def test_a_step_is_what_the_plan_takes_its_runs_for_and_without_a_plan_what_they_ran_as(
    store, rows
):
    plan = rows.plan()
    left = rows.run("filter", plan=plan, step="left")
    right = rows.run("filter", plan=plan, step="right")
    # A later plan has both: it reuses one of them, as a step of another name.
    later = rows.plan()
    rows.planned_run(later, "filter", step="cells", current_run=left)
    cells = rows.run("filter", plan=later, step="cells")
    for run in (left, right, cells):
        rows.log(run, "few cells", level="WARNING")

    def warned(**wanted: object) -> list[int]:
        search = log_search.LogSearch(levels=("WARNING",), **wanted)
        return [each.run.run_id for each in log_search.search_logs(store, search).entries]

    for asked, expected in (
        ({"plan_id": plan, "step": "left"}, [left]),
        ({"plan_id": later, "step": "cells"}, [cells, left]),
        ({"plan_id": later, "step": "left"}, []),
        ({"step": "left"}, [left]),
    ):
        assert warned(**asked) == sorted(expected, reverse=True)
        assert found(store, **asked) == sorted(expected, reverse=True)


def test_the_time_of_a_step_says_how_long_none_of_its_runs_was_at_work(store, rows):
    plan = rows.plan()
    again = rows.planned_run(plan, "segment")
    other = rows.planned_run(plan, "segment")

    def ran(planned: int, begin: float, seconds: float, status: str = "completed") -> None:
        started = START + timedelta(seconds=begin)
        rows.run(
            "segment",
            plan=plan,
            planned_run_id=planned,
            status=status,
            started_at=started,
            seconds=seconds,
        )

    ran(again, 0, 10, "failed")
    ran(other, 4, 16)
    times = step_times.times_of_steps(store, plan)["segment"]
    assert (times.began, times.ended) == (START, START + timedelta(seconds=20))
    assert times.idle == 0
    # Retried an hour later.
    ran(again, 3620, 8)
    times = step_times.times_of_steps(store, plan)["segment"]
    assert times.ended == START + timedelta(seconds=3628)
    assert times.idle == 3600
    ran(again, 3700, 0, "running")
    times = step_times.times_of_steps(store, plan)["segment"]
    assert (times.ended, times.idle) == (None, 3672)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ({"paper": "fig 2"}, {"paper": "fig 2"}),
        ({"n": 3}, {"n": "3"}),
        ({"n": "3"}, {"n": "3"}),
        ({"done": True}, {"done": "true"}),
        ({"a": 1, "b": 2}, {"a": 1, "b": "2"}),
        ({"half": "\\udc80"}, {"half": "\udc80"}),
    ],
)
def test_runs_are_found_by_metadata_as_typed_or_as_stored(store, rows, stored, asked):
    run_id = rows.run(metadata=stored)
    rows.run(metadata={"n": 4})
    assert found(store, metadata=asked) == [run_id]


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("Loaded 100% of Tiles", "100% of tiles"),
        ("a_b", "a_b"),
        (r"C:\data", "c:\\d"),
        ("nul \\x00 inside", "\x00"),
    ],
)
def test_runs_are_found_by_text_in_their_log_taken_literally(store, rows, message, asked):
    run_id = rows.run()
    rows.log(run_id, "first", message)
    rows.log(rows.run(), "Loaded 1000 of Tiles", "axb", "C:/data")
    assert found(store, log=asked) == [run_id]


def test_hostile_text_is_only_ever_a_value(store, rows):
    rows.run()
    hostile = "'; DROP TABLE runs; --"
    assert found(store, method=hostile, sample=hostile, module=hostile, log=hostile) == []
    assert found(store, metadata={hostile: hostile}) == []
    assert len(found(store)) == 1


def test_runs_are_counted_by_status(store, rows):
    rows.run()
    rows.run(sample="s1")
    rows.run(status="failed")
    assert runs.count_runs(store, RunFilter()) == {"completed": 2, "failed": 1}
    assert runs.count_runs(store, RunFilter(sample="s1")) == {"completed": 1}


def test_a_run_without_a_recent_heartbeat_shows_no_sign_of_life(store, rows):
    now = datetime.now(UTC)
    silent = rows.run(status="running", started_at=now - timedelta(hours=1))
    lively = rows.run(status="running", started_at=now - timedelta(hours=1), heartbeat_at=now)
    fresh = rows.run(status="running", started_at=now)
    states = {run.run_id: run.state for run in runs.find_runs(store, RunFilter()).runs}
    assert states == {silent: "silent", lively: "running", fresh: "running"}
    assert found(store, states=frozenset({"silent"})) == [silent]


def test_an_altered_result_taints_everything_below_it(store, rows):
    top = rows.run()
    child = rows.run("label", inputs={"table": top})
    grandchild = rows.run("gate", inputs={"table": child})
    beside = rows.run("label", inputs={"table": rows.run()})
    rows.looked_at(top, "clean")
    rows.looked_at(top, "altered")
    states = {run.run_id: run.state for run in runs.find_runs(store, RunFilter()).runs}
    assert states[top] == "altered"
    assert states[child] == states[grandchild] == "tainted"
    assert states[beside] == "completed"
    assert found(store, states=frozenset({"altered"})) == [top]
    assert found(store, states=frozenset({"tainted"})) == [grandchild, child]


def test_a_result_found_clean_again_taints_nothing(store, rows):
    top = rows.run()
    child = rows.run("label", inputs={"table": top})
    rows.looked_at(top, "altered")
    rows.looked_at(top, "clean")
    assert [r.state for r in runs.get_runs(store, [top, child])] == ["completed", "completed"]


def test_a_name_that_does_not_exist_is_told_with_the_nearest_one(store, rows):
    rows.method("segment", module="segmentation")
    told = runs.unknown_name(store, RunFilter(method="segmnt"))
    assert told.message == "There is no method segmnt."
    assert told.hint == "Did you mean segment?"
    assert runs.unknown_name(store, RunFilter(plan_id=7)).message == "There is no plan 7."
    assert runs.unknown_name(store, RunFilter(module="x")).hint == (
        "`pm module list` shows what there is."
    )
    assert runs.unknown_name(store, RunFilter(method="segment", sample="none")) is None


def test_a_parameter_tells_what_was_set_expected_and_what_arrived(store, rows):
    rows.method(
        "segment",
        tracked={
            "smooth": {"sigma": "1.0", "mode": "'same'"},
            "cut": {"t": "0.5", "n": None},
            "gate": {"level": None},
        },
    )
    run_id = rows.run(
        "segment",
        params={"smooth.sigma": "2.0", "cut.t": "0.7", "gate.level": "4"},
        arrived={
            "smooth.sigma": ["2.0"],
            "smooth.mode": ["'same'", "'full'", "'same'"],
            "cut.t": [None],
            "cut.n": ["3"],
            "gate.level": ["4"],
        },
    )
    told = {p.full_name: p for p in get_details(store, run_id).parameters}
    assert list(told) == ["smooth.sigma", "smooth.mode", "cut.t", "cut.n", "gate.level"]
    sigma, mode, cut, computed, level = told.values()
    assert sigma.is_set
    assert sigma.arrived == ("2.0",)
    assert sigma.changed
    assert not sigma.unexpected
    assert mode.expected == "'same'"
    assert mode.arrived == ("'same'", "'full'")
    assert mode.unexpected
    assert mode.changed
    assert cut.not_applied
    assert cut.values == ()
    assert (cut.changed, cut.stated) == (False, False)
    assert computed.expected is None
    assert computed.arrived == ("3",)
    # Without a default it is neither changed nor not; what somebody set is told all the same.
    assert (computed.changed, computed.stated) == (None, False)
    assert (level.changed, level.is_set, level.stated) == (None, True, True)
    assert (sigma.stated, mode.stated) == (True, True)


def test_before_a_run_has_ended_its_parameters_are_those_to_arrive(store, rows):
    rows.method("segment", tracked={"smooth": {"sigma": "1.0", "mode": "'same'"}})
    run_id = rows.run("segment", status="running", params={"smooth.sigma": "2.0"})
    sigma, mode = get_details(store, run_id).parameters
    assert (sigma.values, sigma.is_set, sigma.changed) == (("2.0",), True, True)
    assert (mode.values, mode.is_set, mode.changed) == (("'same'",), False, False)
    assert not sigma.not_applied


def test_old_runs_keep_the_parameters_and_defaults_of_their_version(store, rows):
    rows.method("segment", version=1, tracked={"smooth": {"sigma": "1.0"}})
    rows.method("segment", version=2, tracked={"smooth": {"sigma": "3.0", "mode": "'x'"}})
    old, new = rows.run("segment"), rows.run("segment", version=2)
    assert [(p.full_name, p.default) for p in get_details(store, old).parameters] == [
        ("smooth.sigma", "1.0")
    ]
    assert [(p.full_name, p.default) for p in get_details(store, new).parameters] == [
        ("smooth.sigma", "3.0"),
        ("smooth.mode", "'x'"),
    ]


def test_an_input_tells_which_output_of_which_run_it_was(store, rows):
    rows.method("segment", outputs={"nuclei": "tables/nuclei.parquet"})
    first, second = rows.run("segment"), rows.run("segment")
    rows.method(
        "cohort",
        inputs=(
            MethodInput("tables", "upstream", gather=True),
            MethodInput("sheet", "file"),
            MethodInput("name", "value"),
        ),
    )
    run_id = rows.run(
        "cohort",
        inputs={
            "name": "'all'",
            "tables": [(second, "nuclei"), (first, "nuclei")],
            "sheet": Path("/data/sheet.csv"),
        },
    )
    one, two, sheet, name = get_details(store, run_id).inputs
    assert (one.name, one.source_run_id, one.source_output) == ("tables", second, "nuclei")
    assert (one.source_method, one.source_version) == ("segment", 1)
    assert one.source_path == "tables/nuclei.parquet"
    assert (one.ordinal, one.label, two.ordinal, two.label) == (0, "member 0", 1, "member 1")
    assert (sheet.type, sheet.path, sheet.text) == ("file", "/data/sheet.csv", None)
    assert (name.type, name.text, name.path) == ("value", "'all'", None)


def test_details_of_many_runs_keep_their_order_and_do_not_mix(store, rows):
    made = [rows.run(sample=f"s{n}", params={"segment.level": str(n)}) for n in range(4)]
    wanted = runs.get_runs(store, made)[::-1]
    told = list(details_of(store, wanted))
    assert [each.run.run_id for each in told] == made[::-1]
    assert [each.parameters[0].arrived for each in told] == [("3",), ("2",), ("1",), ("0",)]
    assert [len(each.outputs) for each in told] == [1, 1, 1, 1]


def test_details_of_any_number_of_runs_take_the_same_number_of_queries(store, rows):
    made = runs.get_runs(store, [rows.run() for _ in range(6)])

    def queries(of):
        seen = []

        def note(*arguments):
            seen.append(arguments[2])

        event.listen(Engine, "before_cursor_execute", note)
        list(details_of(store, of))
        event.remove(Engine, "before_cursor_execute", note)
        return seen

    assert queries(made[:1]) == queries(made)


def test_a_run_without_anything_is_told_without_anything(store, rows):
    rows.method("bare", tracked={}, inputs=(), outputs={})
    told = get_details(store, rows.run("bare", status="failed", error="ValueError: no"))
    assert (told.parameters, told.inputs, told.outputs) == ((), (), ())
    assert told.run.error == "ValueError: no"
    assert told.plan_name is None


def test_verifications_are_told_in_order(store, rows):
    run_id = rows.run()
    rows.looked_at(run_id, "clean")
    rows.looked_at(run_id, "altered", file="table.parquet", reason="expected …")
    told = get_details(store, run_id).events
    assert [(event.result, event.file) for event in told] == [
        ("clean", None),
        ("altered", "table.parquet"),
    ]


def test_log_entries_are_filtered_by_level_and_text_and_continue(store, rows):
    run_id = rows.run()
    rows.log(run_id, "start", "100% done", "the End")
    assert [e.line for e in logs.log_entries(store, run_id, limit=2)] == [1, 2]
    assert [e.line for e in logs.log_entries(store, run_id, after=2)] == [3]
    assert [e.line for e in logs.log_entries(store, run_id, containing="END")] == [3]
    assert [e.line for e in logs.log_entries(store, run_id, containing="0%")] == [2]
    assert logs.log_entries(store, run_id, levels=["ERROR"]) == []


def test_a_page_is_one_snapshot_and_writes_nothing(store, rows):
    rows.run()
    with store.reading() as connection:
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"
