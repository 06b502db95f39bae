"""The data of one workspace, as the routes ask for it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from pm_kernel.config import Settings
from pm_kernel.database import open_store
from pm_kernel.domain.plans import Plan
from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.store import plans
from pm_kernel.store.engine import Store

T = TypeVar("T")


class KernelWorkspace:
    """A workspace with its database opened when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._store: Store | None = None

    def check_database(self) -> None:
        """Raise DatabaseUnavailable unless the database answers.

        Starts the embedded one, unless a person stopped it.
        """
        try:
            self._ask(_ping)
        except DatabaseUnavailable:
            # The server may have been restarted, and then has another address: look once more.
            self._ask(_ping)

    def list_plans(self) -> list[Plan]:
        """Return the newest plans first."""
        return self._ask(plans.list_plans)

    def close(self) -> None:
        """Close all connections; the database itself keeps running."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _ask(self, question: Callable[[Store], T]) -> T:
        try:
            return question(self._opened())
        except DatabaseUnavailable:
            # What is kept is of no use any more; the next question opens anew.
            self.close()
            raise

    def _opened(self) -> Store:
        with self._lock:
            if self._store is None:
                # Looking at a page must not start what a person stopped.
                self._store = open_store(self._settings, explicit=False)
            return self._store


def _ping(store: Store) -> None:
    with store.reading():
        pass
