"""What the routes call: the workspace, found anew at each request, and the threads to call it in.

The routes know only the protocols here. ``open_workspace`` joins them to pm_kernel; tests pass
another one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol, TypeVar

from pm_kernel.config import Settings

T = TypeVar("T")

#: Key of the one ``Services`` object in the web application's settings.
SERVICES = "pm_services"

#: Kernel calls at once: they wait for the database or the disk, so more than there are processors.
THREADS = 8


class PlanSummary(Protocol):
    """One row of the list of plans."""

    @property
    def plan_id(self) -> int:
        """The plan's number."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def status(self) -> str:
        """draft, submitted, running, completed, partial, failed or cancelled."""

    @property
    def created_at(self) -> datetime:
        """When the plan was made, aware."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of its runs are in which state; a state that is absent has none."""


class Workspace(Protocol):
    """What the routes need of one workspace. Every call may block, and may raise PmError."""

    def check_database(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""

    def list_plans(self) -> Sequence[PlanSummary]:
        """Return all plans, newest first."""

    def close(self) -> None:
        """Let go of connections."""


class Services:
    """The wired objects, one per server."""

    def __init__(
        self,
        find_settings: Callable[[], Settings],
        open_workspace: Callable[[Settings], Workspace],
    ) -> None:
        self._find_settings = find_settings
        self._open_workspace = open_workspace
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pm")
        self._lock = threading.Lock()
        self._opened: tuple[Settings, Workspace] | None = None

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run ``work`` outside the event loop: the one crossing between server and kernel."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def settings(self) -> Settings:
        """Find the workspace and read its settings. Raises NotFound without one."""
        return self._find_settings()

    def workspace(self) -> Workspace:
        """Return the open workspace, opened anew when its settings changed."""
        settings = self.settings()
        with self._lock:
            if self._opened is not None:
                known, workspace = self._opened
                if known == settings:
                    return workspace
                workspace.close()
                self._opened = None
            workspace = self._open_workspace(settings)
            self._opened = (settings, workspace)
            return workspace

    def close(self) -> None:
        """Let go of threads and connections."""
        with self._lock:
            if self._opened is not None:
                self._opened[1].close()
                self._opened = None
        self._threads.shutdown(wait=False, cancel_futures=True)


def open_workspace(settings: Settings) -> Workspace:
    """Open the workspace that ``settings`` describe."""
    # The database's libraries are loaded by the first page that needs them, not by every server.
    from pm_server.workspace import KernelWorkspace

    return KernelWorkspace(settings)
