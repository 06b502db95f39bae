"""Preparing a version in the method's interpreter: what is found, refused, written and moved."""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from .runner_harness import PREPARE, Bench

HELPER = "def f(i, t=1): return t\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def refused(bench: Bench, files: dict[str, str | bytes], tracked: Any) -> str:
    _, answer = bench.prepare(bench.method(files), [tracked])
    assert answer["found"] == []
    (only,) = answer["refused"]
    return f"{only['qualname']} {only['reason']}. {only['suggestion']}"


@pytest.mark.parametrize(
    ("files", "tracked", "words"),
    [
        ({"run.py": ""}, "helper.py:f", "is in a file that the version does not contain"),
        ({"helper.py": "def f(:"}, "helper.py:f", "Python cannot read"),
        ({"helper.py": "f = lambda: 1"}, "helper.py:f", "is a lambda"),
        ({"helper.py": HELPER, "helper/__init__.py": ""}, "helper.py:f", "because helper comes"),
        (
            {"helper.py": HELPER, "helper.abi3.so": b""},
            "helper.py:f",
            "helper.abi3.so comes before",
        ),
        ({"x.py": ""}, "../x.py:f", "does not contain"),
        (
            {"helper.py": HELPER},
            {"function": "f", "qualname": "f", "file": "helper.py", "params": ["i", "u"]},
            "has no parameter 'u'; it takes i, t",
        ),
    ],
)
def test_a_function_that_would_not_report_is_refused(
    bench: Bench, files: dict[str, str | bytes], tracked: Any, words: str
) -> None:
    assert words in refused(bench, files, tracked)


def test_a_link_to_a_file_elsewhere_is_refused(bench: Bench) -> None:
    (bench.root / "shared.py").write_text(HELPER)
    method = bench.method({"run.py": ""})
    (method / "helper.py").symlink_to(bench.root / "shared.py")
    code = bench.root / "exported"
    shutil.copytree(method, code, symlinks=True)
    spec = {"tracked": [{"function": "f", "qualname": "f", "file": "helper.py", "params": None}]}
    done = subprocess.run(
        [sys.executable, "-I", str(PREPARE), str(code), json.dumps(spec)],
        capture_output=True,
        text=True,
    )
    assert "is a link to another place" in done.stdout
    assert (bench.root / "shared.py").read_text() == HELPER


def test_refused_and_found_functions_of_one_file_do_not_mind_each_other(bench: Bench) -> None:
    method = bench.method({"helper.py": HELPER + "g = lambda: 1\n"})
    _, answer = bench.prepare(method, ["helper.py:f", "helper.py:g"])
    assert [each["qualname"] for each in answer["found"]] == ["f"]
    assert [each["qualname"] for each in answer["refused"]] == ["g"]
    assert answer["found"][0]["params"] == ["i", "t"]


def test_only_the_chosen_parameters_are_recorded(bench: Bench) -> None:
    chosen = {"function": "f", "qualname": "f", "file": "helper.py", "params": ["t"]}
    ran = bench.run(
        {"helper.py": HELPER, "run.py": "import helper\ndef run(): helper.f(1)\n"}, [chosen]
    )
    assert ran.arrived == [("f", {"t": "1"})]


def test_a_function_may_have_another_name_in_parameters(bench: Bench) -> None:
    named = {"function": "first", "qualname": "f", "file": "helper.py", "params": ["t"]}
    other = {"function": "second", "qualname": "f", "file": "other.py", "params": ["t"]}
    ran = bench.run(
        {
            "helper.py": HELPER,
            "other.py": HELPER,
            "run.py": "import helper, other\ndef run(): return {'t': helper.f(1) + other.f(1)}\n",
        },
        [named, other],
        set={"first.t": "5", "second.t": "7"},
    )
    assert ran.metrics == {"t": 12}
    assert ran.arrived == [("first", {"t": "5"}), ("second", {"t": "7"})]


def test_compiled_files_are_by_hash_and_never_checked_at_every_level(bench: Bench) -> None:
    cache, _ = bench.prepare(bench.method({"helper.py": HELPER}), ["helper.py:f"])
    source = (cache / "helper.py").read_bytes()
    names = sorted(p.name for p in (cache / "__pycache__").glob("helper.*"))
    tag = sys.implementation.cache_tag
    assert names == [f"helper.{tag}.opt-1.pyc", f"helper.{tag}.opt-2.pyc", f"helper.{tag}.pyc"]
    for name in names:
        header = (cache / "__pycache__" / name).read_bytes()[:16]
        assert header[:4] == importlib.util.MAGIC_NUMBER
        assert header[4:8] == b"\x01\0\0\0"
        assert header[8:] == importlib.util.source_hash(source)


def test_the_source_stays_as_written_but_for_one_line(bench: Bench) -> None:
    text = '"""Doc."""\n\nimport os\n\n\ndef f(i, t=1):\n    return t\n'
    cache, _ = bench.prepare(bench.method({"helper.py": text}), ["helper.py:f"])
    before, after = text.split("\n"), (cache / "helper.py").read_text().split("\n")
    assert [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [1]


def test_what_is_added_stands_in_the_line_of_the_def(bench: Bench) -> None:
    text = (
        "@property\n"
        "def f(\n    i,\n    t=1,\n):\n    'Doc.'\n    x = t\n    return [x for _ in [i]]\n"
    )
    cache, _ = bench.prepare(bench.method({"helper.py": text}), ["helper.py:f"])

    def lines(module: CodeType) -> set[int | None]:
        (function,) = [each for each in module.co_consts if isinstance(each, CodeType)]
        assert function.co_firstlineno == 1
        return {line for _, _, line in function.co_lines()}

    compiled = importlib.util.cache_from_source(str(cache / "helper.py"))
    ours = marshal.loads(Path(compiled).read_bytes()[16:])
    bare = compile(text, "helper.py", "exec", dont_inherit=True)
    assert lines(ours) - lines(bare) == {2}
    assert lines(bare) - lines(ours) <= {1}  # where a function begins before its first statement


def test_files_without_tracked_functions_are_untouched(bench: Bench) -> None:
    files: dict[str, str | bytes] = {"helper.py": HELPER, "other.py": "def g(:", "data.bin": b"\0"}
    cache, _ = bench.prepare(bench.method(files), ["helper.py:f"])
    assert (cache / "other.py").read_text() == "def g(:"
    assert (cache / "data.bin").read_bytes() == b"\0"


def test_compiled_files_that_came_along_are_not_believed(bench: Bench) -> None:
    method = bench.method(
        {"helper.py": HELPER, "run.py": "import helper\ndef run(): helper.f(1)\n"}
    )
    stale = method / "__pycache__" / f"helper.{sys.implementation.cache_tag}.pyc"
    stale.parent.mkdir()
    stale.write_bytes(b"nonsense")
    assert bench.run(method, ["helper.py:f"]).arrived == [("f", {"i": "1", "t": "1"})]
    other = method / "__pycache__" / f"other.{sys.implementation.cache_tag}.pyc"
    other.write_bytes(b"nonsense")
    cache, _ = bench.prepare(method, ["helper.py:f"])
    assert not (cache / "__pycache__" / other.name).exists()


def test_read_only_exports_can_be_prepared(bench: Bench) -> None:
    method = bench.method(
        {"helper.py": HELPER, "run.py": "import helper\ndef run(): helper.f(1)\n"}
    )
    (method / "helper.py").chmod(0o444)
    assert bench.run(method, ["helper.py:f"]).arrived == [("f", {"i": "1", "t": "1"})]


def run_prepare(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(PREPARE), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_folder_is_prepared_once(bench: Bench) -> None:
    cache, _ = bench.prepare(bench.method({"helper.py": HELPER}), ["helper.py:f"])
    before = (cache / "helper.py").read_bytes()
    again = run_prepare(str(cache), "{}")
    assert again.returncode == 2
    assert "was prepared before" in again.stderr
    assert (cache / "helper.py").read_bytes() == before


def test_wrong_arguments_are_said(bench: Bench) -> None:
    done = run_prepare()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr


def test_very_long_expressions_can_be_prepared(bench: Bench) -> None:
    long = "x = " + " + ".join(["1"] * 3000) + "\n"
    files: dict[str, str | bytes] = {
        "helper.py": long + HELPER,
        "run.py": "import helper\ndef run(): return {'x': helper.x, 't': helper.f(1)}\n",
    }
    ran = bench.run(files, ["helper.py:f"], set={"f.t": "2"})
    assert ran.metrics == {"x": 3000, "t": 2}


def test_the_folder_of_the_project_does_not_leak_into_the_method(bench: Bench) -> None:
    code = "import sys\ndef run():\n    return {'found': ' '.join(sys.path), 'argv': sys.argv[0]}\n"
    ran = bench.run({"run.py": code}, environ={"PATH": os.environ["PATH"]})
    path = ran.metrics["found"].split(" ")
    assert path[0] == str(ran.code_dir)
    assert str(PREPARE.parent) not in path
    assert ran.metrics["argv"] == str(ran.code_dir / "run.py")
