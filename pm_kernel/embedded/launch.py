"""The server's process: one start at a time, on nobody's terminal, awaited, and ended."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pm_kernel.embedded import cluster, log
from pm_kernel.embedded.account import Account
from pm_kernel.embedded.binaries import ENVIRONMENT, Binaries
from pm_kernel.embedded.folder import Folder, Record, open_private
from pm_kernel.embedded.host import Host
from pm_kernel.embedded.lock import lock
from pm_kernel.embedded.processes import named, start_of
from pm_kernel.embedded.situation import Situation, State, look, unavailable
from pm_kernel.embedded.sockets import make_socket_dir, remove_socket_dir
from pm_kernel.errors import DatabaseUnavailable

#: Where root's copy of the programs goes when the Python environment lies in a private folder.
PROGRAM_PLACES = (
    Path("/var/lib/research-process-manager"),
    Path("/var/tmp/research-process-manager"),
)

_PAUSE_SECONDS = 0.01
#: How long a server that is going away may still hold its lock before it is helped along.
_GRACE_SECONDS = 2.0
_QUIT_SECONDS = 10.0


def bring_up(
    folder: Folder,
    account: Account,
    host: Host,
    *,
    state_dir: Path,
    extra: Mapping[str, str],
    timeout: float,
    take_over: bool,
) -> Path:
    """Start the server unless it runs; return the folder of its socket.

    The caller holds the control lock. Raises DatabaseUnavailable with the reason.
    """
    situation = look(folder, host)
    if situation.state is State.BUSY:
        situation = settle(folder, host, timeout)
    if situation.state is State.RUNNING and situation.socket_dir is not None:
        return situation.socket_dir
    if situation.state is State.DEAF and situation.record is not None and situation.pid is not None:
        # Whatever cleans temporary folders took it. The server ends in order, nothing is lost.
        end(folder, situation.record, situation.pid, account.uid, timeout)
        situation = look(folder, host)
    foreign = situation.state in (State.ELSEWHERE, State.COPIED)
    if situation.state is State.BUSY or (foreign and not take_over):
        raise unavailable(folder, situation)
    last = situation.record
    if last is not None and last.inode != folder.inode():
        last = None  # the original's, in a copy of it
    binaries = Binaries.locate().reachable_for(account, PROGRAM_PLACES)
    with sole_use(folder, host, last, account.uid) as descriptor:
        if last is not None:
            remove_socket_dir(Path(last.socket_dir))
        name = f"pm-{secrets.token_hex(6)}"
        socket_dir = make_socket_dir(account, state_dir, name)
        try:
            cluster.prepare(folder, account, binaries, socket_dir, extra, descriptor)
            record = Record(
                name=name,
                inode=folder.inode(),
                path=str(folder.data),
                socket_dir=str(socket_dir),
                host=host.name,
                machine=host.machine,
                boot=host.boot,
                version=binaries.version(),
            )
            offset = _spawn(folder, account, binaries, record, descriptor)
        except BaseException:
            remove_socket_dir(socket_dir)
            raise
    situation = settle(folder, host, timeout)
    if situation.state is State.RUNNING and situation.pid is not None:
        served = replace(record, pid=situation.pid, start=start_of(situation.pid))
        folder.write_record(served, account)
        return socket_dir
    if not _is_gone(folder):
        raise DatabaseUnavailable(
            f"The database server does not answer yet after {timeout:.0f} seconds; it may be "
            "recovering from a crash.",
            hint=f"Look again with `pm db status`; its log is {folder.log}.",
        )
    remove_socket_dir(socket_dir)
    reason, hint = log.explain(log.since(folder.log, offset))
    raise DatabaseUnavailable(f"The database server did not start: {reason}", hint=hint)


@contextmanager
def sole_use(folder: Folder, host: Host, left: Record | None, uid: int) -> Iterator[int]:
    """Hold the server's lock inside the block; the value is the descriptor to hand to the server.

    Server processes that outlived their postmaster (it was killed while they were at work) are
    ended first: until then no new server may touch the files. ``left`` is the record of this very
    cluster's last start, None before the first and for a copy (an initdb whose starter was killed
    ends by itself). Raises DatabaseUnavailable when the lock stays taken.
    """
    for number, seconds in (
        (None, _GRACE_SECONDS),
        (signal.SIGQUIT, _QUIT_SECONDS),
        (signal.SIGKILL, _QUIT_SECONDS),
    ):
        if number is not None and left is not None:
            if left.boot != host.boot:
                break  # whoever is at work, it is no process of that start on this machine
            for pid in named(left.name, uid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        with lock(folder.server_lock, timeout=seconds) as descriptor:
            if descriptor is not None:
                yield descriptor
                return
    where = f" It was started on host {left.host}." if left is not None else ""
    raise DatabaseUnavailable(
        f"A server is at work on {folder.data} that cannot be seen from here, in another container "
        f"or on another host.{where}",
        hint="Run `pm db stop` there, then `pm db start` here.",
    )


def _spawn(
    folder: Folder, account: Account, binaries: Binaries, record: Record, lock_descriptor: int
) -> int:
    """Start the server's process; return where in the log its lines begin.

    It gets a session of its own and no parent here, so neither a closed terminal nor Ctrl-C reaches
    it. It keeps the lock for as long as one of its processes lives.
    """
    # Of a server that lives no longer, or of the original that this is a copy of. PostgreSQL would
    # take any process that now has the number for the server.
    folder.pid_file.unlink(missing_ok=True)
    folder.write_record(record, account)
    output = open_private(folder.log, os.O_WRONLY | os.O_APPEND)
    try:
        offset = os.fstat(output).st_size
        # The shell ends at once, so that the server is nobody's child and leaves no zombie; the
        # command's words are handed to it as they are.
        subprocess.run(
            [
                "/bin/sh", "-c", 'exec "$@" &', "sh",
                binaries.program("postgres"),
                "-D", cluster.argument(folder.data),
                "-c", f"cluster_name={record.name}",
            ],
            cwd=folder.data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(lock_descriptor,),
            env=ENVIRONMENT,
            check=True,
            **account.switch(),
        )  # fmt: skip
    finally:
        os.close(output)
    return offset


def settle(folder: Folder, host: Host, timeout: float) -> Situation:
    """Wait until the server serves or is gone; after ``timeout`` seconds return what is then.

    The caller must not hold the server's lock: that nobody holds it says that the server is gone.
    """
    deadline = time.monotonic() + timeout
    while True:
        gone = _is_gone(folder)
        situation = look(folder, host)
        if gone or situation.state is State.RUNNING or time.monotonic() > deadline:
            return situation
        time.sleep(_PAUSE_SECONDS)


def end(folder: Folder, record: Record, pid: int, uid: int, timeout: float) -> None:
    """Stop the server in order; after ``timeout`` seconds at once, which costs a recovery later.

    Raises DatabaseUnavailable when it does not end.
    """
    start = start_of(pid)
    # The numbers were read from files that, for root, may be another user's. (A process that is
    # being killed has lost its command line already.)
    if pid not in named(record.name, uid) and not _ended(pid, start, _GRACE_SECONDS):
        raise DatabaseUnavailable(
            f"Process {pid} is not the database server that {folder.record_file} says it is.",
            hint=f"Look at it with `ps -fp {pid}`; `pm db status` shows the server.",
        )
    for number, seconds in ((signal.SIGINT, timeout), (signal.SIGQUIT, _QUIT_SECONDS)):
        if _ended(pid, start, 0):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if _ended(pid, start, seconds):
            return
    raise DatabaseUnavailable(
        f"The database server (process {pid}) does not end; its disk may not answer.",
        hint=f"Its log is {folder.log}.",
    )


def _ended(pid: int, start: str | None, seconds: float) -> bool:
    """Whether the process that began at ``start`` has ended, or does so within ``seconds``."""
    deadline = time.monotonic() + seconds
    while start is not None and start_of(pid) == start:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _is_gone(folder: Folder) -> bool:
    """Whether none of the server's processes lives; the caller must not hold its lock."""
    with lock(folder.server_lock, timeout=0) as free:
        return free is not None
