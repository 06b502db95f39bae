"""The account of what truly happened in a schedule, to be compared with what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .rules_world import Actor


@dataclass
class Execution:
    """One time that a method's code ran."""

    plan: int
    planned: int
    uuid: str
    run_dir: Path
    actor: Actor
    launch: int
    started: int
    #: The text of its output once it returned.
    output: str | None = None


@dataclass
class Asked:
    """What somebody asked to run again: planned run -> the result that it had then."""

    plan: int
    results: dict[int, int | None]
    #: Those of them that had failed.
    failed: set[int]
    #: From its beginning on, a cancel may take it back.
    begun: int
    #: The newest run and the newest launch at its beginning.
    newest: tuple[int, int]
    #: Wanted although there may be a result; otherwise only what failed is.
    again: bool
    #: It was promised; until then nobody knows whether it was noted.
    promised: bool = False


@dataclass
class TakingBack:
    """Somebody forgets what was asked: a cancel all of a plan, a person these planned runs."""

    plan: int
    planned: set[int] | None
    actor: Actor

    def takes(self, asked: Asked, planned: int) -> bool:
        """Whether it may be the reason that a planned run did not run again."""
        return (
            self.plan == asked.plan
            and self.actor.ended >= asked.begun
            and (self.planned is None or planned in self.planned)
        )


@dataclass
class Account:
    """What truly happened, in order."""

    executions: list[Execution] = field(default_factory=list)
    #: (decision, run id, uuid, status inside the directory)
    sealed: list[tuple[int, int, str, str]] = field(default_factory=list)
    #: Plan and epoch -> the decision at which every run that lived had been told to stop.
    cancelled: dict[tuple[int, int], int] = field(default_factory=dict)
    #: From when to when a restored database lacked what came after its backup.
    unread: list[tuple[int, int]] = field(default_factory=list)
    #: What was asked to run again; and the cancels and other commands that take such things back.
    asked: list[Asked] = field(default_factory=list)
    taking_back: list[TakingBack] = field(default_factory=list)
    #: Runs whose files somebody altered or removed after they were recorded.
    spoiled: set[int] = field(default_factory=set)
    #: Planned run -> the version that it was submitted with.
    versions: dict[int, int] = field(default_factory=dict)
    #: Of two states of a plan nobody could tell the later: the sentences that say so.
    undecided: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def was_unread(self, decision: int) -> bool:
        """Whether the database was a restored one then that nobody had read again."""
        return any(since <= decision <= until for since, until in self.unread)

    def left_undecided(self, asked: Asked) -> bool:
        """Whether somebody was told that a database which was restored does not know of a wish."""
        return any(f"In plan {asked.plan}, " in told for told in self.undecided)

    def forget(self, cancelled: Mapping[int, int]) -> None:
        """The database is lost: a cancel of an epoch that nobody noted outside of it has not been.

        ``cancelled`` is the last epoch of each plan of which that was noted.
        """
        self.cancelled = {
            (plan, epoch): told
            for (plan, epoch), told in self.cancelled.items()
            if epoch <= cancelled[plan]
        }
