"""What the routes call: the workspace, found anew at each request, and the threads to call it in.

The routes know only the protocol here. ``open_workspace`` joins it to pm_kernel; tests pass another
one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from pm_kernel.config import Settings
from pm_server.unowned import Unowned

if TYPE_CHECKING:
    from pm_kernel.store.engine import Store

T = TypeVar("T")

#: Key of the one ``Services`` object in the web application's settings.
SERVICES = "pm_services"

#: Kernel calls at once: they wait for the database or the disk, so more than there are processors.
THREADS = 8
#: Calls that may take a minute, apart from the others: no page waits for them.
SLOW_THREADS = 4


@dataclass(frozen=True)
class Opened:
    """A workspace in use: what the use cases of pm_kernel ask for."""

    settings: Settings
    store: Store


class Workspace(Protocol):
    """What the routes need of one workspace. Every call may block, and may raise PmError."""

    def use(self, work: Callable[[Opened], T], *, again: bool = False) -> T:
        """Run ``work`` on the open workspace, ``again`` if need be; returns what it returns."""

    def check_database(self) -> None:
        """Raise DatabaseUnavailable unless the database answers."""

    def start_database(self) -> None:
        """Start the database because a person asks for it. Raises DatabaseUnavailable."""

    def close(self) -> None:
        """Let go of connections."""


class Services:
    """The wired objects, one per server."""

    def __init__(
        self,
        find_settings: Callable[[], Settings],
        open_workspace: Callable[[Settings], Workspace],
        make_workspace: Callable[[], Settings],
    ) -> None:
        self._find_settings = find_settings
        self._make_workspace = make_workspace
        self._open_workspace = open_workspace
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pm")
        self._slow_threads = ThreadPoolExecutor(SLOW_THREADS, thread_name_prefix="pm-slow")
        #: Large files are read whole one at a time: as many as there are threads for what is slow
        #: would keep everybody from cancelling a plan.
        self.reading_whole = asyncio.Semaphore(1)
        #: Images are drawn two at a time, for the same reason.
        self.drawing = asyncio.Semaphore(2)
        self._lock = threading.Lock()
        self._opened: tuple[Settings, Workspace] | None = None
        #: What nobody looks after any more is settled by whoever asks for plans or runs.
        self.unowned = Unowned()

    async def in_thread(self, work: Callable[[], T], *, slow: bool = False) -> T:
        """Run ``work`` outside the event loop: the one crossing between server and kernel."""
        threads = self._slow_threads if slow else self._threads
        return await asyncio.get_running_loop().run_in_executor(threads, work)

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

    def create(self) -> Path:
        """Make a workspace where there is none, and start its database; returns its folder."""
        root = self._make_workspace().root
        self.start_database()
        return root

    def start_database(self) -> None:
        """Start the workspace's database because a person asks for it."""
        self.workspace().start_database()

    def close(self) -> None:
        """Let go of threads and connections."""
        with self._lock:
            if self._opened is not None:
                self._opened[1].close()
                self._opened = None
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._slow_threads.shutdown(wait=False, cancel_futures=True)


def open_workspace(settings: Settings) -> Workspace:
    """Open the workspace that ``settings`` describe."""
    # The database's libraries are loaded by the first page that needs them, not by every server.
    from pm_server.workspace import KernelWorkspace

    return KernelWorkspace(settings)


def make_workspace(root: Path) -> Settings:
    """Make a folder a workspace."""
    from pm_kernel.workspace import init_workspace

    return init_workspace(root)
