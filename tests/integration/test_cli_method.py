"""`pm method` and `pm module`, as a person types them."""

from __future__ import annotations

import json

import pytest

from pm_kernel.cli.method_options import contract_field, method_input, method_output, tracking
from pm_kernel.domain.methods import ContractField, MethodInput, MethodOutput
from pm_kernel.errors import Conflict, InvalidInput, NotFound
from pm_kernel.registration import Tracking

from .registration_harness import FILES, HELPER, environ, new_workspace, written


@pytest.fixture
def workspace(tmp_path, database_url, monkeypatch):
    with new_workspace(tmp_path, database_url, monkeypatch) as made:
        for name, value in environ(made.root, database_url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(made.root)
        monkeypatch.setenv("TZ", "UTC")
        yield made
        made.check()


# --- what a person types --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("segment", Tracking("segment")),
        ("helper.py:segment", Tracking("segment", "helper.py")),
        ("sub/helper.py:Model.fit", Tracking("Model.fit", "sub/helper.py")),
        ("segment(sigma, connect)", Tracking("segment", None, ("sigma", "connect"))),
        ("helper.py:segment(sigma)", Tracking("segment", "helper.py", ("sigma",))),
    ],
)
def test_a_function_is_named_alone_with_its_file_or_with_parameters(text, meant):
    assert tracking(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("image=file", MethodInput("image", "file")),
        ("sample=value:str", MethodInput("sample", "value", value_type="str")),
        ("limits=list:float+optional",
         MethodInput("limits", "list", value_type="float", required=False)),
        ("cells=upstream", MethodInput("cells", "upstream")),
        ("cells=upstream:qc", MethodInput("cells", "upstream", module="qc")),
        ("cells=upstream::table", MethodInput("cells", "upstream", value_type="table")),
        ("cells=upstream:qc:table+gather+optional",
         MethodInput("cells", "upstream", "qc", "table", gather=True, required=False)),
    ],
)  # fmt: skip
def test_an_input_is_typed_in_one_word(text, meant):
    assert method_input(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cells=cells.parquet", MethodOutput("cells", "cells.parquet", "table")),
        ("cells=cells.parquet:file", MethodOutput("cells", "cells.parquet", "file")),
        ("tiles=tiles/", MethodOutput("tiles", "tiles/", "directory")),
        ("plot=plot.png+optional", MethodOutput("plot", "plot.png", "image", required=False)),
        ("x=a+b.csv", MethodOutput("x", "a+b.csv", "table")),
    ],
)
def test_an_output_has_the_type_of_its_ending_or_the_one_given(text, meant):
    assert method_output(text) == meant


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (tracking, "a:b:c"),
        (tracking, ""),
        (method_input, "image"),
        (method_input, "image=picture"),
        (method_input, "image=file:table"),
        (method_input, "n=value:number"),
        (method_input, "n=upstream:a:table:b"),
        (method_input, "n=upstream+gathered"),
        (method_output, "cells"),
        (method_output, "cells=x.csv:spreadsheet"),
        (contract_field, "cells=str"),
        (contract_field, "cells.id=text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_forms(read, text):
    with pytest.raises(InvalidInput):
        read(text)


def test_a_field_may_be_missing_where_a_question_mark_says_so():
    assert contract_field("cells.a.b=float?") == ContractField("cells", "a.b", "float", False)


# --- pm method scan -------------------------------------------------------------------------------


def test_a_scan_shows_functions_parameters_types_defaults_and_call_sites(pm, tmp_path):
    out = pm("method", "scan", written(tmp_path / "measure", FILES)).out
    rows = [line.split() for line in out.splitlines()]
    assert ["segment", "1", "image", "(computed)", "tracked"] in rows
    assert ["sigma", "float", "1.0", "2.0"] in rows
    assert ["connect", "bool", "True"] in rows
    assert ["measure", "5", "objects", "(computed)", "tracked"] in rows
    assert "Suggested by the code" in out
    assert "input   image: file" in out


def test_a_scan_needs_no_workspace_and_runs_nothing(pm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = written(tmp_path / "measure", {"run.py": "raise SystemExit(3)\n\ndef run(): pass\n"})
    document = json.loads(pm("method", "scan", folder, "--json").out)
    assert [each["function"] for each in document["functions"]] == ["run"]


def test_a_scan_as_json_has_everything(pm, tmp_path):
    folder = written(tmp_path / "measure", {**FILES, "extra.py": "import numpy\n"})
    document = json.loads(pm("method", "scan", folder, "--json").out)
    segment = next(each for each in document["functions"] if each["function"] == "segment")
    assert (segment["file"], segment["line"], segment["trackable"]) == ("helper.py", 1, True)
    sigma = segment["params"][1]
    assert (sigma["type"], sigma["default"], sigma["call_site"]) == ("float", "1.0", "2.0")
    assert (sigma["expected"], sigma["recorded"]) == ("2.0", True)
    assert document["entry"]["kind"] == "function"
    assert document["declared"] is False
    assert {each["top"] for each in document["imports"] if each["origin"] == "external"} == {
        "numpy"
    }


def test_a_scan_says_file_and_line_of_what_is_wrong(pm, tmp_path):
    folder = written(tmp_path / "measure", {**FILES, "helper.py": "x = 1\ny = = 2\n"})
    assert "helper.py:2: invalid syntax" in pm("method", "scan", folder, code=5).out
    document = json.loads(pm("method", "scan", folder, "--json", code=5).out)
    assert any(each["message"].startswith("helper.py:2") for each in document["problems"])


def test_a_scan_of_no_folder_is_refused(pm, tmp_path):
    assert (
        "There is no folder" in pm("method", "scan", tmp_path / "no", code=NotFound.exit_code).err
    )


# --- pm method register ---------------------------------------------------------------------------


def test_a_registration_answers_with_its_version(pm, workspace):
    folder = workspace.method()
    said = pm("method", "register", folder, "--module", "analysis", "--track", "segment",
              "-m", "A first try")  # fmt: skip
    (version,) = workspace.versions()
    first = said.out.splitlines()[0]
    assert first == (
        f"measure v1 registered in module analysis (commit {version.git_commit_hash[:10]}, "
        "tag measure/v1)"
    )
    assert "segment  helper.py  sigma" in said.out
    assert "pm: Module analysis is new; it was made." in said.err
    again = pm("method", "register", folder, "--module", "analysis")
    assert again.out == "nothing new: still measure v1\n"


def test_a_registration_as_json_has_version_and_notices(pm, workspace):
    folder = workspace.method()
    words = ("method", "register", folder, "--module", "analysis", "--json")
    said = pm(*words)
    document = json.loads(said.out)
    assert document["created"] is True
    assert (document["method"], document["version"], document["tag"]) == (
        "measure",
        1,
        "measure/v1",
    )
    assert document["declaration"]["outputs"][0]["path"] == "cells.parquet"
    assert any("is new" in each for each in document["notices"])
    assert said.err == ""
    assert json.loads(pm(*words).out)["created"] is False


def test_everything_can_be_declared_on_the_command_line(pm, workspace, tmp_path):
    pm("module", "create", "imaging")
    environment = written(tmp_path / "env", {"pixi.toml": "[workspace]\n", "pixi.lock": "v"})
    pm("method", "register", written(tmp_path / "work", FILES), "--module", "analysis",
       "--name", "measure", "--description", "Measures cells.", "--message", "first",
       "--track", "helper.py:segment(sigma)", "--track", "measure",
       "--input", "image=upstream:imaging:image", "--output", "cells=cells.parquet:table",
       "--pixi", environment)  # fmt: skip
    (version,) = workspace.versions()
    declared = version.declaration
    assert [name for name, _ in declared.parameters()] == ["segment.sigma", "measure.minimum"]
    assert declared.inputs == (
        MethodInput("image", "upstream", module="imaging", value_type="image"),
    )
    assert declared.outputs == (MethodOutput("cells", "cells.parquet", "table"),)
    assert declared.description == "Measures cells."
    assert version.pixi_lock_hash is not None
    pm("method", "register", workspace.methods / "analysis" / "measure", "--untrack", "measure",
       "--drop-output", "cells")  # fmt: skip
    declared = workspace.versions()[-1].declaration
    assert [each.function for each in declared.tracked] == ["segment"]
    assert declared.outputs == ()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--track", "nothing"], InvalidInput.exit_code, "No file of the method has a function"),
        (["--output", "x=../y"], InvalidInput.exit_code, "[outputs.x] path"),
        (["--input", "image=picture"], InvalidInput.exit_code, "NAME=value:str"),
        (["--name=-rf"], InvalidInput.exit_code, "A method cannot be called '-rf'"),
    ],
)
def test_what_is_refused_has_a_reason_and_an_exit_code(pm, workspace, tmp_path, words, code, said):
    source = written(tmp_path / "measure", FILES)
    found = pm("method", "register", source, "--module", "analysis", *words, code=code)
    assert said in found.err
    assert workspace.versions() == []


def test_a_function_of_a_file_that_cannot_be_read_is_not_said_to_be_missing(
    pm, workspace, tmp_path
):
    source = written(tmp_path / "measure", {**FILES, "helper.py": "def segment(image)\n    pass\n"})
    words = ("method", "register", source, "--module", "analysis", "--track", "segment")
    found = pm(*words, code=InvalidInput.exit_code)
    assert "helper.py:1: expected ':'" in found.err
    assert "No other file of the method has a function segment" in found.err
    assert workspace.versions() == []


def test_edits_that_would_be_lost_are_said_and_can_be_overwritten(pm, workspace, tmp_path):
    source = written(tmp_path / "measure", FILES)
    pm("method", "register", source, "--module", "analysis")
    copy = workspace.methods / "analysis" / "measure"
    written(copy, {"run.py": FILES["run.py"] + "\n# mine\n"})
    written(source, {"helper.py": HELPER + "\n# theirs\n"})
    words = ("method", "register", source, "--module", "analysis")
    assert "--overwrite" in pm(*words, code=Conflict.exit_code).err
    pm(*words, "--overwrite")
    assert len(workspace.versions()) == 2


# --- pm method list, pm method show ---------------------------------------------------------------


@pytest.fixture
def two(workspace):
    """Two methods in two modules, one of them with two versions."""
    folder = workspace.method()
    workspace.register(folder, track=["segment"], description="Measures cells.", change="First")
    written(folder, {"helper.py": HELPER.replace("30", "50")})
    workspace.register(folder, track=["measure"], change="Larger cells")
    workspace.register(workspace.method("label", "labels"), module="labels")
    return workspace.versions()


def test_the_list_has_a_line_for_each_method(pm, two):
    lines = pm("method", "list").out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["module", "method", "latest"],
        ["analysis", "measure", "v2"],
        ["labels", "label", "v1"],
    ]
    assert "Measures cells." in lines[1]
    only = json.loads(pm("method", "list", "--module", "labels", "--json").out)["methods"]
    assert [(each["module"], each["method"], each["latest"]) for each in only] == [
        ("labels", "label", 1)
    ]
    assert "no module 'nowhere'" in pm("method", "list", "--module", "nowhere", code=3).err


def test_an_empty_list_says_what_to_do(pm, workspace):
    assert "pm method register" in pm("method", "list").err
    assert json.loads(pm("method", "list", "--json").out) == {"methods": []}
    assert "pm module create" in pm("module", "list").err


def test_a_method_is_shown_with_versions_and_what_one_declares(pm, two):
    out = pm("method", "show", "measure").out
    assert "measure (module analysis)" in out
    for version in two:
        assert version.git_commit_hash[:10] in out
    assert "Larger cells" in out
    assert two[1].git_commit_hash in out
    rows = [line.split() for line in out.splitlines()]
    assert ["segment", "helper.py", "sigma", "float", "1.0", "2.0"] in rows
    assert ["measure", "helper.py", "minimum", "int", "50"] in rows
    assert "output  cells: cells.parquet (table)" in out


@pytest.mark.parametrize("words", [("measure", "--version", "1"), ("measure/v1",)])
def test_an_older_version_shows_what_it_declared_then(pm, two, words):
    document = json.loads(pm("method", "show", *words, "--json").out)
    assert document["version"]["version"] == 1
    assert document["version"]["commit"] == two[0].git_commit_hash
    tracked = document["version"]["declaration"]["tracked"]
    assert [each["function"] for each in tracked] == ["segment"]
    assert [each["version"] for each in document["versions"]] == [1, 2]


def test_what_is_not_there_is_said_with_what_is_near(pm, two):
    assert "Did you mean measure?" in pm("method", "show", "mesure", code=3).err
    assert "has no version 9" in pm("method", "show", "measure/v9", code=3).err
    assert "A version is NAME/vN" in pm("method", "show", "measure/vx", code=5).err


# --- pm module ------------------------------------------------------------------------------------


def test_a_module_is_created_listed_and_shown(pm, workspace):
    words = ("module", "create", "analysis", "--description", "Measures.",
             "--field", "cells.cell_id=str", "--field", "cells.score=float?")  # fmt: skip
    assert pm(*words).out == "module analysis created\n"
    assert pm(*words).out == "module analysis is there; nothing new\n"
    assert pm("module", "create", "analysis", "--description", "Other.").out == (
        "module analysis changed\n"
    )
    workspace.register(workspace.method())
    listed = pm("module", "list").out.splitlines()
    assert listed[1].split() == ["analysis", "1", "2", "fields", "Other."]
    out = pm("module", "show", "analysis").out
    assert "cells   score    float  may be missing" in out
    assert "measure" in out
    document = json.loads(pm("module", "show", "analysis", "--json").out)
    assert document["contract"][1] == {
        "output": "cells", "field": "score", "type": "float", "required": False,
    }  # fmt: skip
    assert [each["method"] for each in document["methods"]] == ["measure"]
    assert json.loads(pm("module", "list", "--json").out)["modules"][0]["methods"] == 1
    created = json.loads(pm("module", "create", "other", "--json").out)
    assert (created["name"], created["created"]) == ("other", True)


def test_a_module_that_is_not_there_is_said_to(pm, workspace):
    assert "There is no module 'x'" in pm("module", "show", "x", code=3).err
