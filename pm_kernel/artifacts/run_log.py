"""Reading a run's log while it is written, through the moves of its directory.

The directory is ``.partial/<uuid>`` while the run is alive and gets its final name when it ends (by
way of ``.dead/<uuid>`` where its process died). An open file does not notice, so it is opened once.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO

from pm_kernel.artifacts.layout import RunStore

_CHUNK = 1 << 16
#: Seconds between two looks at a file that has not grown, and between two questions to the record.
_PAUSE, _ASK = 0.2, 1.0
#: Longest line taken as one; a longer one comes in pieces.
_LINE = 1 << 16

#: The beginning of an escape sequence at the end of a piece.
_BEGUN = re.compile("\x1b(\\[[0-9;]{0,20})?$")

LOG = "run.log"


class RunLog:
    """The log of one run, wherever it is."""

    def __init__(
        self,
        store: RunStore,
        run_id: int,
        uuid: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._uuid = uuid
        self._sleep = sleep
        self._clock = clock

    def exists(self) -> bool:
        """Whether there is a log to read."""
        return self._path() is not None

    def chunks(self, *, ended: Callable[[], bool] | None = None) -> Iterator[bytes]:
        """Yield the log in pieces.

        With ``ended``, which says whether the record of the run is final, it goes on as the log
        grows, and stops when the run has ended and everything was read; a log that does not exist
        yet is waited for.
        """
        stream: IO[bytes] | None = None
        over = ended is None
        ask_at = 0.0
        try:
            while True:
                if stream is None:
                    stream = self._open()
                while stream is not None and (chunk := stream.read(_CHUNK)):
                    yield chunk
                if over:
                    return
                if self._clock() >= ask_at:
                    ask_at = self._clock() + _ASK
                    # One more round after the end: what was written just before it.
                    over = ended is not None and ended()
                    if over:
                        continue
                self._sleep(_PAUSE)
        finally:
            if stream is not None:
                stream.close()

    def _open(self) -> IO[bytes] | None:
        # The directory may move between the look and the opening.
        for _ in range(3):
            path = self._path()
            if path is None:
                return None
            try:
                return path.open("rb")
            except FileNotFoundError:
                continue
        return None

    def _path(self) -> Path | None:
        folder = self._store.locate(self._run_id, self._uuid)
        path = None if folder is None else folder / LOG
        return path if path is not None and path.is_file() else None


def texts(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield a log's pieces as text; bytes that are no text are escaped.

    No character and no escape sequence of a terminal is torn apart.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    held = ""
    for chunk in chunks:
        text = held + decoder.decode(chunk)
        held = found[0] if (found := _BEGUN.search(text)) else ""
        yield text[: len(text) - len(held)]
    yield held + decoder.decode(b"", final=True)


def text_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a log as text, without their ends."""
    rest = ""
    for text in texts(chunks):
        *lines, rest = (rest + text).split("\n")
        for each in lines:
            yield each.removesuffix("\r")
        while len(rest) > _LINE:
            yield rest[:_LINE]
            rest = rest[_LINE:]
    if rest:
        yield rest


def text_lines_from(chunks: Callable[[], Iterable[bytes]], first: int) -> Iterator[str]:
    """Return the lines of ``text_lines`` from line ``first`` on, counted from 1.

    What comes before is not decoded, only its ends of lines are counted: of a log that grows to
    gigabytes only the new lines are looked at. A line that is so long that it comes in pieces is
    counted as ``text_lines`` counts it, by reading from the start.
    """
    wanted = first - 1
    if wanted <= 0:
        return text_lines(chunks())
    stream = iter(chunks())
    open_bytes = 0
    for chunk in stream:
        count = chunk.count(b"\n")
        if count >= wanted:
            end = -1
            for _ in range(wanted):
                end = chunk.index(b"\n", end + 1)
            return text_lines(chain([chunk[end + 1 :]], stream))
        wanted -= count
        open_bytes = len(chunk) - chunk.rindex(b"\n") - 1 if count else open_bytes + len(chunk)
        # A byte that is no text is told in four characters.
        if 4 * open_bytes > _LINE:
            return islice(text_lines(chunks()), first - 1, None)
    return iter(())
