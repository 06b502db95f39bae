"""What a task's shell asks without starting Python, and what becomes of it where nobody answers."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.cli.failure import told
from pm_kernel.errors import Cancelled, Conflict
from pm_kernel.nextflow.launching import SHELL
from pm_kernel.running.process import boot_id, start_time
from pm_kernel.running.recorder_call import UUID_NOTE
from pm_kernel.running.recorder_server import RecorderServer
from pm_kernel.running.shell_door import DOOR, MOST, read_request

from ..stranger import Stranger

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="elsewhere Python asks"
)

#: What is run where nobody answers: it says how it was called.
INSTEAD = 'printf "%s\\n" "$0" "$@" >&2; exit 3'
STRICT = "set -e -u\n"


@dataclass
class Shell:
    """Wrappers of tasks, and the supervisor that they ask."""

    workspace: Path
    requests: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answer: Callable[[dict[str, Any], Callable[[str], object]], tuple[int, str]] = (
        lambda _request, _say: (0, "17\n")
    )

    @property
    def folder(self) -> Path:
        return self.workspace / ".runs" / "plans" / "7" / "recorder"

    @property
    def task(self) -> Path:
        return self.workspace / "a task"

    def serve(self) -> RecorderServer:
        def answered(request: dict[str, Any], say: Callable[[str], object]) -> tuple[int, str]:
            self.requests.append(request)
            return self.answer(request, say)

        server = RecorderServer(self.folder, answered, say=self.said.append, tell=told)
        server.start()
        return server

    def register(self, before: str = STRICT, **environ: str) -> subprocess.CompletedProcess[str]:
        words = ["register_run", "--planned", "5", "--launch", "3", "--plan", "7", "--attempt",
                 "2", "--workspace", str(self.workspace), "--task-dir", str(self.task)]  # fmt: skip
        return self.run(words, before, **environ)

    def complete(self, *words: str, before: str = STRICT) -> subprocess.CompletedProcess[str]:
        return self.run(["complete_run", "--task-dir", str(self.task), *words], before)

    def run(
        self, words: list[str], before: str, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        command = shlex.join(["sh", "-c", INSTEAD, "pm", *words])
        text = f"{before}. {shlex.quote(str(SHELL))} {command}\necho after: $?\n"
        return subprocess.run(
            ["bash", "-c", text],
            env={**os.environ, "PM_RECORDER_PATIENCE": "60", **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path / "it's [a] $workspace")
    made.task.mkdir(parents=True)
    yield made
    assert made.said == []


@pytest.fixture
def served(shell: Shell) -> Iterator[Shell]:
    server = shell.serve()
    yield shell
    server.close()


def test_registering_is_asked_as_python_asks_it(served: Shell) -> None:
    done = served.register(IT="is 'all' there\n", PM_USER="else", LC_ALL="C")
    assert (done.returncode, done.stdout, done.stderr) == (0, "17\nafter: 0\n", "")
    (request,) = served.requests
    environ = request.pop("environ")
    assert environ["IT"] == "is 'all' there\n"
    assert environ["LC_ALL"] == "C"
    assert environ.items() >= {k: v for k, v in os.environ.items() if k[:3] == "PM_"}.items()
    assert not [name for name in environ if name.startswith("_pm_")]
    assert len(request.pop("uuid")) == 36
    assert request.pop("wrapper") > 1
    assert request == {
        "call": "register",
        "planned": 5,
        "launch": 3,
        "attempt": 2,
        "workspace": str(served.workspace),
        "task_dir": str(served.task),
        "recorder": str(served.folder),
    }


def test_completing_asks_who_registered(served: Shell) -> None:
    served.answer = lambda _request, _say: (0, "")
    note = f"a-b-c-d-e\n{served.workspace}\n{served.folder}\n"
    (served.task / UUID_NOTE).write_text(note)
    done = served.complete("--exit", "0", "--limit", "5000")
    assert (done.returncode, done.stdout, done.stderr) == (0, "after: 0\n", "")
    done = served.complete("--exit", "7", "--limit", "0")
    assert done.returncode == 0
    assert [(r["call"], r["uuid"], r["exit"]) for r in served.requests] == [
        ("complete", "a-b-c-d-e", 0),
        ("complete", "a-b-c-d-e", 7),
    ]
    # Whether a limit ended it is for Python to find out.
    done = served.complete("--exit", "143", "--limit", "5000")
    assert (done.returncode, len(served.requests)) == (3, 2)
    assert done.stderr.split("\n")[:2] == ["pm", "complete_run"]


@pytest.mark.parametrize("note", [None, "done\n/w\n", "", "a-b-c-d-e\n/nowhere\n\n"])
def test_what_was_not_registered_there_is_left_to_the_command(
    served: Shell, note: str | None
) -> None:
    if note is not None:
        (served.task / UUID_NOTE).write_text(note)
    done = served.complete("--exit", "0")
    assert (done.returncode, served.requests) == (3, [])
    assert done.stderr.startswith("pm\ncomplete_run\n")


def test_what_is_said_and_returned_is_that_of_the_command(served: Shell) -> None:
    def warn(_request: object, say: Callable[[str], object]) -> tuple[int, str]:
        say("pm: ein Ärgernis \u2028 \udc80\n")
        return 0, "x\n"

    served.answer = warn
    done = subprocess.run(
        ["bash", "-c", f". {shlex.quote(str(SHELL))} sh -c 'exit 3' pm register_run --plan 7 "
         f"--planned 1 --launch 1 --attempt 1 --workspace {shlex.quote(str(served.workspace))} "
         "--task-dir /t"],
        capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    said = "pm: ein Ärgernis \u2028 \udc80\n".encode("utf-8", "surrogatepass")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"x\n", said)

    def refuse(_request: object, say: Callable[[str], object]) -> tuple[int, str]:
        say("pm: run 4 failed before it started\n")
        raise Conflict("It is\nso.", hint="Wait.")

    served.answer = refuse
    done_ = served.register()
    assert (done_.returncode, done_.stdout) == (Conflict.exit_code, "")
    assert done_.stderr == "pm: run 4 failed before it started\npm: It is\nso.\n  Wait.\n"
    # Where the wrapper goes on after an error, as afterScript does, it is told all the same.
    assert served.register("set +e\n").stdout == f"after: {Conflict.exit_code}\n"


def test_without_a_supervisor_the_command_is_run_with_the_same_words(shell: Shell) -> None:
    done = shell.register()
    assert (done.returncode, done.stdout) == (3, "")
    words = done.stderr.split("\n")
    assert words[:3] == ["pm", "register_run", "--planned"]
    assert words[-3] == "--uuid"
    assert len(words[-2]) == 36
    server = shell.serve()
    note = (shell.folder / DOOR).read_text()
    server.close()
    assert not (shell.folder / DOOR).exists()
    # Killed, it leaves a port that nobody listens to.
    (shell.folder / DOOR).write_text(note)
    assert shell.register().returncode == 3
    assert shell.requests == []


def test_a_successor_is_asked_and_its_door_left_alone(shell: Shell) -> None:
    first, second = shell.serve(), shell.serve()
    first.close()
    assert shell.register().returncode == 0
    second.close()
    assert not (shell.folder / DOOR).exists()


def test_what_the_site_made_of_the_shell_does_not_matter(served: Shell) -> None:
    before = (
        "export IFS=: port=5 _x='a b'; set -f; set -o noclobber; umask 000\nenv() { echo no; }\n"
    )
    done = served.register(f"set -e -u\n{before}")
    assert (done.returncode, done.stderr) == (0, "")
    environ = served.requests[0]["environ"]
    assert (environ["IFS"], environ["port"], environ["_x"]) == (":", "5", "a b")


def test_the_uuid_is_handed_on_whatever_separates_words_there(shell: Shell) -> None:
    done = shell.register("set -e -u\nIFS=$'\\n\\t'\n")
    assert done.returncode == 3
    assert "--uuid" in done.stderr


def test_an_answer_is_waited_for_longer_than_the_site_lets_people_think(served: Shell) -> None:
    def slowly(_request: dict[str, Any], say: Callable[[str], object]) -> tuple[int, str]:
        time.sleep(2.5)
        say("a \0 in it\n")
        return 0, "17\n"

    served.answer = slowly
    done = served.register(TMOUT="1")
    assert (done.returncode, done.stdout) == (0, "17\nafter: 0\n")
    assert done.stderr == "a \\0 in it\n"
    assert len(served.requests) == 1


def test_a_registration_that_is_refused_because_its_plan_was_cancelled_is_asked_once(
    served: Shell,
) -> None:
    def refuse(_request: dict[str, Any], _say: Callable[[str], object]) -> tuple[int, str]:
        raise Cancelled("Plan 7 was cancelled.")

    served.answer = refuse
    done = served.register()
    assert (done.returncode, done.stderr) == (130, "pm: Plan 7 was cancelled.\n")
    assert len(served.requests) == 1


def test_who_is_killed_while_it_asks_does_not_ask_beside_what_is_under_way(served: Shell) -> None:
    def kill(request: dict[str, Any], _say: Callable[[str], object]) -> tuple[int, str]:
        children = Path(f"/proc/{request['wrapper']}/task/{request['wrapper']}/children")
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGTERM)
        return 0, "17\n"

    served.answer = kill
    done = served.register("")
    assert (done.returncode, done.stdout) == (0, "after: 143\n")
    assert len(served.requests) == 1


def test_of_two_that_ask_for_one_run_the_second_waits_for_the_first(shell: Shell) -> None:
    at_work: list[int] = []
    most: list[int] = []

    def answer(_request: dict[str, Any], _say: Callable[[str], object]) -> tuple[int, str]:
        at_work.append(1)
        most.append(len(at_work))
        time.sleep(0.3)
        at_work.pop()
        return 0, "17\n"

    shell.answer = answer
    server = shell.serve()
    (shell.task / UUID_NOTE).write_text(f"a-b-c-d-e\n{shell.workspace}\n{shell.folder}\n")
    asking = [threading.Thread(target=shell.complete, args=("--exit", "0")) for _ in range(3)]
    for each in asking:
        each.start()
    for each in asking:
        each.join(60)
    server.close()
    assert (len(most), max(most)) == (3, 1)


#: What a stranger heard first.
HELLO = b"hello theirs\n"


def stranger_at(shell: Shell, treat: Callable[[socket.socket], object]) -> Stranger:
    """Somebody who listens where a supervisor did, or one that behaves oddly."""
    listener = socket.create_server(("127.0.0.1", 0))
    shell.folder.mkdir(parents=True, mode=0o700)
    port = listener.getsockname()[1]
    (shell.folder / DOOR).write_text(f"{port}\ntheirs\nours\n{boot_id()}\n")

    def heard(caller: socket.socket) -> None:
        with caller:
            assert caller.recv(100) == HELLO
            treat(caller)

    return Stranger(listener, heard)


def reads(caller: socket.socket) -> bytes:
    said = b""
    while said.count(b"\0\0") < 2 and (part := caller.recv(65536)):
        said += part
    return said


def test_a_stranger_who_has_the_port_by_now_is_asked_nothing(shell: Shell) -> None:
    found: list[bytes] = []

    def pretend(caller: socket.socket) -> None:
        caller.sendall(b"ready whatever\ndone 0 0 0\n")
        caller.settimeout(60)
        try:
            found.append(caller.recv(100))
        except ConnectionResetError:
            found.append(b"")

    stranger = stranger_at(shell, pretend)
    assert shell.register().returncode == 3
    stranger.close()
    assert found == [b""]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"done",
        b"done 0 5 5\nhal",
        b"declined\n",
        b"\xff\n",
        b"done 0 0\n",
        b"done 0 0 0 0\n",
        b"done 99 0 0\n",
    ],
)
def test_one_that_dies_with_the_answer_is_not_believed(shell: Shell, said: bytes) -> None:
    def die(caller: socket.socket) -> None:
        caller.sendall(b"ready ours\n")
        assert reads(caller).startswith(b"call=register\0")
        caller.sendall(said)

    stranger = stranger_at(shell, die)
    done = shell.register()
    stranger.close()
    assert (done.returncode, done.stdout) == (3, "")
    assert "--uuid" in done.stderr


def test_one_that_is_stopped_is_not_waited_for_and_finds_nothing_to_do(shell: Shell) -> None:
    awake = threading.Event()
    found: list[bytes] = []

    def sleep(caller: socket.socket) -> None:
        assert awake.wait(60)
        try:
            caller.sendall(b"ready ours\n")
            found.append(caller.recv(100))
        except ConnectionError:
            found.append(b"")

    stranger = stranger_at(shell, sleep)
    assert shell.register(PM_RECORDER_PATIENCE="0.3").returncode == 3
    awake.set()
    stranger.close()
    assert found == [b""]


def test_only_who_can_read_the_key_comes_in(served: Shell) -> None:
    door = served.folder / DOOR
    assert door.stat().st_mode & 0o777 == 0o600
    assert served.folder.stat().st_mode & 0o777 == 0o700
    port, theirs, ours, _ = door.read_text().splitlines()

    def knock(hello: str) -> bytes:
        with socket.create_connection(("127.0.0.1", int(port))) as caller:
            caller.settimeout(60)
            caller.sendall(hello.encode())
            caller.shutdown(socket.SHUT_WR)
            try:
                return caller.recv(200)
            except ConnectionResetError:
                return b""

    assert knock(f"hello {theirs}\n") == f"ready {ours}\n".encode()
    for hello in ("", "hello\n", f"hello {ours}\n", f"{theirs}\n", "x" * 4000, "GET / HTTP/1.1\n"):
        assert knock(hello) == b"", hello
    if os.geteuid() == 0:
        # A folder of somebody else's is none of ours.
        os.chown(door, 65534, 65534)
        assert served.register().returncode == 3
    assert served.requests == []


def test_strangers_take_no_more_than_the_room_there_is(served: Shell) -> None:
    port = int((served.folder / DOOR).read_text().split()[0])
    knocking = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST)]
    # Nobody is let in any more, nor kept waiting: who was to be recorded goes another way.
    assert served.register().returncode == 3
    for each in knocking:
        each.close()
    deadline = time.monotonic() + 60
    while served.register().returncode != 0:
        assert time.monotonic() < deadline
    assert len(served.requests) == 1


def test_a_process_that_cannot_be_identified_from_here_does_it_itself(served: Shell) -> None:
    port, theirs, ours, _ = (served.folder / DOOR).read_text().splitlines()
    told_ = {"call": "complete", "uuid": "u", "workspace": "/w", "task_dir": "/t", "exit": "0"}

    def ask(**more: str) -> bytes:
        pairs = {**told_, "wrapper": str(os.getpid()), **more}
        text = "".join(f"{name}={value}\0" for name, value in pairs.items()) + "\0A=b\0\0"
        with socket.create_connection(("127.0.0.1", int(port))) as caller:
            caller.settimeout(60)
            caller.sendall(f"hello {theirs}\n".encode())
            with caller.makefile("rb") as stream:
                assert stream.readline() == f"ready {ours}\n".encode()
                caller.sendall(text.encode())
                return stream.read()

    assert ask(start="1") == b"declined\n"
    assert ask() == b"declined\n"
    assert ask(start=str(start_time(os.getpid())), exit="no number") == b""
    assert ask(start=str(start_time(os.getpid())), call="rm") == b""
    assert served.requests == []
    assert ask(start=str(start_time(os.getpid()))).startswith(b"done 0 0 3\n")


def test_a_request_is_what_json_would_have_made_of_it() -> None:
    said = (
        b"call=register\0uuid=u\0wrapper=1\0start=2\0workspace=/w=x\xff\0task_dir=\0recorder=r\0"
        b"planned=3\0launch=4\0attempt=5\0exit=\0\0A=1=2\0B=\0C=\n\0\0"
    )
    request = read_request(said)
    assert request is not None
    assert json.loads(json.dumps(request)) == {
        "call": "register", "uuid": "u", "wrapper": 1, "start": "2", "workspace": "/w=x\udcff",
        "task_dir": "", "recorder": "r", "planned": 3, "launch": 4, "attempt": 5,
        "environ": {"A": "1=2", "B": "", "C": "\n"},
    }  # fmt: skip
    assert read_request(said + b"more") is None
