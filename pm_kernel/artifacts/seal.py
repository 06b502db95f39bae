"""Closing a run directory: the order in which it becomes a record.

The rename is the decision. Everything that says what the run was, its outcome included, is inside
the directory before the rename; the database row follows it. So a crash at any point leaves either
a directory without a final name, which is not a record, or a whole one. What was needed while it
was written (``.pm``) goes after the rename: whoever finds a directory before it can still close it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import own_draft, release_reserve, remove_tree, writing
from pm_kernel.artifacts.manifest import (
    MANIFEST_NAME,
    FileEntry,
    entry_of,
    fsync_folder,
    hash_files,
    list_files,
    manifest_text,
    unreadable,
    write_durably,
)
from pm_kernel.errors import Conflict, IntegrityError

META_NAME = "meta.json"
#: What stood in the place of a run's directory, inside of it.
_IN_ITS_PLACE = "method-wrote-output_dir"
_READ_ONLY = 0o444
_READ_ONLY_FOLDER = 0o555


class StillWritten(IntegrityError):
    """Somebody writes to a file of a run that is being closed."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} changed while it was hashed: a process is still writing to it.",
            hint="Wait for all processes that the method starts before run() returns.",
        )


def hash_run(
    folder: Path, *, strict: bool = True, progress: Callable[[int], None] | None = None
) -> list[FileEntry]:
    """Hash every file of a run directory, write it to the disk, lock it, look at it once more.

    Raises IntegrityError when a file still changes (somebody is writing to it), cannot be read, or
    is a link or device. With ``strict=False``, for runs that failed, what can be had is taken.
    """
    before = list_files(folder, strict=strict)
    for path, info in before.items():
        if info.st_nlink > 1:
            try:
                before[path] = _own(folder, path)
            except OSError as error:
                if strict:
                    raise _while_hashing(folder, error) from error
    if strict:
        try:
            hashes = hash_files(folder, before, flush=True, progress=progress)
        except OSError as error:
            raise _while_hashing(folder, error) from error
    else:
        hashes = _what_can_be_hashed(folder, before)
    entries = []
    for path, digest in hashes.items():
        info = before[path]
        try:
            now = _locked(f"{folder}/{path}")
        except FileNotFoundError as error:
            if strict:
                raise _while_hashing(folder, error) from error
            if not folder.exists():
                raise
            # Something of a failed run is still at work in it.
            continue
        seen, first = ((i.st_size, i.st_mtime_ns, i.st_ino) for i in (now, info))
        if strict and seen != first:
            raise StillWritten(path)
        entries.append(entry_of(path, digest, now))
    return entries


def seal(
    source: Path,
    target: Path,
    run_id: int,
    uuid: str,
    entries: list[FileEntry],
    meta: dict[str, Any],
    *,
    strict: bool = True,
) -> None:
    """Give a run directory its final name and lock it.

    ``entries`` are what ``hash_run`` returned. Raises Conflict when the directory was taken by
    whoever settled the run meanwhile, IntegrityError when another run has that name, and, with
    ``strict``, StillWritten when a file is not any more what was hashed; nothing is decided then.
    """
    with taken_is_conflict(source, run_id), writing(target.parent):
        release_reserve(source)
        _place(source, MANIFEST_NAME, manifest_text(run_id, uuid, entries))
        _place(source, META_NAME, json.dumps(meta, indent=2, ensure_ascii=True) + "\n")
        for folder in _folders(source):
            fsync_folder(folder)
        if strict:
            _look_once_more(source, entries)
        _rename(source, target, uuid)
    with writing(target.parent):
        lock(target)
        fsync_folder(target.parent)


def _look_once_more(folder: Path, entries: list[FileEntry]) -> None:
    """Raise StillWritten where somebody wrote to what was hashed: it took its time."""
    for entry in entries:
        try:
            now = os.lstat(f"{folder}/{entry.path}")
        except FileNotFoundError:
            if not folder.exists():
                raise
            raise StillWritten(entry.path) from None
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (entry.size, entry.mtime_ns, entry.inode):
            raise StillWritten(entry.path)


def _place(folder: Path, name: str, text: str) -> None:
    """Write a file of the record; it is whole or not there."""
    draft = own_draft(folder)
    write_durably(draft, text)
    draft.replace(folder / name)


def _rename(source: Path, target: Path, uuid: str) -> None:
    if target.exists() and not is_of(target, uuid):
        # A rename would replace an empty directory; a final name is never used again.
        raise IntegrityError(
            f"{target} belongs to another run; nothing was replaced. This run stays in {source}.",
            hint="The database knows less than the run store: `pm rebuild` reads it again.",
        )
    try:
        source.rename(target)
    except FileNotFoundError:
        # A network file system may carry out a rename, lose the answer and try again.
        if not is_of(target, uuid):
            raise


def refuse_reserved(folder: Path) -> None:
    """Raise IntegrityError where a method used names that belong to the record."""
    for name in (META_NAME, MANIFEST_NAME):
        if os.path.lexists(folder / name):
            raise IntegrityError(
                f"The method wrote {name} to output_dir; that name belongs to the record. "
                "Choose another file name."
            )


def set_aside_reserved(folder: Path) -> list[str]:
    """Give what a method wrote under our names another one; returns what a reader should know."""
    notices = []
    for name in (META_NAME, MANIFEST_NAME):
        if os.path.lexists(folder / name):
            moved = f"method-wrote-{name.lstrip('.')}"
            while os.path.lexists(folder / moved):
                moved += "-"
            (folder / name).rename(folder / moved)
            notices.append(f"The {name} that the method wrote is kept as {moved}.")
    return notices


def put_back(folder: Path) -> None:
    """Give a run its directory again where its method put something else in the place of it.

    That is kept inside. Where a link leads to is somebody else's, neither to be described nor to be
    locked.
    """
    try:
        if stat.S_ISDIR(folder.lstat().st_mode):
            return
    except FileNotFoundError:
        return
    aside = folder.with_name(f"{folder.name}.aside")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        # Somebody else puts it back.
        return
    folder.mkdir()
    aside.rename(folder / _IN_ITS_PLACE)


def fault(folder: Path) -> str | None:
    """Return what a method did to what is ours in its output_dir; None: nothing."""
    if not folder.is_dir() or is_intact(folder):
        return None
    found = folder / _IN_ITS_PLACE
    if os.path.lexists(found):
        kind = "link" if found.is_symlink() else "file"
        wrong = f"The method put a {kind} in the place of its output_dir"
    else:
        wrong = "The method deleted .pm in output_dir, which belongs to the record"
    return f"{wrong}; it may only add files there, and delete its own."


def is_intact(folder: Path) -> bool:
    """Whether what belongs to the record while a run is written (``.pm``) is still its own."""
    ours = folder / ".pm"
    return ours.is_dir() and not ours.is_symlink()


def make_room(folder: Path, uuid: str) -> None:
    """Make a run directory ready to be sealed, whatever became of our names in it.

    What an earlier attempt to seal it wrote before it was interrupted is removed, and so is what a
    method put in the place of ``.pm``.
    """
    if folder.is_dir() and not is_intact(folder):
        (folder / ".pm").unlink(missing_ok=True)
        (folder / ".pm").mkdir()
    if is_of(folder, uuid):
        (folder / META_NAME).unlink()
    try:
        with open(folder / MANIFEST_NAME, encoding="utf-8", errors="replace") as stream:
            ours = f'"uuid": "{uuid}"' in stream.readline(1000)
    except OSError:
        return
    if ours:
        (folder / MANIFEST_NAME).unlink()


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
    """Make a sealed directory read-only; repeated after a crash it finishes the work.

    What belongs to somebody else stays as it is: detection, not the lock, is the promise.
    """
    remove_tree(folder / ".pm")
    for path in (folder / MANIFEST_NAME, folder / META_NAME):
        with suppress(PermissionError):
            path.chmod(_READ_ONLY)
    for inner in reversed(_folders(folder)):
        if stat.S_IMODE(inner.stat().st_mode) != _READ_ONLY_FOLDER:
            with suppress(PermissionError):
                inner.chmod(_READ_ONLY_FOLDER)


def read_meta(folder: Path) -> dict[str, Any] | None:
    """Return the ``meta.json`` of a run directory; None where there is none.

    Raises IntegrityError when it is no such file.
    """
    try:
        meta = json.loads((folder / META_NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, OSError) as error:
        raise IntegrityError(f"{folder / META_NAME} cannot be read: {error}.") from error
    if not isinstance(meta, dict) or "uuid" not in meta:
        raise IntegrityError(f"{folder / META_NAME} is not a run's meta.json.")
    return meta


def is_of(folder: Path, uuid: str) -> bool:
    """Whether a directory holds the ``meta.json`` of the run with this uuid."""
    try:
        meta = read_meta(folder)
    except IntegrityError:
        return False
    return meta is not None and meta["uuid"] == uuid


def _locked(path: str) -> os.stat_result:
    """Make a file read-only; returns how it is then."""
    with suppress(PermissionError):
        # Not ours: detection, not the lock, is the promise.
        os.chmod(path, _READ_ONLY)  # noqa: PTH101 - for every file
    # Locking changes the inode's time, so the last look comes after it. What is written from now on
    # differs from this entry; what was written since the first look shows here.
    return os.lstat(path)


def _own(folder: Path, path: str) -> os.stat_result:
    """Copy bytes that somebody else can open through another name: they are not adopted."""
    draft = own_draft(folder)
    shutil.copy2(folder / path, draft)
    draft.replace(folder / path)
    return os.lstat(folder / path)


def _while_hashing(folder: Path, error: OSError) -> Exception:
    if error.filename is None:
        return error
    path = Path(str(error.filename)).relative_to(folder).as_posix()
    if isinstance(error, FileNotFoundError):
        if not folder.exists():
            return error
        return IntegrityError(
            f"{path} vanished while it was hashed: a process is still at work in output_dir.",
            hint="Wait for all processes that the method starts before run() returns.",
        )
    return unreadable(folder, path, error)


def _what_can_be_hashed(folder: Path, found: dict[str, os.stat_result]) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for path in found:
        try:
            hashes |= hash_files(folder, [path], flush=True)
        except OSError:
            if not folder.exists():
                raise
            # It cannot be read, or vanished; the rest of a failed run is kept all the same.
    return hashes


def _folders(folder: Path) -> list[Path]:
    found = [folder]
    for base, folders, _files in os.walk(folder):
        # One that is deeper than a path can say is out of reach.
        found += [Path(base, n) for n in folders if _is_folder(Path(base, n))]
    return found


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False
