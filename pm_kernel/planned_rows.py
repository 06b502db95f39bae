"""A previewed run tree as the rows that keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pm_kernel.domain.plan import (
    ColumnValue,
    ExistingRun,
    File,
    PlannedEdge,
    PlannedRun,
    Source,
    Value,
)
from pm_kernel.domain.plans import NewEdge, NewPlannedRun
from pm_kernel.errors import InvalidInput

if TYPE_CHECKING:
    from pm_kernel.planning import Preview


def new_planned_runs(shown: Preview, sample: str | None = None) -> list[NewPlannedRun]:
    """Return the run tree in the form that is stored."""
    rows = []
    for run in shown.expanded.runs:
        version = shown.expanded.steps[run.step].version
        if version is None:
            continue
        decision = shown.decisions[run.key]
        expected = shown.declarations[version.version_id].expected()
        rows.append(
            NewPlannedRun(
                key=run.key,
                step=run.step,
                sample=run.sample or sample,
                branch=run.branch,
                coordinates=run.coordinates,
                version_id=version.version_id,
                set_params=run.params,
                stated_params={**expected, **run.params},
                inputs=_stored_inputs(shown, run),
                edges=_edges(run),
                decision=decision.action,
                reason=decision.reason,
                reuse_run_id=decision.run_id,
            )
        )
    return rows


def _stored_inputs(shown: Preview, run: PlannedRun) -> dict[str, dict[str, Any]]:
    gathers = shown.expanded.steps[run.step].gathers
    return {
        name: {
            "gather": name in gathers,
            "items": [
                _item(source, shown.file_checksum)
                for source in sources
                if not isinstance(source, PlannedEdge)
            ],
        }
        for name, sources in run.inputs.items()
    }


def _item(source: Source, file_checksum: Callable[[str], str | None]) -> dict[str, Any]:
    match source:
        case ExistingRun(run_id=run_id, output=output, label=label):
            return {"kind": "run", "run_id": run_id, "output": output, "label": label}
        case File(path=path, label=label):
            checksum = file_checksum(path)
            if checksum is None:
                raise InvalidInput(f"The file {path} cannot be read any more.")
            return {"kind": "file", "path": path, "checksum": checksum, "label": label}
        case ColumnValue(text=text, label=label):
            return {"kind": "value", "text": text, "label": label}
        case Value(text=text):
            return {"kind": "value", "text": text, "label": None}
        case PlannedEdge():
            raise TypeError("an input from a planned run is an edge")


def _edges(run: PlannedRun) -> tuple[NewEdge, ...]:
    return tuple(
        NewEdge(
            input=name,
            ordinal=ordinal,
            parent_key=source.parent,
            output=source.output,
            label=source.label or "",
            on_failure=source.on_failure,
        )
        for name, sources in run.inputs.items()
        for ordinal, source in enumerate(sources)
        if isinstance(source, PlannedEdge)
    )
