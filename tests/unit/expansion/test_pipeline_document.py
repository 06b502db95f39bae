"""Reading and writing pipeline documents, and what is wrong with them."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import Any

import pytest
import tomli_w

from pm_kernel.domain.branches import parse_branches
from pm_kernel.domain.faults import Faults
from pm_kernel.domain.pipeline import parse_pipeline, read_pipeline
from pm_kernel.domain.plan_request import parse_request

FULL: dict[str, Any] = {
    "format": 1,
    "name": "cohort",
    "description": "all of it",
    "steps": {
        "segment": {"method": "cellpose", "version": 3, "inputs": {"image": {"column": "image"}}},
        "filter": {
            "method": "quality_filter",
            "version": "latest",
            "title": "Quality",
            "params": {"filter_cells.min_area": "30", "gate.mode": "'strict'"},
            "branches": {
                "tight": {"gate.dna_norm_max": "1.3"},
                "loose": {"gate.dna_norm_max": "2.0"},
            },
            "resources": {
                "cpus": 2,
                "memory": "2 GB",
                "time": "1h 30m",
                "queue": "short",
                "retries": 1,
                "container": "docker://lab/tools:1",
                "directives": {"clusterOptions": "--exclusive"},
            },
            "inputs": {
                "table": {
                    "from": "segment.nuclei",
                    "gather": {
                        "over": ["sample", "segment"],
                        "by": ["region"],
                        "on_failure": "go_on",
                    },
                },
                "image": {"column": "image"},
                "sample": {"column": "sample"},
                "k": {"value": "5"},
                "features": {"file": "/p/x.txt"},
                "old": {"run": 47, "output": "table"},
            },
        },
    },
    "layout": {"filter": {"x": 10.5, "y": 20}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The full document with one place changed; ``steps/filter/method``."""
    document = copy.deepcopy(FULL)
    place: Any = document
    *way, last = path.split("/")
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


def test_a_document_survives_reading_and_writing():
    pipeline, problems = parse_pipeline(FULL)
    assert problems == ()
    again, problems = read_pipeline(pipeline.to_json())
    assert problems == ()
    assert again == pipeline
    assert again.to_json() == pipeline.to_json()
    assert pipeline.steps["filter"].resources.memory_bytes == 2 * 2**30
    assert pipeline.steps["filter"].resources.seconds == 5400


def test_a_document_survives_toml():
    pipeline, _ = parse_pipeline(FULL)
    again, problems = parse_pipeline(tomllib.loads(tomli_w.dumps(pipeline.to_document())))
    assert (again, problems) == (pipeline, ())


def test_the_order_of_keys_means_nothing():
    def reversed_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reversed_keys(value[key]) for key in reversed(value)}
        return value

    one, two = parse_pipeline(FULL)[0], parse_pipeline(reversed_keys(FULL))[0]
    assert one == two
    assert one.to_json() == two.to_json()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("layout", {}),
        ("name", "other"),
        ("description", ""),
        ("steps/filter/title", None),
        ("steps/filter/version", ...),
        ("steps/segment/branches", {}),
        ("steps/filter/resources/queue", "short"),
    ],
)
def test_what_changes_nothing_that_runs_leaves_the_content_hash(path, value):
    assert parse_pipeline(changed(path, value))[0].content_hash == (
        parse_pipeline(FULL)[0].content_hash
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("steps/filter/version", 2),
        ("steps/filter/params/filter_cells.min_area", "30.0"),
        ("steps/filter/branches", None),
        ("steps/filter/branch_group", "g"),
        ("steps/filter/resources/cpus", 3),
        ("steps/filter/inputs/k", {"value": "'5'"}),
        ("steps/filter/inputs/table/gather/on_failure", "wait"),
        ("steps/segment", ...),
    ],
)
def test_what_changes_what_runs_changes_the_content_hash(path, value):
    assert parse_pipeline(changed(path, value))[0].content_hash != (
        parse_pipeline(FULL)[0].content_hash
    )


@pytest.mark.parametrize(
    ("path", "value", "code", "words"),
    [
        ("format", ..., "format", '"format": 1'),
        ("format", 2, "newer_format", "update the Research Process Manager"),
        ("format", True, "format", "format"),
        ("stpes", {}, "unknown_key", "did you mean 'steps'?"),
        ("steps", [], "wrong_type", "'steps' must be a table"),
        ("steps/filter", "x", "wrong_type", "must be a table"),
        ("steps/filter/methd", "x", "unknown_key", "did you mean 'method'?"),
        ("steps/filter/method", 5, "wrong_type", "not text"),
        ("steps/filter/version", 0, "version", '"latest"'),
        ("steps/filter/version", "3", "version", "not ''3''"),
        ("steps/filter/title", "a\nb", "name", "line break"),
        ("steps/filter/params/a.b", 30, "parameter", "written as text"),
        ("steps/filter/params/a.b", "\0", "parameter", "NUL"),
        ("steps/filter/params", [1], "wrong_type", "'params'"),
        ("steps/filter/branch_group", "sample", "name", "'sample'"),
        ("steps/filter/branches", 5, "wrong_type", "a list, or a grid"),
        ("steps/filter/branches", {"": {}}, "name", "is empty"),
        ("steps/filter/branches", {"a": {"x.y": 1.5}}, "parameter", "not '1.5'"),
        ("steps/filter/branches", {"grid": {}}, "grid", "empty"),
        ("steps/filter/branches", {"grid": {"a.x": []}}, "grid", "'a.x'"),
        ("steps/filter/resources/cpus", 0, "invalid", "'cpus' must be a whole number"),
        ("steps/filter/resources/cpus", True, "invalid", "'cpus'"),
        ("steps/filter/resources/memory", "2", "invalid", "as in '2 GB'"),
        ("steps/filter/resources/memory", "0 GB", "invalid", "more than nothing"),
        ("steps/filter/resources/time", "soon", "invalid", "as in '1h 30m'"),
        ("steps/filter/resources/time", 60, "invalid", "must be text"),
        ("steps/filter/resources/retries", -1, "invalid", "'retries'"),
        ("steps/filter/resources/queue", "a\n", "invalid", "line break"),
        ("steps/filter/resources/gpus", 1, "unknown_key", "'gpus'"),
        ("steps/filter/resources/directives", {"a'\n": "x"}, "invalid", "directive"),
        ("steps/filter/resources/directives", {"label": {}}, "invalid", "'label'"),
        ("steps/filter/inputs/k", "segment.nuclei", "wrong_type", "written as a table"),
        ("steps/filter/inputs/k", {}, "binding", "it has nothing"),
        ("steps/filter/inputs/k", {"value": "1", "file": "x"}, "binding", "'value' and 'file'"),
        ("steps/filter/inputs/k", {"value": 5}, "binding", "written as text"),
        ("steps/filter/inputs/k", {"from": "segment"}, "binding", "'segment.nuclei'"),
        ("steps/filter/inputs/k", {"from": 3}, "binding", "a step and its output"),
        ("steps/filter/inputs/k", {"column": ""}, "binding", "is empty"),
        ("steps/filter/inputs/k", {"file": " "}, "binding", "a path"),
        ("steps/filter/inputs/k", {"run": "47", "output": "t"}, "binding", "number of a run"),
        ("steps/filter/inputs/k", {"run": 47}, "binding", "which output of run 47"),
        ("steps/filter/inputs/k", {"value": "1", "gather": {}}, "unknown_key", "'gather'"),
        ("steps/filter/inputs/table/gather", {"by": ["x"]}, "gather", "what it gathers over"),
        ("steps/filter/inputs/table/gather", {"over": 3}, "wrong_type", "a list of names"),
        (
            "steps/filter/inputs/table/gather",
            {"over": "segment", "by": "sample"},
            "gather",
            "columns of the sample sheet",
        ),
        (
            "steps/filter/inputs/table/gather",
            {"over": "sample", "on_failure": "stop"},
            "invalid",
            '"wait"',
        ),
        ("layout", {"a": float("nan")}, "layout", "JSON"),
        ("layout", {"a": "\ud800"}, "layout", "half of a character"),
        ("description", "\ud800", "name", "half of a character"),
    ],
)
def test_what_is_wrong_is_a_problem_in_words(path, value, code, words):
    _, problems = parse_pipeline(changed(path, value))
    fitting = [problem for problem in problems if problem.code == code]
    assert fitting, problems
    assert words in fitting[0].message
    if path.startswith("steps/filter/"):
        assert fitting[0].step == "filter"
        assert fitting[0].message.startswith("Step 'filter': ")
    if path.startswith("steps/filter/inputs/"):
        assert fitting[0].edge == "filter." + path.split("/")[3]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        (" a", "begins or ends with a blank"),
        ("a\n", "line break"),
        ("a\x00b", "cannot be shown"),
        ("a\u2028b", "line break"),
        ("a\ud800", "cannot be shown"),
        ("a" * 201, "longer than 200"),
        ("sample", "means the samples"),
    ],
)
def test_a_name_that_could_not_be_shown_or_stored_is_refused(name, words):
    pipeline, problems = parse_pipeline({"format": 1, "steps": {name: {"method": "m"}}})
    assert words in problems[0].message
    assert pipeline.steps == {}
    problems[0].message.encode("utf-8")
    assert "\n" not in problems[0].message


@pytest.mark.parametrize(
    "name", ["核 分割", "a.b", "$(rm -rf)", "'\"`", "a" * 200, "👩‍🔬", "__proto__"]
)
def test_any_other_name_is_a_name(name):
    steps = {
        name: {"method": "m"},
        "next": {"method": "m", "inputs": {"i": {"from": f"{name}.out"}}},
    }
    pipeline, problems = parse_pipeline({"format": 1, "steps": steps})
    assert problems == ()
    assert pipeline.parents["next"] == {name}


def test_a_step_that_stands_twice_is_a_problem_instead_of_a_loss():
    text = '{"format": 1, "steps": {"a": {"method": "m"}, "a": {"method": "n"}}}'
    _, problems = read_pipeline(text)
    assert problems[0].code == "duplicate_key"
    assert "'a'" in problems[0].message


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "3", '"x"', "null"])
def test_text_that_is_no_document_is_a_problem(text):
    pipeline, problems = read_pipeline(text)
    assert pipeline.steps == {}
    assert problems


def test_every_problem_of_a_document_is_found_at_once():
    steps = {"a": {"method": 3}, "b": {"method": "m", "version": 0, "extra": 1}}
    _, problems = parse_pipeline({"format": 1, "steps": steps, "more": 1})
    assert [problem.step for problem in problems] == [None, "a", "b", "b"]


def branches(raw: Any) -> Any:
    faults = Faults()
    found = parse_branches(raw, faults)
    assert faults.found == []
    return found


def test_branches_are_named_after_their_parameters():
    found = branches({"grid": {"gate.dna_norm_max": ["1.3", "2.0"], "gate.k": ["5"]}})
    assert [branch.name for branch in found.members] == [
        "dna_norm_max=1.3, k=5",
        "dna_norm_max=2.0, k=5",
    ]


def test_the_function_is_named_where_two_parameters_are_called_alike():
    found = branches([{"a.x": "1", "b.x": "2"}, {"a.x": "2", "b.k": "3"}])
    assert [branch.name for branch in found.members] == ["a.x=1, b.x=2", "a.x=2, k=3"]


def test_derived_names_are_distinct_and_fit_to_be_names():
    values = ["'" + "a" * 300 + "'", "'" + "a" * 300 + "b'", " 1", "1\n", "1"]
    names = [branch.name for branch in branches([{"f.x": value} for value in values]).members]
    assert len(set(names)) == len(values)
    assert all(len(name) <= 200 and "\n" not in name and name == name.strip() for name in names)
    assert [b.name for b in branches([{}, {}]).members] == ["default", "default #2"]


def test_named_branches_are_ordered_as_people_count_unless_a_list_says_otherwise():
    table = {"x=10": {}, "x=9": {}, "x=2": {}}
    assert [branch.name for branch in branches(table).members] == ["x=2", "x=9", "x=10"]
    listed = [{"name": "x=10"}, {"name": "x=2"}]
    assert [branch.name for branch in branches(listed).members] == ["x=10", "x=2"]


@pytest.mark.parametrize(
    "raw",
    [
        {"b": {"f.x": "1"}, "a": {"f.x": "2"}},
        [{"name": "b", "params": {"f.x": "1"}}, {"name": "a", "params": {}}],
        [{"f.x": "1"}, {}],
        {"grid": {"f.x": ["2", "1"], "f.a": "7"}},
        [],
        None,
    ],
)
def test_branches_survive_writing(raw):
    found = branches(raw)
    assert branches(json.loads(json.dumps(found.to_document(), sort_keys=True))) == found


def test_a_grid_beyond_measure_is_refused_before_it_is_written_out():
    axis = [str(n) for n in range(1000)]
    faults = Faults()
    assert parse_branches({"grid": {f"f.p{n}": axis for n in range(5)}}, faults).members == ()
    assert "1,000,000,000,000,000 branches" in faults.found[0].message


def test_a_request_survives_writing():
    request, problems = parse_request(
        {
            "samples": {"rows": [{"sample": "s1", "image": "x"}, {"sample": "s2"}]},
            "branches": {"filter": {"grid": {"f.x": ["1", "2"]}}, "measure": None},
            "branch_groups": {"filter": "g", "measure": None},
            "until": "filter",
            "excluded": [{"sample": "s1", "filter": "x=1"}],
            "rerun": {
                "steps": ["filter"],
                "keys": ["k"],
                "all": True,
                "parts": [{"step": "a", "sample": "b", "branch": "c"}, {"branch": {"d": "e"}}],
            },
        }
    )
    assert problems == ()
    assert request.samples.rows[1] == {"sample": "s2", "image": ""}
    assert parse_request(json.loads(json.dumps(request.to_document()))) == (request, ())


def test_an_empty_request_is_a_request():
    request, problems = parse_request({})
    assert problems == ()
    assert parse_request(request.to_document()) == (request, ())


@pytest.mark.parametrize(
    "raw",
    [
        {"samples": 5},
        {"samples": ["a", 5]},
        {"samples": ["a", "a"]},
        {"samples": [""]},
        {"samples": {"rows": [{"name": "x"}]}},
        {"samples": {"rows": ["x"]}},
        {"samples": {"rows": [{"sample": 1}]}},
        {"samples": {"rows": [{"sample": "a"}], "columns": "sample"}},
        {"until": 5},
        {"excluded": [{}]},
        {"excluded": [{"sample": 1}]},
        {"excluded": "x"},
        {"rerun": {"step": ["a"]}},
        {"rerun": {"parts": [{}]}},
        {"rerun": {"parts": [{"branch": {}}]}},
        {"rerun": {"parts": [{"sample": 1}]}},
        {"rerun": {"parts": [{"branch": {"a": 1}}]}},
        {"rerun": {"parts": [{"branch": {"a": None}}]}},
        {"rerun": {"parts": [{"sample": "s1", "branch": {"a": "x", "b": None}}]}},
        {"rerun": {"parts": [{"sampel": "a"}]}},
        {"rerun": {"parts": "s1"}},
        {"branch_groups": {"a": 1}},
        {"branch_groups": {"a": "sample"}},
        {"branches": []},
        {"smaples": []},
        [],
    ],
)
def test_a_request_that_makes_no_sense_is_a_problem(raw):
    assert parse_request(raw)[1]
