"""The highest ids that the run store knows: the database must go on above them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pm_kernel.artifacts.layout import RunStore


def run_numbers(store: RunStore) -> list[int]:
    """Return the ids of all runs with a final directory, in order."""
    return sorted(_numbers(store.root))


def highest_ids(store: RunStore) -> tuple[int, int]:
    """Return the highest run id and the highest plan id that anything in the store carries.

    Runs that are still being written count: they got their ids from a database that may be gone.
    """
    runs = [*_numbers(store.root), *_written(store)]
    return max(runs, default=0), max(_numbers(store.root / "plans"), default=0)


def _numbers(folder: Path) -> Iterator[int]:
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (int(name) for name in names if name.isascii() and name.isdigit())


def _written(store: RunStore) -> Iterator[int]:
    for place in (store.root / ".partial", store.root / ".dead"):
        for record in place.glob("*/.pm/record.json"):
            try:
                yield int(json.loads(record.read_bytes())["run_id"])
            except (OSError, ValueError, KeyError, TypeError):
                # Cut off by a crash: such a run is not recorded anywhere else either.
                continue
