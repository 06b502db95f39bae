"""The `pm` command itself: what it finds, what it imports, how it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pm_kernel.cli import main as command_line
from pm_kernel.cli.main import COMMANDS, RECORDING, main
from pm_kernel.cli.options import GlobalOptions, split
from pm_kernel.errors import NotFound, UsageError

ROOT = Path(__file__).parents[2]
HEAVY = ("argparse", "pathlib", "sqlalchemy", "psycopg", "rich", "json", "typing")


def add(monkeypatch, name, function, *, recording=False):
    """Put a command of the test's own into the table."""
    module = type(sys)("commands_of_a_test")
    module.main = function
    monkeypatch.setitem(sys.modules, "commands_of_a_test", module)
    if recording:
        monkeypatch.setitem(RECORDING, name, "commands_of_a_test:main")
    else:
        monkeypatch.setitem(COMMANDS, name, ("commands_of_a_test:main", "a test"))


@pytest.fixture(autouse=True)
def state_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_recording_command_gets_its_words_as_typed(monkeypatch):
    seen = []
    add(monkeypatch, "register_run", lambda argv: seen.append(argv) or 0, recording=True)
    assert main(["register_run", "--planned", "3", "--json", "-w", "x"]) == 0
    assert seen == [["--planned", "3", "--json", "-w", "x"]]


def test_a_recording_command_is_reached_without_importing_anything_heavy():
    # A module in its place that says what has been imported when it is called.
    program = f"""
import sys
from pm_kernel.cli import main
before = set(sys.modules)
def told(argv):
    print(sorted(set({HEAVY!r}) & (set(sys.modules) - at_start)))
    return 0
import types
module = types.ModuleType("told"); module.main = told
sys.modules["told"] = module
main.RECORDING["register_run"] = "told:main"
main.main(["register_run"])
"""
    # -S -E: nothing but what Python itself needs has been imported before.
    result = subprocess.run(
        [sys.executable, "-S", "-E", "-c", f"import sys; at_start = set(sys.modules){program}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


def test_an_ordinary_command_gets_what_follows_it_and_the_global_options(monkeypatch):
    seen = []

    def command(argv, context):
        seen.append((argv, context.json, context.named_workspace))
        return 5

    add(monkeypatch, "plan show", command)
    assert main(["-w", "/somewhere", "plan", "show", "12", "--json", "--wide"]) == 5
    assert seen == [(["12", "--wide"], True, Path("/somewhere"))]


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        (["runs"], GlobalOptions(), ["runs"]),
        (["--json", "runs"], GlobalOptions(json=True), ["runs"]),
        (["runs", "-w", "d", "-h"], GlobalOptions(workspace="d"), ["runs", "-h"]),
        (["--workspace=d", "runs"], GlobalOptions(workspace="d"), ["runs"]),
        (["-h", "runs"], GlobalOptions(help=True), ["runs"]),
        (["--version"], GlobalOptions(version=True), []),
        (["run", "m", "--version", "3"], GlobalOptions(), ["run", "m", "--version", "3"]),
        (["run", "--", "--json", "-w"], GlobalOptions(), ["run", "--", "--json", "-w"]),
    ],
)
def test_global_options_are_found_wherever_they_stand(words, options, rest):
    assert split(words) == (options, rest)


def test_version_goes_to_standard_output(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pm ")


def test_help_lists_every_command(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out
    for name in COMMANDS:
        assert name in listed


def test_help_of_a_group_lists_its_commands_only(capsys):
    assert main(["db", "--help"]) == 0
    listed = capsys.readouterr().out
    assert "db backup" in listed
    assert "lineage" not in listed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lineag", "3"], "Did you mean `pm lineage`?"),
        (["db", "bakup"], "Did you mean `pm db backup`?"),
        (["db"], "needs one of: status, start"),
        (["--colour"], "pm has no option --colour."),
        (["-w"], "-w needs the folder of a workspace."),
    ],
)
def test_a_mistyped_command_is_told_what_was_probably_meant(words, told, capsys):
    assert main(words) == UsageError.exit_code
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_an_error_says_what_and_what_next_and_ends_with_its_own_code(monkeypatch, capsys):
    def command(argv, context):
        raise NotFound("There is no run 9.", hint="`pm runs` shows the runs.")

    add(monkeypatch, "verify", command)
    assert main(["verify"]) == NotFound.exit_code
    captured = capsys.readouterr()
    assert captured.err == "pm: There is no run 9.\n  `pm runs` shows the runs.\n"
    assert captured.out == ""


def test_an_error_cannot_send_escape_sequences_to_the_terminal(monkeypatch, capsys):
    def command(argv, context):
        raise NotFound("There is no method \x1b]0;owned\x07.")

    add(monkeypatch, "verify", command)
    main(["verify"])
    assert capsys.readouterr().err == "pm: There is no method \\x1b]0;owned\\x07.\n"


def fails_unexpectedly(argv, context):
    raise ZeroDivisionError("of all things")


def test_an_unexpected_error_is_one_line_and_its_traceback_is_kept(monkeypatch, capsys, state_dir):
    add(monkeypatch, "verify", fails_unexpectedly)
    assert main(["verify"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "pm: an unexpected error, ZeroDivisionError: of all things"
    (kept,) = (state_dir / "errors").iterdir()
    assert str(kept) in told[1]
    assert "fails_unexpectedly" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_debug_shows_the_traceback_instead(monkeypatch, capsys, state_dir):
    add(monkeypatch, "verify", fails_unexpectedly)
    assert main(["verify", "--debug"]) == 1
    assert "fails_unexpectedly" in capsys.readouterr().err
    assert not state_dir.exists()


def test_the_traceback_is_shown_where_it_cannot_be_kept(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "file"))
    add(monkeypatch, "verify", fails_unexpectedly)
    assert main(["verify"]) == 1
    assert "fails_unexpectedly" in capsys.readouterr().err


def test_an_interrupt_ends_with_the_shells_code_for_it(monkeypatch, capsys):
    def command(argv, context):
        raise KeyboardInterrupt

    add(monkeypatch, "verify", command)
    assert main(["verify"]) == 130
    assert capsys.readouterr().err == "\npm: stopped\n"


def test_a_reader_that_has_enough_is_no_error():
    # `yes`-like: more than a pipe holds, to a reader that closes at once.
    program = """
import sys, types
from pm_kernel.cli import main
def talk(argv, context):
    for number in range(100000):
        context.output.text(f"line {number}")
    return 0
module = types.ModuleType("talk"); module.main = talk
sys.modules["talk"] = module
main.COMMANDS["verify"] = ("talk:main", "")
sys.exit(main.main(["verify"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 141
    assert told == ""


def test_notes_that_nobody_reads_leave_the_exit_code_as_it_is():
    program = """
import contextlib, sys, types
from pm_kernel.cli import main
def talk(argv, context):
    with contextlib.suppress(OSError):
        context.output.note("beside the answer")
    context.output.text("the answer")
    return 0
module = types.ModuleType("talk"); module.main = talk
sys.modules["talk"] = module
main.COMMANDS["verify"] = ("talk:main", "")
sys.exit(main.main(["verify"]))
"""
    # Where nothing is buffered there is nothing to flush at the end.
    buffered = {key: text for key, text in os.environ.items() if key != "PYTHONUNBUFFERED"}
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=buffered, stdout=subprocess.PIPE, stderr=writing, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (ended.returncode, ended.stdout) == (0, b"the answer\n")


def test_a_command_of_another_build_is_named(monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "verify", ("pm_kernel.cli.not_there:main", "a test"))
    assert main(["verify"]) == 7
    assert "`pm verify` is not available: this build has no pm_kernel.cli.not_there." in (
        capsys.readouterr().err
    )


def test_a_missing_package_of_somebody_elses_is_not_mistaken_for_a_missing_command(
    monkeypatch, capsys
):
    def command(argv, context):
        import_module("no_such_package_of_somebody")

    add(monkeypatch, "verify", command)
    assert main(["verify"]) == 1
    assert "No module named 'no_such_package_of_somebody'" in capsys.readouterr().err


def exists(target):
    place, _, function = target.partition(":")
    if not (ROOT / f"{place.replace('.', '/')}.py").exists():
        return False
    return callable(getattr(import_module(place), function, None))


def test_every_command_of_the_table_exists():
    targets = {**RECORDING, **{name: target for name, (target, _) in COMMANDS.items()}}
    assert [name for name, target in targets.items() if not exists(target)] == []


def test_the_module_runs_as_a_program_too():
    result = subprocess.run(
        [sys.executable, "-m", "pm_kernel.cli.main", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert result.stdout.startswith("pm ")


def test_the_table_names_modules_of_this_package_only():
    assert all(target.startswith("pm_kernel.cli.") for target, _ in COMMANDS.values())
    assert command_line.__name__ == "pm_kernel.cli.main"
