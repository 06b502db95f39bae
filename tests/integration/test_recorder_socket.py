"""The socket of a plan's supervisor: the same record through it and without it, and never twice."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.domain.plans import Launch
from pm_kernel.nextflow.launching import SHELL, task_command
from pm_kernel.nextflow.task_recorder import TaskRecorder
from pm_kernel.running import recorder_server
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.running.recorder_call import FOLDER, READY, SOCKET, in_folder
from pm_kernel.running.register import RUN_SCRIPT, UUID_NOTE
from pm_kernel.store.engine import libpq_url

from ..stranger import Stranger
from ..workbench import Workbench
from .recording_harness import as_another_user, wait_for

#: What a generated pipeline calls; ``pm`` itself is in the tests that run one command.
COMMAND = task_command()
#: The plan whose supervisor is asked; the answer comes from the database, whichever it is.
PLAN = 77
ROOT = Path(__file__).parents[2]
LOOKED_UP = (
    ("--method", "double"),
    ("--method", "double", "--sample", "s1"),
    ("--method", "double", "--sample", "s2"),
    ("--method", "doubel"),
)


class Tasks:
    """Tasks as Nextflow starts them: a wrapper that calls ``pm`` before and after its script."""

    def __init__(self, bench: Workbench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        self.plan_folder = RunStore(bench.runs).plan(PLAN)
        self.said: list[str] = []

    @contextmanager
    def served(self, recorder: Any = None) -> Iterator[TaskRecorder]:
        """Have a supervisor listen."""
        serving = TaskRecorder(
            self.bench.settings, self.plan_folder, recorder, say=self.said.append
        )
        serving.serve()
        try:
            yield serving
        finally:
            serving.close()

    def answered(self) -> int:
        """How many requests the last supervisor answered."""
        return int(self.said[-1].split()[0])

    def words(self, launch: Launch, name: str) -> list[str]:
        return [
            *(*COMMAND, "register_run", "--planned", str(launch.tasks[0][0])),
            *("--launch", str(launch.launch_id), "--attempt", "1", "--plan", str(PLAN)),
            *("--workspace", str(self.bench.root), "--task-dir", str(self.folder / name)),
        ]

    def register(self, launch: Launch, name: str, **environ: str) -> subprocess.Popen[str]:
        """Begin a task; its wrapper is this process."""
        return self.start(self.words(launch, name), **environ)

    def start(self, words: list[str], **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            env={**self.bench.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def look_up(self, *words: str, name: str = "") -> tuple[int, str, str]:
        """Ask for the newest run of a method, in the directory of a task or of nobody."""
        done = subprocess.run(
            [*COMMAND, "lookup_run", *words],
            cwd=self.folder / name,
            env=self.bench.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def finish(self, name: str) -> subprocess.CompletedProcess[str]:
        """Execute a registered task's script and complete its run."""
        task = self.folder / name
        script = subprocess.run(["sh", str(task / RUN_SCRIPT)], env=self.bench.environ, check=False)
        words = ["complete_run", "--task-dir", str(task), "--exit", str(script.returncode)]
        return subprocess.run(
            [*COMMAND, *words],
            env=self.bench.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def wrapped(self, launch: Launch, name: str) -> int:
        """The whole life of a run in a shell that asks for both, as Nextflow's wrapper does."""
        task = self.folder / name
        ask = f". {shlex.quote(str(SHELL))} {shlex.join(COMMAND)}"
        register = f"{ask} {shlex.join(self.words(launch, name)[len(COMMAND) :])}"
        complete = f"{ask} complete_run --task-dir {shlex.quote(str(task))} --exit $? --limit 0"
        script = f"set -eu\n{register}\nset +e\nsh {shlex.quote(str(task / RUN_SCRIPT))}\n"
        done = subprocess.run(
            ["bash", "-c", script + complete],
            env=self.bench.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return int(done.stdout)

    def run(self, launch: Launch, name: str) -> int:
        """The whole life of a run."""
        registered = ended(self.register(launch, name))
        assert registered[0] == 0, registered
        done = self.finish(name)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return int(registered[1])


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def left(bench: Workbench) -> list[str]:
    """What shows that a run was not brought to an end; its plan follows with the next command."""
    return [each for each in bench.unfinished() if not each.startswith("plan")]


@pytest.fixture
def tasks(tmp_path: Path, database_url: str) -> Iterator[Tasks]:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    # A busy machine is no reason to go on without the supervisor.
    bench.environ["PM_RECORDER_PATIENCE"] = "120"
    bench.method("double")
    yield Tasks(bench, tmp_path)
    bench.close()


def record_of(bench: Workbench, run_id: int) -> dict[str, Any]:
    """Everything that is recorded of a run, but when, and by which process, it was made."""
    run = bench.run_row(run_id)
    own = {"id", "uuid", "execution_plan_id", "planned_run_id", "launch_id", "work_dir"}
    times = {"started_at", "finished_at", "heartbeat_at", "cpu_seconds", "peak_rss_bytes"}
    meta = bench.meta(run_id)
    return {
        "row": {key: value for key, value in run.items() if key not in own | times},
        "outputs": bench.rows(
            "SELECT output_name, artifact_path, checksum, size_bytes FROM run_outputs "
            "WHERE run_id = %s ORDER BY 1", run_id),
        "parameters": bench.rows(
            "SELECT function_name, param_name, ordinal, value, expected FROM run_parameters "
            "WHERE run_id = %s ORDER BY 1, 2, 3", run_id),
        "log": bench.rows(
            "SELECT level, message FROM run_logs WHERE run_id = %s ORDER BY line", run_id),
        "meta": sorted(meta),
        "files": sorted(path.name for path in bench.final(run_id).iterdir()),
    }  # fmt: skip


# --- the same record ------------------------------------------------------------------------------


def test_a_run_is_recorded_alike_through_the_socket_and_without_it(tasks: Tasks) -> None:
    bench = tasks.bench
    direct = tasks.run(bench.open("double"), "direct")
    with tasks.served():
        served = tasks.run(bench.open("double"), "served")
    assert tasks.answered() == 2, tasks.said
    assert record_of(bench, direct) == record_of(bench, served)
    assert bench.run_row(served)["pid"] == os.getpid()
    with tasks.served():
        shell = tasks.wrapped(bench.open("double"), "shell")
    assert tasks.answered() == (2 if Path("/proc/self/stat").exists() else 0), tasks.said
    alone = tasks.wrapped(bench.open("double"), "alone")
    wrapper = ("pid", "pid_start")
    records = [record_of(bench, run_id) for run_id in (served, shell, alone)]
    for record in records:
        for each in wrapper:
            del record["row"][each]
    assert records[0] == records[1] == records[2]
    assert bench.run_row(shell)["pid"] not in (os.getpid(), None)
    assert left(bench) == []


def test_what_a_task_looks_up_is_asked_at_the_socket_and_the_same_without_it(tasks: Tasks) -> None:
    with tasks.served():
        found = tasks.run(tasks.bench.open("double", sample="s1"), "task")
        told = [tasks.look_up(*words, name="task") for words in LOOKED_UP]
        at_root = ("--method", "double", "--workspace", str(tasks.bench.root))
        assert tasks.look_up(*at_root, "--plan", str(PLAN)) == (0, f"{found}\n", "")
        # Nobody's directory, and that of another workspace.
        assert tasks.look_up(*at_root) == (0, f"{found}\n", "")
        elsewhere = ("--method", "double", "--workspace", str(tasks.folder))
        assert tasks.look_up(*elsewhere, name="task")[0] == 3
    assert tasks.answered() == 2 + len(LOOKED_UP) + 1, tasks.said
    assert told == [tasks.look_up(*words, name="task") for words in LOOKED_UP]
    assert [code for code, _, _ in told] == [0, 0, 3, 3]
    assert told[0][1] == told[1][1] == f"{found}\n"
    assert "no completed run for sample 's2'" in told[2][2]


def test_many_tasks_at_once_are_each_answered_with_their_own_run(tasks: Tasks) -> None:
    launches = [tasks.bench.open("double") for _ in range(12)]
    with tasks.served(), ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(lambda n: tasks.run(launches[n], f"task{n}"), range(12)))
    assert tasks.answered() == 24
    rows = tasks.bench.rows("SELECT id, planned_run_id FROM runs WHERE status = 'completed'")
    assert {row["id"]: row["planned_run_id"] for row in rows} == {
        number: launch.tasks[0][0] for number, launch in zip(numbers, launches, strict=True)
    }
    assert left(tasks.bench) == []


def test_what_a_command_says_and_returns_is_the_same(tasks: Tasks) -> None:
    """A refusal, a run that cannot start, a failed run, a broken promise."""
    bench = tasks.bench
    bench.method("broken", "def run(output_dir):\n    raise ValueError('broken')")
    bench.method("empty", "def run(output_dir): ...", outputs={"table": "table.csv"})

    def lives(kind: str) -> list[Any]:
        told: list[Any] = []
        gone = bench.open("double")
        bench.execute("UPDATE planned_runs SET launch_id = NULL WHERE id = %s", gone.tasks[0][0])
        told.append(ended(tasks.register(gone, f"gone-{kind}")))
        (bench.root / "input.txt").write_text("one")
        bench.method(f"read-{kind}", "def run(image, output_dir): ...", inputs={"image": "file"})
        changed = bench.open(f"read-{kind}", inputs=[("image", "file:input.txt")])
        (bench.root / "input.txt").write_text("two")
        told.append(ended(tasks.register(changed, f"changed-{kind}")))
        for method in ("broken", "empty"):
            launch = bench.open(method)
            told.append(ended(tasks.register(launch, f"{method}-{kind}"))[::2])
            done = tasks.finish(f"{method}-{kind}")
            told.append((done.returncode, done.stdout, done.stderr))
        return told

    def plain(told: list[Any]) -> str:
        """Without the numbers of runs, which differ."""
        text = repr(told)
        return "".join(character for character in text if not character.isdigit())

    direct = lives("direct")
    with tasks.served():
        served = lives("served")
    assert tasks.answered() >= 6
    assert plain(direct).replace("-direct", "") == plain(served).replace("-served", "")
    assert [answer[0] for answer in served] == [4, 5, 0, 0, 0, 1]
    assert left(bench) == []


def test_a_socket_is_found_however_long_the_path_of_the_workspace_is(
    tmp_path: Path, database_url: str
) -> None:
    root = tmp_path / ("long " * 10) / ("path" * 20)
    bench = Workbench.make(root, database_url)
    bench.method("double")
    tasks = Tasks(bench, tmp_path)
    with tasks.served():
        tasks.run(bench.open("double"), "task")
    assert tasks.answered() == 2, tasks.said
    bench.close()


def test_a_task_has_its_own_environment(tasks: Tasks) -> None:
    """What a site's own commands set for a task counts, not what the supervisor has."""
    with tasks.served():
        registered = ended(tasks.register(tasks.bench.open("double"), "task", PM_USER="another"))
        assert registered[0] == 0
        assert tasks.finish("task").returncode == 0
    assert tasks.answered() == 2, tasks.said
    assert tasks.bench.run_row(int(registered[1]))["created_by"] == "another"


def test_nothing_that_is_slow_to_load_is_loaded_to_ask(tasks: Tasks) -> None:
    slow = {"argparse", "dataclasses", "hashlib", "inspect", "pathlib", "shutil", "subprocess",
            "tempfile", "tomllib", "typing", "psycopg", "sqlalchemy",
            "enum", "importlib", "json", "re", "selectors", "site", "socket"}  # fmt: skip
    code = (
        f"import sys; sys.path.append({str(ROOT)!r}); before = set(sys.modules)\n"
        "from pm_kernel.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "print(code, *sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    with tasks.served():
        words = [
            *(sys.executable, "-I", "-S", "-c", code),
            *tasks.words(tasks.bench.open("double"), "t")[len(COMMAND) :],
        ]
        code_, out, err = ended(tasks.start(words))
        assert (code_, out) == (0, "1\n"), err
        assert err.split()[0] == "0"
        assert not slow & set(err.split())
        complete = [
            *words[:5],
            "complete_run",
            "--task-dir",
            str(tasks.folder / "t"),
            "--exit",
            "3",
        ]
        loaded = ended(tasks.start(complete))[2].splitlines()[-1].split()
        assert loaded[0] == "0"
        assert not slow & set(loaded)
        look_up = [*words[:5], "lookup_run", "--method", "double", "--plan", str(PLAN),
                   "--workspace", str(tasks.bench.root)]  # fmt: skip
        tasks.bench.execute("UPDATE runs SET status = 'completed'")
        code_, out, err = ended(tasks.start(look_up))
        assert (code_, out, err.split()[0]) == (0, "1\n", "0"), err
        assert not slow & set(err.split())


def test_without_a_supervisor_the_driver_is_what_takes_time_to_load(tasks: Tasks) -> None:
    """Each of the two loads its own half of the recording, and nothing that others need."""
    others = {"alembic", "argparse", "email.mime", "git", "multiprocessing", "platform", "rich",
              "sqlalchemy", "tempfile", "uuid"}  # fmt: skip
    code = (
        "import sys, psycopg; before = set(sys.modules)\n"
        "from pm_kernel.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "print(code, *sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    python = [sys.executable, "-I", "-c", code]
    # What is made once for a version is made.
    tasks.run(tasks.bench.open("double"), "first")
    launch = tasks.bench.open("double")
    registered = tasks.start([*python, *tasks.words(launch, "t")[len(COMMAND) :]])
    loaded = ended(registered)[2].splitlines()[-1].split()
    assert loaded[0] == "0"
    assert "pm_kernel.running.register" in loaded
    assert not ({"pm_kernel.running.complete", "pm_kernel.artifacts.seal"} | others) & set(loaded)
    words = ["complete_run", "--task-dir", str(tasks.folder / "t"), "--exit", "3"]
    loaded = ended(tasks.start([*python, *words]))[2].splitlines()[-1].split()
    assert loaded[0] == "0"
    assert "pm_kernel.running.complete" in loaded
    assert not ({"pm_kernel.running.register", "pm_kernel.environment"} | others) & set(loaded)


# --- nobody there ---------------------------------------------------------------------------------


def test_without_a_supervisor_a_task_records_itself(tasks: Tasks) -> None:
    bench = tasks.bench
    with tasks.served():
        assert ended(tasks.register(bench.open("double"), "first"))[0] == 0
    # It registered through the socket, which is gone when it completes.
    assert tasks.finish("first").returncode == 0
    # Killed, a supervisor leaves a socket that nobody listens to.
    folder = tasks.plan_folder / FOLDER
    with socket.socket(socket.AF_UNIX) as dead:
        in_folder(str(folder), dead.bind)
    assert (folder / SOCKET).is_socket()
    tasks.run(bench.open("double"), "second")
    statuses = bench.rows("SELECT status FROM runs")
    assert [row["status"] for row in statuses] == ["completed"] * 2
    # The next one takes its place.
    with tasks.served():
        tasks.run(bench.open("double"), "third")
    assert tasks.answered() == 2, tasks.said
    assert left(bench) == []


def test_without_a_supervisor_a_site_s_own_python_path_counts(tasks: Tasks, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'seen')!r}, 'w').close()")
    settings = {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(tmp_path)}
    code, out, err = ended(tasks.register(tasks.bench.open("double"), "task", **settings))
    assert (code, out) == (0, "1\n"), err
    assert (tmp_path / "seen").exists()


def test_a_supervisor_that_ends_leaves_its_successor_s_socket_alone(tasks: Tasks) -> None:
    with tasks.served() as first, tasks.served():
        first.close()
        tasks.run(tasks.bench.open("double"), "task")
    assert tasks.answered() == 2, tasks.said
    assert not (tasks.plan_folder / FOLDER / SOCKET).exists()


def test_a_workspace_that_forbids_the_socket_has_none(tasks: Tasks) -> None:
    tasks.bench.environ["PM_RECORDER"] = "direct"
    with tasks.served():
        tasks.run(tasks.bench.open("double"), "task")
        assert not (tasks.plan_folder / FOLDER).exists()
    tasks.bench.environ["PM_RECORDER"] = "carrier pigeon"
    done = tasks.bench.pm("runs")
    assert done.returncode == 5
    assert "must be socket or direct, not 'carrier pigeon'" in done.stderr


def test_the_socket_is_this_user_s_alone(tasks: Tasks) -> None:
    with tasks.served():
        folder = tasks.plan_folder / FOLDER
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / SOCKET).stat().st_mode & 0o777 == 0o600
        if os.geteuid() != 0:
            return
        for path in (folder, *folder.parents):
            if path.stat().st_mode & 0o005 != 0o005 and path != Path("/"):
                path.chmod(path.stat().st_mode | 0o055)
        (folder / SOCKET).chmod(0o666)

        def call() -> bytes:
            with socket.socket(socket.AF_UNIX) as door:
                in_folder(str(folder), door.connect)
                return door.recv(100)

        # Even where the folder let a stranger in, nobody opens.
        assert as_another_user(call) == b""


# --- one that does not answer ---------------------------------------------------------------------


def odd_supervisor(folder: Path, treat: Callable[[socket.socket], object]) -> Stranger:
    """A supervisor that behaves oddly: each caller is given to ``treat``."""
    folder.mkdir(parents=True, mode=0o700)
    listener = socket.socket(socket.AF_UNIX)
    in_folder(str(folder), listener.bind)
    listener.listen(16)
    return Stranger(listener, treat)


def read_request(caller: socket.socket) -> dict[str, Any]:
    with caller.makefile("rb") as stream:
        request: dict[str, Any] = json.loads(stream.readline())
    return request


def test_one_that_sleeps_is_not_waited_for_and_finds_nothing_to_do_when_it_wakes(
    tasks: Tasks,
) -> None:
    awake = threading.Event()
    heard: list[bytes] = []

    def sleep(caller: socket.socket) -> None:
        awake.wait(60)
        try:
            caller.sendall(READY)
            heard.append(caller.recv(100))
        except OSError:
            heard.append(b"")
        caller.close()

    odd = odd_supervisor(tasks.plan_folder / FOLDER, sleep)
    code, out, _err = ended(
        tasks.register(tasks.bench.open("double"), "task", PM_RECORDER_PATIENCE="0.2")
    )
    assert (code, out) == (0, "1\n")
    awake.set()
    wait_for(lambda: heard)
    assert heard == [b""]
    odd.close()
    assert tasks.finish("task").returncode == 0
    assert left(tasks.bench) == []


@pytest.mark.parametrize("answer", [b"", b'{"exit_code": 0, "ou', b"nonsense\n"])
def test_one_that_dies_before_it_has_answered_is_replaced_by_the_task_itself(
    tasks: Tasks, answer: bytes
) -> None:
    """What it registered is registered under the same uuid: there is one run."""
    done: list[str] = []

    def carry_out_and_die(caller: socket.socket) -> None:
        with caller:
            caller.sendall(READY)
            request = read_request(caller)
            recorder = DirectRecorder(libpq_url(tasks.bench.url), patience=60)
            serving = TaskRecorder(tasks.bench.settings, tasks.plan_folder, recorder, say=print)
            serving._carry_out(request, print)
            done.append(request["call"])
            caller.sendall(answer)

    odd = odd_supervisor(tasks.plan_folder / FOLDER, carry_out_and_die)
    try:
        run_id = run_with_lost_answers(tasks)
    finally:
        odd.close()
    assert done == ["register", "complete"]
    assert run_id == 1
    (row,) = tasks.bench.rows("SELECT id, status FROM runs")
    assert row == {"id": 1, "status": "completed"}
    assert left(tasks.bench) == []


def run_with_lost_answers(tasks: Tasks) -> int:
    """The life of a run whose answers are lost; what was sealed before is said, and is no error."""
    code, out, err = ended(tasks.register(tasks.bench.open("double"), "task"))
    assert code == 0, err
    done = tasks.finish("task")
    assert done.returncode == 0, done.stderr
    assert "was ended before: completed" in done.stderr
    return int(out)


def test_one_that_is_killed_while_a_run_with_an_input_file_registers_is_replaced(
    tasks: Tasks,
) -> None:
    bench = tasks.bench
    bench.method("read", "def run(image, output_dir): print(open(image).read())",
                 inputs={"image": "file"})  # fmt: skip
    (bench.root / "input.txt").write_text("some data")

    def begin_and_die(caller: socket.socket) -> None:
        caller.sendall(READY)
        request = read_request(caller)
        if request["call"] == "register":
            serving = TaskRecorder(bench.settings, tasks.plan_folder, say=print)
            serving._carry_out(request, print)
            serving.close()
        caller.close()

    odd = odd_supervisor(tasks.plan_folder / FOLDER, begin_and_die)
    launch = bench.open("read", inputs=[("image", "file:input.txt")])
    assert ended(tasks.register(launch, "task"))[:2] == (0, "1\n")
    assert tasks.finish("task").returncode == 0
    odd.close()
    assert "some data" in (bench.final(1) / "run.log").read_text()
    assert left(bench) == []


def test_the_database_may_be_away_for_a_while(tasks: Tasks) -> None:
    """The supervisor waits for it, its callers for the supervisor."""
    asked: list[str] = []
    url = libpq_url(tasks.bench.url)

    def address() -> str:
        asked.append("")
        # Nobody listens there; then the database is back.
        return "postgresql://127.0.0.1:1/none?connect_timeout=1" if len(asked) < 3 else url

    with tasks.served(DirectRecorder(address, patience=60)):
        tasks.run(tasks.bench.open("double"), "task")
    assert tasks.answered() == 2, tasks.said
    assert len(asked) > 3


def test_one_that_cannot_reach_the_database_says_so_and_nothing_is_begun(tasks: Tasks) -> None:
    recorder = DirectRecorder("postgresql://127.0.0.1:1/none", patience=0.1)
    with tasks.served(recorder):
        code, out, err = ended(tasks.register(tasks.bench.open("double"), "task"))
    assert (code, out) == (6, "")
    assert "does not answer" in err
    assert "`pm db status` shows its state" in err


def test_a_fault_of_the_supervisor_is_none_of_the_task(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty:
        def ask(self, _request: dict[str, Any]) -> dict[str, Any]:
            raise ZeroDivisionError("a bug")

    with tasks.served(Faulty()):
        run_with_lost_answers(tasks)
    assert any("ZeroDivisionError: a bug" in said for said in tasks.said)
    # Process ids that mean something else to the caller are nothing to go by.
    monkeypatch.setattr(recorder_server, "parent_of", lambda _pid: 1)
    with tasks.served():
        tasks.run(tasks.bench.open("double"), "other")
    assert left(tasks.bench) == []


def test_a_task_s_note_names_its_uuid_workspace_and_socket(tasks: Tasks) -> None:
    with tasks.served():
        assert ended(tasks.register(tasks.bench.open("double"), "task"))[0] == 0
        note = (tasks.folder / "task" / UUID_NOTE).read_text().splitlines()
        assert tasks.finish("task").returncode == 0
    assert note[1:] == [str(tasks.bench.root), str(tasks.plan_folder / FOLDER)]
