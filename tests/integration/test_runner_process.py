"""The process of a run: its session, its sign of life, its log, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pm_kernel.running.process import Life, ProcessIdentity, end_session, session_members

from .runner_harness import Bench

WAIT = "import time\ndef run():\n    print('started')\n    time.sleep(60)\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def log_says(run_dir: Path, text: str) -> Callable[[], bool]:
    log = run_dir / "run.log"
    return lambda: log.exists() and text in log.read_text()


def identity(run_dir: Path) -> ProcessIdentity:
    return ProcessIdentity(**json.loads((run_dir / ".pm" / "runner.json").read_text()))


def test_the_runner_leads_a_session_and_says_who_it_is(bench: Bench) -> None:
    started = bench.start({"run.py": WAIT})
    until(log_says(started.run_dir, "started"))
    runner = identity(started.run_dir)
    assert runner.life() is Life.ALIVE
    assert os.getsid(runner.pid) == runner.pid != os.getsid(0)
    assert end_session(runner)
    assert started.finish().exit_code == -signal.SIGTERM
    assert runner.life() is Life.GONE


def test_children_belong_to_the_session_and_end_with_it(bench: Bench) -> None:
    code = (
        "import multiprocessing, subprocess, sys, time\n"
        "def run():\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    pool = context.Pool(1)\n"
        "    pool.apply(abs, (1,))\n"
        "    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    print('started')\n"
        "    time.sleep(60)\n"
    )
    started = bench.start({"run.py": code})
    until(log_says(started.run_dir, "started"))
    runner = identity(started.run_dir)
    # Runner, heartbeat helper, resource tracker, worker, subprocess.
    assert len(session_members(runner.pid)) >= 4
    assert end_session(runner)
    started.finish()
    assert session_members(runner.pid) == []


def test_the_leader_of_a_process_group_gives_its_place_to_a_session_of_its_own(
    bench: Bench,
) -> None:
    started = bench.start({"run.py": WAIT}, process_group=0)
    until(log_says(started.run_dir, "started"))
    runner = identity(started.run_dir)
    assert runner.pid != started.process.pid
    assert os.getsid(runner.pid) == runner.pid
    started.process.terminate()
    assert started.finish().exit_code == -signal.SIGTERM
    until(lambda: runner.life() is Life.GONE)


def test_a_stand_in_returns_the_exit_code_of_the_run(bench: Bench) -> None:
    started = bench.start({"run.py": "def run():\n    raise SystemExit(7)\n"}, process_group=0)
    assert started.finish().exit_code == 7


def test_a_cancelled_run_never_starts_the_methods_code(bench: Bench) -> None:
    ran = bench.start({"run.py": "print('imported')\ndef run(): pass\n"}, before={".pm/cancel": ""})
    ended = ran.finish()
    assert ended.exit_code == 130
    assert "imported" not in ended.log + ended.said
    assert ended.report is None
    # It said who it is before it looked.
    assert (ended.run_dir / ".pm" / "runner.json").exists()


def test_a_run_whose_directory_was_taken_away_does_not_start(bench: Bench) -> None:
    started = bench.start({"run.py": WAIT})
    until(log_says(started.run_dir, "started"))
    runner = identity(started.run_dir)
    end_session(runner)
    started.finish()
    taken = started.run_dir.rename(bench.root / "taken")
    again = os.spawnv(
        os.P_WAIT, sys.executable, [sys.executable, str(started.code_dir / "_pm_runner.py")]
    )
    assert again == 130
    assert not started.run_dir.exists()
    assert (taken / "run.log").read_text() == "started\n"


def test_the_heartbeat_goes_on_while_compiled_code_holds_the_interpreter(bench: Bench) -> None:
    # A regular expression that backtracks for seconds without letting any thread run.
    code = (
        "import re, time\n"
        "def run():\n"
        "    began = time.time()\n"
        "    for n in range(22, 40):\n"
        "        now = time.time()\n"
        "        re.match('(a+)+$', 'a' * n + 'b')\n"
        "        if time.time() - now > 0.6:\n"
        "            return {'began': now, 'ended': time.time()}\n"
    )
    started = bench.start({"run.py": code}, heartbeat=0.1)
    beats = set()
    while started.process.poll() is None:
        path = started.run_dir / ".pm" / "heartbeat"
        if path.exists():
            beats.add(path.stat().st_mtime)
        time.sleep(0.03)
    ran = started.finish()
    during = [b for b in beats if ran.metrics["began"] < b < ran.metrics["ended"]]
    assert len(during) >= 3


def test_the_heartbeat_ends_with_a_killed_runner(bench: Bench) -> None:
    started = bench.start({"run.py": WAIT}, heartbeat=0.1)
    until(log_says(started.run_dir, "started"))
    runner = identity(started.run_dir)
    os.kill(runner.pid, signal.SIGKILL)
    started.finish()
    until(lambda: session_members(runner.pid) == [])


def test_nothing_of_ours_outlives_a_run_that_ended(bench: Bench) -> None:
    started = bench.start({"run.py": "def run(): pass\n"})
    ran = started.finish()
    assert session_members(identity(ran.run_dir).pid) == []


def test_a_method_that_closes_every_descriptor_keeps_its_heartbeat(bench: Bench) -> None:
    code = "import os, time\ndef run():\n    os.closerange(3, 256)\n    time.sleep(2.5)\n"
    started = bench.start({"run.py": code}, heartbeat=0.1)
    beats = set()
    while started.process.poll() is None:
        path = started.run_dir / ".pm" / "heartbeat"
        beats.add(path.stat().st_mtime if path.exists() else 0)
        time.sleep(0.03)
    assert started.finish().exit_code == 0
    assert len(beats) >= 4


def test_a_forked_child_that_outlives_the_run_does_not_report_for_it(bench: Bench) -> None:
    code = (
        "import os, time\n"
        "def run():\n"
        "    if os.fork():\n"
        "        return {'who': 'parent'}\n"
        "    time.sleep(0.5)\n"
        "    return {'who': 'child'}\n"
    )
    ran = bench.run({"run.py": code})
    until(lambda: session_members(identity(ran.run_dir).pid) == [])
    report = json.loads((ran.run_dir / ".pm" / "report.json").read_text())
    assert report["metrics"] == {"who": "parent"}


def test_the_main_module_is_nobodys_file_as_when_run_is_called_from_elsewhere(
    bench: Bench,
) -> None:
    code = "import __main__\ndef run():\n    return {'file': getattr(__main__, '__file__', None)}\n"
    assert bench.run({"run.py": code}).metrics == {"file": None}


def test_descriptors_that_a_method_opened_are_never_closed_in_its_children(bench: Bench) -> None:
    code = (
        "import os\n"
        "def run():\n"
        "    os.closerange(3, 256)\n"
        "    mine = [os.open('/dev/null', os.O_RDONLY) for _ in range(40)]\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        for descriptor in mine:\n"
        "            os.fstat(descriptor)\n"
        "        os._exit(0)\n"
        "    return {'status': os.waitpid(child, 0)[1]}\n"
    )
    assert bench.run({"run.py": code}).metrics == {"status": 0}


def test_the_runner_adds_no_thread_and_no_child_that_the_method_could_meet(bench: Bench) -> None:
    code = (
        "import os, threading\n"
        "def run():\n"
        "    try:\n"
        "        os.waitpid(-1, os.WNOHANG)\n"
        "    except ChildProcessError:\n"
        "        return {'threads': threading.active_count(), 'children': 0}\n"
    )
    assert bench.run({"run.py": code}).metrics == {"threads": 1, "children": 0}


def test_everything_printed_by_anybody_is_in_the_log_in_order(bench: Bench) -> None:
    code = (
        "import logging, os, subprocess, sys\n"
        "def run():\n"
        "    print('one')\n"
        "    print('two', file=sys.stderr)\n"
        "    os.write(1, b'three\\n')\n"
        "    subprocess.run(['echo', 'four'])\n"
        "    logging.getLogger('x').warning('five')\n"
        "    print('sechs \\u00e4', end='')\n"
    )
    ran = bench.run({"run.py": code}, environ={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert ran.log == "one\ntwo\nthree\nfour\nfive\nsechs ä"
    assert ran.said == ""


def test_the_log_of_a_killed_run_has_what_it_had_printed(bench: Bench) -> None:
    code = "import os\ndef run():\n    print('last words')\n    os.kill(os.getpid(), 15)\n"
    ran = bench.run({"run.py": code})
    assert ran.exit_code == -signal.SIGTERM
    assert ran.log == "last words\n"
    assert ran.report is None


def test_the_method_works_in_an_empty_folder_without_input(bench: Bench) -> None:
    code = (
        "import os, sys\n"
        "def run():\n"
        "    files = len(os.listdir('.'))\n"
        "    return {'files': files, 'stdin': sys.stdin.read(), 'cwd': os.getcwd()}\n"
    )
    ran = bench.run({"run.py": code})
    assert ran.metrics == {"files": 0, "stdin": "", "cwd": str(ran.work_dir)}


def test_leftovers_of_an_earlier_attempt_are_set_aside(bench: Bench) -> None:
    code = "import os\ndef run():\n    open('mine', 'w').close()\n    print(os.listdir('.'))\n"
    first = bench.run({"run.py": code})
    os.spawnv(os.P_WAIT, sys.executable, [sys.executable, str(first.code_dir / "_pm_runner.py")])
    assert (first.run_dir / "run.log").read_text() == "['mine']\n['mine']\n"
    assert sorted(p.name for p in first.work_dir.parent.glob("work*")) == ["work", "work.1"]


@pytest.mark.parametrize(
    ("body", "exit_code", "outcome"),
    [
        ("return None", 0, "returned"),
        ("raise ValueError('no')", 1, "raised"),
        ("sys.exit()", 0, "exited"),
        ("sys.exit(0)", 0, "exited"),
        ("sys.exit(3)", 3, "exited"),
        ("sys.exit(259)", 3, "exited"),
        ("sys.exit('no')", 1, "exited"),
        ("raise KeyboardInterrupt", 130, "raised"),
        ("raise MemoryError", 1, "raised"),
        ("os._exit(0)", 0, None),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV, None),
    ],
)
def test_every_way_to_end(bench: Bench, body: str, exit_code: int, outcome: str | None) -> None:
    ran = bench.run({"run.py": f"import os, signal, sys\ndef run():\n    {body}\n"})
    assert ran.exit_code == exit_code
    assert (ran.report and ran.report["outcome"]) == outcome
    if ran.report is not None:
        assert ran.report["exit_code"] == exit_code
        assert (ran.report["error"] is None) == (exit_code == 0)


def test_a_crash_in_compiled_code_shows_the_line_that_called_it(bench: Bench) -> None:
    code = "import ctypes\ndef run():\n    ctypes.string_at(0)\n"
    ran = bench.run({"run.py": code})
    assert ran.exit_code == -signal.SIGSEGV
    assert "Segmentation fault" in ran.log
    assert 'code/run.py", line 3 in run' in ran.log


def test_what_runs_at_exit_is_part_of_the_run(bench: Bench) -> None:
    code = (
        "import atexit, helper, threading, time\n"
        "def late():\n"
        "    time.sleep(0.2)\n"
        "    helper.work(2)\n"
        "def run():\n"
        "    atexit.register(helper.work, 3)\n"
        "    threading.Thread(target=late).start()\n"
        "    helper.work(1)\n"
    )
    ran = bench.run({"run.py": code, "helper.py": "def work(i): pass\n"}, ["helper.py:work"])
    assert [values["i"] for _, values in ran.arrived] == ["1", "2", "3"]
    assert ran.report is not None
    assert ran.report["calls"] == {"work": 3}


def test_a_report_that_cannot_be_written_is_said_in_the_log(bench: Bench) -> None:
    code = "import shutil\ndef run(output_dir):\n    shutil.rmtree(output_dir / '.pm')\n"
    ran = bench.run({"run.py": code})
    assert ran.report is None
    assert "The run's report could not be written" in ran.log
