"""A supervisor whose database is away: how long it waits, and what it does meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pm_kernel.errors import Conflict, DatabaseUnavailable
from pm_kernel.nextflow import patience
from pm_kernel.nextflow.patience import PATIENCE, Patience


class Database:
    """Is away until a moment of a clock that only moves when somebody waits."""

    def __init__(self, away: float) -> None:
        self.now = 1000.0
        self.back = self.now + away
        self.pauses: list[float] = []
        self.revived = 0

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def ask(self) -> str:
        if self.now < self.back:
            raise DatabaseUnavailable("The database does not answer")
        return "answer"

    def revive(self) -> None:
        self.revived += 1


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Database]:
    def make(seconds: float) -> Database:
        database = Database(seconds)
        # The module's clock, not that of everybody.
        monkeypatch.setattr(patience, "time", database)
        return database

    return make


def test_what_answers_is_asked_once(away: Callable[[float], Database]) -> None:
    database = away(0)
    assert Patience(database.revive)(database.ask) == "answer"
    assert (database.pauses, database.revived) == ([], 0)


def test_a_database_that_is_away_for_a_minute_is_waited_for(
    away: Callable[[float], Database], capsys: pytest.CaptureFixture[str]
) -> None:
    database = away(60)
    assert Patience(database.revive)(database.ask) == "answer"
    # Quickly at first: most restarts take a moment. Then at a pace that lets it come up.
    assert database.pauses[:7] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert set(database.pauses[5:]) == {5.0}
    assert 60 <= database.now - 1000 < 65
    assert database.revived == len(database.pauses)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "The database does not answer; trying again in 0.2 s"
    assert len(told) == len(database.pauses)


def test_one_that_we_bring_back_ourselves_is_asked_after_the_next_pause(
    away: Callable[[float], Database],
) -> None:
    database = away(float("inf"))

    def revive() -> None:
        database.back = database.now

    assert Patience(revive)(database.ask) == "answer"
    assert database.pauses == [0.2]


def test_one_that_a_person_stopped_is_waited_for_and_that_is_said(
    away: Callable[[float], Database], capsys: pytest.CaptureFixture[str]
) -> None:
    database = away(1)

    def stopped() -> None:
        raise DatabaseUnavailable("It was stopped with `pm db stop`.")

    assert Patience(stopped)(database.ask) == "answer"
    assert capsys.readouterr().err.count("It was stopped with `pm db stop`.") == 3


@pytest.mark.parametrize("limit", [None, 60.0])
def test_patience_has_an_end(away: Callable[[float], Database], limit: float | None) -> None:
    database = away(float("inf"))
    patiently = Patience(database.revive) if limit is None else Patience(limit=limit)
    limit = limit or PATIENCE
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        patiently(database.ask)
    assert limit < database.now - 1000 <= limit + 5
    # The next question has all of it again.
    database.back = database.now + limit
    assert patiently(database.ask) == "answer"


def test_whoever_must_end_does_not_wait(away: Callable[[float], Database]) -> None:
    database = away(float("inf"))
    with pytest.raises(DatabaseUnavailable):
        Patience(database.revive, hurried=lambda: True)(database.ask)
    assert (database.pauses, database.revived) == ([], 0)
    with pytest.raises(DatabaseUnavailable):
        Patience(database.revive, hurried=lambda: database.now > 1002)(database.ask)
    assert database.now - 1000 < 4


def test_other_faults_are_nothing_to_wait_for(away: Callable[[float], Database]) -> None:
    database = away(0)

    def refused() -> str:
        raise Conflict("no")

    with pytest.raises(Conflict):
        Patience(database.revive)(refused)
    broken = away(float("inf"))

    def revive() -> None:
        raise Conflict("no")

    with pytest.raises(Conflict):
        Patience(revive)(broken.ask)
    assert broken.pauses == []
