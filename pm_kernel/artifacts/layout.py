"""Where things lie in the run store.

.runs/00000017/             a run: whole, hashed, read-only
.runs/.partial/<uuid>/      a run being written; a directory without this prefix is never half-done
.runs/.dead/<uuid>/         a run whose process died, claimed by whoever settles it
.runs/.code/<key>/          exported, instrumented code of a version
.runs/.work/<uuid>/         scratch folder of a direct run
.runs/plans/<id>/           what a plan did: document, launches, Nextflow's own files
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from pm_kernel.errors import StoreUnavailable

#: Names inside a run directory that belong to the record.
RESERVED = frozenset({"meta.json", ".manifest.json", "run.log", ".pm", "inputs"})


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
        """Make the directory that a run writes to.

        Raises StoreUnavailable when the store is full, read-only or somebody else's.
        """
        folder = self.partial(uuid)
        with writing(self.root):
            (folder / ".pm").mkdir(parents=True)
        return folder

    def locate(self, run_id: int, uuid: UUID | str) -> Path | None:
        """Return where a run's directory is now: final, partial or dead; None when it is gone."""
        for folder in (self.final(run_id), self.partial(uuid), self.dead(uuid)):
            if folder.is_dir():
                return folder
        return None


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn what a file system says about a write into a message about the run store."""
    try:
        yield
    except OSError as error:
        raise store_error(root, error) or error from error


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


def remove_tree(folder: Path) -> None:
    """Delete a folder of ours although parts of it may be read-only; missing is fine."""
    if not folder.exists():
        return
    for base, _folders, _files in os.walk(folder):
        Path(base).chmod(stat.S_IRWXU)
    shutil.rmtree(folder)
