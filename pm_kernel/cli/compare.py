"""``pm compare N M``: runs side by side, with what is different between them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import run_number
from pm_kernel.cli.output import Cell, Column
from pm_kernel.cli.text import Span
from pm_kernel.comparing import compare_runs
from pm_kernel.domain.comparison import Comparison, Row
from pm_kernel.domain.run_documents import run_document

#: Characters of a cell.
_CELL = 40


def main(argv: list[str], context: Context) -> int:
    """Compare two or more runs."""
    arguments = argparse.ArgumentParser(
        prog="pm compare",
        description="Put runs side by side: parameters, versions, inputs, metrics, outputs and "
        "imported distributions. Rows that are equal are left out.",
        epilog="Also: --json, which has every row. Bold values differ from their default.",
    )
    arguments.add_argument(
        "runs", type=run_number, nargs="+", metavar="RUN", help="numbers of runs"
    )
    arguments.add_argument("--all", action="store_true", help="equal rows too")
    arguments.add_argument(
        "--upstream", action="store_true", help="also what the runs were made from"
    )
    options = arguments.parse_args(argv)
    found = compare_runs(context.store, options.runs, upstream=options.upstream)
    if context.json:
        runs = [run_document(each.run) for each in found.runs]
        context.output.json({"runs": runs, **found.to_document()})
        return 0
    rows = list(_rows(found, every=options.all))
    if not rows:
        context.output.note("they are equal in everything that is recorded")
        return 0
    columns = [Column(""), Column("", elastic=True), Column("")]
    columns += [Column(each.run.title, elastic=True) for each in found.runs]
    context.output.table(columns, rows)
    return 0


def _rows(found: Comparison, *, every: bool) -> Iterator[list[Cell]]:
    for section in found.sections:
        for row in section.rows:
            if not (row.differs or every):
                continue
            mark = Span("≠", "warn") if row.differs else ""
            yield [mark, row.name, Span(section.kind, "neutral"), *_cells(row)]


def _cells(row: Row) -> Iterator[Cell]:
    changed = row.changed or (False,) * len(row.cells)
    for cell, strong in zip(row.cells, changed, strict=True):
        yield Span("–", "neutral") if cell is None else Span(_cut(cell), strong=strong)


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
