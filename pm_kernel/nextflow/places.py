"""The processors of this machine, shared out among all plans of a user that run tasks on it.

Each Nextflow takes the whole machine for its own. So a launch takes as many places as its tasks can
use and as are left, and runs no more at once, but for its equal share: a launch cannot be widened
while it runs, and one that began beside others would crawl when they have ended. What it can use no
more it gives back. A place is a locked file: whoever dies has given all of them back, and nobody
waits for anybody. A launch that finds none locks a file beside them, to be counted.

Tasks on a cluster take none. Several users of one machine do not know of each other.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.running.process import host_name

#: Seconds for others to be done with counting.
_PATIENCE = 1.0
_PAUSE = 0.01
#: Launches without a place that are counted.
_BESIDE = 256


@dataclass(frozen=True)
class Holder:
    """A plan that runs tasks on this machine, and how many places it has."""

    plan_id: int
    workspace: str
    places: int


class Held:
    """Places that were taken; given back at the end of the process at the latest."""

    def __init__(
        self, descriptors: list[int], total: int, others: int = 0, beside: int | None = None
    ) -> None:
        self._descriptors = descriptors
        self._total = total
        #: How many plans have the rest, or run beside.
        self._others = others
        self._beside = beside

    @property
    def share(self) -> int:
        """How many tasks of one processor may run: these, or an equal share of all."""
        return max(1, self.number, self._total // (self._others + 1))

    @property
    def number(self) -> int:
        """How many these are; none where others have them all."""
        return len(self._descriptors)

    @property
    def whole(self) -> bool:
        """Whether they are all that there are."""
        return self.number >= self._total

    def keep(self, most: int) -> None:
        """Give back what is more than ``most``."""
        while len(self._descriptors) > max(0, most):
            os.close(self._descriptors.pop())
        if most <= 0 and self._beside is not None:
            os.close(self._beside)
            self._beside = None


class Places:
    """The ``total`` places of this machine, as files in a folder of the user's."""

    def __init__(self, state_dir: Path, total: int) -> None:
        # A home folder may be shared by several machines.
        self._folder = state_dir / "places" / host_name().replace("/", "_")
        self.total = total

    def take(self, most: int, plan_id: int, workspace: Path) -> Held:
        """Take up to ``most`` of those that are free; nobody is waited for.

        Where the folder cannot be written, or has no locks, all are taken to be free.
        """
        taken: list[int] = []
        beside = None
        try:
            with self._counting():
                for file in self._files():
                    if len(taken) >= most:
                        break
                    if (descriptor := _locked(file)) is not None:
                        taken.append(descriptor)
                if not taken:
                    free = (_locked(file) for file in self._besides())
                    beside = next((each for each in free if each is not None), None)
                mine = [*taken, *(() if beside is None else (beside,))]
                for descriptor in mine:
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, _note(plan_id, workspace))
                others = len(self._holders()) - bool(mine)
        except OSError:
            for descriptor in (*taken, *(() if beside is None else (beside,))):
                os.close(descriptor)
            return Held([], 0)
        return Held(taken, self.total, others, beside)

    def holders(self) -> tuple[Holder, ...]:
        """Return who runs tasks on this machine, and how many places each has."""
        with suppress(OSError), self._counting():
            return self._holders()
        return ()

    def _holders(self) -> tuple[Holder, ...]:
        found: dict[tuple[int, str], int] = {}
        beside = (file for file in self._besides() if file.exists())
        for file, places in (*((f, 1) for f in self._files()), *((f, 0) for f in beside)):
            descriptor = _locked(file)
            if descriptor is not None:
                os.close(descriptor)
                continue
            with suppress(ValueError, KeyError, TypeError):
                note = json.loads(file.read_bytes())
                whose = (int(note["plan"]), str(note["workspace"]))
                found[whose] = found.get(whose, 0) + places
        return tuple(Holder(*whose, places) for whose, places in sorted(found.items()))

    def _files(self) -> Iterator[Path]:
        return (self._folder / str(number) for number in range(self.total))

    def _besides(self) -> Iterator[Path]:
        return (self._folder / f"beside-{number}" for number in range(_BESIDE))

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Count while nobody else does: whoever looks at a place has it for a moment."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + _PATIENCE
        while (guard := _locked(self._folder / "counting")) is None:
            if time.monotonic() > deadline:
                # Somebody was stopped in the middle; better a place too few than no plan.
                break
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            if guard is not None:
                os.close(guard)


def _note(plan_id: int, workspace: Path) -> bytes:
    return json.dumps({"plan": plan_id, "workspace": str(workspace)}).encode("ascii")


def _locked(file: Path) -> int | None:
    """Return a descriptor that has the lock of a file; None where somebody else has it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
