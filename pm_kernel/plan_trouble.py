"""Why a plan is not what was hoped for: its own error, and what Nextflow said in each launch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings
from pm_kernel.domain.plans import Plan
from pm_kernel.domain.storable import storable_text
from pm_kernel.nextflow import launcher
from pm_kernel.store import plan_launches, plans
from pm_kernel.store.engine import Store

#: Bytes of the end of a log.
TAIL = 16_384


@dataclass(frozen=True)
class LaunchTrouble:
    """One launch and the ends of what it wrote; empty where it wrote nothing, or is not here."""

    launch_id: int
    number: int
    started_at: datetime
    finished_at: datetime | None
    tasks: int
    exit_code: int | None
    error: str | None
    log: str
    output: str

    def to_document(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            **vars(self),
            "started_at": self.started_at.isoformat(),
            "finished_at": None if self.finished_at is None else self.finished_at.isoformat(),
        }


@dataclass(frozen=True)
class PlanTrouble:
    """A plan, the end of its supervisor's log, and its launches, newest first."""

    plan: Plan
    supervisor_log: str
    launches: tuple[LaunchTrouble, ...]


def trouble_of(settings: Settings, store: Store, plan_id: int, *, launches: int = 5) -> PlanTrouble:
    """Return what is known of a plan's own failures; the newest ``launches``. Raises NotFound."""
    plan = plans.get_plan(store, plan_id)
    folder = RunStore(settings.runs_dir).plan(plan_id)
    found = []
    for row in plan_launches.newest(store, plan_id, limit=launches):
        directory = folder / "launches" / str(row.number)
        found.append(
            LaunchTrouble(
                **vars(row),
                log=_tail(directory / launcher.LOG),
                output=_tail(directory / launcher.OUTPUT),
            )
        )
    return PlanTrouble(plan, _tail(folder / "supervisor.log"), tuple(found))


def _tail(path: Path) -> str:
    """Return the last lines of a file."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL))
            data = stream.read()
    except OSError:
        return ""
    if size > TAIL:
        # Not in the middle of a line.
        data = data[data.find(b"\n") + 1 :]
    return storable_text(data.decode("utf-8", "replace"))
