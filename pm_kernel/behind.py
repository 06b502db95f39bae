"""Whether this database knows less of a plan than the run store: it was restored from a backup.

Going on from there would execute again what is done, and write over what the run store noted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pm_kernel import mirror
from pm_kernel.artifacts.layout import HIGHEST, RunStore, numbers_in
from pm_kernel.artifacts.mirror import UNREADABLE
from pm_kernel.artifacts.plan_runs import of_a_plan
from pm_kernel.config import Settings
from pm_kernel.errors import Conflict
from pm_kernel.store import mirrored, numbering
from pm_kernel.store.engine import Store


def refuse_behind(settings: Settings, store: Store, plan_id: int) -> None:
    """Raise Conflict where the run store has runs or launches of a plan that are not here."""
    run_store = RunStore(settings.runs_dir)
    folders = [each for each in numbers_in(run_store.root) if each <= HIGHEST]
    with store.reading() as connection:
        document = mirrored.read_plan(connection, plan_id)
        if mirror.another(run_store, document) is not None:
            return
        if mirror.is_ahead(run_store, plan_id, mirrored.read_state(connection, plan_id)):
            raise mirror.gone_on(plan_id)
        unknown = set(folders) - numbering.known_runs(connection, folders)
    created = datetime.fromisoformat(document["created_at"])
    for run_id in sorted(unknown):
        folder = run_store.final(run_id)
        meta = of_a_plan(folder)
        if meta is not None and _is_of(meta, plan_id, created):
            raise Conflict(
                f"{folder} holds a run of plan {plan_id} that this database does not know: it was "
                "lost, or restored from a backup.",
                hint="`pm rebuild` reads it; then repeat this. What cannot be read again, move out "
                "of the run store.",
            )


def _is_of(meta: dict[str, Any], plan_id: int, created: datetime) -> bool:
    try:
        # One from before is of another plan that had this number.
        began = datetime.fromisoformat(meta["started_at"])
        return meta["registered"]["plan_id"] == plan_id and began >= created
    except UNREADABLE:
        return False
