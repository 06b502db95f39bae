"""Text for a terminal: pieces with a style's name, and nothing in them that a terminal obeys."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Control characters (ESC among them), the 8-bit ones, what turns the reading direction, line
#: separators, and halves of surrogate pairs.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Span(NamedTuple):
    """A piece of a line; ``token`` is a colour token of ``pm_kernel.domain.marks``, or nothing."""

    text: str
    token: str = ""
    strong: bool = False


Line = tuple[Span, ...]


def clean(text: str) -> str:
    r"""Return ``text`` with everything that a terminal would obey written out: ``\x1b``, ``\n``.

    Names, parameters and logs come from anywhere; shown, they must not move the cursor, change the
    window's title or turn the line around.
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    known = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(match.group())
    code = ord(match.group())
    return known or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def escaped_json(document: str) -> str:
    """Return a JSON text with the same characters as JSON's own escapes.

    Line feeds are the document's own: inside texts JSON has escaped them already.
    """
    return _UNSAFE.sub(lambda m: m[0] if m[0] == "\n" else f"\\u{ord(m[0]):04x}", document)


def line(*parts: str | Span) -> Line:
    """Join pieces to a line; plain text has no style."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def plain(spans: Line) -> str:
    """Return a line without its styles."""
    return "".join(clean(span.text) for span in spans)
