"""What is wrong with a pipeline, given the registered methods."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pm_kernel.domain.catalogue import (
    Catalogue,
    InputInfo,
    MethodVersionInfo,
    OutputInfo,
    ParamInfo,
)
from pm_kernel.domain.methods import (
    Declaration,
    MethodInput,
    MethodOutput,
    ParamDef,
    TrackedFunction,
    Version,
)
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.pipeline_check import check_pipeline


@pytest.fixture
def catalogue(bench) -> Catalogue:
    return Catalogue.of(
        bench.method(
            "segment",
            {"image": InputInfo("file")},
            module="segmentation",
            outputs={"nuclei": OutputInfo("table"), "tiles": OutputInfo("directory")},
            params={"cut.sigma": ParamInfo("float", "2.0"), "cut.mode": ParamInfo("str", "'a'")},
        ),
        bench.method("segment", version=4, version_id=9, outputs={"mask": OutputInfo("image")}),
        bench.method(
            "measure",
            {
                "nuclei": InputInfo("upstream", module="segmentation", value_type="table"),
                "k": InputInfo("value", required=False, value_type="int"),
                "names": InputInfo("list", required=False),
                "extra": InputInfo("file", required=False, value_type="file"),
            },
        ),
        bench.method("pool", {"tables": InputInfo("upstream", gather=True)}),
    )


SEGMENT = {"method": "segment", "version": 1, "inputs": {"image": {"column": "image"}}}
MEASURE = {"method": "measure", "inputs": {"nuclei": {"from": "segment.nuclei"}}}


def found(catalogue: Catalogue, steps: dict[str, Any], **more: Any) -> list[Any]:
    pipeline, problems = parse_pipeline({"format": 1, "steps": steps})
    assert problems == ()
    return list(check_pipeline(pipeline, catalogue, **more))


def test_a_pipeline_that_fits_has_no_problem(catalogue):
    pool = {
        "method": "pool",
        "inputs": {"tables": {"from": "measure.out", "gather": {"over": "sample"}}},
    }
    assert found(catalogue, {"segment": SEGMENT, "measure": MEASURE, "pool": pool}) == []


def step(method: str = "measure", **more: Any) -> dict[str, Any]:
    return {"method": method, **more}


def gathered(over: str, **more: Any) -> dict[str, Any]:
    return {"from": "segment.nuclei", "gather": {"over": over, **more}}


def fed(**inputs: Any) -> dict[str, Any]:
    return {"method": "measure", "inputs": {"nuclei": {"from": "segment.nuclei"}, **inputs}}


@pytest.mark.parametrize(
    ("steps", "code", "edge", "words"),
    [
        ({"a": {}}, "unknown_method", None, "it has no method yet"),
        ({"a": step("mesure")}, "unknown_method", None, "did you mean 'measure'?"),
        ({"a": step("zzz")}, "unknown_method", None, "Registered are: 'segment'"),
        ({"a": step("segment", version=3)}, "unknown_version", None, "its newest is v4"),
        ({"a": step()}, "missing_input", "a.nuclei", "input 'nuclei' is not connected"),
        (
            {"segment": {**SEGMENT, "params": {"sigma": "1.0"}}},
            "unknown_parameter",
            None,
            "did you mean 'cut.sigma'?",
        ),
        (
            {"segment": {**SEGMENT, "branches": [{"cut.sigam": "1.0"}]}},
            "unknown_parameter",
            None,
            "segment v1 has no parameter 'cut.sigam'; did you mean 'cut.sigma'?",
        ),
        (
            {"segment": {**SEGMENT, "params": {"cut.sigma": "'high'"}}},
            "value",
            None,
            "cut.sigma expects a number",
        ),
        ({"segment": SEGMENT, "m": fed(k={"value": "'x'"})}, "value", "m.k", "'k' expects a whole"),
        ({"segment": SEGMENT, "m": fed(x={"value": "1"})}, "unknown_input", "m.x", "has no input"),
        ({"m": fed()}, "unknown_step", "m.nuclei", "no step is called 'segment'"),
        (
            {"segment": SEGMENT, "m": step(inputs={"nuclei": {"from": "segment.nucleus"}})},
            "unknown_output",
            "m.nuclei",
            "did you mean 'nuclei'?",
        ),
        (
            {"segment": SEGMENT, "m": step(inputs={"nuclei": {"from": "segment.tiles"}})},
            "type_mismatch",
            "m.nuclei",
            "it wants a table, but 'segment.tiles' is a directory",
        ),
        (
            {"segment": SEGMENT, "m": fed(extra={"from": "segment.tiles"})},
            "type_mismatch",
            "m.extra",
            "wants a file",
        ),
        (
            {"p": step("pool", inputs={"tables": {"run": 1, "output": "t"}}),
             "m": step(inputs={"nuclei": {"from": "p.out"}})},
            "module_mismatch",
            "m.nuclei",
            "module 'segmentation'",
        ),
        (
            {"segment": SEGMENT, "m": fed(k={"file": "/x"})},
            "binding_mismatch",
            "m.k",
            "needs a value or a column",
        ),
        (
            {"m": step(inputs={"nuclei": {"file": "/x.csv"}})},
            "binding_mismatch",
            "m.nuclei",
            "the output of a step or of an earlier run",
        ),
        (
            {"segment": SEGMENT, "p": step("pool", inputs={"tables": {"from": "segment.nuclei"}})},
            "gather_expected",
            "p.tables",
            "say what it gathers over",
        ),
        (
            {"segment": SEGMENT, "m": step(inputs={"nuclei": gathered("sample")})},
            "gather_unexpected",
            "m.nuclei",
            "takes one thing",
        ),
        (
            {"segment": SEGMENT, "p": step("pool", inputs={"tables": gathered("day")})},
            "unknown_dimension",
            "p.tables",
            "'day', which is neither 'sample' nor a step",
        ),
        (
            {"segment": SEGMENT,
             "m": fed(names={"column": "c", "gather": {"over": "segment"}})},
            "gather",
            "m.names",
            "only be gathered over samples",
        ),
        (
            {"segment": {**SEGMENT, "branch_group": "m"}, "m": fed()},
            "ambiguous_name",
            None,
            "the name of step 'm'",
        ),
        (
            {"segment": SEGMENT,
             "p": step("pool", inputs={"tables": gathered("sample", by="segment")})},
            "ambiguous_name",
            "p.tables",
            "rename one of them",
        ),
        (
            {"m": step(inputs={"nuclei": {"from": "m.out"}})},
            "cycle",
            None,
            "'m' → 'm' form a cycle",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_problem_at_its_step_and_link(catalogue, steps, code, edge, words):
    problems = [problem for problem in found(catalogue, steps) if problem.code == code]
    assert problems, found(catalogue, steps)
    assert words in problems[0].message
    assert problems[0].edge == edge
    assert problems[0].step in steps


def test_a_long_cycle_is_named_in_the_order_of_its_links(catalogue):
    chain = {"a": "c", "b": "a", "c": "b", "after": "a"}
    steps = {name: step(inputs={"nuclei": {"from": f"{up}.out"}}) for name, up in chain.items()}
    (cycle,) = [p for p in found(catalogue, steps) if p.code == "cycle"]
    assert "'a' → 'b' → 'c' → 'a'" in cycle.message


def test_two_cycles_are_two_problems(catalogue):
    chain = {"a": "b", "b": "a", "x": "y", "y": "x"}
    steps = {name: step(inputs={"nuclei": {"from": f"{up}.out"}}) for name, up in chain.items()}
    assert [p.step for p in found(catalogue, steps) if p.code == "cycle"] == ["a", "x"]


def test_a_chain_of_thousands_of_steps_is_ordered(bench):
    steps = {
        f"s{n}": {"inputs": {"i": {"from": f"s{n - 1}.out"}} if n else {}} for n in range(3000)
    }
    order = bench.pipeline(steps).topology.order
    assert order == tuple(f"s{n}" for n in range(3000))


def test_a_column_of_the_sheet_fills_a_required_input(catalogue):
    steps = {"segment": {"method": "segment", "version": 1}}
    assert [p.code for p in found(catalogue, steps)] == ["missing_input"]
    assert found(catalogue, steps, columns=["sample", "image"]) == []


def test_latest_means_the_newest_version(catalogue):
    info = catalogue.resolve("segment", "latest")
    assert info is not None
    assert info.version == 4
    assert catalogue.resolve("segment", 2) is None
    assert catalogue.resolve("nothing", "latest") is None


def test_a_recorded_version_is_known_by_what_it_declares():
    declaration = Declaration(
        name="measure",
        module="lab",
        inputs=(MethodInput("table", "upstream", "segmentation", "table", gather=True),),
        outputs=(MethodOutput("out", "out.json", "json"),),
        tracked=(TrackedFunction("fit", "fit", "helper.py", params=(ParamDef("k", "int", "5"),)),),
    )
    when = datetime(2026, 1, 1, tzinfo=UTC)
    recorded = Version(7, 3, "lab", "measure", 2, "", "c0", "t", None, "h", declaration, when, "me")
    info = MethodVersionInfo.of(recorded)
    assert (info.method, info.version, info.version_id) == ("measure", 2, 7)
    assert info.inputs == {"table": InputInfo("upstream", True, True, "segmentation", "table")}
    assert info.outputs == {"out": OutputInfo("json")}
    assert info.params == {"fit.k": ParamInfo("int", "5")}
