"""The samples of a plan: a list of names, or a sample sheet with a column per datum.

A cell is plain text, or names its kind: ``file:PATH`` is a file, ``run:47/output`` an output of an
earlier run. Which of them an input accepts is the input's business.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pm_kernel.domain.bindings import SAMPLE, FromFile, FromRun
from pm_kernel.domain.faults import Faults
from pm_kernel.domain.names import listed, name_fault, shown, text_fault
from pm_kernel.errors import InvalidInput, Problem

#: Beyond this a sheet is refused: its plan could neither be shown nor run.
MAX_SAMPLES = 1_000_000

#: Of one kind of mistake so many are shown one by one.
_SHOWN = 20

_RUN_CELL = re.compile(r"run:([1-9][0-9]{0,17})/(.+)")


@dataclass(frozen=True, slots=True)
class SampleSheet:
    """Rows in the order of the sheet; every row has every column, ``sample`` among them."""

    columns: tuple[str, ...] = (SAMPLE,)
    rows: tuple[Mapping[str, str], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rows)


def sample_list(names: Iterable[str]) -> tuple[SampleSheet, tuple[Problem, ...]]:
    """A sheet with nothing but names."""
    return sheet_of((SAMPLE,), [{SAMPLE: name} for name in names])


def sheet_of(
    columns: Sequence[str], rows: Iterable[Mapping[str, str]]
) -> tuple[SampleSheet, tuple[Problem, ...]]:
    """A sheet from rows already read, with what is wrong in it; wrong rows are left out."""
    faults = Faults()
    _check_columns(columns, faults)
    return _sheet(tuple(columns), ((None, row) for row in rows), faults), tuple(faults.found)


def parse_cell(text: str, place: str = "the cell") -> FromFile | FromRun | str:
    """What a cell holds; raises InvalidInput for a ``run:`` cell that names no run."""
    if text.startswith("file:"):
        path = text[5:].strip()
        if not path:
            raise InvalidInput(f"{place}: 'file:' must be followed by a path.")
        return FromFile(path)
    if text.startswith("run:"):
        match = _RUN_CELL.fullmatch(text)
        if match is None:
            raise InvalidInput(
                f"{place}: {shown(text)} does not name a run and its output, as in 'run:47/table'."
            )
        return FromRun(int(match[1]), match[2])
    return text


def parse_sample_sheet(
    data: str | bytes, *, required: Iterable[str] = ()
) -> tuple[SampleSheet, tuple[Problem, ...]]:
    """A sample sheet from CSV: comma, semicolon or tab, quotes, byte order mark, blank lines.

    ``required`` columns that are missing are named. The column with the names is called ``sample``,
    in any case of letters. Reading never raises; rows that cannot be used are left out and named by
    line.
    """
    faults = Faults()
    text = _decoded(data, faults)
    if text is None:
        return SampleSheet(), tuple(faults.found)
    lines = _lines(text, faults)
    if not lines:
        if not faults.found:
            faults.add(
                "The sample sheet is empty; its first line names the columns.", "empty_sheet"
            )
        return SampleSheet(), tuple(faults.found)
    columns = _header(lines[0][1], faults)
    missing = [name for name in dict.fromkeys((SAMPLE, *required)) if name not in columns]
    if missing:
        many = len(missing) > 1
        faults.add(
            f"The sample sheet has no column{'s' if many else ''} {listed(missing)}; "
            f"it has {listed([name for name in columns if name], 12) or 'none'}.",
            code="missing_column",
        )
    sheet = SampleSheet(columns)
    if SAMPLE in columns:
        sheet = _sheet(columns, _rows(columns, lines[1:], faults), faults)
    return sheet, tuple(faults.found)


def _decoded(data: str | bytes, faults: Faults) -> str | None:
    if isinstance(data, bytes):
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        try:
            data = data.decode(encoding)
        except UnicodeDecodeError:
            faults.add(
                "The sample sheet is not UTF-8 text; save it as 'CSV UTF-8' and try again.",
                "encoding",
            )
            return None
    return data.removeprefix("\ufeff")


def _lines(text: str, faults: Faults) -> list[tuple[int, list[str]]]:
    """Records that hold anything, with the line each ends on."""
    first, _, rest = text.partition("\n")
    separator = None
    if named := re.fullmatch(
        r"sep=([,;\t|])\r?", first.strip(" ")
    ):  # written by spreadsheet programs
        separator, text = named[1], "\n" + rest
    limit = csv.field_size_limit()
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator or _separator(text), strict=True
    )
    found: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(cell and not cell.isspace() for cell in cells):
                found.append((reader.line_num, cells))
                if len(found) > MAX_SAMPLES + 1:
                    faults.add(
                        f"The sample sheet has more than {MAX_SAMPLES:,} samples.", code="too_many"
                    )
                    return []
    except csv.Error as error:
        told = (
            f"a cell is longer than {limit:,} characters"
            if "field limit" in str(error)
            else "a quotation mark is opened and not closed, or followed by more text"
        )
        faults.add(
            f"The sample sheet cannot be read at line {reader.line_num}: {told}.", code="csv"
        )
        return []
    return found


def _separator(text: str) -> str:
    """The separator that cuts the first line that is not blank into most cells."""
    header = next((line for line in text.splitlines() if line.strip(" \t,;")), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


def _header(cells: list[str], faults: Faults) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if SAMPLE not in names:
        alike = [index for index, name in enumerate(names) if name.casefold() == SAMPLE]
        if len(alike) == 1:
            names[alike[0]] = SAMPLE
    _check_columns(names, faults)
    return tuple(names)


def _check_columns(names: Sequence[str], faults: Faults) -> None:
    for position, name in enumerate(names, start=1):
        fault = name_fault(name)
        if fault is not None:
            faults.add(f"The name of column {position} in the sample sheet {fault}.", code="column")
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        faults.add(f"The sample sheet has column {listed(twice)} more than once.", code="column")


def _rows(
    columns: tuple[str, ...], lines: Sequence[tuple[int, list[str]]], faults: Faults
) -> Iterable[tuple[int | None, Mapping[str, str]]]:
    width = len(columns)
    long: list[str] = []
    for line, cells in lines:
        stripped = [cell.strip() for cell in cells]
        if len(stripped) > width and any(stripped[width:]):
            long.append(f"line {line} has {len(stripped)} cells")
            continue
        # Spreadsheets leave out trailing empty cells, and leave in trailing separators.
        stripped += [""] * (width - len(stripped))
        yield line, dict(zip(columns, stripped[:width], strict=True))
    _report(
        long,
        f"the first line names {width} columns: a separator inside a cell needs quotes",
        faults,
    )


def _sheet(
    columns: tuple[str, ...],
    rows: Iterable[tuple[int | None, Mapping[str, str]]],
    faults: Faults,
) -> SampleSheet:
    kept: list[Mapping[str, str]] = []
    seen: set[str] = set()
    faulty: list[str] = []
    for number, (line, row) in enumerate(rows, start=1):
        place = f"row {number}" if line is None else f"line {line}"
        name = row.get(SAMPLE, "")
        fault = name_fault(name)
        if fault is None and name in seen:
            fault = "is the name of more than one sample"
        if fault is None:
            bad = next((c for c, cell in row.items() if text_fault(cell) is not None), None)
            fault = None if bad is None else f"has an unreadable cell in column {shown(bad)}"
        if fault is not None:
            faulty.append(f"{place}: {shown(name)} {fault}")
            continue
        seen.add(name)
        kept.append(row)
    _report(faulty, "every sample needs a name of its own", faults)
    return SampleSheet(columns, tuple(kept))


def _report(found: Sequence[str], rule: str, faults: Faults) -> None:
    for sentence in found[:_SHOWN]:
        faults.add(f"Sample sheet, {sentence}; {rule}.", code="row")
    if len(found) > _SHOWN:
        faults.add(f"Sample sheet: {len(found) - _SHOWN} more lines like these.", code="row")
