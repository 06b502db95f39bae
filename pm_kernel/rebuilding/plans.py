"""Plans that a database lacks, or has as they were earlier, read from what the run store repeats.

A draft is looked at as of today: what it would reuse may be another run now. A plan that was
submitted gets the run tree that it had, under the same ids, and its runs; what became of it is what
its records add up to. Where nobody noted that it was submitted, it was not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from pm_kernel import mirror, planning
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import UNREADABLE
from pm_kernel.artifacts.plan_runs import runs_of
from pm_kernel.config import Settings
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import PmError
from pm_kernel.planned_rows import new_planned_runs
from pm_kernel.rebuilding import records
from pm_kernel.rebuilding.earlier import bring_forward, undecided
from pm_kernel.rebuilding.found import Found
from pm_kernel.rebuilding.kept import AnotherPlan, Kept, read_kept, wanted_again, without_row
from pm_kernel.store import mirrored, mirrored_ids, numbering, reading_again, run_tree
from pm_kernel.store.engine import DATABASE_ERRORS, Connection, Store
from pm_kernel.store.reading_again import Missing


def read_plans(
    settings: Settings,
    store: Store,
    found: Found,
    same_imports: Callable[[Connection], SameImports],
    came: Collection[int],
) -> None:
    """Add the plans that the database lacks, and what became since of those that it has.

    What their runs say must be in it already; ``came`` are the plans of which runs were read.
    """
    run_store = RunStore(settings.runs_dir)
    ids = found.numbers(run_store.root / "plans")
    with store.reading() as connection:
        known = mirrored.known_plans(connection, ids)
    kept: list[Kept] = []
    for plan_id in ids:
        try:
            plan = read_kept(settings, plan_id, known.get(plan_id), looked_at=plan_id in came)
        except AnotherPlan as another:
            found.problems.append(str(another))
            continue
        except UNREADABLE as error:
            found.problems.append(f"Plan {plan_id} cannot be read: {error!r}.")
            continue
        if plan is not None:
            kept.append(plan)
        elif plan_id not in known:
            found.notices.append(f"Of plan {plan_id} nothing is kept but its folder and its runs.")
    # Whatever gets a new id now must not take one that is about to be read.
    for table, least in {
        "execution_plans": max(ids, default=0),
        "planned_runs": max((run["id"] for p in kept for run in p.runs), default=0),
        "plan_launches": max((x["id"] for p in kept for x in p.launches), default=0),
    }.items():
        # One by one: who is at work in another workspace takes these tables in another order.
        with store.transaction() as connection:
            numbering.raise_ids(connection, {table: least})
    # Once for all plans, and before any of them is locked: there may be very many.
    runs = runs_of({p.plan_id for p in kept if p.tree is not None}, run_store)
    for plan in kept:
        try:
            if plan.here == "earlier":
                _look_at_earlier(settings, store, plan, runs.get(plan.plan_id, []), found)
                continue
            moved = False
            if plan.tree is None:
                if not _read_draft(settings, store, plan, same_imports, found):
                    continue
            else:
                moved = _read_submitted(settings, store, plan, runs.get(plan.plan_id, []))
            found.plans.append(plan.plan_id)
            if moved:
                mirror.keep_submitted(run_store, store, plan.plan_id)
        except (PmError, Missing) as error:
            told = error.message if isinstance(error, PmError) else f"{error} is missing."
            found.problems.append(f"Plan {plan.plan_id} cannot be read again: {told}")
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            found.problems.append(f"Plan {plan.plan_id} cannot be read: {error!r}.")


def _look_at_earlier(
    settings: Settings,
    store: Store,
    plan: Kept,
    runs: Sequence[dict[str, Any]],
    found: Found,
) -> None:
    if bring_forward(settings, store, plan, runs):
        found.plans.append(plan.plan_id)
    elif plan.state is not None and wanted_again(plan.state):
        told = undecided(store, plan)
        found.notices += [] if told is None else [told]


def _read_draft(
    settings: Settings,
    store: Store,
    plan: Kept,
    same_imports: Callable[[Connection], SameImports],
    found: Found,
) -> bool:
    """Read a draft that the database lacks, or has as it was earlier; False where it has it."""
    if plan.here == "draft":
        with store.reading() as connection:
            if not mirror.is_newer_draft(
                plan.document, mirrored.read_plan(connection, plan.plan_id)
            ):
                return False
    asked = planning.PlanInput.stored(plan.document["document"], plan.document["request"])
    shown = planning.preview(store, asked, same_imports)
    runs = [] if shown.errors else new_planned_runs(shown)
    with store.transaction() as connection:
        if plan.here == "draft":
            reading_again.remove_draft(connection, plan.plan_id)
        reading_again.insert_plan(connection, settings.workspace_id, plan.document)
        run_tree.store_planned_runs(connection, plan.plan_id, runs)
    if shown.errors:
        found.notices.append(
            f"Draft {plan.plan_id} is there again; `pm plan preview {plan.plan_id}` says what is "
            "wrong with it now."
        )
    return True


def _read_submitted(
    settings: Settings, store: Store, plan: Kept, runs: Sequence[dict[str, Any]]
) -> bool:
    """Read a plan with its tree and its runs; True where they have other ids than before."""
    assert plan.state is not None
    assert plan.tree is not None
    run_store = RunStore(settings.runs_dir)
    records.refuse_supervised(run_store, plan.plan_id)
    with store.transaction() as connection:
        if plan.here == "draft":
            reading_again.remove_draft(connection, plan.plan_id)
        # Others may have been given the ids that it had, before it was read again.
        places, launches = (
            mirrored_ids.places(connection, table, [each["id"] for each in rows])
            for table, rows in (("planned_runs", plan.runs), ("plan_launches", plan.launches))
        )
        state = mirrored_ids.moved_state(plan.state, places, launches)
        # What became of it is said last, by its records.
        begun = {**state, "status": "submitted", "finished_at": None, "error": None}
        reading_again.insert_plan(connection, settings.workspace_id, plan.document, begun)
        moved = replace(plan, state=state)
        noted = [launch["number"] for launch in moved.launches]
        left = without_row(run_store, moved, noted)
        reading_again.insert_launches(connection, plan.plan_id, [*moved.launches, *left])
        tree = mirrored_ids.moved_tree(plan.tree, places)
        reading_again.insert_tree(connection, plan.plan_id, tree)
        records.link(connection, plan.plan_id, runs, places, launches)
        reading_again.take_results(connection, plan.plan_id, state["asked"])
        records.end(connection, plan.plan_id, plan.state)
    return any(old != new for old, new in (*places.items(), *launches.items()))
