"""The one look at the sizes of logs that somebody reads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pm_server import log_watch
from pm_server.log_watch import LogWatch


class Told:
    """What was told, and a way to wait for it."""

    def __init__(self) -> None:
        self.runs: list[int] = []
        self._more = threading.Condition()

    def __call__(self, runs) -> None:
        with self._more:
            self.runs += runs
            self._more.notify_all()

    def until(self, fits) -> None:
        with self._more:
            assert self._more.wait_for(lambda: fits(self.runs), timeout=60), self.runs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    path.write_text("begun")
    return path


def grow(path: Path) -> None:
    with path.open("a") as stream:
        stream.write("more")


def test_growth_is_told_once_also_to_who_has_read_less_and_ends_with_the_file(log, tmp_path):
    told = Told()
    watch = LogWatch(told, lambda: True, pause=0.01)
    watch.watch(47, log, 5)
    grow(log)
    told.until(lambda runs: runs == [47])
    # Somebody else has read to the end meanwhile; the first has not.
    with watch._lock:
        grow(log)
        size = log.stat().st_size
    watch.watch(47, log, size)
    told.until(lambda runs: runs == [47, 47])
    # A second one has it too; the first has ended and its directory has moved.
    other = tmp_path / "other.log"
    other.write_text("")
    watch.watch(48, other, 0)
    log.rename(tmp_path / "final.log")
    grow(other)
    told.until(lambda runs: runs == [47, 47, 48])
    assert 47 not in watch._logs
    watch.close()


def test_where_no_page_listens_for_long_nothing_is_looked_at_any_more(log, monkeypatch):
    monkeypatch.setattr(log_watch, "MOST", 2)
    now = [0.0]
    heard = [True]
    told = Told()
    watch = LogWatch(told, lambda: heard[0], pause=0.01, clock=lambda: now[0])
    # Of very many, those that were read last.
    for run_id in (1, 2, 3):
        watch.watch(run_id, log, 5)
    grow(log)
    told.until(lambda runs: sorted(runs) == [2, 3])
    heard[0] = False
    now[0] = 10_000.0
    thread = watch._thread
    assert thread is not None
    thread.join(60)
    assert watch._logs == {}
    # It begins again with the next one who reads.
    heard[0] = True
    watch.watch(4, log, 5)
    told.until(lambda runs: runs[-1] == 4)
    watch.close()
