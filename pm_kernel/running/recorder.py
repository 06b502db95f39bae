"""Where a run is recorded from a task: a small protocol of JSON-able requests.

``DirectRecorder`` talks to the database itself and is patient when it is away; a record must not be
lost because a server was restarted.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

#: Seconds that registering and completing keep trying while the database does not answer.
PATIENCE = 180.0


class Recorder(Protocol):
    """Takes a request (``op`` says which) and returns its answer; repeating a request is safe."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and wait for its answer."""


class DirectRecorder:
    """Records straight into the database."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._url = url
        self._patience = patience

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request; retries for minutes while the database is away.

        Raises DatabaseUnavailable when it stays away.
        """
        import psycopg

        from pm_kernel.store import recording

        deadline = time.monotonic() + self._patience
        pause = 0.2
        while True:
            try:
                with recording.connect(self._url) as connection:
                    return recording.OPERATIONS[request["op"]](connection, request)
            except psycopg.OperationalError as error:
                if time.monotonic() + pause > deadline:
                    from pm_kernel.errors import DatabaseUnavailable

                    raise DatabaseUnavailable(
                        f"The database did not answer for {self._patience:.0f} s: "
                        f"{str(error).strip().splitlines()[-1] if str(error).strip() else error}",
                        hint="`pm db status` shows its state, `pm db start` starts it.",
                    ) from error
                print(f"pm: the database is away, trying again in {pause:.1f} s", file=sys.stderr)
                time.sleep(pause)
                pause = min(10.0, pause * 2)
