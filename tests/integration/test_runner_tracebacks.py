"""Errors as the log and the report show them: the user's code, from its first line on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pm_kernel.running.task import PathInput

from .runner_harness import Bench, interpreters

HELPER = '''"""Helper."""

import math


class Worse(ValueError):
    pass


def segment(image, t=0.5):
    """Segment."""
    try:
        return math.sqrt(t)
    except ValueError as error:
        raise Worse("t is %s" % t) from error


def outer(t):
    return [segment(None, t=each) for each in [t]]
'''
RUN = "import helper\n\ndef run(t=-1.0):\n    return {'x': helper.outer(t)}\n"


@pytest.fixture(params=[sys.executable, *interpreters()])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path, request.param)


def test_a_traceback_is_the_one_that_python_alone_prints(bench: Bench, tmp_path: Path) -> None:
    ran = bench.run({"helper.py": HELPER, "run.py": RUN}, ["helper.py:segment", "run.py:run"])
    bare = bench.method({"helper.py": HELPER, "run.py": RUN})
    code = "import run; run.run()"
    alone = subprocess.run([bench.python, "-c", code], cwd=bare, capture_output=True, text=True)
    # All but the frame that stands for us, with or without its line.
    expected = re.sub(r'  File "<string>".*\n(?:    .*\n)*', "", alone.stderr)
    expected = expected.replace(str(bare), str(ran.code_dir))
    assert ran.log == expected
    assert ran.exit_code == 1
    assert ran.report is not None
    assert ran.report["error"] == {
        "type": "Worse",
        "message": "t is -1.0",
        "traceback_last_user_line": "helper.py:15",
    }


def test_no_line_that_a_traceback_shows_has_more_in_it_than_the_user_wrote(bench: Bench) -> None:
    # There is no blank line: ours shares one with the first statement.
    helper = "import nowhere.to_be_found as x; y = 1\ndef segment(t=1):\n    return t\n"
    run = "def run():\n    try:\n        import helper\n"
    for raised in ("    except OSError: pass\n", "    except ImportError: 1 / 0\n"):
        ran = bench.run({"helper.py": helper, "run.py": run + raised}, ["helper.py:segment"])
        assert "    import nowhere.to_be_found as x; y = 1\n" in ran.log
        assert "_pm_" not in ran.log
        assert ran.log.count("Traceback (most recent call last):") == 1 + ("1 / 0" in raised)


def test_lines_of_the_users_code_are_found_where_the_run_has_its_copy(bench: Bench) -> None:
    ran = bench.run({"helper.py": HELPER, "run.py": RUN}, ["helper.py:segment"])
    files = re.findall(r'File "([^"]+)"', ran.log)
    assert set(files) == {str(ran.code_dir / "run.py"), str(ran.code_dir / "helper.py")}
    assert 'raise Worse("t is %s" % t) from error' in ran.log


@pytest.mark.parametrize(
    ("files", "kind", "line"),
    [
        ({"run.py": "import nowhere\ndef run(): pass\n"}, "ModuleNotFoundError", "run.py:1"),
        (
            {"run.py": "\nimport helper\ndef run(): pass\n", "helper.py": "import nowhere\n"},
            "ModuleNotFoundError",
            "helper.py:1",
        ),
        ({"run.py": "x = 1\ndef run(:\n    pass\n"}, "SyntaxError", "run.py:2"),
        (
            {"run.py": "import helper\ndef run(): pass\n", "helper.py": "\n\nif\n"},
            "SyntaxError",
            "helper.py:3",
        ),
        ({"run.py": "from json import nothing\n"}, "ImportError", "run.py:1"),
        (
            {"run.py": "def run():\n    import json\n    json.loads('{')\n"},
            "JSONDecodeError",
            "run.py:3",
        ),
    ],
)
def test_errors_while_loading_start_at_the_users_code(
    bench: Bench, files: dict[str, str], kind: str, line: str
) -> None:
    ran = bench.run(files)
    assert ran.exit_code == 1
    assert ran.report is not None
    assert ran.report["error"]["type"] == kind
    assert ran.report["error"]["traceback_last_user_line"] == line
    shown = re.findall(r'File "([^"]+)"', ran.log)
    assert shown[0].startswith(str(ran.code_dir))
    assert "_pm_" not in ran.log
    assert "importlib" not in ran.log


def test_the_users_own_hook_for_exceptions_is_used(bench: Bench) -> None:
    code = (
        "import sys\n"
        "sys.excepthook = lambda kind, error, trace: print('mine:', error, trace.tb_lineno)\n"
        "def run():\n    raise ValueError('no')\n"
    )
    assert bench.run({"run.py": code}).log == "mine: no 4\n"


def test_a_broken_hook_does_not_hide_the_error(bench: Bench) -> None:
    code = (
        "import sys\nsys.excepthook = lambda *args: 1 / 0\ndef run():\n    raise ValueError('no')\n"
    )
    assert "ValueError: no" in bench.run({"run.py": code}).log


def test_messages_that_no_database_could_store_are_escaped(bench: Bench) -> None:
    code = "def run():\n    raise ValueError('a\\0b\\udc80' + 'x' * 5000)\n"
    ran = bench.run({"run.py": code})
    assert ran.report is not None
    message = ran.report["error"]["message"]
    assert message.startswith("a\\x00b\\udc80xxx")
    assert len(message) < 2100


def test_an_exception_that_cannot_say_what_it_is_still_ends_the_run(bench: Bench) -> None:
    code = (
        "class Bad(Exception):\n    def __str__(self):\n        raise RuntimeError\n"
        "def run():\n    raise Bad\n"
    )
    ran = bench.run({"run.py": code})
    assert ran.report is not None
    assert ran.report["error"]["type"] == "Bad"


def test_a_wrong_input_does_not_show_our_own_frames(bench: Bench, tmp_path: Path) -> None:
    code = "def run(image):\n    return open(image).read()\n"
    ran = bench.run({"run.py": code}, inputs={"image": PathInput(tmp_path / "gone.txt")})
    assert re.findall(r'File "([^"]+)"', ran.log) == [str(ran.code_dir / "run.py")]


def test_a_script_shows_its_own_lines_only(bench: Bench) -> None:
    ran = bench.run({"run.py": "x = 1\nraise ValueError(x)\n"}, kind="script")
    assert ran.log == (
        "Traceback (most recent call last):\n"
        f'  File "{ran.code_dir}/run.py", line 2, in <module>\n'
        "    raise ValueError(x)\n"
        "ValueError: 1\n"
    )
