"""Changes on their way from the database to every open page.

One thread listens for the whole server. Each change gets a number; the last ones are held, so that
a page that was away for a moment gets what it missed. Nothing is queued for anybody: each page has
only the number that it has come to, so a slow one costs nothing, and one that fell behind what is
held is told to look at everything again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from pm_kernel.config import Settings
from pm_kernel.errors import PmError
from pm_server.log_watch import LogWatch
from pm_server.services import Services

if TYPE_CHECKING:
    from pm_kernel.store.listening import Change

#: Key of the one ``Live`` object in the web application's settings.
LIVE = "pm_live"

#: Changes held for pages that come back.
HELD = 20_000
#: Changes in one message.
MOST = 2_000
#: Seconds from one try to reach the database to the next, growing to the second.
_RETRY = (0.5, 5.0)
#: Seconds between looks whether the workspace is still the same.
_LOOK = 2.0
#: Seconds between looks, as long as a page is open, for what lost whoever looked after it.
SETTLE = 10.0

_log = logging.getLogger(__name__)


class Page:
    """An open page: how far it has come, and what wakes it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.wake = asyncio.Event()
        self.database = ""


class Hub:
    """The numbered changes. Used on the event loop only."""

    def __init__(self, held: int = HELD) -> None:
        #: Numbers mean nothing to another server, or to this one started again.
        self.stream = token_hex(8)
        self.number = 0
        self.database = "unavailable"
        self._held: deque[Change] = deque(maxlen=held)
        self._pages: set[Page] = set()
        #: The last time that changes may have been missed, and why.
        self._gap, self._reason = 0, "connected"

    def publish(self, changes: Sequence[Change]) -> None:
        """Give numbers to changes and wake the pages."""
        self._held.extend(changes)
        self.number += len(changes)
        self._wake()

    def interrupted(self, reason: str) -> None:
        """Changes may have been missed: whoever is there looks at everything again."""
        self._held.clear()
        self.number += 1
        self._gap, self._reason = self.number, reason
        self._wake()

    def reachable(self, database: str) -> None:
        """Say whether the database can be heard: ready or unavailable."""
        if database != self.database:
            self.database = database
            self._wake()

    def enter(self, stream: str | None, after: int | None) -> tuple[Page, dict[str, Any]]:
        """Let a page in that has come to ``after`` of ``stream``, and say what it is told."""
        resumed = (
            stream == self.stream
            and after is not None
            and self._first <= after + 1 <= self.number + 1
        )
        page = Page(after if resumed and after is not None else self.number)
        page.database = self.database
        self._pages.add(page)
        page.wake.set()
        return page, {
            "type": "hello",
            "stream": self.stream,
            "number": page.number,
            "resumed": resumed,
            "database": self.database,
        }

    def leave(self, page: Page) -> None:
        """Forget a page."""
        self._pages.discard(page)

    def next_for(self, page: Page) -> dict[str, Any] | None:
        """Return what to tell a page next, as if it had been told; None: it knows everything."""
        if page.database != self.database:
            page.database = self.database
            return {"type": "database", "number": page.number, "database": self.database}
        if page.number >= self.number:
            return None
        if page.number + 1 < self._first:
            reason = self._reason if page.number < self._gap else "slow"
            # What is held is newer than a look at everything would need, but does no harm.
            page.number = self.number
            return {"type": "snapshot", "number": page.number, "reason": reason}
        start = page.number + 1 - self._first
        end = min(start + MOST, len(self._held))
        # Of several changes of the same thing only the last matters.
        latest = {(c.kind, c.id): c for c in (self._held[n] for n in range(start, end))}
        page.number = self._first + end - 1
        changes = [asdict(change) for change in latest.values()]
        return {"type": "changes", "number": page.number, "changes": changes}

    @property
    def _first(self) -> int:
        """The number of the oldest change that is held."""
        return self.number - len(self._held) + 1

    @property
    def is_heard(self) -> bool:
        """Whether any page listens."""
        return bool(self._pages)

    def _wake(self) -> None:
        for page in self._pages:
            page.wake.set()


def log_grew(run_id: int) -> Change:
    """Return the change that the log of a run has grown. It is in no database: files tell it."""
    from pm_kernel.store.listening import Change

    return Change("log", run_id)


def drawing_changed() -> Change:
    """Return the change that an unsaved drawing was kept or removed. These are files, too."""
    from pm_kernel.store.listening import Change

    # A drawing has no number: they are listed together.
    return Change("drawing", 0)


class Live:
    """The hub and the threads that fill it, begun by the first page and the first growing log."""

    def __init__(self, services: Services) -> None:
        self.hub = Hub()
        self.logs = LogWatch(self._logs_grew, lambda: self.hub.is_heard)
        self._services = services
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        #: Apart from the one that listens: what it does may take a while.
        self._settling: threading.Thread | None = None
        self._closed = threading.Event()

    def begin(self) -> None:
        """Listen from now on, if nobody does yet. Called on the event loop."""
        if self._thread is None and not self._closed.is_set():
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._listen, name="pm-live", daemon=True)
            self._thread.start()
            self._settling = threading.Thread(target=self._settle, name="pm-unowned", daemon=True)
            self._settling.start()

    def close(self) -> None:
        """End the threads; they notice within a second."""
        self._closed.set()
        self.logs.close()

    def _logs_grew(self, run_ids: Sequence[int]) -> None:
        # No page has come yet, so none misses it.
        if self._loop is not None:
            self._tell(self.hub.publish, [log_grew(run_id) for run_id in run_ids])

    def _settle(self) -> None:
        """Settle what nobody looks after any more while somebody looks at it, though nobody asks.

        The pages hear of it as of every change.
        """
        while not self._closed.wait(SETTLE):
            if not self.hub.is_heard:
                continue
            try:
                self._services.workspace().use(
                    lambda at: self._services.unowned.settle(at.settings, at.store)
                )
            except PmError as error:
                _log.info("What nobody looks after was not looked for: %s", error.message)
            except Exception:  # noqa: BLE001 - logged
                # The next look may do better.
                _log.exception("Looking for what nobody looks after failed")

    def _listen(self) -> None:
        pause = _RETRY[0]
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                self._hear()
            except PmError as error:
                _log.info("No live changes: %s", error.message)
            except Exception:  # noqa: BLE001 - logged
                # Whatever it was, the next try may do better; pages would wait for ever.
                _log.exception("Listening for changes failed")
            if time.monotonic() - began > _RETRY[1]:
                pause = _RETRY[0]
            self._tell(self.hub.reachable, "unavailable")
            self._closed.wait(pause)
            pause = min(2 * pause, _RETRY[1])

    def _hear(self) -> None:
        from pm_kernel.store.listening import listen

        settings = self._services.settings()
        looked = time.monotonic()

        def ready() -> None:
            self._tell(self.hub.interrupted, "connected")
            self._tell(self.hub.reachable, "ready")

        def wanted() -> bool:
            nonlocal looked
            if time.monotonic() - looked > _LOOK:
                looked = time.monotonic()
                if not self._same(settings):
                    return False
            return not self._closed.is_set()

        # Inside `use`, so that a lost connection lets the others look for the database anew too.
        self._services.workspace().use(
            lambda at: listen(
                at.store.url,
                ready=ready,
                heard=lambda changes: self._tell(self.hub.publish, changes),
                wanted=wanted,
            )
        )

    def _same(self, settings: Settings) -> bool:
        try:
            return self._services.settings() == settings
        except PmError:
            return False

    def _tell(self, work: Any, *given: Any) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(work, *given)
        except RuntimeError:
            # The loop has ended; so does the server.
            self._closed.set()
