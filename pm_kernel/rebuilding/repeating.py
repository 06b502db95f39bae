"""What of a database the run store does not repeat yet: it may be older than that rule."""

from __future__ import annotations

from contextlib import suppress

from pm_kernel import mirror
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes
from pm_kernel.config import Settings
from pm_kernel.domain.plans import OPEN
from pm_kernel.errors import Conflict
from pm_kernel.mirror import PLAN, TREE
from pm_kernel.store import mirrored
from pm_kernel.store.engine import Store


def keep_missing(settings: Settings, store: Store) -> None:
    """Repeat in the run store what of this database is not there.

    Raises StoreUnavailable.
    """
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        known = mirrored.plan_ids(connection, settings.workspace_id)
        for plan_id, status in known.items():
            if status == "draft" and not (run_store.plan(plan_id) / PLAN).exists():
                mirror.keep_plan(kept, connection, run_store, plan_id)
        for template_id in mirrored.template_names(connection):
            if not mirror.template_file(run_store, template_id).exists():
                # Another workspace has a later version; a rebuild there reads it.
                with suppress(Conflict):
                    mirror.keep_template(kept, connection, run_store, template_id)
    for plan_id, status in known.items():
        submitted = status != "draft" and status not in OPEN
        if submitted and not (run_store.plan(plan_id) / TREE).exists():
            # Another plan of that number, which was lost, keeps its place.
            with suppress(Conflict):
                mirror.keep_submitted(run_store, store, plan_id)
