"""The door through which runs are recorded, in plain psycopg: it is opened twice per run.

Every request is a JSON-able dictionary whose ``op`` names an operation, so that it may as well
arrive through a socket. Repeating a request is safe. The rules (who may register, what a completion
may change) are those of ARCHITECTURE.md, "Recording".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.store import completing, importing, placing, registering

Row = tuple[Any, ...]
Operation = Callable[[psycopg.Connection[Row], dict[str, Any]], dict[str, Any]]

#: What a recorder may be asked to do.
OPERATIONS: dict[str, Operation] = {
    "register": registering.register,
    "renumber": registering.renumber,
    "complete": completing.complete,
    "import": importing.import_sealed,
    "beat": completing.beat,
    "place_exported": placing.place,
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


class Away(DatabaseUnavailable):
    """The database does not answer now; it may again when asked later."""


@contextmanager
def connected(url: str, *, timeout: int = 10) -> Iterator[psycopg.Connection[Row]]:
    """Open a connection for recording; transactions are explicit blocks.

    Raises Away where trying again later may help, and DatabaseUnavailable where it will not.
    """
    try:
        with psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=timeout,
            application_name="pm record",
            prepare_threshold=None,
            # A connection that was cut without a word must not be waited for until TCP gives up.
            keepalives_idle=20,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=60_000,
        ) as connection:
            yield connection
    except psycopg.Error as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def send(url: str, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks for and return the answer.

    Raises what ``connected`` raises; the request may have been carried out all the same, and only
    its answer was lost.
    """
    operation = OPERATIONS[request["op"]]
    with connected(url, timeout=3 if request["op"] == "beat" else 10) as connection:
        return operation(connection, request)


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
    if not isinstance(error, psycopg.OperationalError):
        return None
    if error.sqlstate is None and any(text in str(error) for text in _REFUSALS):
        return DatabaseUnavailable(
            f"The database refuses the connection: {reason}",
            hint="Check PM_DATABASE_URL, or [database] url in pm.toml; `pm db status` tries it.",
        )
    return Away(f"The database does not answer: {reason}")
