"""Everything recorded of runs but their logs, for many runs at a time.

Each part is one query for a whole chunk of runs, so that the lineage of a thousand runs is a
handful of queries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from pm_kernel.domain.methods import Declaration
from pm_kernel.domain.runs import (
    EqualBytes,
    IntegrityEvent,
    Run,
    RunDetails,
    RunInput,
    RunOutput,
    RunParameter,
)
from pm_kernel.store import runs
from pm_kernel.store.catalogue import read_declarations
from pm_kernel.store.engine import Store
from pm_kernel.store.equal_bytes import Place, equal_bytes

#: Runs per round of queries.
_CHUNK = 1000

_RECORD = text(
    """
SELECT r.id, r.param_set_id, r.set_params, r.metrics, r.metadata, r.environment,
       r.environment_fingerprint, r.cpu_seconds, r.peak_rss_bytes, r.scheduler_job_id,
       e.name AS plan_name
FROM runs r LEFT JOIN execution_plans e ON e.id = r.execution_plan_id
WHERE r.id = ANY(CAST(:ids AS bigint[]))
"""
)
_STATED = text(
    """
SELECT s.param_set_id, f.function_name || '.' || d.param_name AS name, s.value
FROM param_set_values s
JOIN param_defs d ON d.id = s.param_def_id
JOIN tracked_functions f ON f.id = d.tracked_function_id
WHERE s.param_set_id = ANY(CAST(:ids AS bigint[]))
"""
)
_ARRIVED = text(
    """
SELECT run_id, function_name, param_name, value, value_type, expected, is_set
FROM run_parameters WHERE run_id = ANY(CAST(:ids AS bigint[]))
ORDER BY run_id, function_name, param_name, ordinal
"""
)
_INPUTS = text(
    """
SELECT i.run_id, d.input_name, d.input_type, i.ordinal, i.label, i.source_run_id, i.source_output,
       m.name AS source_method, v.version AS source_version, o.artifact_path AS source_path,
       i.checksum, i.value
FROM run_inputs i
JOIN method_inputs d ON d.id = i.method_input_id
LEFT JOIN runs s ON s.id = i.source_run_id
LEFT JOIN methods m ON m.id = s.method_id
LEFT JOIN method_versions v ON v.id = s.method_version_id
LEFT JOIN run_outputs o ON o.run_id = i.source_run_id AND o.output_name = i.source_output
WHERE i.run_id = ANY(CAST(:ids AS bigint[]))
ORDER BY i.run_id, d.ordinal, d.input_name, i.ordinal
"""
)
# Declared ones first, in the order of their declaration.
_OUTPUTS = text(
    """
SELECT o.run_id, o.output_name, o.artifact_path, o.artifact_type, o.size_bytes, o.file_count,
       o.checksum, o.declared
FROM run_outputs o WHERE o.run_id = ANY(CAST(:ids AS bigint[]))
ORDER BY o.run_id, NOT o.declared, o.id
"""
)
_EVENTS = text(
    """
SELECT run_id, kind, tier, result, file, reason, created_at, created_by
FROM integrity_events WHERE run_id = ANY(CAST(:ids AS bigint[])) ORDER BY id
"""
)


def get_details(store: Store, run_id: int) -> RunDetails:
    """Return everything recorded of one run. Raises NotFound."""
    with store.reading() as connection:
        return next(_details(connection, [runs.one(connection, run_id)]))


def details_of(store: Store, of: Iterable[Run]) -> Iterator[RunDetails]:
    """Yield everything recorded of these runs, in their order, a chunk of queries at a time."""
    wanted = list(of)
    for start in range(0, len(wanted), _CHUNK):
        with store.reading() as connection:
            found = list(_details(connection, wanted[start : start + _CHUNK]))
        yield from found


def _details(connection: Connection, chunk: list[Run]) -> Iterator[RunDetails]:
    ids = {"ids": runs.array(run.run_id for run in chunk)}
    records = {row.id: row for row in connection.execute(_RECORD, ids)}
    declarations = read_declarations(connection, {run.version_id for run in chunk})
    stated: dict[int, dict[str, str | None]] = {}
    sets = {row.param_set_id for row in records.values()}
    for row in connection.execute(_STATED, {"ids": runs.array(sets)}):
        stated.setdefault(row.param_set_id, {})[row.name] = row.value
    arrived = _grouped(connection, _ARRIVED, ids)
    inputs = _grouped(connection, _INPUTS, ids)
    outputs = _grouped(connection, _OUTPUTS, ids)
    events = _grouped(connection, _EVENTS, ids)
    equal = equal_bytes(connection, [run.run_id for run in chunk])
    for run in chunk:
        record = records[run.run_id]
        yield RunDetails(
            run=run,
            plan_name=record.plan_name,
            parameters=tuple(
                _parameters(
                    declarations[run.version_id],
                    stated.get(record.param_set_id, {}),
                    record.set_params,
                    arrived.get(run.run_id, []),
                )
            ),
            inputs=tuple(_input(row, equal) for row in inputs.get(run.run_id, ())),
            outputs=tuple(RunOutput(*row[1:]) for row in outputs.get(run.run_id, ())),
            metrics=record.metrics,
            metadata=record.metadata,
            environment=record.environment,
            environment_fingerprint=record.environment_fingerprint,
            cpu_seconds=record.cpu_seconds,
            peak_rss_bytes=record.peak_rss_bytes,
            scheduler_job_id=record.scheduler_job_id,
            events=tuple(IntegrityEvent(*row[1:]) for row in events.get(run.run_id, ())),
        )


def _grouped(connection: Connection, query: Any, ids: Mapping[str, Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in connection.execute(query, ids):
        groups.setdefault(row.run_id, []).append(row)
    return groups


def _input(row: Any, equal: Mapping[Place, tuple[EqualBytes, ...]]) -> RunInput:
    value = row.value
    return RunInput(
        name=row.input_name,
        type=row.input_type,
        ordinal=row.ordinal,
        label=row.label,
        source_run_id=row.source_run_id,
        source_output=row.source_output,
        source_method=row.source_method,
        source_version=row.source_version,
        source_path=row.source_path,
        checksum=row.checksum,
        text=_text(value),
        path=value.get("path") if isinstance(value, dict) else None,
        equal_bytes=equal.get((row.run_id, row.input_name, row.ordinal), ()),
    )


def _text(value: Any) -> str | None:
    if value is None or (isinstance(value, dict) and "path" in value):
        return None
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"])
    return json.dumps(value)


def _parameters(
    declaration: Declaration,
    stated: Mapping[str, str | None],
    set_params: Mapping[str, str],
    rows: list[Any],
) -> Iterator[RunParameter]:
    """Yield the tracked parameters in the order of the declaration.

    Rows of an earlier state of the declaration, as a rebuilt record may have, come last.
    """
    arrived: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        arrived.setdefault((row.function_name, row.param_name), []).append(row)
    for tracked in declaration.tracked:
        for param in tracked.params:
            name = f"{tracked.function}.{param.name}"
            yield _parameter(
                tracked.function,
                param.name,
                param.type,
                param.default,
                set_params.get(name, stated.get(name)),
                name in set_params,
                arrived.pop((tracked.function, param.name), []),
            )
    for (function, name), group in arrived.items():
        yield _parameter(function, name, "", None, group[0].expected, group[0].is_set, group)


def _parameter(
    function: str,
    name: str,
    written_type: str,
    default: str | None,
    expected: str | None,
    is_set: bool,
    rows: list[Any],
) -> RunParameter:
    values = [row.value for row in rows if row.value is not None]
    kinds = [row.value_type for row in rows if row.value_type is not None]
    return RunParameter(
        function=function,
        name=name,
        type=written_type or (kinds[0] if kinds else ""),
        default=default,
        # What the run itself was told, where it told.
        expected=rows[0].expected if rows else expected,
        is_set=rows[0].is_set if rows else is_set,
        arrived=tuple(dict.fromkeys(values)),
        reported=bool(rows),
    )
