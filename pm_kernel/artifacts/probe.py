"""Whether a run could be written here now: tried, not guessed from modes and mount options."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_READ_ONLY = 0o444
_READ_ONLY_FOLDER = 0o555


@dataclass(frozen=True)
class Probe:
    """How the disk took a small run."""

    #: What was made read-only is read-only.
    keeps_modes: bool
    #: When the file was written, by the clock of the disk (seconds since 1970).
    written_at: float


def probe(store: Path) -> Probe:
    """Write a small file as a run does, and remove it: write, sync, rename, lock.

    Raises OSError with what the operating system refused; EXDEV where directories being written and
    final ones lie on different disks.
    """
    partial = store / ".partial"
    name = f".probe-{secrets.token_hex(6)}"
    source = (partial if partial.is_dir() else store) / name
    target = store / f"{name}-final"
    try:
        source.mkdir()
        with open(source / "file", "wb") as stream:
            # More than a block: some file systems keep a few bytes beside the file's name.
            stream.write(b"a run could lie here\n" * 1000)
            stream.flush()
            os.fsync(stream.fileno())
        written_at = (source / "file").stat().st_mtime
        source.rename(target)
        (target / "file").chmod(_READ_ONLY)
        target.chmod(_READ_ONLY_FOLDER)
        modes = stat.S_IMODE((target / "file").stat().st_mode), stat.S_IMODE(target.stat().st_mode)
        return Probe(modes == (_READ_ONLY, _READ_ONLY_FOLDER), written_at)
    finally:
        for folder in (source, target):
            _remove(folder)


def _remove(folder: Path) -> None:
    # Never made, or renamed; or the disk failed in between, which is told already.
    with suppress(OSError):
        folder.chmod(0o700)
        (folder / "file").unlink(missing_ok=True)
        folder.rmdir()
