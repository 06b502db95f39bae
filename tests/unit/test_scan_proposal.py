"""Declarations proposed from code, fitted to code, and when a version is new."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from pm_kernel.domain.methods import (
    Declaration,
    MethodInput,
    MethodOutput,
    TrackedFunction,
    from_json,
    to_json,
)
from pm_kernel.errors import NotFound, Problems
from pm_kernel.scan import (
    MethodScan,
    fit,
    likely_read,
    propose,
    read_folder,
    scan_method,
    semantic_hash,
)

RUN = """
    from pathlib import Path
    import helper

    def run(image: Path, tables, sample: str, raw_csv, thresholds: list[float],
            tables_labels=None, n_bins: int = 10, output_dir="./output"):
        '''Measure the cells.

        Args:
            image: One field of view.
        '''
        out = Path(output_dir)
        plots = out / "plots"
        plots.mkdir(exist_ok=True)
        cells = helper.segment(image, sigma=2.0)
        (out / "tiles").mkdir()
        for i in range(3):
            cells.to_csv(out / "parts" / f"part_{i}.csv")
        cells.plot().savefig(plots / "umap.png")
        helper.save(cells, output_dir)
        return {"n": len(cells)}
"""
HELPER = """
    import os

    def segment(image, sigma=1.0, threshold=0.5):
        '''Find nuclei.'''

    def save(cells, output_dir):
        cells.to_parquet(os.path.join(output_dir, "cells.parquet"))
        open(f"{output_dir}/summary.json", "w")

    def unused(x=1): ...
"""


def scan(run: str = RUN, helper: str = HELPER, **others: str) -> MethodScan:
    sources = {"run": run, "helper": helper} | others
    return scan_method({f"{name}.py": dedent(text).encode() for name, text in sources.items()})


def test_a_declaration_is_proposed_from_run_and_what_it_calls():
    found = propose(scan(), Path("/x/My method"), "measurement")
    assert (found.name, found.module, found.entry) == ("My_method", "measurement", "function")
    assert found.description == "Measure the cells."
    assert [(i.name, i.type, i.value_type, i.gather) for i in found.inputs] == [
        ("image", "file", None, False),
        ("tables", "upstream", None, True),
        ("sample", "value", "str", False),
        ("raw_csv", "file", None, False),
        ("thresholds", "list", "float", False),
    ]
    assert found.inputs[0].description == "One field of view."
    assert {(o.name, o.path, o.type) for o in found.outputs} == {
        ("cells", "cells.parquet", "table"),
        ("summary", "summary.json", "json"),
        ("umap", "plots/umap.png", "image"),
        ("part", "parts/part_*.csv", "table"),
        ("tiles", "tiles/", "directory"),
    }
    assert found.expected() == {
        "segment.sigma": "2.0",
        "segment.threshold": "0.5",
        "run.n_bins": "10",
    }


def test_what_is_proposed_fits():
    found = scan()
    assert fit(found, propose(found, "m", "mod")).problems == ()


def test_a_script_is_proposed_with_its_options():
    found = scan(
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--input")
        parser.add_argument("--sample", required=True)
        parser.add_argument("--output", default="output.parquet")
        parser.add_argument("--threshold", type=float, default=0.5)
        parser.parse_args()
        """,
        helper="",
    )
    proposed = propose(found, "m", "mod")
    assert proposed.entry == "script"
    assert [(i.name, i.type, i.required) for i in proposed.inputs] == [
        ("input", "upstream", False),
        ("sample", "value", True),
    ]
    assert [(o.name, o.path) for o in proposed.outputs] == [("output", "output.parquet")]
    assert proposed.expected() == {"run.threshold": "0.5"}
    fitted = fit(found, proposed)
    assert fitted.problems == ()
    assert fitted.arguments.outputs == (("output", "output"),)


def test_functions_of_one_name_in_two_files_get_two_names():
    found = scan(
        "import a, b\ndef run(output_dir):\n  a.f(1)\n  b.f(2)\n",
        a="def f(x, t=1): ...",
        b="def f(x, t=2): ...",
    )
    names = {t.function: t.file for t in propose(found, "m", "mod").tracked}
    assert names == {"a.f": "a.py", "b.f": "b.py"}


def test_a_folder_without_run_still_gets_a_proposal():
    found = scan_method({"helper.py": b"def f(x=1): ..."})
    assert propose(found, "1/..", "mod").inputs == ()


DECLARED = Declaration(
    name="m",
    module="mod",
    tracked=(TrackedFunction("segment", "segment", "helper.py"),),
    inputs=(
        MethodInput("image", "file"),
        MethodInput("tables", "upstream", gather=True),
        MethodInput("sample", "value"),
        MethodInput("raw_csv", "file"),
        MethodInput("thresholds", "list"),
    ),
)


def problems(declaration: Declaration, found: MethodScan | None = None) -> list[str]:
    return [each.message for each in fit(found or scan(), declaration).problems]


def test_arguments_of_run_are_sorted_into_inputs_labels_folder_and_parameters():
    arguments = fit(scan(), DECLARED).arguments
    assert arguments.inputs == ("image", "tables", "sample", "raw_csv", "thresholds")
    assert arguments.labels == ("tables",)
    assert arguments.output_dir == "output_dir"
    assert [param.name for param in arguments.params] == ["n_bins"]


def test_an_argument_that_nobody_fills_is_a_problem():
    missing = replace(DECLARED, inputs=DECLARED.inputs[1:])
    (said,) = problems(missing)
    assert "argument image of run()" in said


def test_an_input_that_run_does_not_take_is_a_problem_with_a_suggestion():
    wrong = replace(DECLARED, inputs=(*DECLARED.inputs, MethodInput("imagee", "file")))
    assert "'imagee' is declared" in problems(wrong)[0]
    assert "did you mean 'image'" in problems(wrong)[0]
    anything = scan("def run(**inputs): ...")
    assert problems(wrong, anything) == []


def test_an_optional_input_needs_a_default():
    inputs = (replace(DECLARED.inputs[0], required=False), *DECLARED.inputs[1:])
    assert "needs a default" in problems(replace(DECLARED, inputs=inputs))[0]


@pytest.mark.parametrize(
    ("tracked", "said"),
    [
        (TrackedFunction("segmentt", "segmentt", "helper.py"), "did you mean 'segment'"),
        (TrackedFunction("segment", "segment", "run.py"), "It is in helper.py"),
        (TrackedFunction("f", "f", "gone.py"), "not in the folder"),
        (TrackedFunction("save", "save", "helper.py"), "no settings"),
        (TrackedFunction("s", "segment", "helper.py", selected=("sigmaa",)), "'sigma'"),
        (TrackedFunction("f", "outer.<locals>.f", "nested.py"), "inside another function"),
    ],
)
def test_a_tracked_function_that_is_not_there_is_a_problem(tracked: TrackedFunction, said: str):
    found = scan(nested="def outer():\n  def f(x=1): ...\n")
    assert said in problems(replace(DECLARED, tracked=(tracked,)), found)[0]


def test_chosen_parameters_are_recorded_and_no_others():
    tracked = (TrackedFunction("segment", "segment", "helper.py", selected=("image", "sigma")),)
    fitted = fit(scan(), replace(DECLARED, tracked=tracked)).checked()
    assert [param.name for param in fitted.tracked[0].params] == ["image", "sigma"]


def test_source_that_cannot_be_read_is_a_problem_of_the_declaration_too():
    found = scan(broken="def f(:")
    fitted = fit(found, DECLARED)
    assert "broken.py:1" in fitted.problems[0].message
    with pytest.raises(Problems):
        fitted.checked()


def test_an_entry_of_another_kind_is_a_problem():
    assert "entry = 'function'" in problems(replace(DECLARED, entry="script"))[0]


def test_a_declaration_survives_json():
    declaration = propose(scan(), "m", "mod")
    assert from_json(to_json(declaration)) == declaration
    assert from_json({"name": "m", "module": "x", "later": 1}) == Declaration("m", "x")


FILES = {"run.py": b"def run(): ...\n", "helper.py": b"x = 1\n", "table.csv": b"1\n"}


def test_the_same_code_declaration_and_environment_are_the_same_version():
    again = replace(DECLARED, description="better words")
    described = tuple(replace(each, description="help") for each in again.inputs)
    again = replace(again, inputs=described)
    files = {**dict(reversed(FILES.items())), "method.toml": b"x", "pixi.lock": b"y"}
    fitted = fit(scan(), again).declaration
    first = semantic_hash(FILES, DECLARED, b"lock")
    assert semantic_hash(files, again, b"lock") == first
    assert semantic_hash(files, fitted, b"lock") == first


@pytest.mark.parametrize(
    ("files", "declaration", "lock"),
    [
        ({**FILES, "helper.py": b"x = 1  # comment\n"}, DECLARED, b"lock"),
        ({**FILES, "table.csv": b"2\n"}, DECLARED, b"lock"),
        ({**FILES, "new.py": b""}, DECLARED, b"lock"),
        ({"run.py": FILES["run.py"], "helper.py": b"x = 1\n1\n", "t.csv": b""}, DECLARED, b"lock"),
        (FILES, replace(DECLARED, inputs=DECLARED.inputs[:-1]), b"lock"),
        (FILES, replace(DECLARED, tracked=()), b"lock"),
        (FILES, replace(DECLARED, outputs=(MethodOutput("o", "o.csv"),)), b"lock"),
        (FILES, DECLARED, b"other lock"),
        (FILES, DECLARED, None),
    ],
)
def test_any_difference_that_matters_is_a_new_version(files, declaration, lock):
    assert semantic_hash(files, declaration, lock) != semantic_hash(FILES, DECLARED, b"lock")


def test_ignored_files_that_the_code_mentions_are_named():
    found = scan(helper="a = open('data/lookup.csv')\nb = 'model.joblib'\n")
    ignored = ["data/", "model.joblib", "sub/lookup.csv", "scratch.h5", "cache/"]
    assert likely_read(found, ignored) == ("data/", "model.joblib", "sub/lookup.csv")


def test_a_folder_is_read_without_caches_and_without_leaving_it(tmp_path: Path):
    folder = tmp_path / "method"
    (folder / "sub").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / ".pixi").mkdir()
    (folder / "run.py").write_text("def run(): ...")
    (folder / "sub" / "mod.py").write_text("x = 1")
    (folder / "pixi.toml").write_text("[workspace]")
    (folder / "table.csv").write_text("1")
    (folder / ".pixi" / "x.py").write_text("x = 1")
    (folder / "__pycache__" / "x.pyc").write_text("x")
    (tmp_path / "outside.py").write_text("secret = 1")
    (folder / "linked.py").symlink_to(tmp_path / "outside.py")
    (folder / "inside.py").symlink_to("sub/mod.py")
    (folder / "gone.py").symlink_to("nowhere")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe.py")
    (folder / "huge.py").write_bytes(b"x = 1\n" * 1_000_000)
    read = read_folder(folder)
    assert set(read.files) == {"run.py", "sub/mod.py", "inside.py", "pixi.toml", "huge.py"}
    assert "table.csv" in read.names
    said = {each.file: each.message for each in read.problems}
    assert set(said) == {"linked.py", "gone.py", "loop", "pipe.py"}
    assert "out of the method's folder" in said["linked.py"]
    assert "MB of source" in str(scan_method(read.files).errors()[0])


def test_a_file_whose_name_is_no_text_is_named_and_left_out(tmp_path: Path):
    (tmp_path / "run.py").write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("x = 1")
    (tmp_path / "line\nbreak.py").write_text("x = 1")
    read = read_folder(tmp_path)
    assert set(read.files) == {"run.py"}
    assert [each.file for each in read.problems] == ["caf\\udce9.py", "line\\nbreak.py"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(NotFound, match="nothing"):
        read_folder(tmp_path / "nothing")
