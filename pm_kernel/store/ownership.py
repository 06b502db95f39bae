"""Who owns a plan: a session-level advisory lock, held on a connection of its own.

It saves work, it does not carry safety: a plan without an owner is settled by whoever comes next,
and two owners at once would still register every planned run only once. Looking whether somebody
has it takes no lock, so that those who only look never stand in the way of an owner.
"""

from __future__ import annotations

import time

import psycopg
from sqlalchemy import Connection

from pm_kernel.store.engine import libpq_url, translated
from pm_kernel.store.keepalive import KEEP_ALIVE

#: First half of the lock's key; the second is the plan id.
_SPACE = 0x706D
_PAUSE = 0.05

_HELD = """
SELECT objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = %(space)s
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class PlanLock:
    """The lock of one plan; ``held`` tells whether its connection still stands."""

    def __init__(self, url: str, plan_id: int) -> None:
        self._url = libpq_url(url)
        self._plan_id = plan_id
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def acquire(self, *, patience: float = 0.0) -> bool:
        """Take the lock, trying for ``patience`` seconds; False when somebody else has it.

        Raises DatabaseUnavailable.
        """
        self.release()
        deadline = time.monotonic() + patience
        with translated():
            connection = self._connect()
            try:
                connection.execute("SET idle_session_timeout = 0")
                while not self._try(connection):
                    if time.monotonic() >= deadline:
                        return False
                    time.sleep(_PAUSE)
                self._connection = connection
            finally:
                if self._connection is None:
                    connection.close()
        return True

    @property
    def held(self) -> bool:
        """Ask the server whether the connection that holds the lock still stands."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection[tuple[bool]]:
        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=10,
            application_name="pm plan owner",
            # A lost network must not keep a lock for hours.
            **KEEP_ALIVE,
        )

    def _try(self, connection: psycopg.Connection[tuple[bool]]) -> bool:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, self._plan_id)
        ).fetchone()
        return row is not None and row[0]


def is_owned(url: str, plan_id: int) -> bool:
    """Return whether somebody has the lock of a plan right now, without touching it.

    Raises DatabaseUnavailable.
    """
    with translated(), psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
        return (plan_id,) in connection.execute(_HELD, {"space": _SPACE}).fetchall()


def owned_plans(connection: Connection) -> set[int]:
    """Return the plans that somebody has the lock of right now, without touching any."""
    return {row[0] for row in connection.exec_driver_sql(_HELD, {"space": _SPACE})}
