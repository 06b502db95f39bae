"""The inputs of a planned run as its execution gets them: resolved once, then as recorded."""

from __future__ import annotations

from typing import Any

import psycopg

from pm_kernel.domain.survivors import Member, survivors

Row = tuple[Any, ...]
Inputs = dict[str, dict[str, Any]]

_EDGES = """
SELECT pe.input_name, pe.source_output, pe.label, pe.on_failure, pp.key, pp.current_run, r.status,
       o.artifact_path, o.checksum, o.artifact_type, w.root, w.uuid::text
FROM planned_edges pe
JOIN planned_runs pp ON pp.id = pe.parent_id
LEFT JOIN runs r ON r.id = pp.current_run
LEFT JOIN run_outputs o ON o.run_id = r.id AND o.output_name = pe.source_output
LEFT JOIN workspaces w ON w.id = r.workspace_id
WHERE pe.child_id = %s
ORDER BY pe.input_name, pe.ordinal
"""

_EXISTING = """
SELECT r.status, o.artifact_path, o.checksum, o.artifact_type, w.root, w.uuid::text
FROM runs r
JOIN workspaces w ON w.id = r.workspace_id
LEFT JOIN run_outputs o ON o.run_id = r.id AND o.output_name = %s
WHERE r.id = %s
"""

_RECORDED = """
SELECT mi.input_name, i.source_run_id, i.source_output, i.checksum, i.label, i.value,
       o.artifact_path, o.artifact_type, w.root, w.uuid::text
FROM run_inputs i
JOIN method_inputs mi ON mi.id = i.method_input_id
LEFT JOIN runs r ON r.id = i.source_run_id
LEFT JOIN run_outputs o ON o.run_id = r.id AND o.output_name = i.source_output
LEFT JOIN workspaces w ON w.id = r.workspace_id
WHERE i.run_id = %s
ORDER BY mi.input_name, i.ordinal
"""


def resolve_inputs(
    connection: psycopg.Connection[Row], planned_id: int, planned_inputs: Inputs
) -> tuple[Inputs, str | None]:
    """Return the inputs as they are now, or what is not ready yet."""
    sources: dict[str, list[dict[str, Any]]] = {}
    members: dict[str, list[Member]] = {}
    waiting: str | None = None
    edges: dict[str, list[Row]] = {}
    for row in connection.execute(_EDGES, (planned_id,)).fetchall():
        edges.setdefault(row[0], []).append(row)
    for name, entry in planned_inputs.items():
        found = [_edge_item(row, gather=entry["gather"]) for row in edges.get(name, ())]
        found += [_existing_item(connection, item) for item in entry["items"]]
        sources[name] = [item for item, _, _ in found]
        members[name] = []
        for item, not_ready, on_failure in found:
            waiting = waiting or not_ready
            members[name].append(Member(not_ready is None, item.get("label"), on_failure))
    left = survivors(members)
    if left is None:
        return {}, waiting or "nothing is left of its list"
    return {
        name: {
            "gather": entry["gather"],
            "items": [sources[name][position] for position in left[name]],
        }
        for name, entry in planned_inputs.items()
    }, None


def recorded_inputs(
    connection: psycopg.Connection[Row], run_id: int, planned_inputs: Inputs
) -> Inputs:
    """Return the inputs that a run was registered with, whatever has become of its parents since.

    A list that goes on without failed members may have more of them by now.
    """
    inputs: Inputs = {
        name: {"gather": entry["gather"], "items": []} for name, entry in planned_inputs.items()
    }
    for row in connection.execute(_RECORDED, (run_id,)):
        name, source, output, checksum, label, value, path, kind, root, workspace = row
        if source is not None:
            item = _run_item(source, output, label, path, checksum, kind, root, workspace)
        elif checksum is not None:
            item = {"kind": "file", "path": value["path"], "checksum": checksum, "label": label}
        else:
            item = {"kind": "value", "text": value["text"], "label": label}
        inputs[name]["items"].append(item)
    return inputs


def _edge_item(row: Row, *, gather: bool) -> tuple[dict[str, Any], str | None, Any]:
    _, output, label, on_failure, key, source, status, *rest = row
    ready = source is not None and status == "completed"
    path, checksum, kind, root, workspace = rest
    item = _run_item(
        source, output, label if gather else None, path, checksum, kind, root, workspace
    )
    return item, None if ready else f"{key} has no completed run", on_failure


def _existing_item(
    connection: psycopg.Connection[Row], item: dict[str, Any]
) -> tuple[dict[str, Any], str | None, Any]:
    if item["kind"] != "run":
        return item, None, "wait"
    run_id, output, label = item["run_id"], item["output"], item.get("label")
    row = connection.execute(_EXISTING, (output, run_id)).fetchone()
    if row is None or row[0] != "completed":
        told = f"run {run_id} is not a completed run"
        return {**item, "path": None}, told, "wait"
    _, path, checksum, kind, root, workspace = row
    return _run_item(run_id, output, label, path, checksum, kind, root, workspace), None, "wait"


def _run_item(
    run_id: int | None,
    output: str,
    label: str | None,
    path: str | None,
    checksum: str | None,
    kind: str | None,
    root: str | None,
    workspace: str | None,
) -> dict[str, Any]:
    return {
        "kind": "run",
        "run_id": run_id,
        "output": output,
        "label": label,
        "path": path,
        "checksum": checksum,
        "type": kind,
        "root": root,
        "workspace": workspace,
    }
