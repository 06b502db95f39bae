"""Logs that grow while somebody reads them: looked at in one place, told to every page.

Who reads the log of a running run is told over the live connection when there is more of it, so no
page has to keep asking every second. Only sizes are looked at, by one thread, however many pages
read a log. A log can go out of sight, where there are very many or its disk fails for a moment: a
page still asks now and then, which brings it back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks.
_PAUSE = 0.5
#: Logs that are looked at; of more, those that were read last.
MOST = 500
#: Seconds without a page that listens, after which nothing is looked at any more.
_NOBODY = 600.0


@dataclass
class _Watched:
    path: Path
    #: What was told of it last.
    size: int


class LogWatch:
    """The sizes of logs that are read while they are written."""

    def __init__(
        self,
        grown: Callable[[Sequence[int]], None],
        heard: Callable[[], bool],
        *,
        pause: float = _PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Call ``grown`` with the runs whose logs have grown; ``heard``: does any page listen."""
        self._grown = grown
        self._heard = heard
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[int, _Watched] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def watch(self, run_id: int, path: Path, size: int) -> None:
        """Tell from now on when the log of a running run is another size than ``size``."""
        with self._lock:
            # What others were told stays: a page that has read less is told of the rest.
            known = self._logs.pop(run_id, None)
            self._logs[run_id] = known if known and known.path == path else _Watched(path, size)
            if len(self._logs) > MOST:
                del self._logs[next(iter(self._logs))]
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._look_on, name="pm-logs", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; it notices at its next look."""
        self._closed.set()

    def _look_on(self) -> None:
        heard_at = self._clock()
        while not self._closed.wait(self._pause):
            if self._heard():
                heard_at = self._clock()
            with self._lock:
                if self._clock() - heard_at > _NOBODY:
                    self._logs.clear()
                if not self._logs:
                    self._thread = None
                    return
                looked_at = list(self._logs.items())
            grown = [run_id for run_id, log in looked_at if self._has_grown(run_id, log)]
            if grown:
                self._grown(grown)

    def _has_grown(self, run_id: int, log: _Watched) -> bool:
        try:
            size = log.path.stat().st_size
        except OSError:
            # The run has ended and its directory has moved, which the record tells.
            with self._lock:
                if self._logs.get(run_id) is log:
                    del self._logs[run_id]
            return False
        changed = size != log.size
        log.size = size
        return changed
