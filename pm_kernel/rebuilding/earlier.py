"""Plans that a restored backup has as they were earlier: brought to what became of them since.

What the run store has noted of a plan is newer where more epochs, launches or ends are in it. Where
it is not, and differs all the same, nobody can say which is the later: that is told, not decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pm_kernel import mirror
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings
from pm_kernel.domain.plan_progress import parted, progress_of
from pm_kernel.domain.plans import OPEN
from pm_kernel.errors import Conflict
from pm_kernel.rebuilding import records
from pm_kernel.rebuilding.kept import Kept, wanted_again, without_row
from pm_kernel.store import (
    catching_up,
    mirrored,
    mirrored_ids,
    plans,
    reading_again,
    retries,
)
from pm_kernel.store.engine import Store


def bring_forward(
    settings: Settings, store: Store, plan: Kept, runs: Sequence[dict[str, Any]]
) -> bool:
    """Let a plan of the database be as the run store has it; True where it was not.

    ``runs`` are the ``meta.json`` of its runs, which are in the database. Raises Missing and
    Conflict where that cannot be, with nothing changed.
    """
    assert plan.state is not None
    assert plan.tree is not None
    run_store = RunStore(settings.runs_dir)
    plan_id = plan.plan_id
    with store.transaction() as connection:
        status = retries.lock(connection, plan_id)
        before = mirrored.read_state(connection, plan_id)
        newer = progress_of(plan.state) > progress_of(before)
        folders = set(plan.folders) - {each["number"] for each in before["launches"]}
        if newer or folders:
            records.refuse_supervised(run_store, plan_id)
        places = catching_up.places(connection, plan_id, plan.tree)
        launches = catching_up.launch_places(connection, plan_id, plan.launches)
        state = mirrored_ids.moved_state(plan.state, places, launches)
        if newer:
            number = parted(before, plan.state)
            if number is not None:
                raise _gone_on(run_store, plan_id, number)
            # What became of it is said last, by its records.
            begun = {**state, "status": "submitted", "finished_at": None, "error": None}
            tree = mirrored_ids.moved_tree(plan.tree, places)
            catching_up.catch_up(connection, plan_id, begun, tree)
        numbers = catching_up.numbered(connection, plan_id)
        left = list(without_row(run_store, plan, list(numbers)))
        reading_again.insert_launches(connection, plan_id, left)
        records.link(connection, plan_id, runs, places, launches)
        if newer:
            reading_again.take_results(connection, plan_id, state["asked"])
            records.end(connection, plan_id, plan.state)
        else:
            if progress_of(plan.state) == progress_of(before):
                catching_up.let_go(connection, plan_id, state["asked"])
            if status not in OPEN and plans.status_from_record(connection, plan_id) != status:
                records.end(connection, plan_id, before)
    if newer:
        # It names ids of the database, and the end that its records add up to.
        mirror.keep_submitted(run_store, store, plan_id)
    return newer or bool(left)


def undecided(store: Store, plan: Kept) -> str | None:
    """Say what nobody can tell the later of: what is wanted again by one side only."""
    assert plan.state is not None
    assert plan.tree is not None
    with store.reading() as connection:
        here = mirrored.read_state(connection, plan.plan_id)
        places = catching_up.places(connection, plan.plan_id, plan.tree)
        results = plans.results_of(connection, plan.plan_id)
    wanted = {places[each]: result for each, result in wanted_again(plan.state).items()}
    # One that has another result by now has run again.
    lacking = {each for each in wanted if results.get(each) == wanted[each]} - set(
        wanted_again(here)
    )
    if not lacking:
        return None
    what = "planned run was" if len(lacking) == 1 else "planned runs were"
    return (
        f"In plan {plan.plan_id}, {len(lacking)} {what} wanted again according to the run store, "
        "and not according to the database; that stays so. "
        f"`pm plan retry {plan.plan_id} --again …` asks for it once more."
    )


def _gone_on(run_store: RunStore, plan_id: int, number: int) -> Conflict:
    return Conflict(
        f"it went on from a backup, and its launch {number} of the database is another than the one"
        f" that the run store has noted. It stays as it is in the database; its runs of both are"
        f" there. `pm plan resume {plan_id}` runs what is missing, once"
        f" {run_store.plan(plan_id) / mirror.STATE} is put aside."
    )
