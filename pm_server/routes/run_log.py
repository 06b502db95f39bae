"""``/pm/api/runs/N/log``: what a run printed, read piece by piece while it is written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.run_log import LOG, RunLog, text_lines_from
from pm_kernel.domain.loglines import LEVELS, parse_log
from pm_kernel.domain.runs import Run
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store.logs import log_entries
from pm_kernel.store.runs import get_run
from pm_server.live import LIVE, Live
from pm_server.payload import Query
from pm_server.routes.base import Route, verb
from pm_server.run_files import RunFolder, open_file
from pm_server.services import Opened

#: Bytes of one answer.
_PIECE, _MOST_PIECE = 1 << 16, 1 << 20
_ENTRIES, _MOST_ENTRIES = 200, 5000


class LogRoute(Route):
    """The text of a log."""

    @verb
    async def get(self, run_id: str) -> None:
        """Return the text from byte ``offset`` on, or the ``tail``: the last so many bytes.

        ``next_offset`` is where to go on. The log is complete when the run has ``ended`` and
        ``next_offset`` is its ``size``.
        """
        query = self.query("offset", "tail", "limit")
        answer, path = await self.ask(lambda at: _text(at, int(run_id), query))
        if path is not None:
            cast("Live", self.settings[LIVE]).logs.watch(int(run_id), path, answer["size"])
        self.answer({**answer, "pushed": path is not None})


class LogEntriesRoute(Route):
    """The entries of a log."""

    @verb
    async def get(self, run_id: str) -> None:
        """Return entries of at least a ``level`` that contain a text, behind line ``after``.

        The log of a run that runs is read from its start, or ``from`` the line that an answer
        before named: entries before it do not change any more.
        """
        query = self.query("level", "containing", "after", "from", "limit")
        self.answer(await self.ask(lambda at: _entries(at, int(run_id), query)))


def levels_from(query: Query) -> tuple[str, ...]:
    """Return the levels from ``level`` upwards; none where all are wanted."""
    level = query.text("level")
    if level is None:
        return ()
    if level not in LEVELS:
        raise InvalidInput(f"Log entries have no level {level!r}; {', '.join(LEVELS)}.")
    return LEVELS[LEVELS.index(level) :]


def _text(at: Opened, run_id: int, query: Query) -> tuple[dict[str, Any], Path | None]:
    """Return a piece of a log, and where the file is that still grows."""
    # The record before the file: of a run that has ended by then, all is in the file.
    run = get_run(at.store, run_id)
    place = RunStore(run.workspace_root / ".runs").locate(run.run_id, run.uuid)
    try:
        descriptor, _ = open_file(RunFolder(run, place), LOG) if place else (None, None)
    except NotFound:
        descriptor = None
    if descriptor is None:
        return _recorded(at, run), None
    limit = query.integer("limit", most=_MOST_PIECE) or _PIECE
    with open(descriptor, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        tail = query.integer("tail", most=_MOST_PIECE)
        offset = query.integer("offset", least=0) or 0
        if tail is not None:
            offset = max(0, size - tail)
        stream.seek(max(0, offset - 1))
        if tail is not None and offset > 0 and stream.read(1) != b"\n":
            # Not in the middle of a line.
            stream.readline(_MOST_PIECE)
        else:
            stream.seek(offset)
        offset = stream.tell()
        piece = stream.read(limit)
        lines_before = None if tail is None else _lines_before(stream, offset)
    whole = run.ended and offset + len(piece) >= size
    piece = piece if whole else _cut(piece, full=len(piece) == limit)
    answer = {
        "run_id": run_id,
        "source": "file",
        "text": piece.decode("utf-8", "backslashreplace"),
        "offset": offset,
        "lines_before": lines_before,
        "next_offset": offset + len(piece),
        "size": size,
        "ended": run.ended,
    }
    return answer, None if run.ended or place is None else place / LOG


def _lines_before(stream: BinaryIO, offset: int) -> int:
    """Count the lines that end before a byte: entries name their line."""
    stream.seek(0)
    count, left = 0, offset
    while left > 0 and (read := stream.read(min(left, _MOST_PIECE))):
        count += read.count(b"\n")
        left -= len(read)
    return count


def _cut(piece: bytes, *, full: bool) -> bytes:
    """Return what of a piece can be decoded by itself: whole lines, else whole characters."""
    if full and (end := piece.rfind(b"\n") + 1):
        return piece[:end]
    # The last character begins at most three bytes before the end.
    for back in range(1, min(4, len(piece)) + 1):
        first = piece[-back]
        if first < 0x80:
            break
        if first >= 0xC0:
            needed = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return piece[:-back] if back < needed else piece
    return piece


def _recorded(at: Opened, run: Run) -> dict[str, Any]:
    """Return what the database has of a log whose file is not here."""
    kept = log_entries(at.store, run.run_id, limit=_MOST_ENTRIES)
    if not kept and run.ended:
        raise NotFound(
            f"The log of run {run.run_id} is not here, and the database has no entries of it.",
            hint=f"Its directory was in {run.workspace_root} on {run.host}.",
        )
    text = "".join(f"{entry.message}\n" for entry in kept)
    return {
        "run_id": run.run_id,
        "source": "record",
        "text": text,
        "offset": 0,
        "lines_before": 0,
        "next_offset": 0,
        "size": 0,
        "ended": run.ended,
    }


def _entries(at: Opened, run_id: int, query: Query) -> dict[str, Any]:
    levels, containing = levels_from(query), query.text("containing")
    after = query.integer("after", least=0) or 0
    limit = query.integer("limit", most=_MOST_ENTRIES) or _ENTRIES
    run = get_run(at.store, run_id)
    if run.ended:
        kept = log_entries(
            at.store, run_id, levels=levels, containing=containing, after=after, limit=limit + 1
        )
        found = [
            {
                "level": each.level,
                "message": each.message,
                "time": each.logged_at and each.logged_at.isoformat(),
                "line": each.line,
            }
            for each in kept
        ]
    else:
        # The database gets them when the run has ended.
        log = RunLog(RunStore(run.workspace_root / ".runs"), run.run_id, run.uuid)
        wanted = Wanted(levels, containing and containing.lower(), after)
        begin = query.integer("from", least=1) or 1
        found, begin = written(text_lines_from(log.chunks, begin), begin, wanted, limit + 1)
    return {
        "run_id": run_id,
        "entries": found[:limit],
        "after": found[limit - 1]["line"] if len(found) > limit else None,
        "from": None if run.ended else begin,
        "ended": run.ended,
    }


@dataclass(frozen=True)
class Wanted:
    """Which entries are asked for."""

    levels: tuple[str, ...]
    containing: str | None
    after: int

    def __contains__(self, entry: dict[str, Any]) -> bool:
        return (
            entry["line"] > self.after
            and (not self.levels or entry["level"] in self.levels)
            and (self.containing is None or self.containing in entry["message"].lower())
        )


def written(
    lines: Iterable[str], begin: int, wanted: Wanted, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return the entries of lines from ``begin`` on, and where to begin the next time.

    That is at the last entry but one: the last line may be half written, and so is no entry yet.
    """
    found: list[dict[str, Any]] = []
    before = last = begin
    for entry in parse_log(lines):
        entry["line"] += begin - 1
        before, last = last, entry["line"]
        if entry in wanted:
            found.append(entry)
            if len(found) == limit:
                break
    return found, before
