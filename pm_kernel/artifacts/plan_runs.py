"""The run directories of plans: which plan a run was executed for, and in which of its launches."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore, numbers_in
from pm_kernel.artifacts.mirror import UNREADABLE
from pm_kernel.artifacts.seal import META_NAME


def runs_of(plan_ids: Collection[int], store: RunStore) -> dict[int, list[dict[str, Any]]]:
    """Return the ``meta.json`` of the runs of these plans: plan -> in the order of ids.

    Directories that cannot be read are left out.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    for number in numbers_in(store.root) if plan_ids else ():
        meta = of_a_plan(store.final(number))
        if meta is not None and meta["registered"]["plan_id"] in plan_ids:
            found.setdefault(meta["registered"]["plan_id"], []).append(meta)
    return found


def of_a_plan(folder: Path) -> dict[str, Any] | None:
    """Return the ``meta.json`` of a run that a plan executed; None where it is nothing of that."""
    try:
        meta: dict[str, Any] = json.loads((folder / META_NAME).read_bytes())
        registered = meta["registered"]
        named = (registered.get(each) for each in ("plan_id", "planned", "launch"))
        if not all(type(each) is int for each in (meta["run_id"], *named)):
            return None
        # A direct run has a plan of one task, which may have got the number of one that was lost.
        return None if Path(registered.get("work_dir") or "").parent.name == ".work" else meta
    except UNREADABLE:
        return None


def launch_number(meta: dict[str, Any]) -> int | None:
    """Return the number of the launch that executed a run, where the folder of its task says it."""
    registered = meta["registered"]
    inside = ("plans", str(registered["plan_id"]), "launches")
    parts = Path(registered.get("work_dir") or "").parts
    for at in range(len(parts) - len(inside)):
        number = parts[at + len(inside)]
        if parts[at : at + len(inside)] == inside and number.isascii() and number.isdigit():
            return int(number)
    return None
