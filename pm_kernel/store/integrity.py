"""Integrity events: what was found altered, verified or overridden. Append-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert

from pm_kernel.store.tables import integrity_events


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
