"""Checksums of a run directory: every file hashed once, compared cheaply ever after.

``.manifest.json`` lists each file with its sha256 and what the file system said about it when it
was locked (size, times, inode). A later check compares those first and reads only what differs; so
a verdict is always either "nothing touched these bytes" or "I read them again".

The checksum of an output of several files is the sha256 of its sorted ``<sha256>  <path>`` lines,
the format of ``sha256sum``.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm_kernel.errors import IntegrityError

MANIFEST_NAME = ".manifest.json"
#: Written by the record itself, so not part of what it vouches for.
UNLISTED = frozenset({MANIFEST_NAME, "meta.json", ".pm"})
_CHUNK = 1 << 20


@dataclass(frozen=True)
class FileEntry:
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


def list_files(folder: Path, *, strict: bool = True) -> list[str]:
    """List the files that a manifest vouches for, sorted.

    Raises IntegrityError on a symlink or special file; with ``strict=False`` they are left out.
    """
    found: list[str] = []
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(folder / prefix) as entries:
            for entry in entries:
                path = prefix + entry.name
                if path in UNLISTED:
                    continue
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    pending.append(path + "/")
                elif stat.S_ISREG(mode):
                    found.append(path)
                elif strict:
                    raise IntegrityError(
                        f"{path} is not a plain file (a link, socket or device); "
                        "a run's outputs must be files and folders.",
                        hint="Write a copy of what it points at into output_dir instead.",
                    )
    return sorted(found)


def hash_file(path: Path | str) -> str:
    """Return the sha256 of a file's bytes, hexadecimal."""
    with open(path, "rb", buffering=0) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_files(
    folder: Path, paths: Iterable[str], *, progress: Callable[[int], None] | None = None
) -> dict[str, str]:
    """Hash files in parallel; returns path -> sha256 in the given order."""
    names = list(paths)
    base = str(folder) + "/"
    # Small files one by one: a thread costs more than reading them.
    if len(names) <= 2:
        return {name: hash_file(base + name) for name in names}
    hashes: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 1)) as pool:
        for done, (name, digest) in enumerate(
            zip(names, pool.map(hash_file, (base + name for name in names)), strict=True), 1
        ):
            hashes[name] = digest
            if progress:
                progress(done)
    return hashes


def entries_of(folder: Path, hashes: Mapping[str, str]) -> list[FileEntry]:
    """Combine hashes with what the file system says now."""
    entries = []
    for path, digest in hashes.items():
        info = os.lstat(folder / path)
        entries.append(
            FileEntry(path, digest, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        )
    return entries


def tree_digest(entries: Iterable[FileEntry]) -> str:
    """Return the checksum of several files as one content."""
    lines = "".join(f"{e.sha256}  {e.path}\n" for e in sorted(entries, key=lambda e: e.path))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def write_manifest(folder: Path, run_id: int, uuid: str, entries: Iterable[FileEntry]) -> None:
    """Write ``.manifest.json``, one line per file, and flush it to the disk."""
    files = {e.path: e.to_json() for e in entries}
    lines = ",\n".join(
        f"  {json.dumps(path)}: {json.dumps(entry)}" for path, entry in files.items()
    )
    body = (
        f'{{"format": 1, "run_id": {run_id}, "uuid": "{uuid}", "algorithm": "sha256",\n'
        f' "files": {{\n{lines}\n }}}}\n'
    )
    write_durably(folder / MANIFEST_NAME, body)


def read_manifest(folder: Path) -> dict[str, FileEntry]:
    """Read a run's manifest.

    Raises IntegrityError when it is missing or cannot be read: then nothing can be vouched for.
    """
    try:
        document = json.loads((folder / MANIFEST_NAME).read_bytes())
        return {path: FileEntry(path, **entry) for path, entry in document["files"].items()}
    except FileNotFoundError as error:
        raise IntegrityError(
            f"Run directory {folder.name} has no {MANIFEST_NAME}: nothing vouches for its content.",
            hint="Re-run the step, or restore the directory from a backup.",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"The manifest of run directory {folder.name} cannot be read: {error}.",
            hint="Re-run the step, or restore the directory from a backup.",
        ) from error


def check_entries(folder: Path, entries: Iterable[FileEntry]) -> list[Difference]:
    """Compare files with their entries, reading only what the file system says was touched."""
    suspects: dict[str, FileEntry] = {}
    differences: list[Difference] = []
    for entry in entries:
        try:
            info = os.lstat(folder / entry.path)
        except FileNotFoundError:
            differences.append(Difference(entry.path, "missing", entry.sha256))
            continue
        seen = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        if not stat.S_ISREG(info.st_mode):
            differences.append(Difference(entry.path, "changed", entry.sha256, "not a plain file"))
        elif seen != (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode):
            suspects[entry.path] = entry
    hashes = hash_files(folder, suspects)
    differences += [
        Difference(path, "changed", suspects[path].sha256, digest)
        for path, digest in hashes.items()
        if digest != suspects[path].sha256
    ]
    return sorted(differences, key=lambda difference: difference.path)


def write_durably(path: Path, text: str) -> None:
    """Write a file and flush it to the disk."""
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
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
