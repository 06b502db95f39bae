"""Earlier results that an input can take: completed runs with an output that fits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from pm_kernel.domain.catalogue import InputInfo
from pm_kernel.domain.connecting import wanted_type
from pm_kernel.domain.runs import Run, RunOutput
from pm_kernel.domain.storable import storable_text
from pm_kernel.store import runs
from pm_kernel.store.engine import Store


@dataclass(frozen=True, slots=True)
class Candidate:
    """One output of a completed run."""

    run: Run
    output: RunOutput


@dataclass(frozen=True)
class Candidates:
    """Some candidates, newest run first; ``before`` is where it goes on, None at the end."""

    found: tuple[Candidate, ...]
    before: int | None


# Of the newest runs that fit, `limit` at most; their outputs come in the order of their names.
_QUERY = """
SELECT r.id AS run_id, o.output_name, o.artifact_path, o.artifact_type, o.size_bytes, o.file_count,
       o.checksum, o.declared
FROM (
    SELECT r.id FROM runs r
    WHERE r.status = 'completed' {where}
      AND EXISTS (SELECT FROM run_outputs o WHERE o.run_id = r.id AND o.declared {fits})
    ORDER BY r.id DESC LIMIT :limit
) r
JOIN run_outputs o ON o.run_id = r.id AND o.declared {fits}
ORDER BY r.id DESC, o.output_name
"""


def candidates(
    store: Store,
    declared: InputInfo,
    *,
    method: str | None = None,
    sample: str | None = None,
    limit: int = 50,
    before: int | None = None,
) -> Candidates:
    """Return outputs of completed runs that can feed an input; altered ones are left out."""
    conditions, values = [], {"limit": limit + 1}
    asked: dict[str, object] = {
        "module": declared.module,
        "method": method,
        "sample": sample,
        "before": before,
    }
    known = {
        "module": "r.method_id IN (SELECT m.id FROM methods m JOIN modules o ON o.id = m.module_id"
        " WHERE o.name = :module)",
        "method": "r.method_id = (SELECT id FROM methods WHERE name = :method)",
        "sample": "r.sample = :sample",
        "before": "r.id < :before",
    }
    given: dict[str, object] = dict(values)
    for name, value in asked.items():
        if value is not None:
            conditions.append(f" AND {known[name]}")
            given[name] = storable_text(value) if isinstance(value, str) else value
    wanted, fits = wanted_type(declared), ""
    if wanted == "file":
        fits = "AND o.artifact_type <> 'directory'"
    elif wanted is not None:
        fits, given["type"] = "AND o.artifact_type = :type", wanted
    query = text(_QUERY.format(where="".join(conditions), fits=fits))
    with store.reading() as connection:
        rows = connection.execute(query, given).all()
        ids = list(dict.fromkeys(row.run_id for row in rows))
        known_runs = {run.run_id: run for run in runs.by_ids(connection, ids[:limit])}
    found = tuple(
        Candidate(known_runs[row.run_id], RunOutput(*row[1:]))
        for row in rows
        if row.run_id in known_runs and known_runs[row.run_id].state == "completed"
    )
    return Candidates(found, ids[limit - 1] if len(ids) > limit else None)
