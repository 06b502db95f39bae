"""The data of one workspace, as the routes ask for it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from pm_kernel.config import Settings
from pm_kernel.database import open_store
from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.store.engine import Store
from pm_server.services import Opened

T = TypeVar("T")


class KernelWorkspace:
    """A workspace with its database opened when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._store: Store | None = None

    def use(self, work: Callable[[Opened], T], *, again: bool = False) -> T:
        """Run ``work`` on the open workspace.

        Starts the embedded database, unless a person stopped it. Raises DatabaseUnavailable; the
        next call then opens it anew. ``again`` does that at once, for work that may be repeated.
        """
        was_open = self._store is not None
        try:
            return work(Opened(self._settings, self._opened()))
        except DatabaseUnavailable:
            # What is kept is of no use any more.
            self.close()
            if not (again and was_open):
                raise
        # The server may have been restarted since, and then has another address.
        return self.use(work)

    def check_database(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""
        self.use(_ping, again=True)

    def start_database(self) -> None:
        """Start the database because a person asks for it: what somebody stopped starts again."""
        self.close()
        store = open_store(self._settings, explicit=True)
        store.close()
        self.check_database()

    def close(self) -> None:
        """Close all connections; the database itself keeps running."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _opened(self) -> Store:
        with self._lock:
            if self._store is None:
                # Looking at a page must not start what a person stopped.
                self._store = open_store(self._settings, explicit=False)
            return self._store


def _ping(opened: Opened) -> None:
    with opened.store.reading():
        pass
