"""Files of a run as one zip archive, made while it is sent: nothing is stored in between."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from pm_kernel.domain.storable import storable_text
from pm_server.run_files import RunFolder, open_file

_CHUNK = 1 << 20


def zip_chunks(
    folder: RunFolder, paths: Iterable[str], *, top: str
) -> Generator[bytes, None, None]:
    """Yield an archive of these files piece by piece; inside it they lie in the folder ``top``.

    Not compressed: results mostly are already, and the time would be the reader's.
    """
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for path in paths:
            descriptor, info = open_file(folder, path)
            with open(descriptor, "rb") as source:
                entry = ZipInfo(f"{top}/{_inside(path)}", _moment(info))
                entry.external_attr = 0o644 << 16
                # The size is a guess while a run is being written.
                large = info.st_size > 1 << 30
                with archive.open(entry, "w", force_zip64=large) as target:
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
                        if sink.size >= _CHUNK:
                            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What ``ZipFile`` writes to: it cannot go back, so that sizes follow the files."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        pieces, self._pieces, self.size = self._pieces, [], 0
        return b"".join(pieces)


def _inside(path: str) -> str:
    # Programs on other systems take a backslash for a step into a folder, or out of it.
    return storable_text(path).replace("\\", "_")


def _moment(info: os.stat_result) -> tuple[int, int, int, int, int, int]:
    then = datetime.fromtimestamp(info.st_mtime, UTC)
    # What the format can say.
    year = min(max(then.year, 1980), 2107)
    return (year, then.month, then.day, then.hour, then.minute, then.second)
