"""Finding completed runs that equal a planned one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text, tuple_

from pm_kernel.domain.params import fingerprint
from pm_kernel.store.tables import (
    method_versions,
    methods,
    modules,
    param_sets,
    run_outputs,
    runs,
)


@dataclass(frozen=True)
class Candidate:
    """A completed run with the reuse key that was asked for; lower ids are older.

    ``environment`` is what it imported, to be compared with what would be imported now; ``step``,
    ``sample`` and ``branch`` are where its plan had it.
    """

    run_id: int
    reuse_key: str
    version_id: int
    workspace_root: str
    environment: Mapping[str, Any]
    step: str | None
    sample: str | None
    branch: str | None
    #: It opened files that are none of its inputs: whether they are as they were, nobody knows.
    read_beside: bool = False


@dataclass(frozen=True)
class Origin:
    """Where an output of a run comes from; ``type`` is None where the method never declared it."""

    module: str
    type: str | None


# The last word on a run's integrity counts.
_ALTERED = """
    EXISTS (
        SELECT 1 FROM integrity_events e
        WHERE e.run_id = r.id AND e.result = 'altered'
          AND NOT EXISTS (SELECT 1 FROM integrity_events l
                          WHERE l.run_id = r.id AND l.id > e.id AND l.result = 'clean'))
"""
_CANDIDATES = text(
    f"""
    SELECT r.id, r.reuse_key, r.method_version_id, w.root, r.environment,
           r.plan_step, r.sample, r.plan_branch,
           EXISTS (SELECT 1 FROM jsonb_array_elements_text(r.notices) n
                   WHERE starts_with(n, :beside))
    FROM runs r JOIN workspaces w ON w.id = r.workspace_id
    WHERE r.reuse_key = ANY(:keys) AND r.status = 'completed' AND NOT {_ALTERED}
    ORDER BY r.id
    """  # noqa: S608 - constants only
)
_INVALID = text(
    f"SELECT r.id FROM runs r WHERE r.id = ANY(:runs) AND (r.status <> 'completed' OR {_ALTERED})"  # noqa: S608
)
_STATES = text(
    """
    SELECT r.id, r.status,
           ARRAY(SELECT o.output_name FROM run_outputs o WHERE o.run_id = r.id ORDER BY o.id)
    FROM runs r WHERE r.id = ANY(:runs)
    """
)
_SAMPLES = text("SELECT id, sample FROM runs WHERE id = ANY(:runs)")
_SOURCES = text(
    "SELECT run_id, source_run_id FROM run_inputs "
    "WHERE run_id = ANY(:run_ids) AND source_run_id IS NOT NULL"
)


def candidates(
    connection: Connection, keys: Iterable[str], *, beside: str
) -> dict[str, list[Candidate]]:
    """Return completed, unaltered runs by reuse key, the oldest first.

    ``beside`` is how the notice begins that a run opened what is none of its inputs.
    """
    wanted = list(keys)
    found: dict[str, list[Candidate]] = {}
    if wanted:
        for row in connection.execute(_CANDIDATES, {"keys": wanted, "beside": beside}):
            candidate = Candidate(*row)
            found.setdefault(candidate.reuse_key, []).append(candidate)
    return found


def invalid_runs(connection: Connection, run_ids: Iterable[int]) -> set[int]:
    """Return those of these runs that are not completed, or were found altered since."""
    return set(connection.scalars(_INVALID, {"runs": list(run_ids)}))


def states_of(
    connection: Connection, run_ids: Iterable[int]
) -> dict[int, tuple[str, Sequence[str]]]:
    """Return status and names of the outputs of these runs, so far as they exist."""
    rows = connection.execute(_STATES, {"runs": list(run_ids)})
    return {run_id: (status, outputs) for run_id, status, outputs in rows}


def output_checksums(
    connection: Connection, wanted: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """Return the checksum of outputs, given as (run id, output name)."""
    pairs = list(set(wanted))
    columns = run_outputs.c
    query = select(columns.run_id, columns.output_name, columns.checksum)
    found: dict[tuple[int, str], str] = {}
    for start in range(0, len(pairs), 5_000):
        chunk = pairs[start : start + 5_000]
        for row in connection.execute(
            query.where(tuple_(columns.run_id, columns.output_name).in_(chunk))
        ):
            found[row.run_id, row.output_name] = row.checksum
    return found


def samples_of(connection: Connection, run_ids: Iterable[int]) -> dict[int, str | None]:
    """Return which sample each of these runs is of, so far as they exist; None: it is not said."""
    wanted = list(run_ids)
    if not wanted:
        return {}
    return {row.id: row.sample for row in connection.execute(_SAMPLES, {"runs": wanted})}


def output_origins(
    connection: Connection, wanted: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], Origin]:
    """Return where outputs come from, given as (run id, output name)."""
    pairs = list(set(wanted))
    query = (
        select(
            run_outputs.c.run_id,
            run_outputs.c.output_name,
            run_outputs.c.artifact_type,
            run_outputs.c.declared,
            modules.c.name.label("module"),
        )
        .join(runs, runs.c.id == run_outputs.c.run_id)
        .join(methods, methods.c.id == runs.c.method_id)
        .join(modules, modules.c.id == methods.c.module_id)
    )
    found: dict[tuple[int, str], Origin] = {}
    for start in range(0, len(pairs), 5_000):
        chunk = pairs[start : start + 5_000]
        for row in connection.execute(
            query.where(tuple_(run_outputs.c.run_id, run_outputs.c.output_name).in_(chunk))
        ):
            kind = row.artifact_type if row.declared else None
            found[row.run_id, row.output_name] = Origin(row.module, kind)
    return found


def existing_param_sets(
    connection: Connection, stated: Sequence[tuple[int, Mapping[str, str | None]]]
) -> list[int | None]:
    """Return the id of each param set that exists already, for (version id, stated values)."""
    if not stated:
        return []
    versions = {version_id for version_id, _ in stated}
    methods = {
        row.id: row.method_id
        for row in connection.execute(
            select(method_versions.c.id, method_versions.c.method_id).where(
                method_versions.c.id.in_(versions)
            )
        )
    }
    marks = [(methods[version_id], fingerprint(values)) for version_id, values in stated]
    columns = param_sets.c
    found: dict[tuple[int, str], int] = {}
    distinct = list(set(marks))
    for start in range(0, len(distinct), 5_000):
        chunk = distinct[start : start + 5_000]
        for row in connection.execute(
            select(columns.id, columns.method_id, columns.fingerprint).where(
                tuple_(columns.method_id, columns.fingerprint).in_(chunk)
            )
        ):
            found[row.method_id, row.fingerprint] = row.id
    return [found.get(mark) for mark in marks]


def source_runs(connection: Connection, run_ids: Iterable[int]) -> dict[int, set[int]]:
    """Return the runs that each run read from."""
    found: dict[int, set[int]] = {}
    for row in connection.execute(_SOURCES, {"run_ids": list(run_ids)}):
        found.setdefault(row.run_id, set()).add(row.source_run_id)
    return found


def artifacts(
    connection: Connection, run_ids: Iterable[int | None], outputs: Iterable[tuple[int, str]]
) -> list[dict[str, Any]]:
    """Return outputs of whole runs and single ones, in the form that can be checked on disk."""
    pairs = list(outputs)
    rows = connection.execute(
        text(
            """
            SELECT r.id AS run_id, o.output_name AS output, o.artifact_path AS path, o.checksum,
                   w.root, 'run' AS kind
            FROM runs r
            JOIN workspaces w ON w.id = r.workspace_id
            JOIN run_outputs o ON o.run_id = r.id
            WHERE r.id = ANY(:runs) OR (r.id, o.output_name) IN (
                SELECT x.id, x.name FROM unnest(CAST(:ids AS bigint[]), CAST(:names AS text[]))
                    AS x(id, name))
            ORDER BY r.id, o.id
            """
        ),
        {
            "runs": list(run_ids),
            "ids": [run_id for run_id, _ in pairs],
            "names": [name for _, name in pairs],
        },
    )
    return [dict(row._mapping) for row in rows]
