"""Other ids for what a lost plan consisted of: its own were given to others before it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, cast, func, select, text

from pm_kernel.store import run_tree
from pm_kernel.store.tables import plan_launches, planned_runs

_DRAWN = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :n)")


def places(connection: Connection, table: str, ids: Sequence[int]) -> dict[int, int]:
    """Return the ids that planned runs or launches get: as before, or new where one is taken."""
    rows = {"planned_runs": planned_runs, "plan_launches": plan_launches}[table]
    # One parameter, however large the plan is.
    query = select(func.count()).where(rows.c.id == func.any(cast(list(ids), ARRAY(BigInteger))))
    if not connection.execute(query).scalar_one():
        return {each: each for each in ids}
    drawn = sorted(connection.execute(_DRAWN, {"table": table, "n": len(ids)}).scalars())
    return dict(zip(ids, drawn, strict=True))


def moved_tree(tree: Mapping[str, Any], places: Mapping[int, int]) -> dict[str, Any]:
    """Return a run tree under other ids."""
    child, parent = run_tree.EDGE.index("child_id"), run_tree.EDGE.index("parent_id")
    edges = [list(edge) for edge in tree["edges"]]
    for edge in edges:
        edge[child], edge[parent] = places[edge[child]], places[edge[parent]]
    return {
        **tree,
        "runs": [{**run, "id": places[run["id"]]} for run in tree["runs"]],
        "edges": edges,
        "reused": {str(places[int(each)]): run for each, run in tree["reused"].items()},
    }


def moved_state(
    state: Mapping[str, Any], places: Mapping[int, int], launches: Mapping[int, int]
) -> dict[str, Any]:
    """Return what became of a plan under the other ids of its tree and its launches."""
    return {
        **state,
        "launches": [{**each, "id": launches[each["id"]]} for each in state["launches"]],
        "asked": [
            {
                **each,
                "id": places[each["id"]],
                **{
                    name: launches.get(each[name], each[name])
                    for name in ("launch_id", "retry_after")
                },
            }
            for each in state["asked"]
            if each["id"] in places
        ],
    }
