"""The door through which runs are recorded, in plain psycopg: it is opened twice per run.

Every request is a JSON-able dictionary whose ``op`` names an operation, so that it may as well
arrive through a socket. Repeating a request is safe. The rules (who may register, what a completion
may change) are those of ARCHITECTURE.md, "Recording".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import psycopg
from psycopg import errors

from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.store.keepalive import KEEP_ALIVE

Row = tuple[Any, ...]
Operation = Callable[[psycopg.Connection[Row], dict[str, Any]], dict[str, Any]]

#: What a recorder may be asked to do: module beside this one, function. Imported when asked for: a
#: process around a task asks for one of them, and its start is most of what it costs.
OPERATIONS = {
    "register": ("registering", "register"),
    "renumber": ("registering", "renumber"),
    "complete": ("completing", "complete"),
    "import": ("importing", "import_sealed"),
    "beat": ("completing", "beat"),
    "place_exported": ("placing", "place"),
    "lookup": ("latest", "latest"),
}

#: libpq names no code for what a server answers to a new connection; these do not pass by waiting.
_REFUSALS = (
    "authentication failed",
    "no pg_hba.conf entry",
    "does not exist",
    "no password supplied",
    "permission denied",
    "SSL",
)


#: How often a statement is sent on a kept connection before the server keeps its plan too: planning
#: those of a registration costs it more than carrying them out.
_REPEATED = 2


#: A pooler gives each transaction to another server process, which lacks the statements that were
#: prepared, or has them of somebody else; on a new connection nothing is prepared.
_UNPREPARED = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)


class Away(DatabaseUnavailable):
    """The database does not answer now; it may again when asked later."""


@contextmanager
def connected(url: str, *, timeout: int = 10) -> Iterator[psycopg.Connection[Row]]:
    """Open a connection for recording; transactions are explicit blocks.

    Raises Away where trying again later may help, and DatabaseUnavailable where it will not.
    """
    with _translated(), _connect(url, timeout) as connection:
        yield connection


class Connections:
    """Keeps connections open from one request to the next, for whoever records many runs.

    Safe to use from several threads: each request has a connection of its own, at most ``most`` at
    a time, and ``_KEPT`` of them stay open.
    """

    _KEPT = 2

    def __init__(self, *, most: int = 8) -> None:
        self._turn = threading.Semaphore(most)
        self._lock = threading.Lock()
        self._idle: list[tuple[str, psycopg.Connection[Row]]] = []

    @contextmanager
    def connected(self, url: str, *, timeout: int = 10) -> Iterator[psycopg.Connection[Row]]:
        """Give a connection out, as the function of this name does."""
        with self._turn, _translated():
            connection = self._take(url) or _connect(url, timeout, prepared_after=_REPEATED)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._put(url, connection)

    def close(self) -> None:
        """Close what is kept open; it is opened again when it is needed."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _url, connection in idle:
            connection.close()

    def _take(self, url: str) -> psycopg.Connection[Row] | None:
        with self._lock:
            while self._idle:
                known, connection = self._idle.pop()
                if known == url:
                    return connection
                # The database has another address since it was started anew.
                connection.close()
        return None

    def _put(self, url: str, connection: psycopg.Connection[Row]) -> None:
        with self._lock:
            if len(self._idle) < self._KEPT:
                self._idle.append((url, connection))
                return
        connection.close()


def send(
    url: str, request: dict[str, Any], connections: Connections | None = None
) -> dict[str, Any]:
    """Do what a request asks for and return the answer, on a connection of ``connections`` if any.

    Raises what ``connected`` raises; the request may have been carried out all the same, and only
    its answer was lost.
    """
    module, function = OPERATIONS[request["op"]]
    operation: Operation = getattr(import_module(f"pm_kernel.store.{module}"), function)
    opened = connected if connections is None else connections.connected
    with opened(url, timeout=3 if request["op"] == "beat" else 10) as connection:
        return operation(connection, request)


def _connect(
    url: str, timeout: int, *, prepared_after: int | None = None
) -> psycopg.Connection[Row]:
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=timeout,
        application_name="pm record",
        prepare_threshold=prepared_after,
        **KEEP_ALIVE,
        tcp_user_timeout=60_000,
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def _told(error: psycopg.Error) -> DatabaseUnavailable | None:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # libpq puts advice on further lines, as a question.
    reason = next((line for line in lines if not line.endswith("?")), type(error).__name__)
    if isinstance(error, errors.DiskFull):
        return DatabaseUnavailable(
            f"The disk of the database is full; nothing was recorded: {reason}",
            hint="Free some space there, then repeat; `pm db status` shows where it is.",
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return DatabaseUnavailable(
            f"The database does not accept changes: {reason}",
            hint="It is a standby, or was set to read-only; name the one that is written to.",
        )
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
        return DatabaseUnavailable(
            "The database is older than this program: a table or column is missing.",
            hint="Bring it up to date with `pm db upgrade`.",
        )
    if isinstance(error, _UNPREPARED):
        return Away(f"The database forgot what was prepared on a connection: {reason}")
    if not isinstance(error, psycopg.OperationalError):
        return None
    if error.sqlstate is None and any(text in str(error) for text in _REFUSALS):
        return DatabaseUnavailable(
            f"The database refuses the connection: {reason}",
            hint="Check PM_DATABASE_URL, or [database] url in pm.toml; `pm db status` tries it.",
        )
    return Away(f"The database does not answer: {reason}")
