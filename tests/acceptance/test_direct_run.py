"""``pm run`` as a person types it: to its end, interrupted, killed, and the command after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pm_kernel.running.process import identify, session_members

from ..workbench import Workbench, signals_of_a_terminal

SLEEP = """
import os, time

def run(output_dir):
    print("pid", os.getpid(), flush=True)
    time.sleep(600)
"""


def wait_for(condition: Callable[[], object], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def started(bench: Workbench, *words: str, **options: object) -> tuple[subprocess.Popen[str], int]:
    """Start `pm run` of a method that sleeps; returns it and the method's process."""
    bench.method("sleep", SLEEP)
    pm = bench.start_pm("run", "sleep", *words, **options)
    return pm, runner(bench)


def runner(bench: Workbench) -> int:
    def logs() -> list[Path]:
        return [log for log in bench.runs.glob(".partial/*/run.log") if "pid" in log.read_text()]

    wait_for(logs)
    return int(logs()[0].read_text().split()[1])


def test_a_run_ends_completed_with_its_id_on_stdout(bench: Workbench) -> None:
    bench.method("double")
    done = bench.pm("run", "double")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert "the result is 42" in done.stderr
    assert "pm lineage 1" in done.stderr
    assert bench.run_row(1)["status"] == "completed"
    assert bench.unfinished() == []


def test_an_equal_run_is_taken_and_named_unless_asked_again(bench: Workbench) -> None:
    bench.method("double")
    assert bench.pm("run", "double").stdout == "1\n"
    again = bench.pm("run", "double")
    assert again.stdout == "1\n"
    assert "Run 1 is equal" in again.stderr
    assert bench.pm("run", "double", "--rerun").stdout == "2\n"
    # A default that is set is the same run; another value is not.
    assert bench.pm("run", "double", "--set", "scale.factor=2", "--reuse").stdout == "1\n"
    assert bench.pm("run", "double", "--set", "scale.factor=3").stdout == "3\n"
    assert bench.unfinished() == []


def test_the_answer_as_json(bench: Workbench) -> None:
    bench.method("double")
    done = bench.pm("run", "double", "--json")
    assert json.loads(done.stdout) == {"run_id": 1, "status": "completed", "error": None}
    bench.method("fail", "def run():\n    raise ValueError('no')\n")
    failed = bench.pm("run", "fail", "--json")
    assert failed.returncode == 10
    assert json.loads(failed.stdout) == {
        "run_id": 2, "status": "failed", "error": "ValueError: no (run.py:2)",
    }  # fmt: skip


def test_what_a_person_says_of_a_run_is_kept_with_it(bench: Workbench) -> None:
    bench.method("double")
    bench.pm("run", "double", "--sample", "s1", "--metadata", "round=3", "--notes", "why not",
             "--name", "a look")  # fmt: skip
    row = bench.run_row(1)
    assert (row["sample"], row["metadata"], row["created_by"]) == ("s1", {"round": "3"}, "somebody")
    (plan,) = bench.rows("SELECT name, notes, kind, status FROM execution_plans")
    assert plan == {"name": "a look", "notes": "why not", "kind": "run", "status": "completed"}


# --- stopped --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_run_and_leaves_no_process(
    bench: Workbench, sign: signal.Signals
) -> None:
    pm, pid = started(bench)
    pm.send_signal(sign)
    stdout, stderr = pm.communicate(timeout=300)
    assert (pm.returncode, stdout) == (130, "1\n"), stderr
    assert identify(pid) is None
    assert session_members(pid) == []
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "cancelled"
    assert bench.rows("SELECT status FROM execution_plans") == [{"status": "cancelled"}]
    assert bench.unfinished() == []


def test_a_closed_terminal_does_not_keep_a_run_from_being_cancelled(bench: Workbench) -> None:
    reading, writing = os.pipe()
    bench.method("sleep", SLEEP)
    pm = subprocess.Popen(
        [str(bench.command), "run", "sleep"],
        cwd=bench.root, env=bench.environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=writing, preexec_fn=signals_of_a_terminal,
    )  # fmt: skip
    os.close(writing)
    pid = runner(bench)
    os.close(reading)
    pm.send_signal(signal.SIGHUP)
    pm.wait(60)
    assert identify(pid) is None
    assert bench.run_row(1)["status"] == "cancelled"
    assert bench.unfinished() == []


def test_a_run_goes_on_when_nobody_reads_its_log_any_more(bench: Workbench) -> None:
    chatty = (
        "import time\ndef run():\n    for n in range(200):\n        print('x' * 1000, flush=True)\n"
    )
    bench.method("chatty", chatty)
    reading, writing = os.pipe()
    pm = subprocess.Popen(
        [str(bench.command), "run", "chatty"],
        cwd=bench.root, env=bench.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=writing, text=True,
    )  # fmt: skip
    os.close(writing)
    os.close(reading)
    stdout, _ = pm.communicate(timeout=300)
    assert (pm.returncode, stdout) == (0, "1\n")
    assert bench.run_row(1)["status"] == "completed"


def test_a_run_in_the_background_outlives_the_terminal(bench: Workbench) -> None:
    # As under nohup: the signal was ignored when pm came.
    pm, pid = started(bench, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    pm.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert pm.poll() is None
    assert identify(pid) is not None
    pm.send_signal(signal.SIGTERM)
    pm.communicate(timeout=300)
    assert bench.run_row(1)["status"] == "cancelled"


def test_a_method_that_ignores_the_signal_is_killed(bench: Workbench) -> None:
    stubborn = SLEEP.replace("import os, time", "import os, signal, time").replace(
        "    print(", "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    print("
    )
    bench.method("sleep", stubborn)
    pm = bench.start_pm("run", "sleep")
    pid = runner(bench)
    pm.send_signal(signal.SIGINT)
    pm.communicate(timeout=300)
    assert identify(pid) is None
    assert bench.run_row(1)["status"] == "cancelled"
    assert bench.unfinished() == []


def test_an_impatient_second_signal_ends_pm_and_the_run_at_once(bench: Workbench) -> None:
    stubborn = SLEEP.replace("import os, time", "import os, signal, time").replace(
        "    print(", "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    print("
    )
    bench.method("sleep", stubborn)
    pm = bench.start_pm("run", "sleep")
    pid = runner(bench)
    for _ in range(2):
        pm.send_signal(signal.SIGINT)
        time.sleep(1)
    pm.communicate(timeout=300)
    assert identify(pid) is None
    # What it could not record any more, the next command does.
    bench.pm("runs")
    assert bench.run_row(1)["status"] == "cancelled"
    assert bench.unfinished() == []


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("runs",), ("runs", "show", "1"), ("plan", "list"), ("log", "1"), ("run", "double"),
     ("method", "list")],
)  # fmt: skip
def test_after_kill_9_the_next_command_ends_what_went_on_alone(
    bench: Workbench, words: tuple[str, ...]
) -> None:
    bench.method("double")
    pm, pid = started(bench)
    pm.kill()
    pm.communicate()
    assert identify(pid) is not None
    bench.pm(*words)
    assert identify(pid) is None
    row = bench.run_row(1)
    assert row["status"] == bench.meta(1)["status"] == "failed"
    assert "is gone; it had not been completed." in row["error"]
    assert "pid" in (bench.final(1) / "run.log").read_text()
    assert bench.rows("SELECT status FROM execution_plans ORDER BY id LIMIT 1") == [
        {"status": "failed"}
    ]
    assert bench.unfinished() == []


def test_a_run_that_is_alive_is_left_alone_by_other_commands(bench: Workbench) -> None:
    pm, pid = started(bench)
    assert bench.pm("runs").returncode == 0
    assert identify(pid) is not None
    assert bench.run_row(1)["status"] == "running"
    pm.send_signal(signal.SIGINT)
    pm.communicate(timeout=300)


# --- a person's word ------------------------------------------------------------------------------


def test_a_person_can_say_that_a_run_on_a_lost_machine_is_dead(bench: Workbench) -> None:
    pm, pid = started(bench)
    alive = bench.pm("runs", "fail", "1", "--reason", "I think so")
    assert alive.returncode == 4
    assert f"its process {pm.pid} runs on this machine" in alive.stderr
    pm.kill()
    pm.communicate()
    bench.execute("UPDATE runs SET host = 'lost-node'")
    assert bench.pm("runs").returncode == 0
    assert bench.run_row(1)["status"] == "running"
    done = bench.pm("runs", "fail", "1", "--reason", "node 12 burnt")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert bench.run_row(1)["error"] == ("somebody said: node 12 burnt; it had not been completed.")
    assert identify(pid) is None
    assert bench.unfinished() == []
    again = bench.pm("runs", "fail", "1", "--reason", "twice")
    assert (again.returncode, "it is failed" in again.stderr) == (4, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("7", "--reason", "x"), 3, "There is no run 7"),
        (("1",), 2, "--reason"),
        (("1", "--reason", "  "), 5, "--reason must say how you know"),
        (("one", "--reason", "x"), 2, "'one' is no number of a run; `pm runs` shows them"),
    ],
)
def test_a_person_s_word_needs_a_run_and_a_reason(
    bench: Workbench, words: tuple[str, ...], code: int, told: str
) -> None:
    done = bench.pm("runs", "fail", *words)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


# --- the newest run -------------------------------------------------------------------------------


def test_the_newest_completed_run_of_a_method_and_sample_is_found(bench: Workbench) -> None:
    bench.method("double")
    for sample in ("s1", "s2", "s1"):
        bench.pm("run", "double", "--sample", sample, "--rerun")
    bench.execute("UPDATE runs SET status = 'failed' WHERE id = 3")
    assert bench.pm("lookup_run", "--method", "double", "--sample", "s1").stdout == "1\n"
    assert bench.pm("lookup_run", "--method", "double").stdout == "2\n"
    elsewhere = bench.pm(
        "lookup_run", "--method", "double", "--workspace", str(bench.root),
        cwd=Path("/"), environ={"PM_WORKSPACE": ""},
    )  # fmt: skip
    assert elsewhere.stdout == "2\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--method", "doubel"), 3, "There is no method 'doubel'"),
        (("--method", "double", "--sample", "s9"), 3, "no completed run for sample 's9'"),
        (("--sample", "s1"), 2, "Missing --method"),
        (("--method",), 2, "Missing"),
        (("double",), 2, "Missing"),
        (("--method", "x'; DROP TABLE runs; --"), 3, "There is no method"),
    ],
)
def test_what_cannot_be_looked_up_is_said(
    bench: Workbench, words: tuple[str, ...], code: int, told: str
) -> None:
    bench.method("double")
    done = bench.pm("lookup_run", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
