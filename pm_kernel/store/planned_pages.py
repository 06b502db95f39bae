"""A page of a plan's run tree: what is read does not grow with the plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ARRAY, Text, bindparam, text

from pm_kernel.domain.plans import PlannedRunRow
from pm_kernel.store.engine import Store
from pm_kernel.store.plan_states import STATES, planned_columns, planned_run, states_of_part

_FITS = """p.plan_id = :plan AND (:steps IS NULL OR p.step = ANY(:steps))
    AND (:samples IS NULL OR p.sample = ANY(:samples))"""
_PLACE = "ORDER BY ordinal OFFSET :first LIMIT :limit"
_WORDS = [bindparam(name, type_=ARRAY(Text)) for name in ("steps", "samples", "states")]

_NUMBER = text(f"SELECT count(*) FROM planned_runs p WHERE {_FITS}").bindparams(*_WORDS[:2])  # noqa: S608
_PAGE = text(
    states_of_part(f"SELECT p.id FROM planned_runs p WHERE {_FITS} {_PLACE}")  # noqa: S608
    + planned_columns("(SELECT * FROM states WHERE id IN (SELECT id FROM part))")
).bindparams(*_WORDS[:2])

# How every planned run is must be known to find those of a state.
_FITTING = f"""{STATES}, fitting AS (
    SELECT s.* FROM states s JOIN planned_runs p ON p.id = s.id
    WHERE s.shown = ANY(:states) AND {_FITS}
)"""  # noqa: S608 - constants only
_NUMBER_IN_STATE = text(_FITTING + "SELECT count(*) FROM fitting").bindparams(*_WORDS)  # noqa: S608
_PAGE_IN_STATE = text(
    _FITTING + planned_columns(f"(SELECT * FROM fitting {_PLACE})")  # noqa: S608
).bindparams(*_WORDS)


@dataclass(frozen=True)
class Page:
    """Some planned runs in the order of their plan, and how many fit altogether."""

    rows: list[PlannedRunRow]
    total: int


def page_of_plan(
    store: Store,
    plan_id: int,
    *,
    first: int = 0,
    limit: int | None,
    states: Collection[str] = (),
    steps: Collection[str] = (),
    samples: Collection[str] = (),
) -> Page:
    """Return planned runs of these states, steps and samples; where none is said, of all.

    Without a ``limit``, all that fit.
    """
    values = {
        "plan": plan_id,
        "plans": [plan_id],
        "steps": sorted(steps) or None,
        "samples": sorted(samples) or None,
        "states": sorted(states),
        "first": first,
        "limit": limit,
    }
    number, page = (_NUMBER_IN_STATE, _PAGE_IN_STATE) if states else (_NUMBER, _PAGE)

    with store.reading() as connection:
        total = connection.execute(number, values).scalar_one()
        rows = [planned_run(row) for row in connection.execute(page, values)]
    return Page(rows, total)


def ended_short(store: Store, plan_id: int, *, limit: int | None = None) -> Page:
    """Return the planned runs of a plan that ended without a result."""
    return page_of_plan(store, plan_id, states=("failed", "cancelled"), limit=limit)
