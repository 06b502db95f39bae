"""The highest ids that the run store knows: the database must go on above them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pm_kernel.artifacts.layout import HIGHEST, RunStore, numbers_in


def run_numbers(store: RunStore) -> list[int]:
    """Return the ids of all runs with a final directory, in order."""
    return [each for each in numbers_in(store.root) if each <= HIGHEST]


def highest_ids(store: RunStore) -> dict[str, int]:
    """Return the highest id that anything in the store is named by: table -> id.

    Runs that are still being written count: they got their ids from a database that may be gone.
    """
    found = {
        "runs": [*numbers_in(store.root), *_written(store)],
        "execution_plans": numbers_in(store.root / "plans"),
        "workflow_templates": numbers_in(store.root / "templates", ".json"),
    }
    return {
        table: max((each for each in ids if each <= HIGHEST), default=0)
        for table, ids in found.items()
    }


def _written(store: RunStore) -> Iterator[int]:
    for place in (store.root / ".partial", store.root / ".dead"):
        for record in place.glob("*/.pm/record.json"):
            try:
                yield int(json.loads(record.read_bytes())["run_id"])
            except (OSError, ValueError, KeyError, TypeError):
                # Cut off by a crash: such a run is not recorded anywhere else either.
                continue
