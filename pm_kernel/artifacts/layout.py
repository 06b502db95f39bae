"""Where things lie in the run store.

.runs/00000017/             a run: whole, hashed, read-only
.runs/.partial/<uuid>/      a run being written; a directory without this prefix is never half-done
.runs/.dead/<uuid>/         a run whose process died, claimed by whoever settles it
.runs/.code/<key>/          exported, instrumented code of a version
.runs/.work/<uuid>/         scratch folder of a direct run
.runs/plans/<id>/           a plan: what it is asked for, its run tree, launches, Nextflow's files
.runs/templates/<id>.json   a template, as the database has it; <id>.v<n>.json, as it was before
.runs/drawings/<key>.json   a pipeline that is being drawn and not saved yet; no record rests on it
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pm_kernel.errors import StoreUnavailable

if TYPE_CHECKING:
    from uuid import UUID

#: Names inside a run directory that belong to the record.
RESERVED = frozenset({"meta.json", ".manifest.json", "run.log", ".pm", "inputs"})
#: Space set aside in each run directory while it is written, so that a run that fills the disk can
#: still be closed: its manifest and its meta.json fit into what this leaves.
_RESERVE = "reserve"
_RESERVE_BYTES = 1 << 20
#: What says whether there is any space at all.
_PROBE_BYTES = 1 << 12
#: No number above it was ever given out; JSON keeps those up to it exactly.
HIGHEST = (1 << 53) - 1
#: How often a folder is begun to be removed that others remove at the same time.
_TRIES = 100


class RunStore:
    """The paths of one workspace's ``.runs`` folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def final(self, run_id: int) -> Path:
        """Return the directory of a run that has ended."""
        return self.root / f"{run_id:08d}"

    def partial(self, uuid: UUID | str) -> Path:
        """Return the directory of a run while it is written."""
        return self.root / ".partial" / str(uuid)

    def dead(self, uuid: UUID | str) -> Path:
        """Return where a dead run's directory is moved by whoever settles it."""
        return self.root / ".dead" / str(uuid)

    def work(self, uuid: UUID | str) -> Path:
        """Return the scratch folder of a direct run."""
        return self.root / ".work" / str(uuid)

    def code(self, key: str) -> Path:
        """Return the cache entry of a version's prepared code."""
        return self.root / ".code" / key

    def plan(self, plan_id: int) -> Path:
        """Return the folder of a plan."""
        return self.root / "plans" / str(plan_id)

    def create_partial(self, uuid: UUID | str) -> Path:
        """Make the directory that a run writes to; one that was made for it before is kept.

        Raises StoreUnavailable when the store is full, read-only or somebody else's.
        """
        folder = self.partial(uuid)
        new = not folder.exists()
        with writing(self.root):
            (folder / ".pm").mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / ".pm" / _RESERVE, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                _set_aside(descriptor)
            except OSError:
                if new:
                    # Without a word in it nobody would know whose it is.
                    remove_tree(folder)
                raise
            finally:
                os.close(descriptor)
        return folder

    def is_there(self) -> bool:
        """Whether runs were ever made here: not the empty place where a store is mounted."""
        return (self.root / ".partial").is_dir()

    def locate(self, run_id: int, uuid: UUID | str) -> Path | None:
        """Return where a run's directory is now; None when it is gone.

        Looked for in the order in which it moves: what left one place while we looked is met in the
        next.
        """
        for folder in (self.partial(uuid), self.dead(uuid), self.final(run_id)):
            if folder.is_dir():
                return folder
        # A network file system may remember that a directory was missing; reading the folder above
        # makes it look again.
        for parent in (self.root / ".partial", self.root / ".dead", self.root):
            with suppress(FileNotFoundError), os.scandir(parent) as entries:
                next(entries, None)
        for folder in (self.partial(uuid), self.dead(uuid), self.final(run_id)):
            if folder.is_dir():
                return folder
        return None


def numbers_in(folder: Path, suffix: str = "") -> list[int]:
    """Return the numbers that name what lies in a folder, in order; none where it is missing."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    texts = (name.removesuffix(suffix) for name in names if name.endswith(suffix))
    return sorted({int(each) for each in texts if each.isascii() and each.isdigit()})


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn what a file system says about a write into a message about the run store."""
    try:
        yield
    except OSError as error:
        raise store_error(root, error) or error from error


def refuse_unwritable(folder: Path) -> None:
    """Raise StoreUnavailable where nothing can be written to a folder; it is made where missing."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f".writable-{os.urandom(8).hex()}"
        try:
            path.write_bytes(bytes(_PROBE_BYTES))
        finally:
            path.unlink(missing_ok=True)


def store_error(root: Path, error: OSError) -> StoreUnavailable | None:
    """Return what an ``OSError`` means for the run store; None where it means nothing special."""
    where = error.filename or root
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreUnavailable(
            f"The disk of the run store is full: {where} could not be written.",
            hint="Free some space (`df -h` shows how much there is), then repeat.",
        )
    if error.errno == errno.EROFS:
        return StoreUnavailable(
            f"The run store is on a read-only disk: {where} could not be written.",
            hint="Mount it writable, or move the workspace.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return StoreUnavailable(
            f"The run store may not be written by you: {where}.",
            hint="`pm doctor` shows who owns it.",
        )
    return None


def own_draft(folder: Path) -> Path:
    """Return the name of a new file that nobody else opens, inside a run directory.

    A process that was stopped while it wrote goes on writing to the file that it opened, wherever
    that is by then: were it the one that somebody else sealed, a closed record would change.
    """
    ours = folder / ".pm"
    ours.mkdir(exist_ok=True)
    return ours / f"draft-{os.urandom(8).hex()}"


def release_reserve(folder: Path) -> None:
    """Free the space that was set aside in a run directory for closing it."""
    (folder / ".pm" / _RESERVE).unlink(missing_ok=True)


def _set_aside(descriptor: int) -> None:
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, _RESERVE_BYTES)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        # This file system cannot; a full disk then leaves runs open until there is space.


def remove_tree(folder: Path) -> None:
    """Delete a folder of ours although parts of it may be locked; missing is fine.

    Others may delete it at the same time. A link is removed, never what it points at.
    """
    for _ in range(_TRIES):
        try:
            _remove_tree(folder)
            return
        except FileNotFoundError:
            # Somebody else was quicker there; what they left is met the next time around.
            continue
    _remove_tree(folder)


def _remove_tree(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    pending = [folder]
    while pending:
        inner = pending.pop()
        with suppress(PermissionError):
            # Somebody else's: removing it may still work, and says so if not.
            inner.chmod(stat.S_IRWXU)
        with os.scandir(inner) as entries:
            pending += [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False)]
    shutil.rmtree(folder)
