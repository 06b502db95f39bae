"""Many schedules in a few processes: each has its own threads and patches, all share a database."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed, wait
from dataclasses import dataclass

from ..workbench import Workbench
from .rules_broken import BROKEN
from .rules_schedule import play

#: Lines of a schedule that went wrong which are shown.
_SHOWN = 120


@dataclass(frozen=True)
class Result:
    """What became of one schedule; ``faults`` is how many misfortunes it met."""

    seed: int
    violations: list[str]
    faults: int
    told: list[str]
    #: It could not be played to its end.
    broke: str | None = None

    @property
    def wrong(self) -> bool:
        return bool(self.violations) or self.broke is not None

    def report(self) -> str:
        lines = self.violations if self.broke is None else [self.broke]
        shown = "\n".join(self.told[-_SHOWN:])
        return f"schedule {self.seed}:\n" + "\n".join(lines) + f"\n\n{shown}"


class Campaign:
    """Plays schedules by as many processes as there are processors, until it is closed."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(
            max(1, min(4, os.cpu_count() or 1)), mp_context=multiprocessing.get_context("spawn")
        )

    def play(
        self, home: Workbench, seeds: Iterable[int], *, without: str | None = None
    ) -> Iterator[Result]:
        """Play schedules of one workspace as they come; ``without`` is a rule that is taken away.

        Closing the iterator drops what has not begun, and waits for what has.
        """
        given = (home.root, home.url, home.environ)
        waiting: list[Future[Result]] = [
            self._pool.submit(_play, given, seed, without) for seed in seeds
        ]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            wait([each for each in waiting if not each.cancel()])

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _play(given: tuple, seed: int, without: str | None) -> Result:
    home = Workbench(*given)
    try:
        if without is None:
            outcome = play(seed, home)
        else:
            broken = BROKEN[without]
            outcome = play(
                seed, home, change=broken.change, misfortunes=broken.misfortunes, direct=True
            )
    except Exception as error:  # noqa: BLE001 - told by the test
        notes = getattr(error, "__notes__", [])
        return Result(seed, [], 0, notes, "".join(traceback.format_exception(error)))
    finally:
        home.close()
    return Result(seed, outcome.violations, len(outcome.account.faults), outcome.told)
