"""Prepared files that somebody compiles from source: noticed, and the run fails for that reason."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .runner_harness import Bench, interpreters

HELPER = """\
import os

def segment(image, t=0.5):
    return image, t

if __name__ == "__main__":
    print(segment(1))
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def run_py(body: str) -> dict[str, str]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    head = "import importlib.util, os, runpy, subprocess, sys\nhere = os.path.dirname(__file__)\n"
    return {"helper.py": HELPER, "run.py": f"{head}\ndef run():\n{lines}"}


@pytest.mark.parametrize(
    "body",
    [
        "subprocess.check_call([sys.executable, os.path.join(here, 'helper.py')])",
        "subprocess.check_call([sys.executable, '-I', 'helper.py'], cwd=here, env={})",
        "runpy.run_path(os.path.join(here, 'helper.py'))",
        "code = 'import helper; helper.segment(2)'\n"
        "env = {'PYTHONPYCACHEPREFIX': os.getcwd()}\n"
        "subprocess.check_call([sys.executable, '-c', code], cwd=here, env=env)",
        "path = os.path.join(here, 'helper.py')\n"
        "exec(compile(open(path).read(), path, 'exec'), {'__file__': path, '__name__': 'x'})",
        "exec(open(os.path.join(here, 'helper.py')).read(), {'__name__': 'x'})",
    ],
    ids=["script", "isolated script", "run_path", "cache prefix", "exec", "exec without a file"],
)
def test_a_tracked_file_run_from_source_fails_the_run_and_says_why(bench: Bench, body: str) -> None:
    ran = bench.run(run_py(body), ["helper.py:segment"])
    assert ran.exit_code == 1
    assert ran.report is not None
    assert ran.report["outcome"] == "raised"
    assert "was run from its source" in ran.report["error"]["message"]
    assert "was run from its source" in ran.log


def test_the_message_names_the_file_and_the_way_out(bench: Bench) -> None:
    body = "subprocess.check_call([sys.executable, os.path.join(here, 'helper.py')])"
    ran = bench.run(run_py(body), ["helper.py:segment"])
    assert ran.report is not None
    message = ran.report["error"]["message"]
    assert message.startswith("helper.py was run from its source by `helper.py`")
    assert "`python -m helper`" in message


def test_a_child_that_runs_source_after_run_returned_still_fails_the_run(bench: Bench) -> None:
    body = (
        "import atexit\n"
        "command = [sys.executable, os.path.join(here, 'helper.py')]\n"
        "atexit.register(lambda: subprocess.check_call(command))"
    )
    ran = bench.run(run_py(body), ["helper.py:segment"])
    assert ran.exit_code == 1
    assert ran.report is not None
    assert ran.report["exit_code"] == 1


def test_an_own_error_is_not_hidden_by_the_source_notice(bench: Bench) -> None:
    body = (
        "subprocess.check_call([sys.executable, os.path.join(here, 'helper.py')])\n"
        "raise ValueError('mine')"
    )
    ran = bench.run(run_py(body), ["helper.py:segment"])
    assert ran.report is not None
    assert ran.report["error"]["type"] == "ValueError"


def test_files_without_tracked_functions_may_be_run_as_scripts(bench: Bench) -> None:
    files = run_py("subprocess.check_call([sys.executable, os.path.join(here, 'tool.py')])")
    files["tool.py"] = "import helper\nhelper.segment(3)\n"
    ran = bench.run(files, ["helper.py:segment"], set={"segment.t": "2"})
    assert ran.exit_code == 0, ran.log
    assert ran.arrived == [("segment", {"image": "3", "t": "2"})]


@pytest.mark.skipif(not interpreters(), reason="only one Python is installed here")
def test_another_interpreter_is_noticed(bench: Bench) -> None:
    other = interpreters()[0]
    body = (
        "code = 'import helper; helper.segment(2)'\n"
        f"subprocess.check_call([{other!r}, '-c', code], cwd=here)"
    )
    ran = bench.run(run_py(body), ["helper.py:segment"])
    assert ran.exit_code == 1
    assert ran.report is not None
    assert "was run from its source" in ran.report["error"]["message"]


def test_the_runner_looks_beside_the_code_whatever_the_cache_prefix_is(bench: Bench) -> None:
    environ = {"PYTHONPYCACHEPREFIX": str(bench.root / "elsewhere")}
    ran = bench.run(
        {"helper.py": HELPER, "run.py": "import helper\ndef run(): helper.segment(1)\n"},
        ["helper.py:segment"],
        environ=environ,
    )
    assert ran.exit_code == 0, ran.log
    assert ran.arrived == [("segment", {"image": "1", "t": "0.5"})]


def test_a_copy_of_the_source_taken_elsewhere_runs_in_silence(bench: Bench, tmp_path: Path) -> None:
    cache, _ = bench.prepare(bench.method({"helper.py": HELPER}), ["helper.py:segment"])
    shutil.copy(cache / "helper.py", tmp_path / "mine.py")
    done = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(1, 0.5)\n", "")
    assert not (tmp_path / ".pm").exists()


def test_prepared_code_without_a_run_behaves_as_written(bench: Bench) -> None:
    cache, _ = bench.prepare(bench.method({"helper.py": HELPER}), ["helper.py:segment"])
    done = subprocess.run(
        [sys.executable, "-c", "import helper; print(helper.segment(1))"],
        cwd=cache,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "(1, 0.5)\n", "")
