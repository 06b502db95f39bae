"""Advisory locks on files (``flock``): they end with their holder, whatever ended it."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pm_kernel.embedded.folder import open_private
from pm_kernel.errors import DatabaseUnavailable

_PAUSE_SECONDS = 0.02


@contextmanager
def lock(path: Path, *, timeout: float) -> Iterator[int | None]:
    """Hold the lock on ``path`` inside the block; the value is its descriptor, None when taken.

    Waits up to ``timeout`` seconds. A child that inherits the descriptor keeps the lock for as long
    as it lives, so the descriptor is closed at the end of the block and never unlocked.
    Raises DatabaseUnavailable on a file system without locks.
    """
    descriptor = open_private(path, os.O_RDWR)
    try:
        deadline = time.monotonic() + timeout
        while not (taken := _try(descriptor, path)) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        yield descriptor if taken else None
    finally:
        os.close(descriptor)


def _try(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EINTR):
            return False
        raise DatabaseUnavailable(
            f"The file system of {path.parent} cannot lock files ({error.strerror}); "
            "a database on it would not be safe.",
            hint="Move the workspace to another file system, or name a PostgreSQL with "
            "PM_DATABASE_URL.",
        ) from error
    return True
