"""Names that people give: steps, branches, samples, columns, pipelines.

They are free text in any script, because samples are called what the lab calls them. What is
refused is what could not be shown, stored or typed again: nothing at all, line breaks and other
control characters, blanks at the ends, halves of a character, and more than 200 characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

MAX_NAME = 200

#: Printable ASCII without a blank at either end: the common case, answered without a loop.
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")

#: Control characters, halves of a surrogate pair, unassigned, line and paragraph separators.
_REFUSED = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


def name_fault(name: str) -> str | None:
    """Why ``name`` cannot be used, as the end of a sentence ("is empty"), or None."""
    if len(name) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if _PLAIN.fullmatch(name):
        return None
    if not name.strip():
        return "is empty"
    if any(unicodedata.category(character) in _REFUSED for character in name):
        return "contains a line break or another character that cannot be shown"
    if name != name.strip():
        return "begins or ends with a blank"
    return None


def text_fault(text: str) -> str | None:
    """Why text cannot be stored: PostgreSQL and UTF-8 take neither NUL nor half a character."""
    if "\0" in text:
        return "holds a NUL character"
    if not text.isascii() and re.search("[\ud800-\udfff]", text):
        return "holds half of a character"
    return None


def shown(name: str, limit: int = 60) -> str:
    """``name`` in quotes for a message: one line, and never longer than a line can take."""
    text = name if len(name) <= limit else name[: limit - 1] + "…"
    clean = "".join(c if unicodedata.category(c) not in _REFUSED else repr(c)[1:-1] for c in text)
    return f"'{clean}'"


def listed(names: Iterable[str], limit: int = 6) -> str:
    """``'a', 'b' and 'c'``; long lists end in a number."""
    every = list(names)
    first = [shown(name) for name in every[:limit]]
    if len(every) > limit:
        return f"{', '.join(first)} and {len(every) - limit} more"
    return " and ".join([", ".join(first[:-1]), first[-1]]) if len(first) > 1 else "".join(first)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``x=2`` before ``x=10``."""
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part)
        for part in re.split(r"([0-9]+)", name)
        if part
    )


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The same names with `` #2``, `` #3`` … behind those that occur again."""
    taken = set(names)
    seen: set[str] = set()
    result: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate in seen or (number > 1 and candidate in taken):
            number += 1
            candidate = f"{name} #{number}"
        seen.add(candidate)
        result.append(candidate)
    return tuple(result)
