"""Hearing what changes in the database, whoever changes it, on whatever machine.

Triggers tell each change in the transaction that makes it (``pg_notify``), so nothing is heard that
was rolled back, and everything is heard in the order of the commits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from pm_kernel.store.engine import libpq_url, translated

CHANNEL = "pm"
#: Seconds without a word after which it is looked whether there is somebody at the other end.
_SILENCE = 20


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed: look at it again.

    ``kind`` is run, plan (the plan itself), tree (its planned runs), template, method, module,
    checked (a run was compared with its checksums) or, from the server alone, log (of a running
    run that somebody reads) and drawing (an unsaved one, whichever). ``status`` is that of a run or
    a plan, and ``deleted`` for what is gone.
    """

    kind: str
    id: int
    status: str | None = None
    plan: int | None = None
    #: Of a run in a plan: its planned run and its step.
    planned: int | None = None
    step: str | None = None


def listen(
    url: str,
    *,
    ready: Callable[[], None],
    heard: Callable[[Sequence[Change]], None],
    wanted: Callable[[], bool],
    pause: float = 1.0,
) -> None:
    """Listen until ``wanted`` says no, asked about every ``pause`` seconds.

    ``ready`` is called once changes are heard; what was committed before was not. Raises
    DatabaseUnavailable when the connection is lost.
    """
    with (
        translated(),
        psycopg.connect(
            libpq_url(url),
            autocommit=True,
            connect_timeout=10,
            application_name="pm live",
            # Nothing is ever sent on it; a connection that was cut must be noticed all the same.
            keepalives_idle=20,
            keepalives_interval=5,
            keepalives_count=3,
        ) as connection,
    ):
        # A server may end connections that ask nothing for long.
        connection.execute("SELECT set_config('idle_session_timeout', '0', false)")
        connection.execute(f"LISTEN {CHANNEL}")
        ready()
        silent = 0.0
        while wanted():
            told = list(connection.notifies(timeout=pause, stop_after=1))
            if told:
                silent = 0.0
                changes = [each for n in told if (each := _change(n.payload)) is not None]
                heard(changes)
                continue
            silent += pause
            if silent >= _SILENCE:
                connection.execute("SELECT 1")
                silent = 0.0


def _change(payload: str) -> Change | None:
    """Return what a payload tells; None for what no program of ours sends."""
    try:
        told: dict[str, Any] = json.loads(payload)
        return Change(
            kind=str(told["kind"]),
            id=int(told["id"]),
            status=told.get("status"),
            plan=told.get("plan"),
            planned=told.get("planned"),
            step=told.get("step"),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
