"""Who is alive: processes, sessions and boots, as evidence for ending a run."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from pm_kernel.errors import EngineUnavailable
from pm_kernel.running import process
from pm_kernel.running.process import Life, ProcessIdentity, end_run, end_session, identify

from .recording_harness import as_another_user, gone, me, wait_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(params=["proc", "ps"])
def _source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of asking: /proc, and `ps` where there is none."""
    if request.param == "ps":
        monkeypatch.setattr(process, "_HAS_PROC", False)


@pytest.fixture
def session() -> Iterator[subprocess.Popen[bytes]]:
    """A shell that leads a session, with a child that is still there when the shell is not."""
    script = "sleep 600 & echo $! ; read line"
    with subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as leader:
        yield leader
        for pid in process.session_members(leader.pid):
            os.kill(pid, signal.SIGKILL)


def child_of(leader: subprocess.Popen[bytes]) -> int:
    assert leader.stdout is not None
    return int(leader.stdout.readline())


def of(leader: subprocess.Popen[bytes]) -> ProcessIdentity:
    identity = identify(leader.pid)
    assert identity is not None
    return identity


@pytest.mark.usefixtures("_source")
def test_a_living_process_is_alive_and_one_that_ended_is_gone() -> None:
    assert me().life() is Life.ALIVE
    assert gone().life() is Life.GONE


@pytest.mark.usefixtures("_source")
def test_a_process_that_only_waits_to_be_reaped_is_gone() -> None:
    child = subprocess.Popen(["true"])
    wait_for(lambda: identify(child.pid) is None)
    child.wait()


@pytest.mark.usefixtures("_source")
def test_the_same_number_with_another_start_or_boot_is_another_process() -> None:
    assert replace(me(), start="1").life() is Life.GONE
    assert replace(me(), boot="another").life() is Life.GONE


def test_of_another_host_nothing_can_be_said() -> None:
    assert replace(me(), host="another").life() is Life.UNKNOWN
    assert end_session(replace(me(), host="another")) is Life.UNKNOWN


def test_a_name_that_looks_like_the_end_of_the_command_does_not_mislead() -> None:
    script = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b'a) Z 1 (b'); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as child:
        before = identify(child.pid)
        time.sleep(0.2)
        assert identify(child.pid) == before
        assert before is not None
        assert before.life() is Life.ALIVE


@pytest.mark.usefixtures("_source")
def test_ending_a_session_ends_children_that_outlived_their_leader(
    session: subprocess.Popen[bytes],
) -> None:
    identity, child = of(session), child_of(session)
    session.kill()
    session.wait()
    assert identify(child) is not None
    assert end_session(identity) is Life.GONE
    assert identify(child) is None


def test_a_session_that_ignores_the_first_signal_is_killed() -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        assert end_session(of(leader), patience=0.3) is Life.GONE
    assert leader.returncode == -signal.SIGKILL


def test_a_number_that_somebody_else_has_now_is_left_alone(
    session: subprocess.Popen[bytes],
) -> None:
    child = child_of(session)
    assert end_session(replace(of(session), start="1")) is Life.GONE
    assert identify(child) is not None


DAEMON = """
import os, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
print(os.getpid(), flush=True)
time.sleep(3600)
"""


@pytest.mark.parametrize("holding", ["held", "not built in", errno.ENOSYS, errno.EPERM])
def test_who_left_the_session_of_its_run_is_ended_by_the_uuid_that_it_was_started_with(
    monkeypatch: pytest.MonkeyPatch, holding: str | int
) -> None:
    if holding == "not built in":
        monkeypatch.delattr(os, "pidfd_open")
    elif isinstance(holding, int):
        refusal = OSError(holding, os.strerror(holding))

        def refuse(_pid: int) -> int:
            raise refusal

        monkeypatch.setattr(os, "pidfd_open", refuse)

    def daemon(uuid: str) -> int:
        environ = {**os.environ, "PM_RUN_UUID": uuid}
        with subprocess.Popen(
            [sys.executable, "-c", DAEMON], env=environ, stdout=subprocess.PIPE
        ) as started:
            assert started.stdout is not None
            return int(started.stdout.readline())

    run = uuid4().hex
    ours, others = daemon(run), daemon(f"{run}-of-another")
    try:
        assert end_run(None, run) is Life.GONE
        assert identify(ours) is None
        assert identify(others) is not None
        # Nobody is meant where there is no uuid.
        assert end_run(None, "") is Life.GONE
        assert identify(others) is not None
    finally:
        assert end_run(None, f"{run}-of-another") is Life.GONE
    assert identify(others) is None


@needs_root
def test_what_may_not_be_ended_is_said_to_be_alive(session: subprocess.Popen[bytes]) -> None:
    identity, _ = of(session), child_of(session)

    def work() -> object:
        # The second signal is waited for as long as it takes a kernel; not here.
        return end_session(identity, patience=0.1, grace=0.1).value

    assert as_another_user(work) == "alive"


@needs_root
def test_a_process_hidden_from_other_users_is_not_taken_for_dead() -> None:
    # As where /proc is mounted with hidepid: signals still tell that it is there.
    identity = me()

    def work() -> object:
        original = process._stat_fields
        process._stat_fields = lambda _pid: None  # type: ignore[assignment]
        try:
            return identity.life().value
        finally:
            process._stat_fields = original

    assert as_another_user(work) == "unknown"


def test_a_system_that_cannot_be_asked_is_no_evidence_of_death(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    identity = me()
    monkeypatch.setattr(process, "_HAS_PROC", False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineUnavailable, match="`ps` cannot be started"):
        identity.life()
