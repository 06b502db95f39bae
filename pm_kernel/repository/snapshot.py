"""Content of a method's folder into git's object store, through an index of our own.

The user's index is only read. What belongs to the folder: every file that git does not ignore, and
those it would ignore but has in its index (`git add -f` was meant).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pm_kernel.domain.declared import path_fault
from pm_kernel.domain.methods import ENTRY_FILE
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.repository.model import SUBMODULE, SYMLINK, Snapshot, TreeFile
from pm_kernel.repository.place import Place, check_names


def snapshot_folder(place: Place, module: str, method: str, known: Sequence[str] = ()) -> Snapshot:
    """Take the folder as it lies on disk.

    ``known`` are paths that belong to it although git ignores them and the index here, of another
    branch, does not have them.
    Raises NotFound where there is no such folder and InvalidInput where a file cannot be recorded
    (a link out of the folder, a repository inside it, a file that git would store as another).
    """
    check_names(module, method)
    folder = place.folder / module / method
    for each in (folder.parent, folder):
        if each.is_symlink():
            raise InvalidInput(
                f"{each} is a link; git would record the link instead of the files.",
                hint="Put the files there themselves.",
            )
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    if (folder / ".git").exists():
        raise _nested(folder)
    below = place.inside(module, method)
    with _own_index() as index:
        paths = recorded_paths(place, below, known)
        place.git.run(
            "update-index", "-z", "--add", "--remove", "--stdin",
            stdin=_joined(paths), env=index,
        )  # fmt: skip
        files = _listed(place, below, index)
        _check(place, folder, below, files)
        tree = place.git.run("write-tree", f"--prefix={below}/", env=index)
    return Snapshot(module, method, tree, files)


def snapshot_files(place: Place, module: str, method: str, files: Mapping[str, bytes]) -> Snapshot:
    """Take exactly these files; byte for byte, whatever git is set up to convert."""
    check_names(module, method)
    for path in files:
        fault = path_fault(path)
        if fault is not None or path.endswith("/") or ".git" in path.lower().split("/"):
            raise InvalidInput(
                f"{path!r} cannot be a file of a method: it {fault or 'is git own'}."
            )
    if not files:
        raise InvalidInput(f"Method {method} has no files.")
    below = place.inside(module, method)
    blobs = write_blobs(place, list(files.values()))
    entries = tuple(TreeFile(path, "100644", blob) for path, blob in zip(files, blobs, strict=True))
    with _own_index() as index:
        place.git.run(
            "update-index", "-z", "--index-info", stdin=index_info(below, entries), env=index
        )
        tree = place.git.run("write-tree", f"--prefix={below}/", env=index)
        entries = _listed(place, below, index)
    return Snapshot(module, method, tree, entries)


def write_blobs(place: Place, contents: Sequence[bytes]) -> list[str]:
    """Store contents in git and return their hashes, in order."""
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        names = [str(Path(folder) / str(number)) for number in range(len(contents))]
        for name, content in zip(names, contents, strict=True):
            Path(name).write_bytes(content)
        stdin = "\n".join([*names, ""]).encode()
        return place.git.run(
            "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=stdin
        ).split()


def index_info(below: str, files: Sequence[TreeFile]) -> bytes:
    """Entries as ``git update-index -z --index-info`` reads them."""
    lines = [f"{each.mode} {each.blob}\t{below}/{each.path}" for each in files]
    return _joined(lines)


def recorded_paths(place: Place, below: str, known: Sequence[str] = ()) -> list[str]:
    """Files below a folder, from the top of the repository, that a commit of it holds."""
    with _own_index() as nothing:  # against an empty index, every file that is not ignored is new
        found = place.git.answer(
            "ls-files", "-z", "--others", "--exclude-standard", "--", f"{below}/",
            env=nothing, check=True,
        ).items()  # fmt: skip
    nested = [path for path in found if path.endswith("/")]
    if nested:
        raise _nested(place.top / nested[0])
    staged = place.git.answer("ls-files", "-z", "--", f"{below}/", check=True).items()
    forced = [path for path in (*staged, *known) if os.path.lexists(place.top / path)]
    return sorted({*found, *forced})


@contextmanager
def _own_index() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}


def _joined(items: Sequence[str]) -> bytes:
    return "".join(f"{item}\0" for item in items).encode("utf-8", "surrogateescape")


def _listed(place: Place, below: str, index: Mapping[str, str]) -> tuple[TreeFile, ...]:
    listing = place.git.answer(
        "ls-files", "-z", "--stage", "--", f"{below}/", env=index, check=True
    )
    files = []
    for item in listing.items():
        facts, _, path = item.partition("\t")
        mode, blob, _stage = facts.split(" ")
        files.append(TreeFile(path.removeprefix(f"{below}/"), mode, blob))
    return tuple(sorted(files, key=lambda each: each.path))


def _nested(folder: Path) -> InvalidInput:
    return InvalidInput(
        f"{folder} is a git repository of its own inside the methods repository.",
        hint="Remove its .git folder, so that its files can be recorded.",
    )


def _check(place: Place, folder: Path, below: str, files: tuple[TreeFile, ...]) -> None:
    paths = {each.path for each in files}
    missing = ENTRY_FILE not in paths and (folder / ENTRY_FILE).exists()
    if not files or missing:
        rule = place.git.answer("check-ignore", "-v", "--no-index", f"{below}/{ENTRY_FILE}").text
        if rule:
            raise InvalidInput(
                f"git ignores {folder / ENTRY_FILE} by the rule {rule.partition(chr(9))[0]}.",
                hint="Change that rule, or call the folder otherwise.",
            )
        raise InvalidInput(f"{folder} has no files to record.")
    for each in files:
        if each.mode == SUBMODULE:
            raise _nested(folder / each.path)
        if each.mode == SYMLINK and not _stays_inside(folder, each.path):
            raise InvalidInput(
                f"{folder / each.path} is a link to a place outside the method's folder.",
                hint="Copy the file into the folder, or give its path to the method as an input.",
            )
    _check_filters(place, folder, below, files)


def _stays_inside(folder: Path, path: str) -> bool:
    link = folder / path
    return not link.readlink().is_absolute() and link.resolve().is_relative_to(folder.resolve())


def _check_filters(place: Place, folder: Path, below: str, files: tuple[TreeFile, ...]) -> None:
    """Refuse files that git stores as something else (large-file pointers, encrypted text).

    A run gets what git stores. Line ends may be converted, and notebooks stripped of results.
    """
    plain = [each for each in files if each.mode != SYMLINK and not each.path.endswith(".ipynb")]
    stdin = _joined([f"{below}/{each.path}" for each in plain])
    said = place.git.answer(
        "check-attr", "-z", "--stdin", "filter", stdin=stdin, check=True
    ).items()
    names = dict(zip(said[0::3], said[2::3], strict=True))
    for each in plain:
        name = names.get(f"{below}/{each.path}", "unspecified")
        if name in ("unspecified", "unset"):
            continue
        (blob,) = write_blobs(place, [(folder / each.path).read_bytes()])
        if blob != each.blob:
            raise InvalidInput(
                f"git stores {folder / each.path} as something else (filter {name!r}), "
                "so a run would not get this file.",
                hint="Keep it out of the method's folder and give it to the method as an input.",
            )


def blob_of(place: Place, commit: str, path: str) -> str | None:
    """Hash of a file's content in a commit; None: it has no such file."""
    found = place.git.answer("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
    return found.text if found.ok else None
