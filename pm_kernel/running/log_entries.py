"""The entries of a run.log that go into the database; the file itself is complete and stays."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pm_kernel.domain.loglines import parse_log, summarise

#: Of one line; what follows is only in the file.
_LINE_LIMIT = 1 << 16


def log_entries(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the entries of a log, and how many of a long one were left out; none without one."""
    # Not blocking: a method may have put anything under that name.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return [], 0
    with open(descriptor, encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return [], 0
        return summarise(parse_log(_lines(stream)))


def _lines(stream: IO[str]) -> Iterator[str]:
    while line := stream.readline(_LINE_LIMIT):
        yield line
        while line and not line.endswith("\n"):
            line = stream.readline(_LINE_LIMIT)
