"""The server's log: kept short, and read for the reason when a start fails."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pm_kernel.embedded.folder import open_private

LIMIT_BYTES = 5_000_000
_KEPT_BYTES = 1_000_000
_SHOWN_LINES = 8

_SEVERE = re.compile(r"(?:FATAL|PANIC|initdb: error|ERROR):\s+(?P<reason>.*)")

#: What the reason looks like -> what a person can do about it.
_REMEDIES = (
    (
        r"No space left on device|Disk quota exceeded|File too large|free disk space",
        "Free some disk space",
    ),
    (r"Read-only file system", "Make the disk writable"),
    (
        r"invalid permissions|Permission denied|Operation not permitted|wrong ownership",
        "Check who owns the folder and whether its file system knows owners and modes "
        "(`pm doctor` does)",
    ),
    (
        r"could not look up effective user ID",
        "PostgreSQL needs an entry for this user in the user database: add one (in a container: "
        "/etc/passwd), or name a PostgreSQL of your own with PM_DATABASE_URL",
    ),
    (
        r"could not locate a valid checkpoint|invalid (?:primary )?checkpoint|invalid page"
        r"|could not open file \"(?:base|global|pg_)|control file appears to be corrupt",
        "The database's files are damaged: restore a backup with `pm db restore FILE`, or rebuild "
        "it from the run store with `pm rebuild`",
    ),
    (
        r"unrecognized configuration parameter|invalid value for parameter|errors? in.*\.conf"
        r"|syntax error in file",
        "Mend custom.conf in the cluster's folder",
    ),
)


def limit(path: Path) -> None:
    """Shorten a long log to nothing; its last part goes to ``server.log.1``.

    The server keeps the file open for appending, so it goes on at the new end.
    """
    try:
        if path.stat().st_size < LIMIT_BYTES:
            return
        with open(path, "r+b") as log:
            log.seek(-_KEPT_BYTES, os.SEEK_END)
            older = log.read()
            older_log = path.with_name(path.name + ".1")
            with open(open_private(older_log, os.O_WRONLY | os.O_TRUNC), "wb") as copy:
                copy.write(older)
            log.truncate(0)
    except OSError:
        # A log that cannot be shortened is no reason not to work.
        return


def since(path: Path, offset: int) -> str:
    """Return what was written to the log after ``offset`` bytes."""
    try:
        with open(path, "rb") as log:
            log.seek(offset)
            return log.read(1_000_000).decode(errors="replace")
    except OSError:
        return ""


def remedy(text: str) -> str:
    """Return what a person can do about a failure described by ``text``."""
    for pattern, action in _REMEDIES:
        if re.search(pattern, text):
            return f"{action}; then `pm db start`."
    return "`pm doctor` checks the disk, the folders and the programs; then `pm db start`."


def explain(text: str) -> tuple[str, str]:
    """Return the reason of a failure with the last lines of ``text``, and what to do about it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    severe = [match["reason"] for line in lines if (match := _SEVERE.search(line))]
    # The first one is the cause; what follows it are consequences ("database system is shut down").
    reason = severe[0] if severe else "the server wrote no reason"
    shown = "".join(f"\n    {line}" for line in lines[-_SHOWN_LINES:])
    return f"{reason.rstrip('.')}.{shown}", remedy(text)
