"""The lock of a plan stays with its owner, however long that says nothing."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pm_kernel.store import ownership
from pm_kernel.store.engine import libpq_url
from pm_kernel.store.keepalive import KEEP_ALIVE
from pm_kernel.store.ownership import PlanLock

from .recording_harness import wait_for


def test_a_lock_outlives_the_limit_of_idle_sessions(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: list[dict[str, Any]] = []
    connect = psycopg.connect

    def noted(*words: Any, **given: Any) -> Any:
        options.append(given)
        return connect(*words, **given)

    url = libpq_url(database_url)
    with connect(url, autocommit=True) as own:
        (name,) = own.execute("SELECT current_database()").fetchone() or ("",)
        own.execute(f'ALTER DATABASE "{name}" SET idle_session_timeout = 300')
    monkeypatch.setattr(ownership.psycopg, "connect", noted)
    lock = PlanLock(database_url, 7)
    assert lock.acquire()
    idle = connect(url, autocommit=True)
    backend = idle.info.backend_pid
    try:
        # Somebody else who came after it and says nothing is sent away meanwhile.
        with connect(url, autocommit=True, options="-c idle_session_timeout=0") as looking:
            wait_for(
                lambda: (
                    not looking.execute(
                        "SELECT FROM pg_stat_activity WHERE pid = %s", (backend,)
                    ).fetchall()
                )
            )
        assert lock.held
        assert ownership.is_owned(database_url, 7)
    finally:
        idle.close()
        lock.release()
        with connect(url, autocommit=True) as own:
            own.execute(f'ALTER DATABASE "{name}" RESET idle_session_timeout')
    # A network that was cut without a word does not keep it either.
    assert options[0].items() >= KEEP_ALIVE.items()
