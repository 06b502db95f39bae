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
            self.console.print(_styled(each), soft_wrap=True)

    def text(self, text: str) -> None:
        """Write one unstyled line."""
        self.lines([line(text)])

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
        cells = [[_spans(cell) for cell in row] for row in rows]
        used = [n for n in range(len(columns)) if any(plain(row[n]) for row in cells)]
        columns = [columns[n] for n in used]
        cells = [[row[n] for n in used] for row in cells]
        if self.screen:
            self._screen_table(columns, cells)
        else:
            self._plain_table(columns, cells)

    def _screen_table(self, columns: Sequence[Column], rows: Iterable[Sequence[Line]]) -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(
                column.title,
                justify="right" if column.right else "left",
                no_wrap=True,
                overflow="ellipsis",
                ratio=1 if column.elastic else None,
                min_width=None if column.elastic else len(column.title),
            )
        for row in rows:
            table.add_row(*(_styled(cell) for cell in row))
        self.console.print(table)

    def _plain_table(self, columns: Sequence[Column], rows: Sequence[Sequence[Line]]) -> None:
        texts = [[column.title for column in columns]]
        texts += [[plain(cell) for cell in row] for row in rows]
        widths = [max(width_of(row[n]) for row in texts) for n in range(len(columns))]
        for row in texts:
            padded = [
                _padded(text, width, right=column.right)
                for text, width, column in zip(row, widths, columns, strict=True)
            ]
            self._stream.write("  ".join(padded).rstrip() + "\n")


def width_of(text: str) -> int:
    """Return how many columns of a terminal a clean text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - width_of(text))
    return f"{space}{text}" if right else f"{text}{space}"


def _spans(cell: Cell) -> Line:
    if isinstance(cell, str):
        return (Span(cell),)
    if isinstance(cell, Span):
        return (cell,)
    return cell


def _styled(spans: Line) -> Text:
    from rich.text import Text

    text = Text()
    for span in spans:
        style = f"{STYLES[span.token]} {'bold' if span.strong else ''}".strip()
        text.append(clean(span.text), style or None)
    return text
