"""Reading a run.log as entries: level, message, time, and the line it starts on.

Lines in the usual formats of Python's ``logging`` and of ``warnings`` open an entry; a traceback is
one entry of level ERROR; what a method simply printed is kept too, as level PRINT, so that a search
finds it. Lines that continue an entry stay with it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: Longest message kept; the middle of a longer one is left out.
MESSAGE_LIMIT = 16_000
#: Entries kept from the start and from the end of a long log, and warnings from between.
KEPT = 4_000
#: Characters kept of each of the three.
KEPT_TEXT = 4_000_000

_TIME = r"(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?)"
_LEVEL = r"(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)"
_OPENINGS = (
    # 2026-02-14 10:23:00,123 - name - INFO - message; also with brackets, without the name
    re.compile(
        rf"\[?{_TIME}\]?[\s:|-]+(?:[\w.<>\[\]-]+[\s:|-]+)??\[?{_LEVEL}\]?[\s:|-]+(?P<text>.*)", re.S
    ),
    # INFO:name:message, the format of logging.basicConfig()
    re.compile(rf"{_LEVEL}:[\w.]*:(?P<text>.*)", re.S),
    # [INFO] message, INFO - message, INFO 2026-… message, INFO: message
    re.compile(rf"\[?{_LEVEL}\]?(?:\s+{_TIME})?(?:\s*[:|-]\s*|\s+)(?P<text>.*)", re.S),
)
_WARNING = re.compile(r"\S.*:\d+: (?P<text>\w*Warning: .*)", re.S)
_SYNONYMS = {"WARN": "WARNING", "FATAL": "CRITICAL"}
_TRACEBACK = ("Traceback (most recent call last):", "  + Exception Group Traceback")
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


class _Entry:
    def __init__(
        self, level: str, line: int, time: str | None = None, *, open_traceback: bool = False
    ) -> None:
        self.level, self.line, self.time = level, line, time
        self.parts: list[str] = []
        self.size = 0
        self.tail: deque[str] = deque(maxlen=100)
        #: A traceback ends with its first unindented line.
        self.open_traceback = open_traceback

    def add(self, text: str) -> None:
        if self.size < MESSAGE_LIMIT:
            self.parts.append(text[:MESSAGE_LIMIT])
            self.size += len(text) + 1
        else:
            self.tail.append(text[:2000])

    def to_json(self) -> dict[str, Any]:
        parts = self.parts + (["…", *self.tail] if self.tail else [])
        return {
            "level": self.level,
            "message": "\n".join(parts).rstrip(),
            "time": self.time,
            "line": self.line,
        }


def parse_log(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield entries: level, message, time (ISO text or None) and first line (from 1)."""
    current: _Entry | None = None
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        opened = _open(line, number, current)
        if opened is None and current is not None:
            current.add(line)
            if current.open_traceback and line and not line.startswith((" ", "\t")):
                current.open_traceback = line.startswith(_TRACEBACK) or line in _CHAINED
            continue
        if current is not None and any(part.strip() for part in current.parts):
            yield current.to_json()
        current = opened or _Entry("PRINT", number)
        if opened is None:
            current.add(line)
    if current is not None and any(part.strip() for part in current.parts):
        yield current.to_json()


def summarise(entries: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Keep what fits of a long log; returns the entries and how many were left out."""
    first, last, between = _Kept(), _Kept(), _Kept()
    left_out = 0
    full = False
    for entry in entries:
        full = full or not first.has_room(entry)
        if not full:
            first.add(entry)
            continue
        last.add(entry)
        while last.is_over():
            oldest = last.drop_oldest()
            if oldest["level"] in ("WARNING", "ERROR", "CRITICAL") and between.has_room(oldest):
                between.add(oldest)
            else:
                left_out += 1
    return [*first.entries, *between.entries, *last.entries], left_out


class _Kept:
    """Entries up to a number and up to an amount of text."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque()
        self._size = 0

    def has_room(self, entry: dict[str, Any]) -> bool:
        return len(self.entries) < KEPT and self._size + len(entry["message"]) <= KEPT_TEXT

    def is_over(self) -> bool:
        return len(self.entries) > KEPT or (self._size > KEPT_TEXT and len(self.entries) > 1)

    def add(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)
        self._size += len(entry["message"])

    def drop_oldest(self) -> dict[str, Any]:
        oldest = self.entries.popleft()
        self._size -= len(oldest["message"])
        return oldest


def _open(line: str, number: int, current: _Entry | None) -> _Entry | None:
    """Return the entry that this line opens; None when it continues the current one."""
    traceback = line.startswith(_TRACEBACK)
    if current is not None and current.open_traceback:
        return None
    if traceback or (line in _CHAINED and current is not None and current.level == "ERROR"):
        if current is not None and (current.level != "PRINT" or line in _CHAINED):
            # logging.exception(): the traceback belongs to the message before it.
            current.open_traceback = True
            return None
        entry = _Entry("ERROR", number, open_traceback=True)
        entry.add(line)
        return entry
    for pattern in _OPENINGS:
        if found := pattern.fullmatch(line):
            level = found["level"]
            time = found.groupdict().get("time")
            entry = _Entry(_SYNONYMS.get(level, level), number, _iso(time))
            entry.add(found["text"])
            return entry
    if found := _WARNING.fullmatch(line):
        entry = _Entry("WARNING", number)
        entry.add(line)
        return entry
    if current is None or not line.strip() or line.startswith((" ", "\t")):
        return None
    if current.level == "PRINT":
        # Printed lines that follow each other are one entry, up to a size.
        if len(current.parts) < 50:
            return None
        entry = _Entry("PRINT", number)
        entry.add(line)
        return entry
    entry = _Entry("PRINT", number)
    entry.add(line)
    return entry


def _iso(text: str | None) -> str | None:
    # logging prints local time without saying so; only a time with an offset can be stored as one.
    if text is None or not re.search(r"(Z|[+-]\d\d:?\d\d)$", text):
        return None
    try:
        return datetime.fromisoformat(text.replace(",", ".")).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        # It looks like a time, and is none: 2026-02-31.
        return None
