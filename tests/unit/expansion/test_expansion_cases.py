"""What becomes of each shape a pipeline can have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pm_kernel.domain.catalogue import Catalogue, InputInfo
from pm_kernel.domain.plan import ColumnValue, ExistingRun, File, PlannedEdge, Value, parents_of

SAMPLE = {"sample": {"column": "sample"}}
TWO = {"a": {"f.x": "1.5"}, "b": {"f.x": "2.5"}}


def over(step: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"from": f"{step}.out", "gather": {"over": list(names), **more}}


def plain(step: str) -> dict[str, Any]:
    return {"from": f"{step}.out"}


SHEET = [
    {"sample": "s1", "patient": "p1", "hospital": "north", "image": "1.tif"},
    {"sample": "s2", "patient": "p2", "hospital": "south", "image": "2.tif"},
    {"sample": "s3", "patient": "p1", "hospital": "north", "image": "3.tif"},
]


def test_two_samples_two_cutoffs_and_two_analyses_are_eight_results_from_eighteen_runs(bench):
    plan = bench.clean(
        {
            "qc": {"inputs": SAMPLE},
            "ploidy": {"inputs": {"table": plain("qc")}, "branches": TWO},
            "label": {"inputs": {"table": plain("ploidy")}},
            "analysis": {
                "inputs": {"table": plain("label")},
                "branches": {"grid": {"f.k": ["3", "4"]}},
            },
        },
        ["Pa16c", "CFPAC"],
    )
    assert (plan.totals.final_results, plan.totals.runs, plan.totals.product) == (8, 18, 8)
    assert [len(plan.runs_of(step)) for step in plan.steps] == [2, 4, 4, 8]
    assert plan.totals.branches == (("ploidy", 2), ("analysis", 2))


def test_a_run_says_what_it_differs_by_and_what_is_set(bench):
    plan = bench.clean(
        {
            "qc": {"inputs": SAMPLE, "params": {"f.k": "7"}},
            "ploidy": {
                "inputs": {"table": plain("qc")},
                "params": {"f.k": "7", "f.x": "9.0"},
                "branches": {"grid": {"f.x": ["1.3", "2"]}},
            },
        },
        ["s1"],
    )
    first, second = plan.runs_of("ploidy")
    assert json.loads(first.key) == [
        "ploidy",
        {"ploidy": "x=1.3", "qc": "default", "sample": "s1"},
    ]
    assert (first.sample, first.branch) == ("s1", "x=1.3")
    assert first.params == {"f.k": "7", "f.x": "1.3"}
    assert second.params == {"f.k": "7", "f.x": "2.0"}, "2 is a float here"
    assert second.branches == {"qc": "default", "ploidy": "x=2"}
    assert first.inputs == {"table": (PlannedEdge(plan.runs_of("qc")[0].key, "out"),)}


def test_a_step_that_uses_nothing_of_the_sample_runs_once_for_all(bench):
    plan = bench.clean(
        {
            "atlas": {"inputs": {"file": {"file": "/data/atlas.tif"}}},
            "register": {"inputs": {"atlas": plain("atlas"), **SAMPLE}},
        },
        ["s1", "s2", "s3"],
    )
    assert [len(plan.runs_of(step)) for step in ("atlas", "register")] == [1, 3]
    assert bench.parents(plan, "register", "atlas") == [[""], [""], [""]]
    assert plan.runs_of("atlas")[0].sample is None


def test_a_diamond_is_equal_on_what_it_shares_and_the_product_of_the_rest(bench):
    plan = bench.clean(
        {
            "top": {"inputs": SAMPLE, "branches": TWO},
            "left": {"inputs": {"i": plain("top")}, "branches": {"l1": {}, "l2": {"f.k": "1"}}},
            "right": {"inputs": {"i": plain("top")}, "branches": {"r1": {}, "r2": {"f.k": "1"}}},
            "join": {"inputs": {"l": plain("left"), "r": plain("right")}},
        },
        ["s1"],
    )
    assert bench.names(plan, "join") == [
        f"s1 {top} {left} {right}"
        for top in ("a", "b")
        for left in ("l1", "l2")
        for right in ("r1", "r2")
    ]
    lefts, rights = bench.parents(plan, "join", "l"), bench.parents(plan, "join", "r")
    assert all(left[0][:4] == right[0][:4] for left, right in zip(lefts, rights, strict=True))


def test_steps_of_one_branch_group_go_together_instead_of_multiplying(bench):
    steps = {
        "left": {"inputs": SAMPLE, "branches": TWO, "branch_group": "cutoff"},
        "right": {"inputs": SAMPLE, "branches": TWO, "branch_group": "cutoff"},
        "join": {"inputs": {"l": plain("left"), "r": plain("right")}},
    }
    plan = bench.clean(steps, ["s1"])
    assert bench.names(plan, "join") == ["s1 a", "s1 b"]
    assert bench.parents(plan, "join", "l") == bench.parents(plan, "join", "r")
    for step in ("left", "right"):
        del steps[step]["branch_group"]
    asked = {"left": "cutoff", "right": "cutoff"}
    assert bench.names(bench.clean(steps, ["s1"], branch_groups=asked), "join") == ["s1 a", "s1 b"]
    assert len(bench.clean(steps, ["s1"]).runs_of("join")) == 4


def test_a_branch_group_pairs_by_name_where_names_are_given(bench):
    swapped = [{"name": "b", "params": {"f.k": "2"}}, {"name": "a", "params": {"f.k": "1"}}]
    plan = bench.clean(
        {
            "left": {"inputs": SAMPLE, "branches": TWO, "branch_group": "g"},
            "right": {"inputs": {"i": plain("left")}, "branches": swapped, "branch_group": "g"},
        },
        ["s1"],
    )
    assert [dict(run.params) for run in plan.runs_of("left")] == [{"f.x": "1.5"}, {"f.x": "2.5"}]
    assert [dict(run.params) for run in plan.runs_of("right")] == [{"f.k": "1"}, {"f.k": "2"}]


def test_a_branch_group_pairs_first_with_first_where_names_are_derived(bench):
    plan = bench.clean(
        {
            "left": {"inputs": SAMPLE, "branches": {"grid": {"f.x": ["1.0", "2.0"]}},
                     "branch_group": "g"},
            "right": {"inputs": SAMPLE, "branches": [{"f.k": "8"}, {"f.k": "9"}],
                      "branch_group": "g"},
        },
        ["s1"],
    )  # fmt: skip
    assert bench.names(plan, "right") == ["s1 x=1.0 + k=8", "s1 x=2.0 + k=9"]


@pytest.mark.parametrize("other", [None, {"a": {}}, {"a": {}, "c": {}}, [{}, {"f.k": "1"}, {}]])
def test_a_branch_group_with_unequal_branches_is_a_problem(bench, other):
    step = {"inputs": SAMPLE, "branch_group": "g"}
    plan = bench.plan({"left": {**step, "branches": TWO}, "right": {**step, "branches": other}})
    assert ("right", "branch_group") in bench.codes(plan)
    assert plan.runs_of("right")[0].problem


def test_each_sample_is_compared_with_the_whole_cohort(bench):
    plan = bench.clean(
        {
            "measure": {"inputs": SAMPLE},
            "compare": {"inputs": {"own": plain("measure"), "all": over("measure", "sample")}},
        },
        ["s1", "s2", "s3"],
    )
    assert bench.parents(plan, "compare", "own") == [["s1"], ["s2"], ["s3"]]
    assert bench.parents(plan, "compare", "all") == [["s1", "s2", "s3"]] * 3
    lists = [run.inputs["all"] for run in plan.runs_of("compare")]
    assert lists[0] is lists[1] is lists[2], "a shared list must not multiply"


def test_gathering_by_a_column_makes_one_run_per_value_in_sheet_order(bench):
    plan = bench.clean(
        {
            "measure": {"inputs": SAMPLE},
            "pool": {"inputs": {"tables": over("measure", "sample", by=["patient"])}},
        },
        SHEET,
    )
    assert bench.names(plan, "pool") == ["p1", "p2"]
    assert bench.parents(plan, "pool", "tables") == [["s1", "s3"], ["s2"]]
    assert bench.labels(plan, "pool", "tables") == [["s1", "s3"], ["s2"]]
    assert [run.sample for run in plan.runs_of("pool")] == [None, None]


def test_a_patient_result_is_broadcast_to_the_samples_of_the_patient(bench):
    plan = bench.clean(
        {
            "measure": {"inputs": SAMPLE},
            "pool": {"inputs": {"tables": over("measure", "sample", by=["patient"])}},
            "relate": {"inputs": {"own": plain("measure"), "pooled": plain("pool")}},
        },
        SHEET,
    )
    assert bench.parents(plan, "relate", "pooled") == [["p1"], ["p2"], ["p1"]]
    assert [run.sample for run in plan.runs_of("relate")] == ["s1", "s2", "s3"]


def test_patients_are_gathered_by_their_hospital(bench):
    plan = bench.clean(
        {
            "measure": {"inputs": SAMPLE},
            "pool": {"inputs": {"tables": over("measure", "sample", by=["patient"])}},
            "centre": {"inputs": {"pools": over("pool", "patient", by=["hospital"])}},
        },
        SHEET,
    )
    assert bench.names(plan, "centre") == ["north", "south"]
    assert bench.labels(plan, "centre", "pools") == [["p1"], ["p2"]]


def test_a_list_is_in_the_order_of_the_gathered_runs_wherever_else_they_occur(bench):
    """Patient p2 is the first one of the south, but p1 comes first in the sheet."""
    plan = bench.clean(
        {
            "measure": {"inputs": SAMPLE},
            "pool": {"inputs": {"tables": over("measure", "sample", by=["patient"])}},
            "centre": {"inputs": {"pools": over("pool", "patient", by=["hospital"])}},
        },
        [SHEET[0], SHEET[1], {**SHEET[2], "hospital": "south"}],
    )
    assert bench.labels(plan, "centre", "pools") == [["p1"], ["p1", "p2"]]


def test_gathering_over_an_absent_dimension_is_a_problem_that_says_what_there_is(bench):
    plan = bench.plan(
        {
            "measure": {"inputs": SAMPLE},
            "other": {"inputs": SAMPLE, "branches": TWO},
            "pool": {"inputs": {"tables": over("measure", "other")}},
        }
    )
    (problem,) = plan.problems
    assert (problem.step, problem.edge) == ("pool", "pool.tables")
    assert "'other'" in problem.message
    assert "differ only by 'sample' and 'measure'" in problem.message
    assert all(run.problem == problem.message for run in plan.runs_of("pool"))


def test_gathering_over_one_sample_or_one_branch_gives_a_list_of_one(bench):
    steps = {
        "measure": {"inputs": SAMPLE},
        "pool": {"inputs": {"tables": over("measure", "sample")}},
        "tune": {"inputs": {"tables": over("measure", "measure")}},
    }
    plan = bench.clean(steps, ["s1"])
    assert bench.labels(plan, "pool", "tables") == [["s1"]]
    assert bench.labels(plan, "tune", "tables") == [["default"]]


def test_gathering_over_several_dimensions_gives_one_flat_ordered_list_with_labels(bench):
    plan = bench.clean(
        {
            "filter": {"inputs": SAMPLE, "branches": TWO},
            "measure": {
                "inputs": {"i": plain("filter")},
                "branches": {"m1": {}, "m2": {"f.k": "1"}},
            },
            "report": {"inputs": {"tables": over("measure", "filter", "sample")}},
        }
    )
    assert bench.names(plan, "report") == ["m1", "m2"]
    assert bench.labels(plan, "report", "tables") == [["s1/a", "s1/b", "s2/a", "s2/b"]] * 2
    assert bench.parents(plan, "report", "tables")[1] == [
        "s1 a m2",
        "s1 b m2",
        "s2 a m2",
        "s2 b m2",
    ]
    first = plan.runs_of("report")[0].inputs["tables"][1]
    assert isinstance(first, PlannedEdge)
    assert first.member == ("s1", "b")


def test_a_step_name_means_its_branch_group_when_gathering(bench):
    plan = bench.clean(
        {
            "left": {"inputs": SAMPLE, "branches": TWO, "branch_group": "g"},
            "right": {"inputs": {"i": plain("left")}, "branches": TWO, "branch_group": "g"},
            "tune": {"inputs": {"tables": over("right", "left")}},
        },
        ["s1"],
    )
    assert bench.labels(plan, "tune", "tables") == [["a", "b"]]


def test_a_gathered_column_is_aligned_with_the_results_gathered_beside_it(bench):
    steps = {
        "measure": {"inputs": SAMPLE, "branches": TWO},
        "report": {
            "inputs": {
                "tables": over("measure", "sample", "measure"),
                "patients": {"column": "patient", "gather": {"over": ["measure", "sample"]}},
            }
        },
    }
    plan = bench.clean(steps, SHEET, excluded=[{"sample": "s1", "measure": "a"}])
    labels = ["s1/b", "s2/a", "s2/b", "s3/a", "s3/b"]
    assert bench.labels(plan, "report", "tables") == [labels]
    assert bench.labels(plan, "report", "patients") == [labels]
    (run,) = plan.runs_of("report")
    assert run.inputs["patients"][0] == ColumnValue("patient", "'p1'", "s1/b", ("s1", "b"))


def test_a_gathered_column_alone_lists_the_samples_of_its_group(bench):
    steps = {
        "design": {
            "inputs": {
                "images": {"column": "image", "gather": {"over": "sample", "by": "patient"}},
            }
        }
    }
    plan = bench.clean(steps, SHEET)
    assert [[source.text for source in run.inputs["images"]] for run in plan.runs] == [
        ["'1.tif'", "'3.tif'"],
        ["'2.tif'"],
    ]
    assert bench.labels(plan, "design", "images") == [["s1", "s3"], ["s2"]]


def test_a_blank_cell_in_a_gathered_column_is_a_problem_because_it_would_shift_the_list(bench):
    rows = [*SHEET[:2], {**SHEET[2], "image": ""}]
    steps = {"design": {"inputs": {"i": {"column": "image", "gather": {"over": "sample"}}}}}
    (problem,) = bench.plan(steps, rows).problems
    assert "'image' is blank" in problem.message
    assert "'s3'" in problem.message


def test_a_column_can_hold_outputs_of_earlier_runs_files_and_values(bench):
    rows = [
        {"sample": "s1", "table": "run:47/table", "image": "file:/data/1.tif", "age": "61"},
        {"sample": "s2", "table": "run:48/table", "image": "/data/2.tif", "age": "7"},
    ]
    inputs = {name: {"column": name} for name in ("table", "image", "age")}
    declared = {"table": ("upstream", None), "image": ("file", None), "age": ("value", "int")}
    catalogue = Catalogue.of(
        bench.method("m", {k: InputInfo(t, value_type=v) for k, (t, v) in declared.items()})
    )
    plan = bench.clean({"m": {"inputs": inputs}}, rows, catalogue=catalogue)
    assert [dict(run.inputs) for run in plan.runs] == [
        {
            "age": (ColumnValue("age", "61"),),
            "image": (File("/data/1.tif"),),
            "table": (ExistingRun(47, "table"),),
        },
        {
            "age": (ColumnValue("age", "7"),),
            "image": (File("/data/2.tif"),),
            "table": (ExistingRun(48, "table"),),
        },
    ]


def test_only_the_samples_with_a_faulty_cell_are_stopped(bench):
    rows = [
        {"sample": "s1", "table": "run:47/table", "age": "61"},
        {"sample": "s2", "table": "/data/table.csv", "age": "61"},
        {"sample": "s3", "table": "run:x/table", "age": "61"},
        {"sample": "s4", "table": "run:4/table", "age": "old"},
    ]
    catalogue = Catalogue.of(
        bench.method(
            "m", {"table": InputInfo("upstream"), "age": InputInfo("value", value_type="int")}
        )
    )
    steps = {"m": {"inputs": {"table": {"column": "table"}, "age": {"column": "age"}}}}
    plan = bench.plan(steps, rows, catalogue=catalogue)
    assert [run.problem is None for run in plan.runs] == [True, False, False, False]
    told = "\n".join(problem.message for problem in plan.problems)
    for fragment in ("as in 'run:47/table', not '/data/table.csv'", "'run:x/table'", "got 'old'"):
        assert fragment in told
    for sample in ("s2", "s3", "s4"):
        assert f"(sample '{sample}')" in told


def test_a_sheet_column_fills_an_input_of_the_same_name(bench):
    catalogue = Catalogue.of(
        bench.method("m", {"image": InputInfo("file"), "note": InputInfo("value", required=False)})
    )
    rows = [
        {"sample": "s1", "image": "1.tif", "note": ""},
        {"sample": "s2", "image": "2.tif", "note": "x"},
    ]
    plan = bench.clean({"m": {}}, rows, catalogue=catalogue)
    assert [dict(run.inputs) for run in plan.runs] == [
        {"image": (File("1.tif"),)},
        {"image": (File("2.tif"),), "note": (ColumnValue("note", "'x'"),)},
    ]


def test_a_step_that_gathers_is_not_filled_from_the_sheet(bench):
    catalogue = Catalogue.of(
        bench.method("measure", {"sample": InputInfo("value")}),
        bench.method(
            "pool",
            {
                "tables": InputInfo("upstream", gather=True),
                "sample": InputInfo("value", required=False),
            },
        ),
    )
    steps = {"measure": {}, "pool": {"inputs": {"tables": over("measure", "sample")}}}
    assert len(bench.clean(steps, catalogue=catalogue).runs_of("pool")) == 1


def test_values_files_and_existing_runs_add_no_dimension(bench):
    plan = bench.clean(
        {
            "m": {
                "inputs": {
                    "k": {"value": "5"},
                    "f": {"file": "/data/x.txt"},
                    "old": {"run": 47, "output": "table"},
                }
            }
        },
        [],
    )
    (run,) = plan.runs
    assert run.inputs == {
        "f": (File("/data/x.txt"),),
        "k": (Value("5"),),
        "old": (ExistingRun(47, "table"),),
    }
    assert (run.sample, run.coordinates) == (None, {"m": "default"})
    assert plan.totals.product == 1


def test_until_keeps_only_what_the_wanted_result_needs(bench):
    steps = {
        "a": {"inputs": SAMPLE},
        "b": {"inputs": {"i": plain("a")}},
        "c": {"inputs": {"i": plain("b")}, "branches": TWO},
        "d": {"inputs": {"i": plain("a")}},
    }
    plan = bench.clean(steps, until="b")
    assert (list(plan.steps), plan.totals.final_results) == (["a", "b"], 2)
    assert plan.totals.product == 2, "branches of steps that are not made are no paths"
    assert list(bench.clean(steps, until=["b", "d"]).steps) == ["a", "b", "d"]
    assert bench.plan(steps, until="e").problems[0].code == "unknown_step"


def test_branches_of_the_request_replace_those_of_the_document(bench):
    steps = {"m": {"inputs": SAMPLE, "branches": TWO}}
    assert bench.names(bench.clean(steps, ["s1"], branches={"m": [{"f.k": "1"}]}), "m") == [
        "s1 k=1"
    ]
    assert bench.names(bench.clean(steps, ["s1"], branches={"m": None}), "m") == ["s1"]
    assert bench.plan(steps, branches={"n": []}).problems[0].code == "unknown_step"


def test_excluding_a_combination_leaves_everything_else(bench):
    steps = {
        "a": {"inputs": SAMPLE},
        "b": {"inputs": {"i": plain("a")}, "branches": TWO},
        "c": {"inputs": {"all": over("b", "sample")}},
    }
    plan = bench.clean(steps, excluded=[{"sample": "s1", "b": "a"}])
    assert bench.names(plan, "a") == ["s1", "s2"]
    assert bench.names(plan, "b") == ["s1 b", "s2 a", "s2 b"]
    assert bench.labels(plan, "c", "all") == [["s2"], ["s1", "s2"]]
    every = [{"sample": "s1", "b": "a"}, {"sample": "s1", "b": "b"}]
    assert bench.names(bench.clean(steps, excluded=every), "a") == ["s2"], (
        "nothing needs s1 any more"
    )


def test_excluding_what_is_not_there_is_only_noted(bench):
    plan = bench.plan({"a": {"inputs": SAMPLE}}, excluded=[{"sample": "gone"}, {"a": "gone"}])
    assert [problem.severity for problem in plan.problems] == ["notice", "notice"]
    assert len(plan.runs) == 2


def test_equal_branches_are_a_problem(bench):
    branches = {"tight": {"f.x": "1"}, "narrow": {"f.x": "1.0"}, "loose": {"f.x": "2"}}
    (problem,) = bench.plan({"m": {"inputs": SAMPLE, "branches": branches}}).problems
    assert (problem.code, problem.severity) == ("equal_branches", "error")
    assert "'narrow' and 'tight'" in problem.message


def test_twin_samples_are_noted_and_both_run(bench):
    rows = [{**row, "image": "same.tif"} for row in SHEET[:2]]
    plan = bench.plan({"m": {"inputs": {"i": {"column": "image"}}}}, rows)
    (problem,) = plan.problems
    assert (problem.code, problem.severity) == ("twin_samples", "notice")
    assert len(plan.runs) == 2
    named = {"m": {"inputs": {"i": {"column": "image"}, **SAMPLE}}}
    assert bench.plan(named, rows).problems == (), "the name itself is used, so they differ"


def test_a_blank_cell_in_a_by_column_is_a_problem(bench):
    steps = {
        "measure": {"inputs": SAMPLE},
        "pool": {"inputs": {"tables": over("measure", "sample", by=["patient"])}},
    }
    (problem,) = bench.plan(steps, [SHEET[0], {**SHEET[1], "patient": ""}]).problems
    assert (problem.edge, problem.code) == ("pool.tables", "blank_by")
    assert "'s2'" in problem.message
    (problem,) = bench.plan(steps, ["s1"]).problems
    assert problem.code == "missing_column"


def test_a_plan_without_samples_says_which_steps_need_them(bench):
    steps = {
        "once": {},
        "measure": {"inputs": SAMPLE},
        "pool": {"inputs": {"t": over("once", "sample")}},
    }
    plan = bench.plan(steps, [])
    told = next(problem.message for problem in plan.problems if problem.code == "no_samples")
    assert "'measure' and 'pool' need samples" in told
    assert [len(plan.runs_of(step)) for step in ("once", "measure")] == [1, 0]


def test_steps_in_a_cycle_have_no_runs_but_the_rest_has(bench):
    steps = {
        "free": {"inputs": SAMPLE},
        "x": {"inputs": {"i": plain("y")}},
        "y": {"inputs": {"i": plain("x")}},
        "below": {"inputs": {"i": plain("y")}},
    }
    plan = bench.plan(steps)
    assert list(plan.steps) == ["free"]
    assert bench.codes(plan) == [("x", "cycle")]
    assert "'x' → 'y' → 'x'" in plan.problems[0].message


def test_parents_that_a_run_can_do_without_are_told_apart(bench):
    steps = {
        "a": {"inputs": SAMPLE},
        "b": {"inputs": {"own": plain("a"), "all": over("a", "sample", on_failure="go_on")}},
    }
    plan = bench.clean(steps)
    first, second = (run.key for run in plan.runs_of("a"))
    assert parents_of(plan.runs_of("b")[0]) == {first: True, second: False}


def test_a_plan_beyond_all_measure_is_refused_before_it_is_built(bench):
    grid = {"grid": {"f.k": [str(n) for n in range(1000)]}}
    steps = {
        "a": {"inputs": SAMPLE, "branches": grid},
        "b": {"inputs": {"i": plain("a")}, "branches": grid},
        "c": {"inputs": {"i": plain("b")}, "branches": grid},
    }
    plan = bench.plan(steps)
    (problem,) = plan.problems
    assert "2,002,002,000 runs" in problem.message
    assert plan.runs == ()
    assert plan.totals.runs == 2_002_002_000


def test_names_that_imitate_a_key_stay_apart(bench):
    tricky = ['s"}', 's","a":"b', "s\\", "日本語", "a/b", "__proto__", "🧪"]
    plan = bench.clean({'step.with "dots"': {"inputs": SAMPLE}}, tricky)
    keys = [run.key for run in plan.runs]
    assert len(set(keys)) == len(tricky)
    assert [json.loads(key)[1]["sample"] for key in keys] == tricky
    assert all(key.isascii() for key in keys)
