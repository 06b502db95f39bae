"""What is refused at registration: with reason, place and next step; nothing is recorded."""

from __future__ import annotations

import pytest

from pm_kernel.domain.methods import MethodInput, MethodOutput
from pm_kernel.errors import Conflict, InvalidInput, NotFound, Problems
from pm_kernel.registration import create_module

from .registration_harness import FILES, HELPER, RUN, new_workspace, written


@pytest.fixture
def workspace(tmp_path, database_url, monkeypatch):
    with new_workspace(tmp_path, database_url, monkeypatch) as made:
        yield made
        made.check()


@pytest.fixture
def refused(workspace):
    """Register what cannot be; returns what is said. Nothing may have been recorded."""

    def attempt(folder, error=Problems, **options):
        before = workspace.git("rev-parse", "main"), workspace.tags()
        with pytest.raises(error) as raised:
            workspace.register(folder, **options)
        assert (workspace.git("rev-parse", "main"), workspace.tags()) == before
        assert raised.value.hint or error is Problems
        return str(raised.value)

    return attempt


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"helper.py": "def broken(:\n"}, "helper.py:1: invalid syntax"),
        ({"helper.py": "x = 1\n\n\ny = = 2\n"}, "helper.py:4: invalid syntax"),
        ({"run.py": "def main():\n    pass\n"}, "neither a function run() nor a command line"),
        ({"run.py": "async def run(image): pass\n"}, "run.py:1: run() is async"),
    ],
)
def test_code_that_cannot_run_is_refused_with_its_line(workspace, refused, files, said):
    answer = refused(workspace.method(files={**FILES, **files}))
    assert said in answer
    # A file that could not be read is one problem, whatever is missing from it.
    assert len(answer.splitlines()) == 2, answer


def test_a_folder_without_run_py_is_refused(workspace, refused):
    folder = workspace.method(files={"helper.py": HELPER})
    assert "run.py: is missing" in refused(folder)


NESTED = HELPER + "\n\ndef outer():\n    def inner(a=1):\n        return a\n    return inner\n"
TWICE = HELPER + "\n\nif True:\n    def segment(image, sigma=3):\n        return image\n"
NUMBA = HELPER + "\nimport numba\n\n@numba.njit\ndef fast(a=1):\n    return a\n"


@pytest.mark.parametrize(
    ("helper", "function", "said"),
    [
        (HELPER, "segmnt", "Did you mean --track helper.py:segment"),
        (HELPER, "helper.py:segmnt", "helper.py has no function segmnt (did you mean 'segment'?)"),
        (HELPER, "other.py:segment", "other.py, which is not in the folder"),
        (NESTED, "helper.py:inner", "inner"),
        (NESTED, "outer.<locals>.inner", "Move it to the top level"),
        (TWICE, "segment", "defined"),
        (NUMBA, "fast", "compile"),
    ],
)
def test_functions_that_cannot_be_followed_are_refused(workspace, refused, helper, function, said):
    folder = workspace.method(files={**FILES, "helper.py": helper})
    answer = refused(folder, InvalidInput, track=[function])
    assert said in answer


def test_a_function_in_two_files_must_be_named_with_its_file(workspace, refused):
    folder = workspace.method(files={**FILES, "more.py": "def segment(a=1): pass\n"})
    answer = refused(folder, InvalidInput, track=["segment"])
    assert "helper.py and more.py both have a function segment" in answer
    assert "--track helper.py:segment" in answer
    found = workspace.register(folder, track=["helper.py:segment", "more.py:segment"])
    assert [each.function for each in found.version.declaration.tracked] == [
        "segment",
        "more.segment",
    ]


def test_parameters_that_are_not_there_are_refused(workspace, refused):
    toml = (
        '[method]\nname = "measure"\nmodule = "analysis"\n'
        '[[tracked]]\nfunction = "segment"\nfile = "helper.py"\nparams = ["sigmma"]\n'
        '[inputs.image]\ntype = "file"\n'
    )
    answer = refused(workspace.method(files={**FILES, "method.toml": toml}))
    assert "segment has no parameter 'sigmma' (did you mean 'sigma'?)" in answer


def test_inputs_and_arguments_must_fit(workspace, refused):
    folder = workspace.method()
    answer = refused(folder, inputs=(MethodInput("imge", "file"),))
    assert "input 'imge' is declared" in answer
    assert "did you mean 'image'" in answer
    answer = refused(folder, drop_inputs=("image",))
    assert "argument image of run() has no default and is no declared input" in answer


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../escape.parquet", "no . and no .."),
        ("/etc/passwd", "relative to the folder"),
        ("meta.json", "meta.json"),
        ("inputs/cells.parquet", "inputs"),
        ("a\nb", "line breaks"),
        ("~/x", "~"),
    ],
)
def test_outputs_stay_inside_the_run(workspace, refused, path, said):
    answer = refused(workspace.method(), outputs=(MethodOutput("cells", path),))
    assert "[outputs.cells] path" in answer
    assert said in answer


@pytest.mark.parametrize(
    "name",
    [
        "-rf",
        "--exec=x",
        "a b",
        "a/b",
        "..",
        ".git",
        "a\nb",
        "größe",
        "1st",
        "x" * 101,
        "a;rm",
        "@{u}",
    ],
)
@pytest.mark.parametrize("kind", ["name", "module"])
def test_hostile_names_are_refused(workspace, refused, tmp_path, kind, name):
    source = written(tmp_path / "source", FILES)
    answer = refused(source, InvalidInput, **{"name": "measure", kind: name})
    what = "method" if kind == "name" else "module"
    assert answer.startswith(f"A {what} cannot be called")
    assert "For example: " in answer


def test_a_folder_whose_name_no_method_can_have_may_be_called_so(refused, workspace, tmp_path):
    source = written(tmp_path / "Größe zählen", FILES)
    told = refused(source, InvalidInput, module="cells")
    assert "give the method another name: `--name Grosse_zahlen`" in told
    assert workspace.register(source, module="cells", name="Grosse_zahlen").created


@pytest.mark.parametrize("name", ["data", "Data", "venv", "node_modules", "head"])
@pytest.mark.parametrize("kind", ["name", "module"])
def test_names_of_folders_that_tools_use_are_refused(workspace, refused, tmp_path, kind, name):
    source = written(tmp_path / "source", FILES)
    answer = refused(source, InvalidInput, **{"name": "measure", kind: name})
    assert "cannot be called" in answer


def test_a_folder_with_a_hostile_name_can_be_given_another(workspace, refused, tmp_path):
    source = written(tmp_path / "--upload-pack=touch x;$(id)\n", FILES)
    refused(source, InvalidInput)
    assert workspace.register(source, name="measure").created


def test_files_with_hostile_names_are_only_names(workspace, tmp_path):
    hostile = {"-rf": "a", "--help": "b", ":(top)x": "c", "a b$(id)`id`.txt": "d", "*.py": "e"}
    source = written(tmp_path / "measure", {**FILES, **hostile})
    found = workspace.register(source)
    blobs = workspace.repository.read_blobs(found.version.git_commit_hash, "analysis/measure")
    assert {name: blobs[name].decode() for name in hostile} == hostile


def test_a_name_of_another_module_is_taken(workspace, refused, tmp_path):
    workspace.register(workspace.method())
    answer = refused(written(tmp_path / "measure", FILES), Conflict, module="other")
    assert "The name measure is taken by a method of module analysis" in answer
    assert "--name measure_2" in answer
    # Nothing of the refused one was made.
    assert not (workspace.methods / "other").exists()


def test_a_name_that_differs_by_case_alone_is_refused(workspace, refused, tmp_path):
    workspace.register(workspace.method())
    answer = refused(written(tmp_path / "Measure", FILES), Conflict)
    assert "There is a method measure already; Measure would be the same folder" in answer
    assert not (workspace.methods / "analysis" / "Measure").exists()


def test_inputs_from_modules_that_are_not_there_are_refused(workspace, refused):
    folder = workspace.method()
    given = (MethodInput("image", "upstream", module="imaging"),)
    answer = refused(folder, InvalidInput, inputs=given)
    assert "Input image comes from module imaging, which is not there" in answer
    assert "pm module create imaging" in answer
    create_module(workspace.settings, workspace.store, "imaging")
    assert workspace.register(folder, inputs=given).created


def test_a_method_may_take_results_of_its_own_new_module(workspace):
    given = (MethodInput("image", "upstream", module="analysis"),)
    assert workspace.register(workspace.method(), inputs=given).created


def test_without_a_module_nothing_is_registered(workspace, refused, tmp_path):
    source = written(tmp_path / "measure", FILES)
    answer = refused(source, InvalidInput, module=None)
    assert "Which module does measure belong to?" in answer


def test_a_folder_of_the_workspace_keeps_its_place(workspace, refused):
    folder = workspace.method()
    assert "it cannot be registered as" in refused(folder, InvalidInput, name="other")
    assert "it cannot be registered as" in refused(folder, InvalidInput, module="other")


def test_folders_that_are_no_method_are_refused(workspace, refused, tmp_path):
    folder = workspace.method()
    with pytest.raises(NotFound, match="does not exist"):
        workspace.register(tmp_path / "nowhere")
    with pytest.raises(NotFound, match="is a file"):
        workspace.register(folder / "run.py")
    assert "holds the methods repository" in refused(workspace.root, InvalidInput)
    assert "not a method's folder" in refused(folder.parent, InvalidInput)
    (folder / "sub").mkdir()
    assert "not a method's folder" in refused(folder / "sub", InvalidInput)


def test_a_link_out_of_the_folder_is_refused(workspace, refused, tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    folder = workspace.method()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert "link.txt: is a link out of the method's folder" in refused(folder)


def test_a_repository_inside_the_folder_is_refused(workspace, refused):
    folder = workspace.method()
    workspace.git("init", "-q", str(folder / "vendored"))
    written(folder / "vendored", {"x.py": ""})
    assert "git repository of its own" in refused(folder, InvalidInput)


def test_a_broken_method_toml_is_refused_by_table_and_key(workspace, refused):
    toml = '[method]\nname = "measure"\n[inputs.image]\ntyp = "file"\n'
    answer = refused(workspace.method(files={**FILES, "method.toml": toml}), Problems)
    assert "[method] module is missing" in answer
    assert "[inputs.image] has an unknown key 'typ'" in answer


def test_a_method_without_settings_is_registered(workspace):
    run = "def run(image, output_dir):\n    (output_dir / 'a.txt').write_text('x')\n"
    found = workspace.register(workspace.method(files={"run.py": run}))
    assert found.version.declaration.tracked == ()


def test_a_workspace_without_methods_repository_says_what_mends_it(workspace):
    folder = workspace.method()
    hidden = workspace.root / "hidden"
    (workspace.methods / ".git").rename(hidden)
    with pytest.raises(NotFound, match="not inside a git repository") as raised:
        workspace.register(folder)
    assert "pm init" in raised.value.hint
    hidden.rename(workspace.methods / ".git")


def test_pixi_files_must_be_two(workspace, refused, tmp_path):
    environment = written(tmp_path / "env", {"pixi.toml": "[workspace]\n"})
    answer = refused(workspace.method(), NotFound, pixi_from=environment)
    assert "has no pixi.lock" in answer
    assert RUN
