"""Files of a run, opened so that no name leads out of its directory.

A name is walked part by part from the directory itself, and no part may be a link: not even one
that is put there while we look. What lies in a run's directory came from somebody's code.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.domain.names import shown
from pm_kernel.domain.runs import Run
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store.engine import Store
from pm_kernel.store.runs import get_run

#: Our own files while a run is written; they are no part of its result.
_OWN = ".pm"
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER = _ROOT | os.O_NOFOLLOW
# Not blocking: a method may have put a pipe there, which nobody writes to.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class RunFolder:
    """The directory of a run, where it is now."""

    run: Run
    place: Path


@dataclass(frozen=True)
class FolderEntry:
    """A file or folder; its path is relative to the run's directory, in a form to ask for it by."""

    name: str
    path: str
    kind: str
    size: int
    modified_at: datetime

    def to_document(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "name": self.name,
            "path": self.path,
            "kind": self.kind,
            "size": self.size,
            "modified_at": self.modified_at.isoformat(),
        }


def run_folder(store: Store, run_id: int) -> RunFolder:
    """Return the directory of a run. Raises NotFound where it is not on this machine."""
    run = get_run(store, run_id)
    place = RunStore(run.workspace_root / ".runs").locate(run.run_id, run.uuid)
    if place is None:
        raise NotFound(
            f"The directory of run {run_id} is not here.",
            hint=f"It was in {run.workspace_root} on {run.host}.",
        )
    return RunFolder(run, place)


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path. Raises InvalidInput where it leads anywhere else."""
    parts = tuple(part for part in path.split("/") if part)
    if path.startswith("/") or "\0" in path or any(part in (".", "..") for part in parts):
        raise InvalidInput(
            f"{shown(path)} is no file of a run: its files are named by their path in its "
            "directory, as in tiles/1.png."
        )
    return parts


@contextmanager
def opened_folder(folder: RunFolder, path: str) -> Iterator[int]:
    """Open a folder of a run; gives its descriptor. Raises NotFound and InvalidInput."""
    parts = parts_of(path)
    if parts[:1] == (_OWN,):
        raise _missing(folder, path)
    descriptor = _open(folder, path, str(folder.place), _ROOT)
    try:
        for part in parts:
            inner = _open(folder, path, _real_name(descriptor, part), _FOLDER, descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def open_file(folder: RunFolder, path: str) -> tuple[int, os.stat_result]:
    """Open a file of a run for reading; returns its descriptor and what the system says of it.

    Raises NotFound where there is no plain file of that name, InvalidInput where the path leads out
    of the directory.
    """
    *folders, name = parts_of(path) or ("",)
    if not name:
        raise _missing(folder, path)
    with opened_folder(folder, "/".join(folders)) as parent:
        descriptor = _open(folder, path, _real_name(parent, name), _FILE, parent)
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        os.close(descriptor)
        raise _missing(folder, path)
    return descriptor, info


def list_folder(folder: RunFolder, path: str, *, limit: int) -> tuple[list[FolderEntry], bool]:
    """Return what lies in a folder of a run, by name, and whether there is more than ``limit``.

    Links and special files are left out: they are no results.
    """
    prefix = "/".join(parts_of(path))
    with opened_folder(folder, path) as descriptor, os.scandir(descriptor) as entries:
        names = sorted(entry.name for entry in entries if prefix or entry.name != _OWN)
        found: list[FolderEntry] = []
        for name in names:
            if len(found) == limit:
                return found, True
            entry = _entry(descriptor, prefix, name)
            if entry is not None:
                found.append(entry)
    return found, False


def walk(folder: RunFolder, path: str) -> Iterator[str]:
    """Yield the path of every file below a folder of a run, by name."""
    entries, _ = list_folder(folder, path, limit=1_000_000)
    for entry in entries:
        if entry.kind == "folder":
            yield from walk(folder, entry.path)
        else:
            yield entry.path


def _entry(parent: int, prefix: str, name: str) -> FolderEntry | None:
    try:
        info = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        # Removed by the run just now.
        return None
    if stat.S_ISDIR(info.st_mode):
        kind = "folder"
    elif stat.S_ISREG(info.st_mode):
        kind = "file"
    else:
        return None
    told = storable_text(name)
    path = f"{prefix}/{told}" if prefix else told
    modified = datetime.fromtimestamp(info.st_mtime, UTC)
    return FolderEntry(told, path, kind, info.st_size if kind == "file" else 0, modified)


def _real_name(parent: int, told: str) -> str:
    """Return the name in the folder that is told as ``told``.

    Names that are no valid text (``b"\\xff"``) are told, here and in the database, in their escaped
    form.
    """
    if "\\" not in told:
        return told
    with os.scandir(parent) as entries:
        names = [entry.name for entry in entries]
    if told in names:
        return told
    return next((name for name in names if storable_text(name) == told), told)


def _open(folder: RunFolder, path: str, name: str, flags: int, parent: int | None = None) -> int:
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError as error:
        raise InvalidInput(
            f"{shown(path)} of run {folder.run.run_id} may not be read by you."
        ) from error
    except (OSError, ValueError) as error:
        # Gone, a link, a file where a folder is meant, a name that no file can have.
        raise _missing(folder, path) from error


def _missing(folder: RunFolder, path: str) -> NotFound:
    return NotFound(
        f"Run {folder.run.run_id} has no file {shown(path)}.",
        hint="Links and special files in its directory are not served.",
    )
