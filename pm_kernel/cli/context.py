"""What a command is given: workspace, database, the place for the answer; each when asked for."""

from __future__ import annotations

import sys
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pm_kernel.cli.output import Output
from pm_kernel.cli.text import clean
from pm_kernel.config import Settings, load_settings

if TYPE_CHECKING:
    from rich.console import Console

    from pm_kernel.store.engine import Store


def _look_after(settings: Settings, store: Store) -> None:
    """End the runs whose process has died since the last command, whatever this one is about."""
    from pm_kernel.running.orphans import look_after

    look_after(settings, store, lambda message: sys.stderr.write(f"pm: {clean(message)}\n"))


class Context:
    """The world of one command; nothing is read or opened before it is asked for."""

    def __init__(self, *, workspace: str | None = None, json: bool = False) -> None:
        self._workspace = workspace
        #: The answer is wanted as JSON.
        self.json = json
        self._store: Store | None = None

    @property
    def named_workspace(self) -> Path | None:
        """The folder given with ``-w``; for commands that make a workspace."""
        return None if self._workspace is None else Path(self._workspace)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the workspace. Raises NotFound without one."""
        return load_settings(workspace=self.named_workspace)

    @property
    def store(self) -> Store:
        """The database, started if need be. Raises DatabaseUnavailable."""
        if self._store is None:
            from pm_kernel.database import open_store

            self._store = open_store(self.settings)
            _look_after(self.settings, self._store)
        return self._store

    @cached_property
    def output(self) -> Output:
        """Where the answer goes."""
        return Output()

    @property
    def console(self) -> Console:
        """A rich console on the same stream, for what ``output`` has no form for."""
        return self.output.console

    @cached_property
    def now(self) -> datetime:
        """The moment that "2 min ago" counts from, in this machine's time zone."""
        return datetime.now().astimezone()

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._store is not None:
            self._store.close()
