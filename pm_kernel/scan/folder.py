"""The files of a method's folder as they lie there, for a scan before anything is committed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.errors import NotFound
from pm_kernel.scan.model import SourceProblem
from pm_kernel.scan.source import MAX_SOURCE_BYTES
from pm_kernel.scan.workflow_document import SUFFIX

#: Folders of tools; never part of a method.
SKIPPED_FOLDERS = frozenset({
    ".git", ".hg", ".svn", "__pycache__", ".pixi", ".venv", "venv", ".ipynb_checkpoints",
    "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".vscode", ".idea",
})  # fmt: skip
_READ_NAMES = frozenset({"method.toml", "module.toml", "pixi.toml", "pixi.lock", "pyproject.toml"})
MAX_FILES = 5_000


@dataclass(frozen=True, slots=True)
class MethodFolder:
    """What was read: Python, TOML and workflow documents with content, others by name only."""

    files: dict[str, bytes]
    #: Relative posix names of every regular file, in order.
    names: tuple[str, ...]
    problems: tuple[SourceProblem, ...]


def read_folder(folder: Path) -> MethodFolder:
    """Read the files of a method below ``folder``, without following links out of it.

    Raises NotFound where there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    files: dict[str, bytes] = {}
    names: list[str] = []
    problems: list[SourceProblem] = []
    root = folder.resolve()
    for path, name in _walk(folder):
        if len(names) >= MAX_FILES:
            problems.append(
                SourceProblem(
                    ".", None, f"more than {MAX_FILES} files; the rest was not looked at."
                )
            )
            break
        problem = _problem(path, name, root)
        if problem is not None:
            problems.append(problem)
            continue
        names.append(name)
        if name.endswith((".py", SUFFIX)) or path.name in _READ_NAMES:
            data = _read(path, name)
            if isinstance(data, SourceProblem):
                problems.append(data)
            else:
                files[name] = data
    return MethodFolder(files, tuple(names), tuple(problems))


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    for parent, folders, names in os.walk(folder):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS - set(linked))
        for name in sorted([*names, *linked]):
            path = Path(parent) / name
            if not name.endswith(".pyc"):
                yield path, path.relative_to(folder).as_posix()


def _problem(path: Path, name: str, root: Path) -> SourceProblem | None:
    if not name.isprintable():  # bytes that are no UTF-8 arrive as unprintable surrogates
        return SourceProblem(
            ascii(name)[1:-1], None, "has characters that cannot be shown; rename it."
        )
    if path.is_symlink():
        if not path.exists():
            return SourceProblem(name, None, "is a link to something that does not exist.")
        if not path.resolve().is_relative_to(root):
            return SourceProblem(
                name, None, "is a link out of the method's folder; copy the file into the folder."
            )
        if path.is_dir():
            return SourceProblem(
                name, None, "is a link to a folder; its files are read there.", "notice"
            )
    if not path.is_file():
        return SourceProblem(name, None, "is no regular file; move it out of the folder.")
    return None


def _read(path: Path, name: str) -> bytes | SourceProblem:
    try:
        with path.open("rb") as stream:
            # One byte more than is parsed, so that the parser names the file as too large.
            return stream.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        return SourceProblem(name, None, f"cannot be read: {error.strerror or error}.")
