"""Runs as recorded: one, some, or how many. Queries are named for the question they answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from pm_kernel.domain.runs import SILENT_AFTER, TRANSITIONS, Run, RunFilter, RunPage
from pm_kernel.domain.storable import storable, storable_text
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store.engine import Store

_SILENT = (
    "r.status = 'running' AND coalesce(r.heartbeat_at, r.started_at) < now() - "
    f"interval '{SILENT_AFTER.total_seconds():.0f} seconds'"
)

# The order is that of the fields of Run, with `silent` in the place of its state. Most runs have no
# notices, and reading thousands of empty JSON lists takes longer than reading the rest.
_SELECT = f"""
SELECT r.id, CAST(r.uuid AS text), r.status, {_SILENT}, m.name, mo.name, v.version, v.id,
       v.git_commit_hash, v.git_tag, r.sample, r.execution_plan_id, r.plan_step,
       coalesce(r.plan_branch, ''), r.attempt, r.started_at, r.finished_at, r.heartbeat_at, r.error,
       nullif(r.notices, '[]'), r.created_by, r.host, w.root
FROM runs r
JOIN methods m ON m.id = r.method_id
JOIN modules mo ON mo.id = m.module_id
JOIN method_versions v ON v.id = r.method_version_id
JOIN workspaces w ON w.id = r.workspace_id
"""  # noqa: S608 - constants only
_IDS = "ANY(CAST(:ids AS bigint[]))"
_BY_ID = text(f"{_SELECT} WHERE r.id = {_IDS} ORDER BY r.id")

# What the last look at a run's artifacts found.
_ALTERED = """
SELECT run_id AS id FROM (
    SELECT DISTINCT ON (run_id) run_id, result FROM integrity_events
    WHERE kind IN ('verify', 'altered') ORDER BY run_id, id DESC) looked
WHERE result = 'altered'
"""
_TAINTED = f"""
WITH RECURSIVE tainted(id) AS (
    SELECT i.run_id FROM run_inputs i JOIN ({_ALTERED}) a ON a.id = i.source_run_id
    UNION
    SELECT i.run_id FROM run_inputs i JOIN tainted t ON t.id = i.source_run_id
)
SELECT id FROM tainted
"""  # noqa: S608 - constants only
_DERIVED = text(
    f"SELECT id, 'tainted' AS state FROM ({_TAINTED}) t WHERE id = {_IDS} UNION ALL "  # noqa: S608
    f"SELECT id, 'altered' FROM ({_ALTERED}) a WHERE id = {_IDS}"
)

#: Runs `r` that a plan executed or reused, and those of one of its steps. What was reused may have
#: been another step where it ran, or none: here it is what the plan takes it for.
OF_PLAN: Final = (
    "r.id IN (SELECT id FROM runs WHERE execution_plan_id = :plan_id UNION ALL"
    " SELECT current_run FROM planned_runs WHERE plan_id = :plan_id)"
)
OF_STEP: Final = (
    "r.id IN (SELECT id FROM runs WHERE execution_plan_id = :plan_id AND plan_step = :step"
    " UNION ALL SELECT current_run FROM planned_runs WHERE plan_id = :plan_id AND step = :step)"
)
#: Field of the filter -> condition on `r`; the parameter has the field's name.
_CONDITIONS = {
    "method": "r.method_id = (SELECT id FROM methods WHERE name = :method)",
    "version": "r.method_version_id IN (SELECT id FROM method_versions WHERE version = :version)",
    "module": "r.method_id IN (SELECT m.id FROM methods m JOIN modules o ON o.id = m.module_id"
    " WHERE o.name = :module)",
    "sample": "r.sample = :sample",
    "plan_id": OF_PLAN,
    "step": "r.plan_step = :step",
    "since": "r.started_at >= :since",
    "until": "r.started_at < :until",
    "log": "EXISTS (SELECT FROM run_logs l WHERE l.run_id = r.id"
    " AND strpos(lower(l.message), lower(:log)) > 0)",
}
#: Entries of logs that one search looks through: well under a second. There is no index on text; a
#: search that finds nothing would otherwise read every log there is.
LOOKED_AT: Final = 200_000
#: The newest run whose log is not searched any more.
_UNSEARCHED = text(
    "SELECT run_id FROM run_logs WHERE run_id < :before ORDER BY run_id DESC OFFSET :most LIMIT 1"
)
_STATES = {
    **{status: f"r.status = '{status}'" for status in TRANSITIONS},
    "silent": f"({_SILENT})",
    "altered": f"r.status = 'completed' AND r.id IN ({_ALTERED})",
    "tainted": f"r.status = 'completed' AND r.id IN ({_TAINTED})",
}


def get_run(store: Store, run_id: int) -> Run:
    """Return one run. Raises NotFound."""
    with store.reading() as connection:
        return one(connection, run_id)


def get_runs(store: Store, run_ids: Iterable[int]) -> list[Run]:
    """Return those of the runs that exist, by id."""
    with store.reading() as connection:
        return by_ids(connection, run_ids)


def find_runs(
    store: Store, criteria: RunFilter, *, limit: int = 50, before: int | None = None
) -> RunPage:
    """Return the newest runs that fit, below the id ``before`` where a page continues another.

    Runs that a plan reused have the state "reused" where its runs are asked for. Text in logs is
    looked for in as many runs as have ``LOOKED_AT`` entries; where that is not all, the next page
    goes on below them.
    """
    where, values = conditions(criteria)
    if before is not None:
        where.append("r.id < :before")
    with store.reading() as connection:
        unsearched = _bound(connection, criteria, where, values, before)
        query = text(
            f"SELECT r.id FROM runs r WHERE {' AND '.join(where) or 'true'} "  # noqa: S608 - see conditions
            "ORDER BY r.id DESC LIMIT :limit"
        )
        found = connection.scalars(query, {**values, "before": before, "limit": limit + 1}).all()
        runs = by_ids(connection, found[:limit])[::-1]
    if criteria.plan_id is not None:
        runs = [_seen_from(run, criteria.plan_id) for run in runs]
    if len(found) > limit:
        return RunPage(tuple(runs), found[limit - 1])
    if unsearched is not None:
        return RunPage(tuple(runs), unsearched + 1, unsearched=True)
    return RunPage(tuple(runs), None)


def _bound(
    connection: Connection,
    criteria: RunFilter,
    where: list[str],
    values: dict[str, Any],
    before: int | None,
) -> int | None:
    """Limit a search in logs to what is looked through at once; returns the next run, if any."""
    if criteria.log is None:
        return None
    asked = {"before": before or 1 << 62, "most": LOOKED_AT}
    unsearched: int | None = connection.scalar(_UNSEARCHED, asked)
    if unsearched is not None:
        where.append("r.id > :unsearched")
        values["unsearched"] = unsearched
    return unsearched


def count_runs(store: Store, criteria: RunFilter) -> dict[str, int]:
    """Return how many runs fit, by status; with text in logs, how many of those first searched."""
    where, values = conditions(criteria)
    with store.reading() as connection:
        _bound(connection, criteria, where, values, None)
        query = text(
            f"SELECT r.status, count(*) AS n FROM runs r "  # noqa: S608 - see conditions
            f"WHERE {' AND '.join(where) or 'true'} GROUP BY r.status"
        )
        return {row.status: row.n for row in connection.execute(query, values)}


def unknown_name(store: Store, criteria: RunFilter) -> NotFound | None:
    """Return what to say where a filter names something that does not exist; else None."""
    asked = (
        ("method", criteria.method, "SELECT name FROM methods", "`pm method list`"),
        ("module", criteria.module, "SELECT name FROM modules", "`pm module list`"),
        (
            "plan",
            criteria.plan_id,
            "SELECT id FROM execution_plans WHERE id = :name",
            "`pm plan list`",
        ),
    )
    with store.reading() as connection:
        for noun, name, query, command in asked:
            if name is None:
                continue
            known = connection.scalars(text(query), {"name": name}).all()
            if name not in known:
                return NotFound(f"There is no {noun} {name}.", hint=_nearest(name, known, command))
    return None


def one(connection: Connection, run_id: int) -> Run:
    """Return one run. Raises NotFound."""
    found = by_ids(connection, [run_id])
    if not found:
        raise NotFound(f"There is no run {run_id}.", hint="`pm runs` shows the newest runs.")
    return found[0]


def by_ids(connection: Connection, run_ids: Iterable[int]) -> list[Run]:
    """Return those of the runs that exist, by id."""
    ids = {"ids": array(run_ids)}
    # Of a run that is both, the later row says more.
    derived = {row.id: row.state for row in connection.execute(_DERIVED, ids)}
    roots: dict[str, Path] = {}
    runs = []
    for row in connection.execute(_BY_ID, ids).all():
        run_id, uuid, status, silent, *known, notices, created_by, host, root = row
        state = status
        if silent:
            state = "silent"
        elif status == "completed":
            state = derived.get(run_id, status)
        if root not in roots:
            roots[root] = Path(root)
        rest = (*known, tuple(notices or ()), created_by, host, roots[root])
        runs.append(Run(run_id, uuid, status, state, *rest))
    return runs


def array(ids: Iterable[int]) -> str:
    """Return ids as PostgreSQL writes an array: for ten thousand, faster than a list."""
    return "{" + ",".join(map(str, ids)) + "}"


def _seen_from(run: Run, plan_id: int) -> Run:
    reused = run.plan_id != plan_id and run.state == "completed"
    return replace(run, state="reused") if reused else run


def conditions(criteria: RunFilter) -> tuple[list[str], dict[str, Any]]:
    """Return conditions on runs ``r``, made of constants, and the values they are given."""
    where: list[str] = []
    values: dict[str, Any] = {}
    if criteria.states:
        for state in criteria.states:
            if state not in _STATES:
                known = ", ".join(_STATES)
                raise InvalidInput(f"Runs have no state {state!r}.", hint=f"One of: {known}.")
        where.append("(" + " OR ".join(_STATES[state] for state in sorted(criteria.states)) + ")")
    for field, condition in _CONDITIONS.items():
        value = getattr(criteria, field)
        if value is not None:
            # Of a plan's step the plan says which runs it is.
            of_step = field == "step" and criteria.plan_id is not None
            where.append(OF_STEP if of_step else condition)
            values[field] = storable_text(value) if isinstance(value, str) else value
    for number, (key, value) in enumerate(criteria.metadata.items()):
        either = [f":metadata_{number}_{n}" for n in range(len(_readings(value)))]
        where.append(
            "(" + " OR ".join(f"r.metadata @> CAST({name} AS jsonb)" for name in either) + ")"
        )
        for name, reading in zip(either, _readings(value), strict=True):
            values[name[1:]] = json.dumps(storable({key: reading}))
    return where, values


def _readings(value: Any) -> Sequence[Any]:
    """Return what a typed value may stand for: ``3`` is that text, and also the number."""
    if not isinstance(value, str):
        return [value]
    try:
        return [value, json.loads(value)]
    except ValueError:
        return [value]


def _nearest(name: object, known: Sequence[Any], command: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(str(name), [str(each) for each in known], n=1)
    return f"Did you mean {near[0]}?" if near else f"{command} shows what there is."
