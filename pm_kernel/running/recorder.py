"""Where a run is recorded from a task: a small protocol of JSON-able requests.

``DirectRecorder`` talks to the database itself and is patient when it is away; a record must not be
lost because a server was restarted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pm_kernel.store.recording import Connections

#: Seconds that registering and completing keep trying while the database does not answer.
PATIENCE = 180.0


class Recorder(Protocol):
    """Takes a request (``op`` says which) and returns its answer; repeating a request is safe."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and wait for its answer."""


class DirectRecorder:
    """Records straight into the database.

    ``address`` is its URL as libpq reads it, or what finds that out, raising DatabaseUnavailable
    while it does not run: the embedded server has another address after each start. ``patience`` is
    how many seconds it keeps trying while the database does not answer; ``wait`` is how it spends
    them, and may raise to give up. ``connections`` are kept open from one request to the next;
    without them each request opens its own.
    """

    def __init__(
        self,
        address: str | Callable[[], str],
        *,
        patience: float = PATIENCE,
        wait: Callable[[float], None] = time.sleep,
        connections: Connections | None = None,
    ) -> None:
        self._address = address
        self._patience = patience
        self._wait = wait
        self._connections = connections

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request; keeps trying while the database is away.

        A sign of life is not worth waiting for: where the database is away it is left out. Raises
        DatabaseUnavailable when the database stays away, or will not come by waiting.
        """
        from pm_kernel.errors import DatabaseUnavailable
        from pm_kernel.store import recording

        deadline = time.monotonic() + self._patience
        pause = 0.2
        while True:
            url = away = None
            try:
                url = self._address if isinstance(self._address, str) else self._address()
            except DatabaseUnavailable as error:
                away = error
            if url is not None:
                try:
                    return recording.send(url, request, self._connections)
                except recording.Away as error:
                    away = error
            assert away is not None
            if request["op"] == "beat":
                return {"answer": "away"}
            left = deadline - time.monotonic()
            if left <= 0:
                raise DatabaseUnavailable(
                    f"{away.message}\nIt was tried for {self._patience:.0f} s.",
                    hint="`pm db status` shows its state, `pm db start` starts it.",
                ) from away
            pause = min(pause, left)
            said = away.message.splitlines()[0].rstrip(".")
            sys.stderr.write(f"pm: {said}; trying again in {pause:.1f} s\n")
            self._wait(pause)
            pause = min(10.0, pause * 2)
