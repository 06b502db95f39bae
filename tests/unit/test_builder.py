"""A pipeline written in Python is the document that a file holds."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm_kernel import Pipeline, Plan, grid, typed
from pm_kernel.domain.canonical import canonical
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plan_request import parse_request
from pm_kernel.errors import Conflict, InvalidInput, NotFound, PmError, Problems
from pm_kernel.plan_script import plan_script
from pm_kernel.python_values import python_text, value_text

FILE = """
format = 1
name = "cohort"

[steps.segment]
method = "segment"
inputs = { image = { column = "image" } }
params = { "segment.sigma" = "2.0" }

[steps.gate]
method = "gate"
version = 3
inputs = { nuclei = { from = "segment.nuclei" } }
branches = [
    { name = "wide", params = { "gate.threshold" = "0.3" } },
    { name = "tight", params = { "gate.threshold" = "1.3", "gate.mode" = "'fast'" } },
]

[steps.summary]
method = "summary"
inputs = { tables = { from = "gate.cells", gather = { over = ["sample"] } } }
"""


def cohort() -> Pipeline:
    p = Pipeline("cohort")
    seg = p.step(
        "segment",
        method="segment",
        inputs={"image": p.column("image")},
        params={"segment.sigma": 2.0},
    )
    gate = p.step(
        "gate",
        method="gate",
        version=3,
        inputs={"nuclei": seg["nuclei"]},
        branches={
            "wide": {"gate.threshold": 0.3},
            "tight": {"gate.threshold": 1.3, "gate.mode": "fast"},
        },
    )
    p.step("summary", method="summary", inputs={"tables": gate["cells"].gather(over="sample")})
    return p


def fault(call: Any) -> str:
    with pytest.raises(PmError) as raised:
        call()
    return raised.value.message


# --- the document ---------------------------------------------------------------------------------


def test_python_and_a_file_give_the_same_document() -> None:
    expected, problems = parse_pipeline(tomllib.loads(FILE))
    assert problems == ()
    assert cohort().document == expected.to_document()


def test_a_document_is_read_back_from_every_form_that_is_written(tmp_path: Path) -> None:
    p = cohort()
    path = tmp_path / "cohort.toml"
    path.write_text(p.to_toml())
    for form in (p.document, p.to_json(), p.to_toml(), path):
        assert Pipeline.from_document(form).document == p.document


def test_a_pipeline_that_was_read_goes_on_being_built() -> None:
    p = Pipeline.from_document(FILE)
    p.step("count", method="count", inputs={"cells": p["gate"]["cells"]})
    assert p.steps == ("segment", "gate", "count", "summary")


def test_a_document_with_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(Problems) as raised:
        Pipeline.from_document({"format": 1, "steps": {"a": {"method": 3}, " b": {}}})
    assert len(raised.value.problems) == 2


@pytest.mark.parametrize("text", ["{", "a = ", "[1]"])
def test_text_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Pipeline.from_document(text)


# --- inputs ---------------------------------------------------------------------------------------


def test_every_kind_of_input_is_written_as_in_a_file() -> None:
    p = Pipeline("kinds")
    one = p.step("one", method="m")
    p.step(
        "two",
        method="m",
        inputs={
            "output": one["table"],
            "some": one["table"].gather(over=["sample", "one"], by="patient", on_failure="go_on"),
            "cell": p.column("image"),
            "cells": p.column("image").gather(),
            "file": p.file("a/b.csv"),
            "path": Path("/c.csv"),
            "run": p.run(47, "table"),
            "number": 5,
            "text": "five",
            "list": [1, 2.0],
        },
    )
    assert p.document["steps"]["two"]["inputs"] == {
        "output": {"from": "one.table"},
        "some": {
            "from": "one.table",
            "gather": {"over": ["one", "sample"], "by": ["patient"], "on_failure": "go_on"},
        },
        "cell": {"column": "image"},
        "cells": {"column": "image", "gather": {"over": ["sample"]}},
        "file": {"file": "a/b.csv"},
        "path": {"file": "/c.csv"},
        "run": {"run": 47, "output": "table"},
        "number": {"value": "5"},
        "text": {"value": "'five'"},
        "list": {"value": "[1, 2.0]"},
    }


def test_a_step_without_its_output_is_refused_with_what_to_write() -> None:
    p = Pipeline("p")
    one = p.step("one", method="m")
    with pytest.raises(InvalidInput, match=r"Step 'two', input 'table': .* step 'one'") as raised:
        p.step("two", method="m", inputs={"table": one})
    assert raised.value.hint == 'As in `{"table": handle["output"]}`.'


def test_an_output_of_another_pipeline_is_refused() -> None:
    other = Pipeline("other").step("one", method="m")
    p = Pipeline("p")
    told = fault(lambda: p.step("two", method="m", inputs={"table": other["table"]}))
    assert told == (
        "Step 'two', input 'table': it takes an output of a step of another pipeline, 'other'."
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"image": None}, "Step 's', input 'image' is None; leave it out where nothing goes in."),
        (
            {"image": np.zeros(3)},
            "Step 's', input 'image': <numpy.ndarray float64 (3,)> cannot be written down as a "
            "value.",
        ),
        ({"in\nput": 1}, "Step 's', input 'in\\nput': the name of an input contains a line break"),
    ],
)
def test_what_cannot_come_in_is_named_with_step_and_input(given: Any, told: str) -> None:
    assert fault(lambda: Pipeline("p").step("s", method="m", inputs=given)).startswith(told)


@pytest.mark.parametrize("what", ["inputs", "params", "resources", "branches"])
def test_what_is_no_table_is_named(what: str) -> None:
    given: dict[str, Any] = {what: 5}
    told = fault(lambda: Pipeline("p").step("s", method="m", **given))
    assert told.startswith(f"Step 's': {what}")


def test_whole_numbers_of_numpy_are_resources() -> None:
    p = Pipeline("p")
    p.step("s", method="m", resources={"cpus": np.int64(2)})
    assert p.document["steps"]["s"]["resources"] == {"cpus": 2}


def test_a_fault_of_a_binding_names_step_and_input() -> None:
    p = Pipeline("p")
    told = fault(lambda: p.step("s", method="m", inputs={"x": p.run(0, "table")}))
    assert told.startswith("Step 's', input 'x': 'run' must be the number of a run")


def test_only_outputs_and_columns_are_gathered() -> None:
    with pytest.raises(InvalidInput, match="can be gathered"):
        Pipeline("p").file("a").gather()


# --- parameters and branches ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1.0"),
        ("1", "'1'"),
        (True, "True"),
        (None, "None"),
        ((1, "a"), "(1, 'a')"),
        (np.float64(0.1), "0.1"),
        (np.int32(3), "3"),
        (np.bool_(True), "True"),
        ([np.float64(1)], "[1.0]"),
        (Path("/data"), "'/data'"),
        (float("nan"), "nan"),
        (typed("yes"), "yes"),
    ],
)
def test_values_become_canonical_text(value: object, text: str) -> None:
    p = Pipeline("p")
    p.step("s", method="m", params={"f.x": value})
    assert p.document["steps"]["s"]["params"] == {"f.x": text}


@pytest.mark.parametrize("value", [object(), np.zeros(2), pd.DataFrame(), {1: {2: object()}}])
def test_a_value_that_cannot_be_written_down_is_named(value: object) -> None:
    told = fault(lambda: Pipeline("p").step("s", method="m", params={"f.x": value}))
    assert told.startswith("Step 's', parameter 'f.x': <")


def test_named_branches_keep_the_order_they_are_given_in() -> None:
    names = [each["name"] for each in cohort().document["steps"]["gate"]["branches"]]
    assert names == ["wide", "tight"]


def test_a_grid_takes_any_iterable() -> None:
    p = Pipeline("p")
    axes = {"f.x": np.linspace(0, 1, 3), "f.n": range(2), "f.s": ("a", "b")}
    p.step("s", method="m", branches=grid(axes))
    assert p.document["steps"]["s"]["branches"] == {
        "grid": {"f.n": ["0", "1"], "f.s": ["'a'", "'b'"], "f.x": ["0.0", "0.5", "1.0"]}
    }


def test_a_table_called_grid_is_a_grid_as_in_a_file() -> None:
    p = Pipeline("p")
    p.step("s", method="m", branches={"grid": {"f.x": [1, 2]}})
    assert p.document["steps"]["s"]["branches"] == {"grid": {"f.x": ["1", "2"]}}


def test_listed_branches_get_their_names_from_their_values() -> None:
    p = Pipeline("p")
    p.step("s", method="m", branches=[{"f.x": 1}, {"f.x": 2}])
    assert p.document["steps"]["s"]["branches"] == [{"f.x": "1"}, {"f.x": "2"}]


def test_a_grid_of_one_text_is_refused_instead_of_spelt() -> None:
    told = fault(lambda: Pipeline("p").step("s", method="m", branches=grid({"f.x": "fast"})))
    assert told == "Step 's', grid of 'f.x': it takes a list of values to try, not 'fast'."


# --- steps ----------------------------------------------------------------------------------------


def test_the_same_step_again_is_no_change() -> None:
    p = cohort()
    before = p.document
    p.step("segment", method="segment", inputs={"image": p.column("image")},
           params={"segment.sigma": 2.0})  # fmt: skip
    assert p.document == before


def test_another_step_of_the_same_name_is_refused_unless_it_is_to_replace_the_first() -> None:
    p = cohort()
    with pytest.raises(Conflict, match="another step 'segment'"):
        p.step("segment", method="other")
    p.step("segment", method="other", replace=True)
    assert p.document["steps"]["segment"] == {"method": "other", "version": "latest"}


def test_a_refused_step_leaves_the_pipeline_as_it_was() -> None:
    p = cohort()
    before = p.document
    with pytest.raises(PmError):
        p.step("bad", method="m", resources={"cpus": 0})
    assert p.document == before


def test_a_step_can_be_taken_away() -> None:
    p = cohort()
    p.remove("summary")
    assert p.steps == ("segment", "gate")
    with pytest.raises(NotFound, match="no step 'summary'; it has 'gate', 'segment'"):
        p.remove("summary")


@pytest.mark.parametrize("name", [5, "", "sample", "a\nb"])
def test_names_that_no_step_can_have_are_refused(name: Any) -> None:
    with pytest.raises(InvalidInput):
        Pipeline("p").step(name, method="m")


@pytest.mark.parametrize("output", ["", "a.b", 0])
def test_names_that_no_output_can_have_are_refused(output: Any) -> None:
    step = Pipeline("p").step("s", method="m")
    with pytest.raises(InvalidInput, match="cannot name an output"):
        step[output]


# --- plans ----------------------------------------------------------------------------------------


def asked(plan: Plan) -> dict[str, Any]:
    assert plan._input is not None
    return dict(plan._input.request)


def rows_of(plan: Plan) -> list[dict[str, str]]:
    request, problems = parse_request(asked(plan))
    assert problems == ()
    return [dict(row) for row in request.samples.rows]


def test_samples_are_names() -> None:
    assert asked(cohort().plan(samples=["s1", "s2"]))["samples"] == ["s1", "s2"]
    assert asked(cohort().plan(samples=pd.Series(["s1", "s2"])))["samples"] == ["s1", "s2"]


def test_samples_are_tables() -> None:
    rows = [{"sample": "s1", "image": Path("a.tif"), "dose": 3}, {"sample": "s2", "image": None}]
    assert rows_of(cohort().plan(samples=rows)) == [
        {"sample": "s1", "image": "a.tif", "dose": "3"},
        {"sample": "s2", "image": "", "dose": ""},
    ]


def test_a_sheet_is_a_file_and_its_folder_is_where_its_files_are(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_text("sample,image\ns1,a.tif\n")
    plan = cohort().plan(sheet=path)
    assert rows_of(plan) == [{"sample": "s1", "image": "a.tif"}]
    assert plan._input is not None
    assert plan._input.base == tmp_path


def test_a_sheet_is_a_data_frame() -> None:
    frame = pd.DataFrame({"sample": ["s1", "s2"], "dose": [0.5, None]})
    expected = [{"sample": "s1", "dose": "0.5"}, {"sample": "s2", "dose": ""}]
    assert rows_of(cohort().plan(sheet=frame)) == expected


def test_files_of_the_pipeline_are_meant_from_here_and_not_from_the_sheets_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "samples.csv").write_text("sample\ns1\n")
    monkeypatch.chdir(tmp_path)
    p = Pipeline("p")
    p.step("s", method="m", inputs={"features": p.file("features.txt")})
    plan = p.plan(sheet="data/samples.csv")
    assert plan._input is not None
    inputs = plan._input.document["steps"]["s"]["inputs"]
    assert inputs == {"features": {"file": str(tmp_path / "features.txt")}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": ["s1"], "sheet": "samples.csv"},
        {"samples": "s1"},
        {"samples": ["s1", "s1"]},
        {"samples": [{"image": "a"}]},
        {"sheet": "/nowhere/samples.csv"},
        {"sheet": 5},
        {"sheet": pd.DataFrame({"image": ["a"]})},
        {"samples": ["s1"], "excluded": [5]},
        {"samples": ["s1"], "branches": {"gate": {"tight": 5}}},
        {"samples": ["s1"], "branches": {"gate": 5}},
    ],
)
def test_samples_that_cannot_be_used_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        cohort().plan(**wrong)


def test_everything_else_that_a_plan_is_asked_is_as_in_a_file() -> None:
    plan = cohort().plan(
        samples=["s1", "s2"],
        until="gate",
        rerun=["all", "segment", {"sample": "s1", "branch": {"gate": "wide"}}, "sample=s2"],
        branches={"gate": grid({"gate.threshold": [0.5]})},
        branch_groups={"gate": "cutoffs"},
        excluded=[{"sample": "s1", "gate": "wide"}],
    )
    expected, problems = parse_request(
        {
            "samples": ["s1", "s2"],
            "until": ["gate"],
            "rerun": {
                "all": True,
                "steps": ["segment"],
                "parts": [{"sample": "s1", "branch": {"gate": "wide"}}, {"sample": "s2"}],
            },
            "branches": {"gate": {"grid": {"gate.threshold": ["0.5"]}}},
            "branch_groups": {"gate": "cutoffs"},
            "excluded": [{"sample": "s1", "gate": "wide"}],
        }
    )
    assert problems == ()
    assert asked(plan) == expected.to_document()


def test_a_later_change_of_the_pipeline_does_not_reach_a_plan() -> None:
    p = cohort()
    plan = p.plan(samples=["s1"])
    p.remove("summary")
    assert plan._input is not None
    assert set(plan._input.document["steps"]) == {"segment", "gate", "summary"}


def test_a_plan_that_is_not_stored_says_so() -> None:
    plan = cohort().plan(samples=["s1"])
    assert (plan.plan_id, plan.status, repr(plan)) == (
        None,
        "draft",
        "<plan 'cohort', not stored yet>",
    )
    with pytest.raises(Conflict, match="not stored yet"):
        plan.results()


# --- a plan as the Python that builds it ----------------------------------------------------------


def rebuilt(source: str) -> Plan:
    """The plan that a script makes; its last line looks at it and needs a database."""
    tree = ast.parse(source)
    assert ast.unparse(tree.body.pop()) == "plan.preview()"
    names: dict[str, Any] = {}
    exec(compile(tree, "script", "exec"), names)
    plan: Plan = names["plan"]
    return plan


def same_again(document: dict[str, Any], request: dict[str, Any]) -> str:
    """The script of a plan, which makes the same plan."""
    pipeline, problems = parse_pipeline(document)
    wanted, more = parse_request(request)
    assert (problems, more) == ((), ())
    metadata = {"study": "π", "nested": {"n": [1, 2.5, None, True]}}
    source = plan_script(
        pipeline, wanted, Path("/data"), name="a plan", notes="so\n", metadata=metadata, note="x\ny"
    )
    plan = rebuilt(source)
    assert plan._input is not None
    assert plan._input.document == pipeline.to_document()
    assert asked(plan) == wanted.to_document()
    assert (plan._name, plan._notes, plan._metadata) == ("a plan", "so\n", metadata)
    return source


def test_the_python_of_a_plan_reads_as_somebody_would_write_it() -> None:
    pipeline = Pipeline.from_document(FILE)._document
    request, _ = parse_request({"samples": ["s1", "s2"], "until": ["summary"]})
    source = plan_script(pipeline, request, Path("/data"), name="cohort", note="Plan 3.")
    assert (
        source
        == """\
# Plan 3.
from pm_kernel import Pipeline

p = Pipeline("cohort")

segment = p.step(
    "segment",
    method="segment",
    inputs={"image": p.column("image")},
    params={"segment.sigma": 2.0},
)

gate = p.step(
    "gate",
    method="gate",
    version=3,
    inputs={"nuclei": segment["nuclei"]},
    branches={
        "wide": {"gate.threshold": 0.3},
        "tight": {"gate.mode": "fast", "gate.threshold": 1.3},
    },
)

p.step("summary", method="summary", inputs={"tables": gate["cells"].gather(over="sample")})

plan = p.plan(samples=["s1", "s2"], until="summary")
plan.preview()
"""
    )


def test_a_plan_with_everything_in_it_is_the_same_again() -> None:
    source = same_again(
        {
            "format": 1,
            "name": "all of it",
            "description": "with \"quotes\" and 'these'\nand lines",
            "steps": {
                "class": {"method": "m", "title": "Π", "resources": {"cpus": 2, "memory": "2 GB",
                          "directives": {"label": "gpu", "accelerator": 1}}},
                "p": {"method": "m", "inputs": {"x": {"from": "class.a"}}},
                "mütze 1": {"method": "m", "branch_group": "g", "inputs": {"x": {"from": "p.out"}},
                            "branches": [{"f.x": "1"}, {"f.x": "-inf"}]},
                "mutze 1": {"method": "m", "inputs": {"x": {"from": "mütze 1.out", "gather": {
                    "over": ["mütze 1", "sample"], "by": ["patient"], "on_failure": "go_on"}}}},
                "日本": {"method": "m", "version": 2, "params": {"f.x": "yes", "f.y": "[nan, 1]"},
                       "branches": [{"name": "grid", "params": {"f.z": "{'inf': inf}"}}]},
                "end": {"method": "m", "inputs": {
                    "a": {"from": "mutze 1.out"}, "b": {"file": "/x y"}, "c": {"value": "0x1f"},
                    "d": {"run": 4, "output": "t"}, "e": {"column": "dose"},
                    "f": {"from": "日本.out"}}},
            },
        },
        {
            "samples": {"sheet": 'sample,patient,dose\ns1,"a ""b""",1\ns2,,2\n'},
            "branches": {"p": {"grid": {"f.a": ["1", "1e3"], "f.b": ["'x'"]}}},
            "branch_groups": {"mütze 1": None},
            "until": ["end", "p"],
            "excluded": [{"sample": "s1", "p": "x"}],
            "rerun": {"all": False, "steps": ["p", "all", "sample=1"], "keys": ['["p"]'],
                      "parts": [{"step": "p", "sample": "s1", "branch": "f.a=1"},
                                {"branch": {"p": "x", "日本": "grid"}}]},
        },
    )  # fmt: skip
    assert 'typed("yes")' in source
    assert 'base="/data"' in source


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_goes_to_source_and_back(value: object) -> None:
    text = canonical(value)
    back = eval(python_text(text), {"typed": typed})
    assert value_text(back, "here") == text


@given(st.text(min_size=1))
def test_a_text_that_somebody_typed_goes_to_source_and_back(text: str) -> None:
    back = eval(python_text(text), {"typed": typed})
    assert value_text(back, "here") == text


def test_a_script_is_text_of_one_encoding_whatever_names_are_in_it() -> None:
    source = same_again(
        {"format": 1, "name": "naïve", "steps": {"s\u2009t": {"method": "m"}}}, {"samples": ["é"]}
    )
    assert json.dumps(source)
