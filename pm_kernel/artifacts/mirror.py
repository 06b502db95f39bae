"""Files of the run store that repeat what otherwise only the database has.

They change together with it: what is written inside ``changes`` is put back as it was when the
transaction in it fails, and a file that cannot be written lets the transaction fail. A file is
removed last: a kill in between leaves one too many, not one too few.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import writing

#: What reading a damaged document raises, and looking for something in one.
UNREADABLE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, EOFError),
    *(OverflowError, AssertionError, zlib.error),
)
#: Of large files: nearly as small as the best, in a fraction of the time.
_LEVEL = 1


class Changes:
    """What was changed so far, and how it was before."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before: dict[Path, bytes | None] = {}
        self._written: set[tuple[int, ...]] = set()
        self._removed: list[Path] = []
        self._forgotten: list[Path] = []

    def write(self, file: Path, document: Mapping[str, Any]) -> None:
        """Write a document as JSON. Raises StoreUnavailable."""
        self._note(file)
        with writing(self._root):
            file.parent.mkdir(parents=True, exist_ok=True)
            with _drafted(file, _bytes(file, document)) as draft:
                # Before it is in its place: what fails from now on may be there all the same.
                self._written.add(_identity(draft))

    def remove(self, file: Path) -> None:
        """Remove a file at the end; missing is fine. Raises StoreUnavailable where it cannot be."""
        with writing(self._root):
            if file.exists() and not os.access(file.parent, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file.parent))
        self._removed.append(file)

    def forget(self, file: Path) -> None:
        """Remove a file of somebody else's store at the end, where that is possible."""
        self._forgotten.append(file)

    def finish(self) -> None:
        """Remove what is to go. Raises StoreUnavailable."""
        for file in self._forgotten:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        for file in self._removed:
            with writing(self._root):
                file.unlink(missing_ok=True)

    def undo(self) -> None:
        """Put everything back, as far as that is possible.

        The locks of the transaction are gone by now: what somebody else has written since is newer,
        also where it says the same.
        """
        for file, before in reversed(self._before.items()):
            with suppress(OSError):
                if _identity(file) not in self._written:
                    continue
                if before is None:
                    file.unlink(missing_ok=True)
                else:
                    replace(file, before)

    def _note(self, file: Path) -> None:
        if file in self._before:
            return
        with writing(self._root):
            try:
                self._before[file] = file.read_bytes()
            except FileNotFoundError:
                self._before[file] = None


@contextmanager
def changes(root: Path) -> Iterator[Changes]:
    """Changes that stay where the block ends well; open it around the transaction."""
    changed = Changes(root)
    try:
        yield changed
    except BaseException:
        changed.undo()
        raise
    changed.finish()


def write(root: Path, file: Path, document: Mapping[str, Any]) -> None:
    """Write a document as JSON, whole or not at all; ``.gz`` packs it. Raises StoreUnavailable."""
    data = _bytes(file, document)
    with writing(root):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace(file, data)


def _bytes(file: Path, document: Mapping[str, Any]) -> bytes:
    packed = file.suffix == ".gz"
    data = (json.dumps(document, indent=None if packed else 2) + "\n").encode("ascii")
    # Without the time, equal documents are equal files.
    return gzip.compress(data, _LEVEL, mtime=0) if packed else data


def read(file: Path) -> dict[str, Any] | None:
    """Return a document; None where there is none. Raises what ``UNREADABLE`` lists."""
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    document = json.loads(gzip.decompress(data) if file.suffix == ".gz" else data)
    if not isinstance(document, dict):
        raise ValueError(f"{file} holds no table")
    return document


def replace(file: Path, data: bytes) -> None:
    """Write a file whole, down to the disk, or leave it as it is. Raises OSError."""
    with _drafted(file, data):
        pass


def _identity(file: Path) -> tuple[int, ...]:
    """What of a file stays where it gets another name, and no other file has."""
    info = file.stat()
    return info.st_dev, info.st_ino, info.st_mtime_ns


@contextmanager
def _drafted(file: Path, data: bytes) -> Iterator[Path]:
    """Write a file beside the one that it is to be, and put it in its place after the block."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(draft, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield draft
        draft.replace(file)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
