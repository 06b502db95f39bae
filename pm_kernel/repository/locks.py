"""Locks that die with their holder: ``flock`` on files that are never removed.

They order what we do ourselves and save work; that a record is right never depends on them. Git's
own lock files stay behind when their holder is killed, so none of ours is one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pm_kernel.errors import Conflict

_STEP_SECONDS = 0.02


@contextmanager
def file_lock(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock of ``path``; raises Conflict when somebody else holds it that long."""
    make_folder(path.parent)
    descriptor = open_lock(path)
    try:
        deadline = time.monotonic() + seconds
        while not _taken(descriptor):
            if time.monotonic() >= deadline:
                raise Conflict(
                    f"Somebody else holds {path.name} for more than {seconds:g} seconds.",
                    hint="Another registration is under way; try again when it has ended.",
                )
            pause()
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def make_folder(folder: Path) -> None:
    """Make a folder with the modes of the one above: a repository may belong to a whole group."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(PermissionError):  # somebody else made it meanwhile
            folder.chmod(stat.S_IMODE(folder.parent.stat().st_mode))


def open_lock(path: Path) -> int:
    """Return a descriptor of a lock file that others may lock as well, whoever makes it first."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError:
        # Made by somebody else; to read is enough for the lock.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def pause(longest: float = 2 * _STEP_SECONDS) -> None:
    """Wait a random moment, so that those who collided do not collide again."""
    time.sleep(random.uniform(_STEP_SECONDS / 4, longest))
