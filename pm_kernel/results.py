"""Results of a plan as Python values: which run, and where its outputs lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, overload

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.outputs import base_folder
from pm_kernel.domain.canonical import NotLiteral, parse_literal
from pm_kernel.domain.plans import PlannedRunRow
from pm_kernel.domain.runs import RunDetails
from pm_kernel.line_html import table_html
from pm_kernel.store import run_details, runs
from pm_kernel.store.engine import Store


@dataclass(frozen=True)
class Result:
    """One completed run of a plan; ``outputs`` maps names to paths as a next step would get them.

    A folder, or what a pattern matched, is given by its folder. The files are read-only: copy what
    you want to change.
    """

    run_id: int
    step: str
    sample: str | None
    branch: str
    #: completed or reused; altered or tainted where a look at its files found that.
    state: str
    folder: Path
    outputs: Mapping[str, Path]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    #: ``function.param`` -> what arrived; a tuple where several values did.
    params: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, output: str) -> Path:
        return self.outputs[output]


class Results(Sequence[Result]):
    """Results in the order of the plan: sample sheet, then branches."""

    def __init__(self, results: Sequence[Result]) -> None:
        self._results = tuple(results)

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, position: int) -> Result: ...

    @overload
    def __getitem__(self, position: slice) -> Results: ...

    def __getitem__(self, position: int | slice) -> Result | Results:
        if isinstance(position, slice):
            return Results(self._results[position])
        return self._results[position]

    def __iter__(self) -> Iterator[Result]:
        return iter(self._results)

    def __repr__(self) -> str:
        rows = [" · ".join(part for part in row if part) for row in self._rows()]
        return "\n".join(rows) or "no results"

    def _repr_html_(self) -> str:
        return table_html(("run", "step", "sample", "branch", "state", "outputs"), self._rows())

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                f"run {each.run_id}",
                each.step,
                each.sample or "",
                each.branch,
                each.state,
                ", ".join(each.outputs),
            )
            for each in self._results
        ]


def read_results(store: Store, rows: Sequence[PlannedRunRow]) -> Results:
    """Return those of the planned runs that have a result, with everything recorded of it."""
    done = [
        (row, row.run_id)
        for row in rows
        if row.state in ("completed", "reused") and row.run_id is not None
    ]
    known = runs.get_runs(store, {run_id for _, run_id in done})
    details = {each.run.run_id: each for each in run_details.details_of(store, known)}
    return Results([_result(row, details[run_id]) for row, run_id in done if run_id in details])


def _result(row: PlannedRunRow, details: RunDetails) -> Result:
    run = details.run
    folder = RunStore(run.workspace_root / ".runs").final(run.run_id)
    return Result(
        run_id=run.run_id,
        step=row.step,
        sample=row.sample,
        branch=row.branch,
        state=row.state if run.state == "completed" else run.state,
        folder=folder,
        outputs=MappingProxyType(
            {each.name: folder / base_folder(each.path) for each in details.outputs}
        ),
        metrics=details.metrics,
        params=MappingProxyType(
            {each.full_name: _value(each.arrived) for each in details.parameters if each.arrived}
        ),
    )


def _value(texts: Sequence[str]) -> Any:
    values = tuple(map(_read, texts))
    return values[0] if len(values) == 1 else values


def _read(text: str) -> Any:
    try:
        return parse_literal(text)
    except NotLiteral:
        # Described, not valued: `<numpy.ndarray float64 (512, 512)>`.
        return text
