"""Which process is which, whether it still lives, and how its session is ended.

A process id alone proves nothing: ids are used again, and everything dies at a reboot. An identity
is the id together with its start time, the boot it belongs to, and the host.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pm_kernel.config import RUN_VARIABLE
from pm_kernel.errors import EngineUnavailable

#: Linux tells it for the price of a read; elsewhere `ps` is asked.
_HAS_PROC = Path("/proc/self/stat").exists()


class Life(Enum):
    """What can be said about a process."""

    ALIVE = "alive"
    GONE = "gone"
    #: It belongs to another host, or to a user whose processes are hidden from us: nothing can be
    #: said from here.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, unmistakably. ``start`` is opaque text that only the same host compares."""

    pid: int
    start: str
    boot: str
    host: str

    def life(self) -> Life:
        """Return whether this very process still lives."""
        if self.host != host_name():
            return Life.UNKNOWN
        if self.boot != boot_id():
            return Life.GONE
        start = start_time(self.pid)
        if start is None and _is_hidden(self.pid):
            return Life.UNKNOWN
        return Life.ALIVE if start is not None and start == self.start else Life.GONE


def host_name() -> str:
    """Return this host's name."""
    return socket.gethostname()


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a living process; None when there is none with that id."""
    start = start_time(pid)
    return None if start is None else ProcessIdentity(pid, start, boot_id(), host_name())


def boot_id() -> str:
    """Return a text that changes with every boot of this host."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return "" if _HAS_PROC else _ask(["sysctl", "-n", "kern.boottime"]).strip()


def start_time(pid: int) -> str | None:
    """Return when a process started; None when it is gone or only waits to be reaped.

    Raises EngineUnavailable where the system cannot be asked.
    """
    if _HAS_PROC:
        fields = _stat_fields(pid)
        return None if fields is None or fields[0] in ("Z", "X") else fields[19]
    answer = _ask(["ps", "-o", "stat=,lstart=", "-p", str(pid)])
    state, _, start = answer.strip().partition(" ")
    return None if not start or state.startswith("Z") else " ".join(start.split())


def parent_of(pid: int) -> int | None:
    """Return the process that a process was started by, or was left to; None where it is gone."""
    if _HAS_PROC:
        fields = _stat_fields(pid)
        return None if fields is None else int(fields[1])
    answer = _ask(["ps", "-o", "ppid=", "-p", str(pid)]).strip()
    return int(answer) if answer else None


def session_members(leader: int) -> list[int]:
    """Return the living processes of a session, its leader included."""
    if _HAS_PROC:
        # One system call for each process of the machine; a file is read of our own only.
        found = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
        return [pid for pid in found if _session(pid) == leader and start_time(pid) is not None]
    rows = (line.split() for line in _ask(["ps", "-axo", "pid=,sess=,stat="]).splitlines())
    return [int(r[0]) for r in rows if len(r) == 3 and r[1] == str(leader) and r[2][0] != "Z"]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        # Gone meanwhile, or somebody else's on a system that does not tell.
        return None


def end_session(identity: ProcessIdentity, *, patience: float = 5.0, grace: float = 10.0) -> Life:
    """End every process of the session that ``identity`` leads; what can be said of them then.

    They are asked first (SIGTERM) and killed after ``patience`` seconds; ``grace`` is how long the
    system may take to do that. Children that outlived their leader are ended too: a session id is
    not used again while a member lives, unless a reboot came between, which is checked.
    """
    if identity.host != host_name():
        return Life.UNKNOWN
    if identity.boot != boot_id():
        return Life.GONE
    leader = start_time(identity.pid)
    if leader is not None and leader != identity.start:
        # The id belongs to somebody else now; so does its session.
        return Life.GONE
    if not _end_all(lambda: session_members(identity.pid), _signal, patience, grace):
        return Life.ALIVE
    return Life.UNKNOWN if _is_hidden(identity.pid) else Life.GONE


def end_run(
    runner: ProcessIdentity | None, uuid: str, *, patience: float = 5.0, grace: float = 10.0
) -> Life:
    """End a runner's session, where it is known, and whoever of its run has left that.

    Returns what can be said of them then. What left it (a daemon), or whose runner nobody can name
    any more, is known by the uuid that the run was started with; where the system does not tell
    that, or it was given an environment of its own, it is left alone.
    """
    life = Life.GONE
    if runner is not None:
        life = end_session(runner, patience=patience, grace=grace)

    def end(pid: int, sign: signal.Signals) -> None:
        _signal_carrier(pid, sign, uuid)

    return life if _end_all(lambda: carriers(uuid), end, patience, grace) else Life.ALIVE


def carriers(uuid: str) -> list[int]:
    """Return the living processes that were started with the uuid of a run in their environment."""
    if not _HAS_PROC or not uuid:
        return []
    found = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
    return [p for p in found if p != os.getpid() and _carries(p, uuid) and start_time(p)]


def _carries(pid: int, uuid: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as stream:
            given = stream.readall()
    except OSError:
        # Gone, or nothing of ours.
        return False
    return given is not None and f"{RUN_VARIABLE}={uuid}".encode() in given.split(b"\0")


def _signal_carrier(pid: int, sign: signal.Signals, uuid: str) -> None:
    """Signal a process of a run; never one that has got its number meanwhile."""
    try:
        held = os.pidfd_open(pid)
    except AttributeError:
        # Python was built where the system had no such call (that of conda, for instance).
        _signal_unheld(pid, sign, uuid)
        return
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EPERM):
            # A kernel before 5.3, or a container that forbids it.
            _signal_unheld(pid, sign, uuid)
        return
    try:
        if _carries(pid, uuid):
            signal.pidfd_send_signal(held, sign)
    except (ProcessLookupError, PermissionError):
        return
    finally:
        os.close(held)


def _signal_unheld(pid: int, sign: signal.Signals, uuid: str) -> None:
    """Signal a process right after a look at it, where nobody can hold on to it."""
    if _carries(pid, uuid):
        _signal(pid, sign)


def _end_all(
    members: Callable[[], list[int]],
    end: Callable[[int, signal.Signals], None],
    patience: float,
    grace: float,
) -> bool:
    """Signal processes until there are none; False where some are left."""
    for sign, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, grace)):
        deadline = time.monotonic() + seconds
        pause = 0.005
        first = True
        while found := members():
            if first or sign is signal.SIGKILL:
                for pid in found:
                    end(pid, sign)
                first = False
            if time.monotonic() > deadline:
                break
            time.sleep(pause)
            pause = min(0.1, pause * 2)
        else:
            return True
    return not members()


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except (ProcessLookupError, PermissionError):
        # Gone meanwhile, or never ours; the caller counts who is left.
        return


def _stat_fields(pid: int) -> list[str] | None:
    """Return /proc/PID/stat from the state on; the command before it may hold any character."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        # Gone; or hidden from other users (/proc mounted with hidepid), which _is_hidden tells.
        return None


def _is_hidden(pid: int) -> bool:
    """Whether a process exists that we are not shown: it can be signalled, or may not be."""
    if not _HAS_PROC or _stat_fields(pid) is not None:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    # Ours, and not shown: it ended between the two looks, or waits to be reaped.
    return False


def _ask(command: list[str]) -> str:
    import subprocess

    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError as error:
        # Without an answer a living process would pass for a dead one.
        raise EngineUnavailable(
            f"`{command[0]}` cannot be started, so nobody can tell which processes live: {error}.",
            hint=f"Put `{command[0]}` on PATH; `pm doctor` checks it.",
        ) from error
