"""Who owns a plan: a session-level advisory lock, held on a connection of its own.

It saves work, it does not carry safety: a plan without an owner is settled by whoever comes next,
and two owners at once would still register every planned run only once.
"""

from __future__ import annotations

import psycopg

from pm_kernel.store.engine import libpq_url, translated

#: First half of the lock's key; the second is the plan id.
_SPACE = 0x706D


class PlanLock:
    """The lock of one plan; ``held`` tells whether its connection still stands."""

    def __init__(self, url: str, plan_id: int) -> None:
        self._url = libpq_url(url)
        self._plan_id = plan_id
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def acquire(self) -> bool:
        """Take the lock without waiting; False when somebody has it.

        Raises DatabaseUnavailable.
        """
        self.release()
        with translated():
            connection: psycopg.Connection[tuple[bool]] = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=10,
                application_name="pm plan owner",
                # A lost network must not keep a lock for hours.
                keepalives=1,
                keepalives_idle=20,
                keepalives_interval=10,
                keepalives_count=3,
            )
            connection.execute("SET idle_session_timeout = 0")
            row = connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", (_SPACE, self._plan_id)
            ).fetchone()
        if row is None or not row[0]:
            connection.close()
            return False
        self._connection = connection
        return True

    @property
    def held(self) -> bool:
        """Ask the server whether the connection that holds the lock still stands."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._connection = None
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_owned(url: str, plan_id: int) -> bool:
    """Return whether somebody owns a plan right now."""
    lock = PlanLock(url, plan_id)
    if not lock.acquire():
        return True
    lock.release()
    return False
