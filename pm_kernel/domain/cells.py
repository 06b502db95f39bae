"""Cells of the sample sheet as inputs: what a cell gives depends on what the input declares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pm_kernel.domain.bindings import SAMPLE, FromFile, FromRun
from pm_kernel.domain.catalogue import InputInfo
from pm_kernel.domain.faults import Faults
from pm_kernel.domain.names import listed, shown
from pm_kernel.domain.params import ParamType
from pm_kernel.domain.plan import ColumnValue, ExistingRun, File
from pm_kernel.domain.samples import SampleSheet, parse_cell
from pm_kernel.domain.values import cell_type, typed_cell
from pm_kernel.errors import InvalidInput

CellSource = ColumnValue | ExistingRun | File

#: So many samples are named in one problem.
_NAMED = 6


class NotFilled(Exception):
    """This run cannot have this input; the message says why."""


@dataclass(slots=True)
class Cells:
    """Reads cells for one input, each text once, and collects what does not fit."""

    sheet: SampleSheet
    column: str
    declared: InputInfo
    _kind: ParamType = field(init=False)
    _read: dict[str, CellSource | NotFilled | None] = field(default_factory=dict)
    #: message -> samples, in order
    unfit: dict[str, dict[str, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kind = cell_type(self.declared)

    def source(self, row: int) -> CellSource | None:
        """What the cell of this row gives; None for a blank cell of an optional input."""
        text = self.sheet.rows[row][self.column]
        if text not in self._read:
            self._read[text] = self._understood(text)
        found = self._read[text]
        if isinstance(found, NotFilled):
            raise self._refused(str(found), row)
        return found

    def member(self, row: int, member: tuple[str, ...]) -> CellSource:
        """The same as a member of a gathered list, where a blank would shift all that follow."""
        source = self.source(row)
        if source is None:
            message = f"column {shown(self.column)} is blank, and a gathered list has no gaps"
            raise self._refused(message, row)
        return replace(source, label="/".join(member), member=member)

    def report(self, faults: Faults) -> None:
        """Note one problem per kind of mistake, with the samples that have it."""
        for message, samples in self.unfit.items():
            each = "sample" if len(samples) == 1 else "samples"
            faults.add(f"{message} ({each} {listed(samples, _NAMED)}).", code="cell")

    def _refused(self, message: str, row: int) -> NotFilled:
        self.unfit.setdefault(message, {})[self.sheet.rows[row][SAMPLE]] = None
        return NotFilled(message)

    def _understood(self, text: str) -> CellSource | NotFilled | None:
        place = f"column {shown(self.column)}"
        if not text:
            return NotFilled(f"{place} is blank") if self.declared.required else None
        try:
            if self.declared.type in ("value", "list"):
                return ColumnValue(self.column, typed_cell(self.column, self._kind, text))
            cell = parse_cell(text, place)
        except InvalidInput as error:
            return NotFilled(error.message.rstrip("."))
        if isinstance(cell, FromRun):
            return ExistingRun(cell.run_id, cell.output)
        if self.declared.type == "upstream":
            return NotFilled(
                f"{place} must name the output of a run, as in 'run:47/table', not {shown(text)}"
            )
        return File(cell.path if isinstance(cell, FromFile) else cell)
