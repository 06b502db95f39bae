"""Runs side by side: what is different between them, and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pm_kernel.domain.runs import RunDetails, RunInput, RunOutput

#: Between the values of one run, where it has several.
_SEVERAL = " | "


@dataclass(frozen=True, slots=True)
class Row:
    """One thing in every run; None where a run has no such thing."""

    name: str
    cells: tuple[str | None, ...]
    #: By what the cells stand for: equal bytes from two runs are no difference.
    differs: bool
    #: Parameters only: which cells are other values than the default.
    changed: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind."""

    kind: str
    rows: tuple[Row, ...]

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return sum(row.differs for row in self.rows)


@dataclass(frozen=True)
class Comparison:
    """Two or more runs side by side, in the order they were asked for."""

    runs: tuple[RunDetails, ...]
    #: record, parameters, inputs, metrics, outputs, environment, and upstream where it was asked
    #: for: the parameters of everything that the runs were made from.
    sections: tuple[Section, ...]

    def to_document(self) -> dict[str, Any]:
        """The sections as plain JSON values."""
        return {
            "sections": [
                {
                    "kind": section.kind,
                    "differing": section.differing,
                    "rows": [
                        {
                            "name": row.name,
                            "cells": list(row.cells),
                            "differs": row.differs,
                            "changed": list(row.changed) or [False] * len(row.cells),
                        }
                        for row in section.rows
                    ],
                }
                for section in self.sections
            ]
        }


def compare(
    runs: Sequence[RunDetails], ancestors: Sequence[Iterable[RunDetails]] | None = None
) -> Comparison:
    """Put runs side by side; ``ancestors`` are, for each, the runs it was made from."""
    sections = [
        _record(runs),
        _parameters(runs),
        _plain("inputs", [_inputs(each) for each in runs]),
        _plain("metrics", [_same(_metrics(each)) for each in runs]),
        _plain("outputs", [_outputs(each) for each in runs]),
        _plain("environment", [_same(_environment(each)) for each in runs]),
    ]
    if ancestors is not None:
        sections.append(_upstream(ancestors))
    return Comparison(tuple(runs), tuple(sections))


#: Name -> (what is shown, what is compared).
_Cells = Mapping[str, tuple[str, object]]


def _plain(kind: str, columns: Sequence[_Cells]) -> Section:
    names = dict.fromkeys(name for column in columns for name in column)
    rows = []
    for name in names:
        found = [column.get(name) for column in columns]
        compared = [None if each is None else each[1] for each in found]
        rows.append(
            Row(
                name,
                tuple(None if each is None else each[0] for each in found),
                any(each != compared[0] for each in compared),
            )
        )
    return Section(kind, tuple(rows))


def _same(column: Mapping[str, str]) -> _Cells:
    return {name: (text, text) for name, text in column.items()}


def _record(runs: Sequence[RunDetails]) -> Section:
    said: Mapping[str, Callable[[RunDetails], str | None]] = {
        "module": lambda each: each.run.module,
        "method": lambda each: each.run.method,
        "version": lambda each: f"v{each.run.version}",
        "commit": lambda each: each.run.commit,
        "status": lambda each: each.run.status,
        "sample": lambda each: each.run.sample,
        "plan": lambda each: each.plan_name,
        "step": lambda each: each.run.step,
        "branch": lambda each: each.run.branch or None,
    }
    columns = [
        _same({name: text for name, say in said.items() if (text := say(each)) is not None})
        for each in runs
    ]
    order = list(said)
    section = _plain("record", columns)
    return Section("record", tuple(sorted(section.rows, key=lambda row: order.index(row.name))))


def _parameters(runs: Sequence[RunDetails]) -> Section:
    columns = [{p.full_name: p for p in each.parameters} for each in runs]
    names = dict.fromkeys(name for column in columns for name in column)
    rows = []
    for name in names:
        found = [column.get(name) for column in columns]
        cells = tuple(None if p is None else _SEVERAL.join(p.values) or None for p in found)
        changed = tuple(p is not None and p.stated for p in found)
        rows.append(Row(name, cells, any(cell != cells[0] for cell in cells), changed))
    return Section("parameters", tuple(rows))


def _inputs(details: RunDetails) -> _Cells:
    members: dict[str, list[RunInput]] = {}
    for each in details.inputs:
        members.setdefault(each.name, []).append(each)
    return {
        name: (
            _SEVERAL.join(_source(each) for each in given),
            [(each.label, each.checksum or each.text) for each in given],
        )
        for name, given in members.items()
    }


def _source(given: RunInput) -> str:
    if given.source_run_id is not None:
        return f"run {given.source_run_id} · {given.source_output}"
    return given.text if given.path is None and given.text is not None else given.path or ""


def _metrics(details: RunDetails) -> dict[str, str]:
    return {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in details.metrics.items()
    }


def _outputs(details: RunDetails) -> _Cells:
    return {each.name: (_told(each), each.checksum) for each in details.outputs}


def _told(output: RunOutput) -> str:
    files = "" if output.file_count == 1 else f", {output.file_count} files"
    return f"{output.path}{files}, {output.size_bytes} bytes"


def _environment(details: RunDetails) -> dict[str, str]:
    environment = details.environment
    found = {str(name): str(version) for name, version in environment.get("imports", {}).items()}
    python = environment.get("python")
    return {"python": str(python), **found} if python else found


def _upstream(ancestors: Sequence[Iterable[RunDetails]]) -> Section:
    columns: list[dict[str, tuple[str, object]]] = []
    for each in ancestors:
        values: dict[str, dict[str, None]] = {}
        for details in each:
            where = details.run.step or details.run.method
            values.setdefault(f"{where} · version", {})[f"v{details.run.version}"] = None
            for parameter in details.parameters:
                values.setdefault(f"{where} · {parameter.full_name}", {}).update(
                    dict.fromkeys(parameter.values)
                )
        columns.append(
            {name: (_SEVERAL.join(sorted(v)), tuple(sorted(v))) for name, v in values.items() if v}
        )
    return _plain("upstream", columns)
