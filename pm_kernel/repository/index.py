"""The user's index after a commit: a few entries are replaced, and nobody is ever locked out.

After a version is committed, the index of whoever has the branch checked out still holds the old
content of that folder, which git would show as staged changes. So its entries, and no others, are
replaced. Git's own way to do that holds ``index.lock`` while it works, and when it is killed the
lock stays and blocks every git command of every person. So here:

    copy index -> pm/index-X        entries are replaced in the copy, at leisure
    link pm/index-X -> index.lock   taking git's lock is one call; it fails where somebody holds it
    index as it was when copied?    otherwise unlink the lock and begin again
    rename index.lock -> index      what git does as well

A kill can leave the lock behind only between link and rename, and then it is a second name of our
own file, so that the next of our commands knows it and removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from pm_kernel.errors import Conflict
from pm_kernel.repository.locks import file_lock, make_folder, pause
from pm_kernel.repository.model import TreeFile
from pm_kernel.repository.place import Place
from pm_kernel.repository.snapshot import index_info

_COPY = "index-"


@dataclass(frozen=True, slots=True)
class Replacement:
    """What the index shall hold: exactly these files below a folder, and single files elsewhere."""

    below: str
    files: tuple[TreeFile, ...]
    #: Path from the top of the repository -> blob.
    single: Mapping[str, str] = field(default_factory=dict)


def replace_entries(
    place: Place, wanted: Callable[[], Replacement | None], *, seconds: float = 5.0
) -> bool:
    """Put the entries into the index; nothing else in it changes.

    ``wanted`` is asked under our lock, so that of two who come at once the later one has the newer
    answer; None: there is nothing to do. Returns False where somebody held the index for longer
    than ``seconds``: nothing was changed.
    """
    deadline = time.monotonic() + seconds
    try:
        with file_lock(place.git_dir / "pm" / "index.flock", seconds=seconds):
            release_dead_lock(place)
            while (now := wanted()) is not None and not _replaced(place, now):
                if time.monotonic() >= deadline:
                    return False
                pause()
    except Conflict:
        return False
    return True


def release_dead_lock(place: Place) -> bool:
    """Remove copies of ours that were left behind, and ``index.lock`` where it is one of them.

    Call it with ``index.flock`` held: then no live process of ours has such a copy.
    """
    lock = place.git_dir / "index.lock"
    released = False
    for copy in (place.git_dir / "pm").glob(f"{_COPY}*"):
        with contextlib.suppress(FileNotFoundError):
            if _is_ours(copy, lock):
                lock.unlink()
                released = True
            copy.unlink()
    return released


def _is_ours(copy: Path, lock: Path) -> bool:
    try:
        return lock.samefile(copy)
    except FileNotFoundError:
        return False


def _replaced(place: Place, wanted: Replacement) -> bool:
    index = place.git_dir / "index"
    lock = place.git_dir / "index.lock"
    make_folder(place.git_dir / "pm")
    copy = place.git_dir / "pm" / f"{_COPY}{uuid4().hex}"
    try:
        seen = _state(index)
        if seen is not None:
            # With its times: git compares them with those of the files to know what to read again.
            shutil.copy2(index, copy)
        _edit(place, copy, wanted)
        return _exchanged(copy, lock, index, seen)
    finally:
        copy.unlink(missing_ok=True)
        copy.with_name(f"{copy.name}.lock").unlink(missing_ok=True)


def _edit(place: Place, copy: Path, wanted: Replacement) -> None:
    environment = {"GIT_INDEX_FILE": str(copy)}
    listing = place.git.answer(
        "ls-files", "-z", "--", f"{wanted.below}/", env=environment, check=True
    )
    kept = {f"{wanted.below}/{each.path}" for each in wanted.files}
    gone = [path for path in dict.fromkeys(listing.items()) if path not in kept]
    nothing = "0" * len(next((each.blob for each in wanted.files), "0" * 40))
    lines = [f"0 {nothing}\t{path}\0" for path in gone]
    lines += [f"100644 {blob}\t{path}\0" for path, blob in wanted.single.items()]
    stdin = "".join(lines).encode("utf-8", "surrogateescape")
    stdin += index_info(wanted.below, wanted.files)
    place.git.run("update-index", "-z", "--index-info", stdin=stdin, env=environment)


def _exchanged(copy: Path, lock: Path, index: Path, seen: _State | None) -> bool:
    """Put the finished copy in place of the index, under git's lock."""
    own = copy.stat()
    try:
        if not _taken(copy, lock) or _state(index) != seen:
            return False
        lock.rename(index)
        return True
    finally:
        # Also after an interrupt; after the rename the name is free, or is somebody else's.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(lock.stat(), own):
                lock.unlink()


def _taken(copy: Path, lock: Path) -> bool:
    """Take git's lock with the finished copy in it; False: somebody else has it."""
    try:
        os.link(copy, lock)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links. Here a kill can leave a lock that is not known as ours.
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666))
        except FileExistsError:
            return False
        copy.replace(lock)
    return True


_State = tuple[int, int, int, int]


def _state(path: Path) -> _State | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size
