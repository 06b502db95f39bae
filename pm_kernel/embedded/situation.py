"""What can be said about a server by reading a few small files: the hot path of every command."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pm_kernel.embedded.folder import Folder, Record, not_yours
from pm_kernel.embedded.host import Host
from pm_kernel.embedded.processes import carries, start_of
from pm_kernel.errors import DatabaseUnavailable

ROLE = "pm"
DATABASE = "pm"
PORT = 5432
#: Name of the socket in its folder, as PostgreSQL makes it from the port.
SOCKET = f".s.PGSQL.{PORT}"


class State(Enum):
    """What a cluster is doing, as far as this host can know."""

    RUNNING = "runs"
    #: The process lives and does not answer yet, or no longer.
    BUSY = "is starting or stopping"
    #: It serves by its own word, but somebody removed its socket: nobody can reach it.
    DEAF = "lost its socket"
    STOPPED = "is stopped"
    #: Killed, or the machine went down; the next start recovers it.
    DIED = "ended without being stopped"
    #: Another host started it on this folder and has not stopped it.
    ELSEWHERE = "runs on another host"
    #: The folder was copied while a server ran on the original.
    COPIED = "was copied while it ran"
    ABSENT = "was never started"


@dataclass(frozen=True)
class Situation:
    """A state and the facts that go with it."""

    state: State
    pid: int | None = None
    socket_dir: Path | None = None
    record: Record | None = None


def look(folder: Folder, host: Host) -> Situation:
    """Return the situation of the server in ``folder``, without starting any process on Linux.

    Raises DatabaseUnavailable when the folder belongs to another user.
    """
    try:
        lines = folder.pid_file.read_text(errors="replace").split("\n")
        inode = folder.data.stat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        record = folder.read_record()
        known = record is not None or folder.data.exists()
        return Situation(State.STOPPED if known else State.ABSENT, record=record)
    except PermissionError as error:
        raise not_yours(folder.root) from error
    record = folder.read_record()
    if record is None:
        return Situation(State.DIED)
    if record.inode != inode:
        return Situation(State.COPIED, record=record)
    if record.boot != host.boot:
        same = (record.host, record.machine) == (host.name, host.machine)
        # A container that was made anew has a new name; where no second machine can be at the
        # folder, the server's lock tells the truth.
        died = same or host.keeps_to_itself(folder.data)
        return Situation(State.DIED if died else State.ELSEWHERE, record=record)
    pid = _number(lines[0])
    if pid is None or not _is_the_server(pid, record):
        return Situation(State.DIED, record=record)
    # The eighth line is PostgreSQL's word on itself: starting, ready, stopping.
    status = lines[7].strip() if len(lines) > 7 else ""
    socket_dir = Path(record.socket_dir)
    if status != "ready":
        return Situation(State.BUSY, pid, socket_dir, record)
    heard = (socket_dir / SOCKET).exists()
    return Situation(State.RUNNING if heard else State.DEAF, pid, socket_dir, record)


def _here(time: str) -> str:
    """Return a time that was written down as people here read it."""
    # Only an error needs it, and every command imports this module.
    from datetime import datetime

    try:
        return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d at %H:%M}"
    except ValueError:
        return time


def unavailable(folder: Folder, situation: Situation) -> DatabaseUnavailable:
    """Return the error that says why there is no server to talk to, and what mends it."""
    record = situation.record
    host = "another host" if record is None else f"host {record.host}"
    origin = "another place" if record is None else str(Path(record.path).parent.parent)
    stopped = folder.stopped_at()
    start = "Start it with `pm db start`."
    match situation.state:
        case State.ELSEWHERE:
            return DatabaseUnavailable(
                f"The embedded database of this workspace was started on {host} and not stopped "
                "there; two servers on one folder would destroy it.",
                hint=f"Run `pm db stop` on {host}, or `pm db start --take-over` here when that "
                "host is gone. For work on several hosts, name one PostgreSQL of your own with "
                "PM_DATABASE_URL.",
            )
        case State.COPIED:
            return DatabaseUnavailable(
                f"The database in {folder.data} was copied from {origin} while its server ran; "
                "such a copy may lack or mix changes.",
                hint="Run `pm db backup FILE` in the original and `pm db restore FILE` here, or "
                "`pm rebuild` to read all runs from the store. `pm db start --take-over` uses the "
                "copied files as they are.",
            )
        case State.BUSY:
            return DatabaseUnavailable(
                f"The database server (process {situation.pid}) is starting or stopping.",
                hint=f"Look again with `pm db status`; its log is {folder.log}.",
            )
        case State.DEAF:
            return DatabaseUnavailable(
                "The database server runs, but its socket was removed: nobody can reach it.",
                hint="`pm db start` ends it in order and starts it again.",
            )
        case _ if stopped is not None:
            return DatabaseUnavailable(
                "The database of this workspace was stopped with `pm db stop` on "
                f"{_here(stopped)}.",
                hint=start,
            )
        case State.DIED:
            return DatabaseUnavailable(
                "The database server of this workspace ended without being stopped; the next start "
                "recovers it.",
                hint=start,
            )
        case _:
            return DatabaseUnavailable(
                "The database server of this workspace does not run.", hint=start
            )


def _is_the_server(pid: int, record: Record) -> bool:
    start = start_of(pid)
    if start is None:
        return False
    # A starter that was killed before it could write down the process leaves only the name.
    return start == record.start if pid == record.pid else carries(pid, record.name)


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None
