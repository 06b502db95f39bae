"""Plans that a database has as they were earlier, brought to what the run store notes of them.

Rows stay, with what refers to them: a run that the database knows and whose directory is gone is
still one of its plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from pm_kernel.store import mirrored, mirrored_ids, reading_again
from pm_kernel.store.reading_again import Missing
from pm_kernel.store.tables import execution_plans, plan_launches, planned_runs

# As a tree is where nothing was asked for, and nobody has executed anything yet.
_BEGIN = text(
    """
    UPDATE planned_runs SET decision = :decision, reason = :reason, held_epoch = NULL,
        retry_after = NULL, again_by = NULL, again_of = NULL, current_run = :reused
    WHERE id = :id AND plan_id = :plan
    """
)
# As long as no newer run of its planned run followed: that would have made the result anew.
_LET_GO = text(
    """
    UPDATE planned_runs p SET current_run = NULL
    WHERE p.id = :id AND p.plan_id = :plan AND p.current_run <= :newest
      AND EXISTS (SELECT 1 FROM runs r WHERE r.id = p.current_run AND r.planned_run_id = p.id)
    """
)


def places(connection: Connection, plan_id: int, tree: Mapping[str, Any]) -> dict[int, int]:
    """Return the ids that the planned runs of a tree have here: as noted -> here.

    Raises Missing where the database has another tree.
    """
    columns = planned_runs.c
    query = select(columns.key, columns.id).where(columns.plan_id == plan_id)
    here = {row.key: row.id for row in connection.execute(query)}
    if here.keys() != {run["key"] for run in tree["runs"]}:
        raise Missing("the run tree that it has in the run store")
    return {run["id"]: here[run["key"]] for run in tree["runs"]}


def launch_places(
    connection: Connection, plan_id: int, launches: Sequence[Mapping[str, Any]]
) -> dict[int, int]:
    """Return the ids that launches of a plan have here, or get: as noted -> here."""
    here = numbered(connection, plan_id)
    new = [each["id"] for each in launches if each["number"] not in here]
    return {
        **{each["id"]: here[each["number"]] for each in launches if each["number"] in here},
        **mirrored_ids.places(connection, "plan_launches", new),
    }


def numbered(connection: Connection, plan_id: int) -> dict[int, int]:
    """Return the launches of a plan: number -> id."""
    columns = plan_launches.c
    query = select(columns.number, columns.id).where(columns.plan_id == plan_id)
    return {row.number: row.id for row in connection.execute(query)}


def catch_up(
    connection: Connection, plan_id: int, state: Mapping[str, Any], tree: Mapping[str, Any]
) -> None:
    """Let a plan be as it was noted, all but its runs and what they are to it.

    Its ids are those that it has here. The caller has the plan's locks, gives it its results
    (``reading_again.take_results``) and then the status that they add up to. Raises Missing where a
    run that it reuses is not in this database.
    """
    reading_again.require_reused(connection, tree)
    columns = execution_plans.c
    values = {name: reading_again.column_value(name, state[name]) for name in mirrored.STATE}
    values["cancelled_epoch"] = func.greatest(columns.cancelled_epoch, state["cancelled_epoch"])
    connection.execute(update(execution_plans).where(columns.id == plan_id).values(**values))
    here = numbered(connection, plan_id)
    for launch in state["launches"]:
        facts = {name: reading_again.column_value(name, launch[name]) for name in mirrored.LAUNCH}
        if launch["number"] in here:
            del facts["id"], facts["number"]
            own = plan_launches.c.id == here[launch["number"]]
            connection.execute(update(plan_launches).where(own).values(**facts))
        else:
            connection.execute(insert(plan_launches).values(plan_id=plan_id, **facts))
    begun = [
        {
            "plan": plan_id,
            "id": run["id"],
            "decision": run["decision"],
            "reason": run["reason"],
            "reused": tree["reused"].get(str(run["id"])),
        }
        for run in tree["runs"]
    ]
    if begun:
        connection.execute(_BEGIN, begun)


def let_go(connection: Connection, plan_id: int, asked: Iterable[Mapping[str, Any]]) -> None:
    """Take away results that were noted not to stand, where the run that made them came back.

    ``asked`` is of the plan's state, as ``mirrored.read_state`` has it, under the ids it has here.
    """
    lacking = [
        {"plan": plan_id, "id": each["id"], "newest": each["newest"]}
        for each in asked
        if each["lacking"] and each["newest"] is not None
    ]
    if lacking:
        connection.execute(_LET_GO, lacking)
