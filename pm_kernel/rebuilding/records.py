"""The runs of a plan that is read again, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.plan_runs import launch_number
from pm_kernel.domain.plans import OPEN
from pm_kernel.nextflow import owner
from pm_kernel.running.process import Life
from pm_kernel.store import catching_up, plans, reading_again
from pm_kernel.store.engine import Connection
from pm_kernel.store.reading_again import Missing

_LOST = "Its end was not noted before the database was lost; resume runs what is missing."


def refuse_supervised(run_store: RunStore, plan_id: int) -> None:
    """Raise Missing while somebody runs the plan who knows nothing of what is read here."""
    supervisor = owner.read(run_store.plan(plan_id))
    if supervisor is not None and supervisor.identity.life() is Life.ALIVE:
        raise Missing(f"the end of its supervisor, process {supervisor.identity.pid},")


def link(
    connection: Connection,
    plan_id: int,
    runs: Sequence[dict[str, Any]],
    places: Mapping[int, int],
    launches: Mapping[int, int],
) -> None:
    """Let runs be those of a plan; ``places`` and ``launches`` are ids as noted -> here.

    The launch is known by the folder that the run was executed in: its id may be another since.
    """
    numbers = catching_up.numbered(connection, plan_id)
    for meta in runs:
        registered = meta["registered"]
        planned, launch = registered["planned"], registered.get("launch")
        reading_again.link_run(
            connection,
            plan_id,
            (meta["run_id"], meta["uuid"]),
            (places.get(planned, planned), registered["planned_key"]),
            numbers.get(launch_number(meta) or 0, launches.get(launch, launch)),
        )


def end(connection: Connection, plan_id: int, noted: Mapping[str, Any]) -> None:
    """Give a plan the status that its records add up to; ``noted`` is what was known of its end."""
    status = plans.status_from_record(connection, plan_id)
    ended = noted["status"] not in OPEN
    error = None if status == "completed" else noted["error"] if ended else _LOST
    plans.set_status(connection, plan_id, status, error=error)
    if ended and status == noted["status"]:
        reading_again.set_finished(connection, plan_id, noted["finished_at"])
