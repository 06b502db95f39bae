"""How results were made, in a form in which two plans can be compared."""

from __future__ import annotations

from typing import Any

from pm_kernel.store.plans import planned_runs_of
from pm_kernel.store.run_details import get_details

from ..workbench import Workbench


def lineages(bench: Workbench, plan_id: int, step: str) -> list[Any]:
    """How each result of a step was made, without the numbers of runs and their times."""
    rows = planned_runs_of(bench.store, plan_id)
    return [_how(bench, row.run_id or 0) for row in rows if row.step == step]


def _how(bench: Workbench, run_id: int) -> Any:
    details = get_details(bench.store, run_id)
    run = details.run
    return {
        "run": (run.method, run.version, run.commit, run.step, run.branch, run.sample, run.status),
        "parameters": [(p.full_name, p.is_set, p.arrived) for p in details.parameters],
        "outputs": [(o.name, o.path, o.checksum) for o in details.outputs],
        "inputs": [
            (i.name, i.label, i.checksum, i.path)
            if i.source_run_id is None
            else (i.name, i.label, i.source_output, i.checksum, _how(bench, i.source_run_id))
            for i in details.inputs
        ],
    }
