"""How long a method says that it takes: the CRITICAL lines of its ``*.workflow.md``.

    CRITICAL: 12 min
    - **CRITICAL:** 1 h 30 min - the tiles of a whole slide

A marker is a line that begins with CRITICAL and a colon; marks of headings, lists, quotes and
emphasis do not count. A duration follows (d, h, min, s, the larger first), and after a dash, a
comma or a bracket whatever its author likes. Blocks of code are examples. All markers of a method
add up: they are parts of one run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pm_kernel.domain.names import shown
from pm_kernel.scan.model import SourceProblem

SUFFIX = ".workflow.md"

_UNITS = {"d": 86_400.0, "h": 3_600.0, "min": 60.0, "s": 1.0}
_SPAN = r"\s*".join(
    rf"(?:(?P<{unit}>\d{{1,6}}(?:\.\d{{1,6}})?) ?{unit}(?![A-Za-z]))?" for unit in _UNITS
)
_BEGINNING = re.compile(r"(?:[\s>#*+_-]|\d+\.\s)*CRITICAL(?P<rest>(?![*_]*\w).*)")
_DURATION = re.compile(rf"[*_]*:[*_]*\s*{_SPAN}[*_\s]*(?:[-\N{{EN DASH}}\N{{EM DASH}},(].*)?")
_FENCE = re.compile(r"\s*(```|~~~)")


def critical_seconds(files: Mapping[str, bytes]) -> tuple[float | None, list[SourceProblem]]:
    """Return what the markers add up to, None without any, and those that cannot be read."""
    seconds: float | None = None
    problems = []
    for path in sorted(files):
        if not path.endswith(SUFFIX):
            continue
        for number, rest in _markers(files[path].decode("utf-8", "replace")):
            found = _seconds(rest)
            if found is None:
                told = f"says CRITICAL{shown(rest)[1:-1]}, which is no duration"
                hint = "write it as in `CRITICAL: 1 h 30 min`. The line does not count."
                problems.append(SourceProblem(path, number, f"{told}; {hint}", "notice"))
            else:
                seconds = (seconds or 0.0) + found
    return seconds, problems


def _markers(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each line that begins so, and what follows the word."""
    fence: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if edge := _FENCE.match(line):
            fence = edge[1] if fence is None else None if fence == edge[1] else fence
        elif fence is None and (found := _BEGINNING.fullmatch(line)):
            yield number, found["rest"]


def _seconds(rest: str) -> float | None:
    # With one blank at most where there were many, there is one way only to read it.
    found = _DURATION.fullmatch(" ".join(rest.split()))
    if found is None:
        return None
    seconds = sum(float(found[unit] or 0) * size for unit, size in _UNITS.items())
    return seconds or None
