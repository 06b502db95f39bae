"""Plans and runs that nobody looks after any more, settled by whoever asks how they are.

A supervisor that was killed tells nobody. The commands of ``pm plan`` and ``pm runs`` settle what
it left before they answer; so does the server, by the same rules, and now and then as long as a
page is open. Open pages hear of it as of every change.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from pm_kernel.config import Settings
from pm_kernel.errors import PmError

if TYPE_CHECKING:
    from pm_kernel.store.engine import Store

#: Seconds from one look to the next; in between, what was found then is told.
EVERY = 10.0

_log = logging.getLogger(__name__)


class Unowned:
    """Looks for them, now and then, in one thread at a time."""

    def __init__(self) -> None:
        self._looking = threading.Lock()
        #: The workspace that was looked through last, and when.
        self._looked: tuple[Settings, float] | None = None

    def settle(self, settings: Settings, store: Store) -> None:
        """Settle what nobody looks after, at once where a workspace has just been opened.

        Whoever asks gets an answer in any case: while another thread looks, and when it fails.
        """
        if not self._looking.acquire(blocking=False):
            return
        try:
            if self._is_due(settings):
                _settle(settings, store)
                self._looked = (settings, time.monotonic())
        finally:
            self._looking.release()

    def _is_due(self, settings: Settings) -> bool:
        if self._looked is None or self._looked[0] != settings:
            return True
        return time.monotonic() - self._looked[1] >= EVERY


def _settle(settings: Settings, store: Store) -> None:
    # Not before somebody asks for plans: it brings the libraries of the database.
    from pm_kernel.submission import settle_unowned

    try:
        # A person waits: the next look does what could not be recorded in this one.
        settle_unowned(settings, store, patience=0)
    except PmError as error:
        _log.info("What nobody looks after was not settled: %s", error.message)
    except Exception:  # noqa: BLE001 - logged
        # Plans are told as they are recorded, whatever is wrong with settling them.
        _log.exception("Settling what nobody looks after failed")
