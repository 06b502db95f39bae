"""Stopping living runs: they are told first, then their methods are ended.

Whoever wraps a run records it then, as cancelled because it was told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.running.complete import end_runner


def tell(store: RunStore, runs: Iterable[dict[str, Any]]) -> None:
    """Tell runs to stop: one that has not begun does not begin, one that ends now is cancelled."""
    for run in runs:
        # One that ended meanwhile has no such folder any more.
        with contextlib.suppress(FileNotFoundError):
            (store.partial(run["uuid"]) / ".pm" / "cancel").touch()


def end(store: RunStore, runs: Iterable[dict[str, Any]]) -> None:
    """End what the methods of runs are doing on this host."""
    for run in runs:
        end_runner(store.partial(run["uuid"]))
