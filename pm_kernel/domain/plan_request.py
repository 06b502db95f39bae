"""What a plan is asked for beyond the pipeline: samples, branches, how far, and what to do again.

{"samples": ["s1", "s2"] | {"columns": […], "rows": [{…}]} | {"sheet": "sample,image\\n…"},
 "branches": {"filter": …},                 any form of branches, instead of the pipeline's own
 "branch_groups": {"filter": "cutoffs"},    steps that branch together; null: on its own again
 "until": "filter" | ["filter", …],         only what these steps need
 "excluded": [{"sample": "s1", "filter": "tight"}],
 "rerun": {"all": false, "steps": ["filter"], "parts": [{"sample": "s1"}], "keys": […]}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pm_kernel.domain.bindings import SAMPLE
from pm_kernel.domain.branches import Branches, parse_branches
from pm_kernel.domain.faults import Faults, as_mapping, names_of
from pm_kernel.domain.names import name_fault, shown
from pm_kernel.domain.rerun import Rerun, parse_rerun
from pm_kernel.domain.samples import SampleSheet, parse_sample_sheet, sample_list, sheet_of
from pm_kernel.errors import Problem

#: Of one kind of mistake so many are shown one by one.
_SHOWN = 20

_KEYS = {"samples", "branches", "branch_groups", "until", "excluded", "rerun"}


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """One plan's wishes; an empty request previews the pipeline as it is."""

    samples: SampleSheet = field(default_factory=SampleSheet)
    #: step -> branches that replace those in the document
    branches: Mapping[str, Branches] = field(default_factory=dict)
    #: step -> branch group that replaces the one in the document
    branch_groups: Mapping[str, str | None] = field(default_factory=dict)
    #: Steps whose results are wanted; empty means all.
    until: tuple[str, ...] = ()
    #: Universe rows that are not wanted: sample, column or step (or branch group) -> value.
    excluded: tuple[Mapping[str, str], ...] = ()
    rerun: Rerun = field(default_factory=Rerun)

    def to_document(self) -> dict[str, Any]:
        """The request as plain data; ``parse_request`` reads it back."""
        only_names = self.samples.columns == (SAMPLE,)
        rows = self.samples.rows
        return {
            "samples": [row[SAMPLE] for row in rows]
            if only_names
            else {"columns": list(self.samples.columns), "rows": [dict(row) for row in rows]},
            "branches": {step: each.to_document() for step, each in self.branches.items()},
            "branch_groups": dict(self.branch_groups),
            "until": list(self.until),
            "excluded": [dict(each) for each in self.excluded],
            "rerun": self.rerun.to_document(),
        }


def parse_request(raw: object) -> tuple[PlanRequest, tuple[Problem, ...]]:
    """A request from plain data, with everything wrong in it; ``expand`` looks at the names."""
    faults = Faults()
    given = as_mapping(raw, "plan", faults)
    faults.unknown_keys(given, _KEYS, "A plan")
    samples, problems = _samples(given.get("samples"), faults)
    faults.found.extend(problems)
    branches = {
        step: parse_branches(each, faults.at(step))
        for step, each in sorted(as_mapping(given.get("branches"), "branches", faults).items())
    }
    request = PlanRequest(
        samples=samples,
        branches=branches,
        branch_groups=_groups(given.get("branch_groups"), faults),
        until=names_of(given.get("until"), "until", faults),
        excluded=_excluded(given.get("excluded"), faults),
        rerun=parse_rerun(given.get("rerun"), faults),
    )
    return request, tuple(faults.found)


def _samples(raw: object, faults: Faults) -> tuple[SampleSheet, tuple[Problem, ...]]:
    if raw is None:
        return SampleSheet(), ()
    if isinstance(raw, list | tuple) and all(isinstance(name, str) for name in raw):
        return sample_list(raw)
    if isinstance(raw, Mapping) and isinstance(raw.get("sheet"), str):
        return parse_sample_sheet(raw["sheet"])
    if isinstance(raw, Mapping) and isinstance(raw.get("rows"), list | tuple):
        columns = raw.get("columns")
        if columns is None:
            tables = [row for row in raw["rows"] if isinstance(row, Mapping)]
            columns = list(dict.fromkeys(key for row in tables for key in row))
        texts = isinstance(columns, list | tuple) and all(isinstance(c, str) for c in columns)
        rows = [
            {column: row.get(column, "") for column in columns}
            for row in raw["rows"]
            if texts and isinstance(row, Mapping)
        ]
        fits = texts and len(rows) == len(raw["rows"]) and SAMPLE in columns
        wrong = [
            (number, column, cell)
            for number, row in enumerate(rows, 1)
            for column, cell in row.items()
            if not isinstance(cell, str)
        ]
        if fits and not wrong:
            return sheet_of(columns, rows)
        for number, column, cell in wrong[:_SHOWN]:
            faults.add(
                f"Sample sheet, row {number}: {shown(column)} must be written as text, so that 1, "
                f"1.0 and '1' stay apart, not {shown(repr(cell))}.",
                code="wrong_type",
            )
        if fits:
            return SampleSheet(), ()
    faults.add(
        "'samples' is a list of names, a sample sheet as text, or its columns and rows (with a "
        f"column '{SAMPLE}', every cell as text).",
        code="wrong_type",
    )
    return SampleSheet(), ()


def _groups(raw: object, faults: Faults) -> dict[str, str | None]:
    kept: dict[str, str | None] = {}
    for step, group in as_mapping(raw, "branch_groups", faults).items():
        fault = "is not text" if not isinstance(group, str) else name_fault(group)
        if group is None or (fault is None and group != SAMPLE):
            kept[step] = group
        else:
            faults.at(step).add(
                f"its branch group {fault or 'is taken'}: {shown(str(group))}.", code="name"
            )
    return kept


def _excluded(raw: object, faults: Faults) -> tuple[Mapping[str, str], ...]:
    kept: list[Mapping[str, str]] = []
    for each in raw if isinstance(raw, list | tuple) else () if raw is None else (raw,):
        point = as_mapping(each, "excluded", faults)
        if not point or not all(isinstance(value, str) for value in point.values()):
            faults.add(
                '\'excluded\' lists what to leave out, as in {"sample": "s1", "filter": "tight"}.',
                code="wrong_type",
            )
        else:
            kept.append(point)
    return tuple(kept)
