"""How far a plan has come, so that of two records of it the newer one is known.

A database that was restored from a backup has plans as they were then; the run store has noted
since what became of them. Nothing of what is compared here ever goes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pm_kernel.domain.plans import OPEN


@dataclass(frozen=True, order=True)
class Progress:
    """Of one plan; whichever is greater came later, as long as both are of one course of it."""

    epoch: int
    #: The number of its last launch.
    launch: int
    #: How many launches have ended.
    ended: int
    cancelled_epoch: int
    #: Its last epoch has come to its end.
    finished: bool


def progress_of(state: Mapping[str, Any]) -> Progress:
    """Return how far a plan had come when ``state`` was noted (``store.mirrored.read_state``).

    Raises as reading a damaged document does: LookupError, TypeError, ValueError.
    """
    launches = state["launches"]
    numbers = [int(each["number"]) for each in launches]
    return Progress(
        epoch=int(state["epoch"]),
        launch=max(numbers, default=0),
        ended=sum(each["finished_at"] is not None for each in launches),
        cancelled_epoch=int(state["cancelled_epoch"]),
        finished=state["status"] not in OPEN,
    )


def parted(one: Mapping[str, Any], other: Mapping[str, Any]) -> int | None:
    """Return the number of a launch that both states have and that is not the same launch.

    The plan went on from a backup, by a program that did not know what the run store has: neither
    of the two states came out of the other.
    """
    began = {each["number"]: _began(each) for each in one["launches"]}
    return next(
        (
            each["number"]
            for each in other["launches"]
            if each["number"] in began and _began(each) != began[each["number"]]
        ),
        None,
    )


def _began(launch: Mapping[str, Any]) -> tuple[int, datetime]:
    return launch["epoch"], datetime.fromisoformat(launch["started_at"])
