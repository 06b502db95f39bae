"""From a declared output to the files that are it.

A declared path is a file (``nuclei.parquet``), a folder (``tiles/``) or a pattern (``tiles/*.tif``;
``*`` stays inside a folder, ``**`` does not).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from pm_kernel.artifacts.layout import RESERVED
from pm_kernel.artifacts.manifest import FileEntry, tree_digest
from pm_kernel.domain.storable import storable_text


class Output(NamedTuple):
    """One output of an ended run; ``path`` is the declared path or pattern."""

    name: str
    path: str
    type: str
    size: int
    files: int
    checksum: str
    declared: bool

    def to_json(self) -> dict[str, Any]:
        """Return the form that is recorded."""
        return {
            "name": self.name,
            "path": self.path,
            "type": self.type,
            "size": self.size,
            "files": self.files,
            "checksum": self.checksum,
            "declared": self.declared,
        }


def is_pattern(path: str) -> bool:
    """Return whether a declared path matches by pattern."""
    return any(character in path for character in "*?[")


def base_folder(path: str) -> str:
    """Return what a consumer of an output is given: the file, the folder, or a pattern's folder."""
    if not is_pattern(path):
        return path.rstrip("/")
    parts = []
    for part in PurePosixPath(path).parts[:-1]:
        if is_pattern(part):
            break
        parts.append(part)
    return "/".join(parts) or "."


def select(path: str, entries: Iterable[FileEntry]) -> list[FileEntry]:
    """Return the entries that belong to a declared path, or to one read from the database.

    The database has names that are no valid text (``b"\\xff"``) in their escaped form.
    """
    if is_pattern(path):
        pattern = re.compile(_translate(path), re.DOTALL)
        return [e for e in entries if pattern.fullmatch(e.path) and not _reserved(e.path)]
    bare = path.rstrip("/")
    return [e for e in entries if _lies_at(bare, e.path) or _lies_at(bare, storable_text(e.path))]


def _lies_at(bare: str, path: str) -> bool:
    return path == bare or path.startswith(bare + "/")


def checksum_of(path: str, entries: Sequence[FileEntry]) -> str:
    """Return the checksum of an output: of the one file, or of the list of its files."""
    if len(entries) == 1 and path in (entries[0].path, storable_text(entries[0].path)):
        return entries[0].sha256
    return tree_digest(entries)


def collect(
    declared: dict[str, dict[str, Any]], entries: Sequence[FileEntry]
) -> tuple[list[Output], list[str]]:
    """Return all outputs and the names of the required ones that are missing.

    Files that nothing declared are outputs too, by their first path part: nothing a method wrote
    is out of sight.
    """
    outputs: list[Output] = []
    missing: list[str] = []
    claimed: set[str] = set()
    for name, output in declared.items():
        chosen = select(output["path"], entries)
        if not chosen:
            if output.get("required", True):
                missing.append(name)
            continue
        claimed.update(entry.path for entry in chosen)
        outputs.append(_output(name, output["path"], output["type"], chosen, declared=True))
    groups: dict[str, list[FileEntry]] = {}
    for entry in entries:
        if entry.path not in claimed and not _reserved(entry.path):
            first, slash, _ = entry.path.partition("/")
            groups.setdefault(first + slash, []).append(entry)
    names = {output.name for output in outputs}
    for path, chosen in groups.items():
        name = path
        # As the database will have it: of a failed run two names may be the same text there.
        while storable_text(name) in names:
            name = f"./{name}"
        names.add(storable_text(name))
        kind = "directory" if path.endswith("/") else "file"
        outputs.append(_output(name, path, kind, chosen, declared=False))
    return outputs, missing


def confusable(entries: Iterable[FileEntry]) -> str | None:
    """Return a path that the database could not tell from another one; None: there is none.

    That takes a name that is no valid text beside one that spells its escaped form.
    """
    seen: set[str] = set()
    for entry in entries:
        text = storable_text(entry.path)
        if text in seen:
            return text
        seen.add(text)
    return None


def _output(name: str, path: str, kind: str, chosen: list[FileEntry], *, declared: bool) -> Output:
    size = sum(entry.size for entry in chosen)
    return Output(name, path, kind, size, len(chosen), checksum_of(path, chosen), declared)


def _reserved(path: str) -> bool:
    return path.partition("/")[0] in RESERVED


def _translate(pattern: str) -> str:
    text = ""
    i = 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            text, i = text + r"(?:.*/)?", i + 3
        elif pattern.startswith("**", i):
            text, i = text + ".*", i + 2
        elif pattern[i] == "*":
            text, i = text + "[^/]*", i + 1
        elif pattern[i] == "?":
            text, i = text + "[^/]", i + 1
        elif pattern[i] == "[" and (end := pattern.find("]", i + 2)) > 0:
            inner = pattern[i + 1 : end].replace("\\", r"\\")
            negated = inner.startswith("!")
            text += "[" + ("^" if negated else "") + inner[negated:] + "]"
            i = end + 1
        else:
            text, i = text + re.escape(pattern[i]), i + 1
    return text
