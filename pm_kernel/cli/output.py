"""Answers on standard output: for people with colour and fitted to the screen, for programs whole.

In a pipe nothing is shortened and nothing coloured; ``rich`` is imported only for a screen. Every
text is cleaned on its way out (``pm_kernel.cli.text``), so callers hand over what they have.
"""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from pm_kernel.cli.text import Line, Span, clean, escaped_json, line, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Colour tokens as terminal styles; a terminal's own palette decides how they look.
STYLES: Mapping[str, str] = {
    "": "",
    "neutral": "dim",
    "brand": "cyan",
    "success": "green",
    "info": "blue",
    "warn": "yellow",
    "error": "red",
}

Cell = str | Span | Line


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    right: bool = False
    #: Shortened first where the screen is narrow.
    elastic: bool = False


class Output:
    """Writes one command's answer; notes and questions go to standard error."""

    def __init__(self, stream: IO[str] | None = None, notes: IO[str] | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._notes = sys.stderr if notes is None else notes
        self._console: Console | None = None
        # A terminal that cannot show a glyph gets its escape, not an error.
        reconfigure = getattr(self._stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

    @property
    def screen(self) -> bool:
        """Whether a person reads it as it comes."""
        return self._stream.isatty()

    @property
    def console(self) -> Console:
        """A rich console on the answer's stream; no markup, so that brackets in names stay."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(
                file=self._stream,
                markup=False,
                highlight=False,
                emoji=False,
                # Wide enough that a pipe gets whole lines.
                width=None if self.screen else 100_000,
            )
        return self._console

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines; long ones are left to the terminal to wrap."""
        if not self.screen:
            self._stream.writelines(f"{plain(each)}\n" for each in lines)
            return
        for each in lines:
            self.console.print(styled(each), soft_wrap=True)

    def text(self, text: str) -> None:
        """Write one unstyled line."""
        self.lines([line(text)])

    def raw(self, text: str) -> None:
        """Write a text of several lines that was made by a program for a program."""
        self._stream.writelines(f"{clean(each)}\n" for each in text.splitlines())

    def note(self, text: str) -> None:
        """Say something beside the answer, on standard error."""
        self._notes.write(f"pm: {clean(text)}\n")

    def json(self, document: Any) -> None:
        """Write a JSON document; what JSON has no word for (NaN) is refused."""
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
        self._stream.write(escaped_json(text) + "\n")

    def csv(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write comma-separated values with a line of titles, as RFC 4180 has them."""
        writer = csv.writer(self._stream, lineterminator="\n")
        writer.writerow(titles)
        for row in rows:
            writer.writerow([clean(c) if self.screen and isinstance(c, str) else c for c in row])

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
        """Write a table; a column in which nothing is said is left out."""
        heads: list[Line] = [(Span(column.title, "neutral"),) for column in columns]
        cells = [[_cleaned(cell) for cell in row] for row in rows]
        used = [n for n in range(len(columns)) if any(_width(row[n]) for row in cells)]
        columns = [columns[n] for n in used]
        table = [[row[n] for n in used] for row in [heads, *cells]]
        widths = [max(_width(row[n]) for row in table) for n in range(len(used))]
        if self.screen:
            _fit(columns, widths, self.console.width)
        self.lines(_row(columns, widths, row) for row in table)


def _fit(columns: Sequence[Column], widths: list[int], screen: int) -> None:
    """Narrow columns until a row fits: elastic ones first, then the widest of the others."""
    missing = sum(widths) + 2 * (len(widths) - 1) - screen
    order = sorted(range(len(widths)), key=lambda n: (not columns[n].elastic, -widths[n]))
    for n in order:
        if missing > 0 and not columns[n].right:
            least = 20 if columns[n].elastic else 8
            taken = min(missing, max(0, widths[n] - least))
            widths[n] -= taken
            missing -= taken


def _row(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Line]) -> Line:
    spans: list[Span] = []
    for column, width, cell in zip(columns, widths, cells, strict=True):
        fitted = _shortened(cell, width)
        space = Span(" " * (width - _width(fitted)))
        spans += [space, *fitted] if column.right else [*fitted, space]
        spans.append(Span("  "))
    while spans and not spans[-1].text.strip():
        spans.pop()
    return tuple(spans)


def _width(spans: Line) -> int:
    return sum(width_of(span.text) for span in spans)


def _shortened(spans: Line, width: int) -> Line:
    if _width(spans) <= width:
        return spans
    kept: list[Span] = []
    left = width - 1
    for span in spans:
        text = ""
        for character in span.text:
            left -= width_of(character)
            if left < 0:
                return (*kept, Span(f"{text}…", span.token, span.strong))
            text += character
        kept.append(span)
    return tuple(kept)


def fitted(spans: Line, width: int) -> Line:
    """Return a clean line of no more than ``width`` columns; a cut one ends in an ellipsis."""
    return _shortened(_cleaned(spans), width)


def width_of(text: str) -> int:
    """Return how many columns of a terminal a clean text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _cleaned(cell: Cell) -> Line:
    if isinstance(cell, str):
        return (Span(clean(cell)),)
    if isinstance(cell, Span):
        return (cell._replace(text=clean(cell.text)),)
    return tuple(span._replace(text=clean(span.text)) for span in cell)


def styled(spans: Line) -> Text:
    """Return a line as rich draws it."""
    from rich.text import Text

    text = Text()
    for span in spans:
        style = f"{STYLES[span.token]} {'bold' if span.strong else ''}".strip()
        text.append(clean(span.text), style or None)
    return text
