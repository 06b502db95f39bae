"""Closing a run directory: the order in which it becomes a record.

The rename is the decision. Everything that says what the run was, its outcome included, is inside
the directory before the rename; the database row follows it. So a crash at any point leaves either
a directory without a final name, which is not a record, or a whole one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import remove_tree, writing
from pm_kernel.artifacts.manifest import (
    FileEntry,
    entries_of,
    fsync_folder,
    hash_files,
    list_files,
    write_durably,
    write_manifest,
)
from pm_kernel.errors import Conflict, IntegrityError

META_NAME = "meta.json"
_READ_ONLY = 0o444
_READ_ONLY_FOLDER = 0o555


def hash_run(
    folder: Path, *, strict: bool = True, progress: Callable[[int], None] | None = None
) -> list[FileEntry]:
    """Hash every file of a run directory, lock the files and look at them once more.

    Raises IntegrityError when a file still changes (somebody is writing to it) or is a link or
    device. With ``strict=False``, for runs that failed, what is there is taken as it is.
    """
    paths = list_files(folder, strict=strict)
    for path in paths:
        _own(folder / path)
    before = {path: os.lstat(folder / path) for path in paths}
    hashes = hash_files(folder, paths, progress=progress)
    for path, info in before.items():
        now = os.lstat(folder / path)
        if strict and (now.st_size, now.st_mtime_ns, now.st_ino) != (
            info.st_size,
            info.st_mtime_ns,
            info.st_ino,
        ):
            raise IntegrityError(
                f"{path} changed while it was hashed: a process is still writing to it.",
                hint="Wait for all processes that the method starts before run() returns.",
            )
        (folder / path).chmod(_READ_ONLY)
    # Locking changes the inode's time, so the entries are read after it.
    return entries_of(folder, hashes)


def seal(
    source: Path,
    target: Path,
    run_id: int,
    uuid: str,
    entries: list[FileEntry],
    meta: dict[str, Any],
) -> None:
    """Give a run directory its final name and lock it.

    Raises Conflict when the directory was taken by whoever settled the run meanwhile.
    """
    with taken_is_conflict(source, run_id), writing(target.parent):
        write_manifest(source, run_id, uuid, entries)
        write_durably(source / META_NAME, json.dumps(meta, indent=2, ensure_ascii=True) + "\n")
        remove_tree(source / ".pm")
        for entry in entries:
            _fsync_file(source / entry.path)
        for folder in _folders(source):
            fsync_folder(folder)
        if target.exists():
            # A rename would replace an empty directory; a final name is never reused.
            raise Conflict(f"{target.name} exists already in the run store; nothing was replaced.")
        source.rename(target)
    with writing(target.parent):
        lock(target)
        fsync_folder(target.parent)


@contextmanager
def taken_is_conflict(source: Path, run_id: int) -> Iterator[None]:
    """Say so when a directory vanishes under our hands: whoever settles a run renames it first."""
    try:
        yield
    except FileNotFoundError as error:
        if source.exists():
            raise
        raise Conflict(
            f"Run {run_id} was ended by somebody else meanwhile; see `pm runs show {run_id}`."
        ) from error


def lock(folder: Path) -> None:
    """Make a sealed directory read-only; repeated after a crash it finishes the work."""
    for name in (".manifest.json", META_NAME):
        (folder / name).chmod(_READ_ONLY)
    for inner in reversed(_folders(folder)):
        inner.chmod(_READ_ONLY_FOLDER)


def read_meta(folder: Path) -> dict[str, Any] | None:
    """Return the ``meta.json`` of a run directory; None where there is none."""
    try:
        meta = json.loads((folder / META_NAME).read_bytes())
    except FileNotFoundError:
        return None
    if not isinstance(meta, dict):
        raise IntegrityError(f"{folder / META_NAME} is not a run's meta.json.")
    return meta


def _own(path: Path) -> None:
    # Bytes that somebody else can open through another name are copied, not adopted.
    if os.lstat(path).st_nlink > 1:
        copy = path.with_name(path.name + ".pm-copy")
        shutil.copy2(path, copy)
        copy.replace(path)


def _folders(folder: Path) -> list[Path]:
    return [Path(base) for base, _folders, _files in os.walk(folder)]


def _fsync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
