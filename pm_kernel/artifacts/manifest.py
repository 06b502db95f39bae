"""Checksums of a run directory: every file hashed once, compared cheaply ever after.

``.manifest.json`` lists each file with its sha256 and what the file system said about it when it
was locked (size, times, inode). A later check compares those first and reads only what differs; so
a verdict is always either "nothing touched these bytes" or "I read them again".

The checksum of an output of several files is the sha256 of its sorted ``<sha256>  <path>`` lines,
the format of ``sha256sum`` (a path with a newline or backslash is escaped as it does).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pm_kernel.errors import IntegrityError, StoreUnavailable

MANIFEST_NAME = ".manifest.json"
#: Written by the record itself, so not part of what it vouches for.
UNLISTED = frozenset({MANIFEST_NAME, "meta.json", ".pm"})
#: Not this user's to read, or the disk does not give it.
_OUT_OF_REACH = {errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ETIMEDOUT}
#: Characters of a path in a message: one that is too long is thousands.
_MOST_SHOWN = 300
#: Bytes that are read at a time: large enough to leave the interpreter's lock to others.
_BUFFER = 1 << 18


class FileEntry(NamedTuple):
    """One file as it was when its run was locked. ``path`` is relative, with ``/``."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    def to_json(self) -> dict[str, Any]:
        """Return the manifest's form."""
        return {
            "sha256": self.sha256,
            "size": self.size,
            "mtime_ns": self.mtime_ns,
            "ctime_ns": self.ctime_ns,
            "inode": self.inode,
        }


@dataclass(frozen=True)
class Difference:
    """One file that is not what was recorded."""

    path: str
    #: missing, changed or added
    kind: str
    expected: str | None = None
    actual: str | None = None


def list_files(folder: Path, *, strict: bool = True) -> dict[str, os.stat_result]:
    """List the files that a manifest vouches for, sorted, with what the file system says of them.

    What its owner had locked is made readable. Raises IntegrityError on a symlink, a special file,
    or what cannot be read or lies deeper than a path can say; with ``strict=False`` they are left
    out.
    """
    found: dict[str, os.stat_result] = {}
    _open_up(str(folder), os.lstat(folder), stat.S_IRWXU)
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(folder / prefix) as inside:
                entries = [
                    (entry, entry.stat(follow_symlinks=False))
                    for entry in inside
                    if prefix + entry.name not in UNLISTED
                ]
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG):
                raise
            if strict:
                raise unreadable(folder, prefix.rstrip("/"), error) from error
            continue
        for entry, info in entries:
            path = prefix + entry.name
            if stat.S_ISDIR(info.st_mode):
                _open_up(entry.path, info, stat.S_IRWXU)
                pending.append(path + "/")
            elif stat.S_ISREG(info.st_mode):
                _open_up(entry.path, info, stat.S_IRUSR)
                found[path] = info
            elif strict:
                raise IntegrityError(
                    f"{path} is not a plain file (a link, socket or device); "
                    "a run's outputs must be files and folders.",
                    hint="Write a copy of what it points at into output_dir instead.",
                )
    return dict(sorted(found.items()))


def unreadable(folder: Path, path: str, error: OSError) -> IntegrityError:
    """Return what to say about something in a new run's directory that cannot be read."""
    shown = path if len(path) <= _MOST_SHOWN else f"{path[:_MOST_SHOWN]}…"
    return IntegrityError(
        f"{shown or 'output_dir'} cannot be read: {error.strerror}{_whose(folder / path)}.",
        hint="Let the method, or the container it runs in, write as the user who starts it."
        if error.errno != errno.ENAMETOOLONG
        else "Let the method write to fewer folders inside each other.",
    )


def out_of_reach(folder: Path, error: OSError) -> StoreUnavailable:
    """Return what to say where something recorded cannot be read now; nobody knows what it is."""
    path = folder if error.filename is None else Path(os.fsdecode(error.filename))
    return StoreUnavailable(
        f"Run directory {folder.name} cannot be read: {path.name}: {error.strerror}{_whose(path)}.",
        hint="Get the right to read it or the disk mended, or run that step again (`--rerun`).",
    )


def _whose(path: Path) -> str:
    try:
        owner = os.lstat(path).st_uid
    except OSError:
        return ""
    return "" if owner == os.geteuid() else f" (it belongs to user id {owner})"


def _open_up(path: str, info: os.stat_result, needed: int) -> None:
    if info.st_mode & needed != needed and info.st_uid == os.geteuid():
        os.chmod(path, stat.S_IMODE(info.st_mode) | needed)  # noqa: PTH101 - called for every file


def hash_file(path: Path | str, *, flush: bool = False) -> str:
    """Return the sha256 of a file's bytes, hexadecimal; ``flush`` also writes it to the disk.

    Of a file that grows, what was there at the beginning: whoever writes to it may be faster than
    we read, and the end would never come.
    """
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as stream:
        left = os.fstat(stream.fileno()).st_size
        buffer = memoryview(bytearray(min(left, _BUFFER)))
        while left > 0 and (size := stream.readinto(buffer[: min(left, _BUFFER)])):
            digest.update(buffer[:size])
            left -= size
        if flush:
            os.fsync(stream.fileno())
    return digest.hexdigest()


def hash_files(
    folder: Path,
    paths: Iterable[str],
    *,
    flush: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict[str, str]:
    """Hash files in parallel; returns path -> sha256 in the given order."""
    names = list(paths)
    base = str(folder) + "/"

    def one(name: str) -> str:
        return hash_file(base + name, flush=flush)

    # Small numbers one by one: threads cost more than reading them.
    if len(names) <= 4:
        return {name: one(name) for name in names}
    from concurrent.futures import ThreadPoolExecutor

    hashes: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 1)) as pool:
        for done, (name, digest) in enumerate(zip(names, pool.map(one, names), strict=True), 1):
            hashes[name] = digest
            if progress:
                progress(done)
    return hashes


def entry_of(path: str, digest: str, info: os.stat_result) -> FileEntry:
    """Combine a checksum with what the file system says."""
    return FileEntry(path, digest, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


def tree_digest(entries: Iterable[FileEntry]) -> str:
    """Return the checksum of several files as one content."""
    lines = "".join(_line(entry) for entry in sorted(entries, key=lambda e: e.path))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _line(entry: FileEntry) -> str:
    path = entry.path
    if "\n" not in path and "\\" not in path and "\r" not in path:
        return f"{entry.sha256}  {path}\n"
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"\\{entry.sha256}  {escaped}\n"


def manifest_text(run_id: int, uuid: str, entries: Iterable[FileEntry]) -> str:
    """Return ``.manifest.json``: one line says whose it is, then one line per file."""
    files = {e.path: e.to_json() for e in entries}
    lines = ",\n".join(
        f"  {json.dumps(path)}: {json.dumps(entry)}" for path, entry in files.items()
    )
    return (
        f'{{"format": 1, "run_id": {run_id}, "uuid": "{uuid}", "algorithm": "sha256",\n'
        f' "files": {{\n{lines}\n }}}}\n'
    )


def read_manifest(folder: Path) -> dict[str, FileEntry]:
    """Read a run's manifest.

    Raises IntegrityError when it is missing or is none: then nothing can be vouched for;
    StoreUnavailable when this user or the disk cannot read it, which says nothing about it.
    """
    try:
        document = json.loads((folder / MANIFEST_NAME).read_bytes())
        return {path: FileEntry(path, **entry) for path, entry in document["files"].items()}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IntegrityError(
            f"Run directory {folder.name} has no {MANIFEST_NAME}: nothing vouches for its content.",
            hint="Re-run the step, or restore the directory from a backup.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        if isinstance(error, OSError) and error.errno in _OUT_OF_REACH:
            raise out_of_reach(folder, error) from error
        raise IntegrityError(
            f"The manifest of run directory {folder.name} cannot be read: {error}.",
            hint="Re-run the step, or restore the directory from a backup.",
        ) from error


def check_entries(folder: Path, entries: Iterable[FileEntry]) -> list[Difference]:
    """Compare files with their entries, reading only what the file system says was touched.

    Raises StoreUnavailable where this user or the disk cannot read one.
    """
    suspects: dict[str, FileEntry] = {}
    differences: list[Difference] = []
    try:
        for entry in entries:
            try:
                info = os.lstat(folder / entry.path)
            except (FileNotFoundError, NotADirectoryError):
                differences.append(Difference(entry.path, "missing", entry.sha256))
                continue
            seen = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
            if not stat.S_ISREG(info.st_mode):
                found = Difference(entry.path, "changed", entry.sha256, "not a plain file")
                differences.append(found)
            elif seen != (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode):
                suspects[entry.path] = entry
        hashes = hash_files(folder, suspects)
    except OSError as error:
        if error.errno not in _OUT_OF_REACH:
            raise
        raise out_of_reach(folder, error) from error
    differences += [
        Difference(path, "changed", suspects[path].sha256, digest)
        for path, digest in hashes.items()
        if digest != suspects[path].sha256
    ]
    return sorted(differences, key=lambda difference: difference.path)


def write_durably(path: Path, text: str) -> None:
    """Write a file and flush it to the disk; a link under that name is refused."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o666)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def fsync_folder(folder: Path) -> None:
    """Flush a folder's own entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
