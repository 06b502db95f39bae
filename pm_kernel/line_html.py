"""Lines of a terminal as HTML for a notebook: the same words, marks and colour names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from pm_kernel.cli.text import Line, Span, clean

#: Colour tokens as colours of the Lab; the second is for notebooks outside it.
_COLOURS = {
    "neutral": "var(--jp-ui-font-color2, #616161)",
    "brand": "var(--jp-brand-color0, #0d47a1)",
    "success": "var(--jp-success-color0, #1b5e20)",
    "info": "var(--jp-info-color0, #006064)",
    "warn": "var(--jp-warn-color0, #bf360c)",
    "error": "var(--jp-error-color0, #b71c1c)",
}


def lines_html(lines: Iterable[Line]) -> str:
    """Return lines as preformatted HTML; every text is escaped."""
    text = "\n".join("".join(map(_span, line)) for line in lines)
    return f'<pre style="line-height: 1.3; white-space: pre; overflow-x: auto">{text}</pre>'


def table_html(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; every text is escaped."""
    head = "".join(f'<th style="text-align: left">{escape(title)}</th>' for title in titles)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align: left">{_text(c)}</td>' for c in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _span(span: Span) -> str:
    style = f"color: {_COLOURS[span.token]}; " if span.token in _COLOURS else ""
    style += "font-weight: 600; " if span.strong else ""
    text = _text(span.text)
    return f'<span style="{style.strip()}">{text}</span>' if style else text


def _text(text: str) -> str:
    return escape(clean(text))
