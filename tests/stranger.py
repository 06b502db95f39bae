"""Somebody who listens where a supervisor should, and behaves oddly."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress


class Stranger:
    """Gives each caller of a listening socket to ``treat``, one after the other."""

    def __init__(self, listener: socket.socket, treat: Callable[[socket.socket], object]) -> None:
        self.callers: list[socket.socket] = []
        self.faults: list[str] = []
        self._listener = listener
        self._treat = treat
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            self.callers.append(caller)
            try:
                self._treat(caller)
            except Exception:  # noqa: BLE001 - told by the test, whose caller waits no longer
                self.faults.append(traceback.format_exc())
                caller.close()

    def close(self) -> None:
        # Woken and waited for: left to itself it may go on with whatever has its number next.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._listener.close()
        for caller in self.callers:
            caller.close()
        assert self.faults == [], "".join(self.faults)
