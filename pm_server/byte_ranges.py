"""The ``Range`` header: which part of a file is wanted (RFC 9110, section 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(ValueError):
    """No byte of the file lies in the range."""


def wanted_part(header: str | None, size: int) -> tuple[int, int] | None:
    """Return first byte and end (not included) of the part that is asked for; None: all of it.

    Several ranges at once, other units and what cannot be read mean all of it, as the standard
    allows. Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        # The last so many bytes.
        length = min(int(found[2]), size)
        start, end = size - length, size
    else:
        start = int(found[1])
        end = min(int(found[2]) + 1, size) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size or start == end:
        raise Unsatisfiable
    return start, end
