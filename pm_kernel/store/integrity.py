"""Integrity events: what was found altered, verified or overridden. Append-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, cast, func, insert, select

from pm_kernel.store.tables import (
    integrity_events,
    planned_runs,
    run_outputs,
    runs,
    workspaces,
)


def note_altered(
    connection: Connection, altered: Sequence[dict[str, Any]], created_by: str
) -> None:
    """Note artifacts that are not what was recorded: run_id, file, expected, actual."""
    rows = [
        {
            "run_id": item["run_id"],
            "kind": "altered",
            "tier": "content",
            "result": "altered",
            "file": item["file"],
            "reason": f"expected sha256:{item['expected']}, found {item['actual']}",
            "created_by": created_by,
        }
        for item in altered
    ]
    if rows:
        connection.execute(insert(integrity_events), rows)


def note_verified(
    connection: Connection,
    run_id: int,
    *,
    tier: str,
    clean: bool,
    details: Mapping[str, Any],
    created_by: str,
) -> None:
    """Note the verdict of a verification; the last word on a run counts."""
    connection.execute(
        insert(integrity_events).values(
            run_id=run_id,
            kind="verify",
            tier=tier,
            result="clean" if clean else "altered",
            details=dict(details),
            created_by=created_by,
        )
    )


def whereabouts(connection: Connection, run_ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Return status, uuid and folder of the workspace of those of these runs that there are."""
    query = (
        select(runs.c.id, runs.c.status, workspaces.c.uuid, workspaces.c.root)
        .join_from(runs, workspaces)
        .where(runs.c.id == func.any(cast(list(run_ids), ARRAY(BigInteger))))
    )
    return {row.id: (row.status, str(row.uuid), row.root) for row in connection.execute(query)}


def recorded_outputs(connection: Connection, run_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return path -> sha256 of the outputs that are one file, by run."""
    columns = run_outputs.c
    query = select(columns.run_id, columns.artifact_path, columns.checksum).where(
        # One parameter, however many runs there are.
        columns.run_id == func.any(cast(list(run_ids), ARRAY(BigInteger))),
        columns.file_count == 1,
    )
    found: dict[int, dict[str, str]] = {}
    for row in connection.execute(query):
        if not row.artifact_path.endswith("/") and "*" not in row.artifact_path:
            found.setdefault(row.run_id, {})[row.artifact_path] = row.checksum
    return found


def ended_runs(
    connection: Connection, workspace_uuid: str, plan_id: int | None = None
) -> list[int]:
    """Return the ended runs of a workspace, or those that a plan's results rest on."""
    query = (
        select(runs.c.id)
        .join_from(runs, workspaces)
        .where(workspaces.c.uuid == workspace_uuid, runs.c.status != "running")
        .order_by(runs.c.id)
    )
    if plan_id is not None:
        results = select(planned_runs.c.current_run).where(
            planned_runs.c.plan_id == plan_id, planned_runs.c.current_run.is_not(None)
        )
        query = query.where(runs.c.id.in_(results))
    return list(connection.scalars(query))
