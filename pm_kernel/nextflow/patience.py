"""Patience with the database: a supervisor outlives its restarts, and brings the embedded one back.

Its tasks go on meanwhile, and wait themselves to be recorded; a supervisor that gave up at the
first lost connection would leave its plan to nobody.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from pm_kernel.errors import DatabaseUnavailable

T = TypeVar("T")

#: Seconds that a supervisor waits for a database that is away.
PATIENCE = 3600.0
_FIRST, _LONGEST = 0.2, 5.0


class Patience:
    """Does something with the database; while that is away, tries to bring it back and waits.

    ``revive`` starts the database where that is ours to do; what it raises as DatabaseUnavailable
    (a person stopped it) only means more waiting. ``hurried`` is asked at every pause: somebody
    wants this process to end, and it gives up.
    """

    def __init__(
        self,
        revive: Callable[[], object] = lambda: None,
        *,
        limit: float = PATIENCE,
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self._revive = revive
        self._limit = limit
        self._hurried = hurried

    def __call__(self, ask: Callable[[], T]) -> T:
        """Return what ``ask`` returns. Raises DatabaseUnavailable when patience has run out."""
        began = time.monotonic()
        pause = _FIRST
        while True:
            try:
                return ask()
            except DatabaseUnavailable as away:
                if time.monotonic() - began > self._limit or self._hurried():
                    raise
                sys.stderr.write(f"{away.message}; trying again in {pause:.1f} s\n")
                sys.stderr.flush()
            try:
                self._revive()
            except DatabaseUnavailable as away:
                sys.stderr.write(f"{away.message}\n")
            time.sleep(pause)
            pause = min(_LONGEST, pause * 2)
