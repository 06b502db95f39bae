"""Content of committed folders: read as bytes, or written out for a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pm_kernel.errors import Conflict, IntegrityError, NotFound
from pm_kernel.repository.model import SUBMODULE, SYMLINK, TreeFile
from pm_kernel.repository.place import Place

#: Contents are read in portions of about this many bytes, each held in memory.
_PORTION = 64 * 1024 * 1024
_EXECUTABLE = "100755"


def tree_files(place: Place, tree: str) -> list[tuple[TreeFile, int]]:
    """Files of a tree with their sizes, in git's order."""
    listing = place.git.answer("ls-tree", "-r", "-z", "-l", "--full-tree", tree, check=True)
    found = []
    for item in listing.items():
        facts, _, path = item.partition("\t")
        mode, _kind, blob, size = facts.split()
        # "-" for a submodule, "BAD" for content that is lost: reading it says so.
        found.append((TreeFile(path, mode, blob), int(size) if size.isdecimal() else 0))
    return found


def tree_of(place: Place, commit: str, path: str) -> str:
    """The tree of a folder in a commit; raises NotFound."""
    found = place.git.answer("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
    if not found.ok or place.git.run("cat-file", "-t", found.text) != "tree":
        raise NotFound(
            f"Commit {commit[:12]} has no folder {path!r}.",
            hint="It may never have been fetched here; `git fetch --tags` brings it.",
        )
    return found.text


def read_tree(place: Place, tree: str) -> dict[str, bytes]:
    """Every file of a tree with its content; links have their target as content."""
    files = [each for each in tree_files(place, tree) if each[0].mode != SUBMODULE]
    return {file.path: content for file, content in _contents(place, files)}


def _contents(
    place: Place, files: Sequence[tuple[TreeFile, int]]
) -> Iterator[tuple[TreeFile, bytes]]:
    portion: list[TreeFile] = []
    waiting = 0
    for file, size in files:
        portion.append(file)
        waiting += size
        if waiting >= _PORTION:
            yield from _portion(place, portion)
            portion, waiting = [], 0
    yield from _portion(place, portion)


def _portion(place: Place, files: Sequence[TreeFile]) -> Iterator[tuple[TreeFile, bytes]]:
    if not files:
        return
    stdin = "".join(f"{file.blob}\n" for file in files).encode()
    out = place.git.answer("cat-file", "--batch", stdin=stdin, check=True).out
    position = 0
    for file in files:
        end = out.index(b"\n", position)
        header = out[position:end].split()
        if len(header) != 3 or header[1] != b"blob":
            raise IntegrityError(
                f"The methods repository has lost the content of {file.path} ({file.blob[:12]}).",
                hint="`git fsck` shows what is missing; a clone or a backup may have it.",
            )
        start, size = end + 1, int(header[2])
        yield file, out[start : start + size]
        position = start + size + 1


def write_out(place: Place, tree: str, target: Path) -> None:
    """Write a tree into the new folder ``target``; nothing is ever written outside it.

    Raises Conflict where something is there already, and IntegrityError for names and links that
    would lead out of the folder: no git writes them, so somebody made them on purpose.
    """
    files = tree_files(place, tree)
    for file, _ in files:
        _check_name(file)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Conflict(f"{target} exists already, and would be overwritten.")
    target.mkdir(parents=True, exist_ok=True)
    try:
        _write_files(place, files, target)
    except BaseException:
        shutil.rmtree(target)
        raise


def _write_files(place: Place, files: Sequence[tuple[TreeFile, int]], target: Path) -> None:
    links: list[tuple[Path, bytes]] = []
    for file, content in _contents(place, files):
        path = target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == SYMLINK:
            links.append((path, content))
        else:
            _write(path, content, 0o755 if file.mode == _EXECUTABLE else 0o644)
    # Links come last: no file is ever written through one.
    for path, content in links:
        try:
            path.symlink_to(os.fsdecode(content))
        except FileExistsError as error:
            raise _twice(path) from error
    for path, content in links:
        if content.startswith(b"/") or not path.resolve().is_relative_to(target.resolve()):
            raise IntegrityError(
                f"{path.relative_to(target)} is a link out of the method's folder "
                f"(to {content.decode('utf-8', 'replace')!r}).",
                hint="Copy the file into the folder and register the method again.",
            )


def _check_name(file: TreeFile) -> None:
    parts = file.path.split("/")
    if file.mode == SUBMODULE:
        raise IntegrityError(
            f"{file.path} is another repository (a submodule), whose files are not in this one.",
            hint="Copy its files into the folder and register the method again.",
        )
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise IntegrityError(f"{file.path!r} would lead out of the method's folder; it is refused.")


def _write(path: Path, content: bytes, mode: int) -> None:
    # O_EXCL: a tree that names a path twice is refused rather than half written.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, mode)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise _twice(path) from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _twice(path: Path) -> IntegrityError:
    return IntegrityError(f"{path.name} occurs twice in the folder; it is refused.")
