"""Callers of a server, each with a thread of its own, counted as long as they are in."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any


class CountedCallers(socketserver.ThreadingMixIn):
    """Mixed into a server of ``socketserver``: ``inside`` is how many callers are in."""

    daemon_threads = True

    def __init__(self, *where: Any) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        super().__init__(*where)

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count as a caller."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Let a caller in: it counts before its thread has begun."""
        self._count(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """See to a caller, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self.lock:
            self.inside += more
