"""Copying a folder from elsewhere into the workspace, without losing what was edited there.

The workspace's copy becomes what the folder is, file by file: new under another name, then renamed.
So each file is at any moment the old one or the new one, and a copy that was killed is finished by
the next. Files that git would leave out are not copied: they may be gigabytes of data.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from uuid import uuid4

from pm_kernel.declaration import METHOD_FILE
from pm_kernel.domain.names import listed
from pm_kernel.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from pm_kernel.repository import IgnoredFile, MethodsRepository
from pm_kernel.repository.locks import make_folder
from pm_kernel.scan.folder import SKIPPED_FOLDERS

PIXI_FILES = ("pixi.toml", "pixi.lock")
#: Begins the names of files that are not whole yet.
DRAFT = ".pm-new-"


def bring(
    repository: MethodsRepository,
    source: Path,
    module: str,
    name: str,
    *,
    overwrite: bool,
) -> list[IgnoredFile]:
    """Make the workspace's copy of a method equal to ``source``; returns what was left out.

    ``method.toml`` and pixi files of the workspace stay where ``source`` has none of its own. Call
    it with the method's lock held. Raises Conflict where files were edited in the workspace, or
    made there, and never registered; ``overwrite`` replaces them.
    """
    target = repository.folder / module / name
    _refuse_links(target)
    clear_drafts(target)
    files = _files(source)
    committed = _committed(repository, module, name)
    present = _present(repository, module, name, target)
    stays = {METHOD_FILE, *PIXI_FILES} - set(files)
    journal = repository.own_dir / "copies" / f"{name}.json"
    copied = _read_journal(journal)
    edited = [
        path
        for path, data in present.items()
        if path not in stays
        and data not in (committed.get(path), _content(source / path))
        # Left by a copy that was not registered in the end.
        and _digest(data) != copied.get(path)
    ]
    if edited and not overwrite:
        raise Conflict(
            f"{target} has {listed(edited)}, edited there and never registered; copying {source} "
            "would replace it.",
            hint=f"Register what is there: pm method register {target}\n"
            "or replace it: repeat the command with --overwrite",
        )
    # First the rules of the folder's own, so that they hold for its other files.
    _copy(source, target, [path for path in files if Path(path).name == ".gitignore"])
    ignored = [
        each
        for each in repository.ignored_names(f"{module}/{name}", files)
        # `git add -f` was meant.
        if each.path not in present and each.path not in committed
    ]
    wanted = set(files) - {each.path for each in ignored}
    _write_journal(journal, source, wanted)
    for path in present.keys() - wanted - stays:
        _remove(target, path)
    _copy(source, target, sorted(wanted))
    return [each for each in ignored if not Path(each.path).name.startswith(".")]


def changes_committed(repository: MethodsRepository, source: Path, module: str, name: str) -> bool:
    """Whether ``bring`` would leave in the workspace something else than what is committed."""
    _refuse_links(repository.folder / module / name)
    committed = _committed(repository, module, name)
    files = _files(source)
    ignored = {each.path for each in repository.ignored_names(f"{module}/{name}", files)}
    kept = {path for path in files if path in committed or path not in ignored}
    gone = committed.keys() - kept - {METHOD_FILE, *PIXI_FILES}
    return bool(gone) or any(_content(source / each) != committed.get(each) for each in kept)


def has_edits(
    repository: MethodsRepository, module: str, name: str, version: int, *, large: int
) -> bool:
    """Whether the workspace's copy of a method is something else than a version of it.

    A new file of more than ``large`` bytes is a change by being there, and is not read for that;
    what Python compiled is none.
    """
    folder = repository.folder / module / name
    # Where its tag was lost, what is committed is the nearest that can be had.
    tagged = _committed(repository, module, name, f"refs/tags/{name}/v{version}")
    committed = tagged or _committed(repository, module, name)
    if not committed or not folder.is_dir():
        return False
    if any(f.path not in committed for f in repository.large_files(f"{module}/{name}", large)):
        return True
    present = _present(repository, module, name, folder)
    paths = [path for path in {*present, *committed} if not path.endswith(".pyc")]
    return bool(present) and any(present.get(path) != committed.get(path) for path in paths)


def bring_pixi(source: Path, target: Path) -> None:
    """Copy ``pixi.toml`` and ``pixi.lock`` of a folder into a method; raises NotFound."""
    names = [name for name in PIXI_FILES if (source / name).is_file()]
    if names != list(PIXI_FILES):
        missing = next(name for name in PIXI_FILES if name not in names)
        raise NotFound(
            f"{source} has no {missing}.",
            hint="`pixi init` makes an environment, `pixi lock` settles its packages.",
        )
    if source.resolve() != target.resolve():
        _copy(source, target, names)


def write_file(path: Path, content: bytes) -> None:
    """Replace a file of a method's folder; whole or not at all."""
    draft = path.with_name(f"{DRAFT}{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def clear_drafts(folder: Path) -> None:
    """Remove what a copy that was killed left; call it with the method's lock held."""
    for path in _files(folder):
        if PurePosixPath(path).name.startswith(DRAFT):
            (folder / path).unlink(missing_ok=True)


def _files(source: Path) -> list[str]:
    found = []
    for parent, folders, names in os.walk(source):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS - set(linked))
        for name in (*names, *linked):
            path = Path(parent) / name
            if not name.endswith(".pyc") and (path.is_file() or path.is_symlink()):
                found.append(path.relative_to(source).as_posix())
    return sorted(found)


def _committed(
    repository: MethodsRepository, module: str, name: str, revision: str | None = None
) -> Mapping[str, bytes]:
    try:
        return repository.read_blobs(revision or repository.branch, f"{module}/{name}")
    except NotFound:
        return {}


def _present(
    repository: MethodsRepository, module: str, name: str, target: Path
) -> Mapping[str, bytes]:
    """What a registration of the workspace's copy would record now."""
    if not target.is_dir() or not any(target.iterdir()):
        return {}
    try:
        return repository.read_blobs(repository.snapshot(module, name))
    except InvalidInput:
        # Nothing there that could be recorded; what is wrong is said when it is recorded.
        return {}


def _content(path: Path) -> bytes | None:
    """Content of a file, target of a link, as git keeps it; None: there is none."""
    try:
        return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    except OSError:
        return None


def _read_journal(journal: Path) -> Mapping[str, str]:
    try:
        return dict(json.loads(journal.read_bytes()))
    except (FileNotFoundError, ValueError):
        return {}


def _write_journal(journal: Path, source: Path, paths: Iterable[str]) -> None:
    """Note what is about to be copied, so that it is never taken for somebody's edits."""
    digests = {path: _digest(_content(source / path)) for path in sorted(paths)}
    make_folder(journal.parent)
    write_file(journal, json.dumps(digests).encode("utf-8"))


def _digest(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()


def _copy(source: Path, target: Path, paths: Iterable[str]) -> None:
    for path in paths:
        there = target / path
        draft = there.with_name(f"{DRAFT}{uuid4().hex}")
        try:
            _make_way(target, there)
            shutil.copy2(source / path, draft, follow_symlinks=False)
            draft.replace(there)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _unwritable(there, error) from error


def _make_way(target: Path, there: Path) -> None:
    """Folders where files or links were, nothing where an empty folder was."""
    for parent in reversed(there.relative_to(target).parents):
        folder = target / parent
        if folder != target and (folder.is_symlink() or folder.is_file()):
            folder.unlink()
        folder.mkdir(parents=True, exist_ok=True)
    if there.is_dir() and not there.is_symlink():
        there.rmdir()


def _remove(target: Path, path: str) -> None:
    (target / path).unlink(missing_ok=True)
    for parent in Path(path).parents:
        if parent == Path() or any((target / parent).iterdir()):
            break
        (target / parent).rmdir()


def _refuse_links(target: Path) -> None:
    for each in (target.parent, target):
        if each.is_symlink():
            raise InvalidInput(
                f"{each} is a link; a method's files lie in the workspace themselves.",
                hint=f"Remove the link, then register again: rm {each}",
            )


def _unwritable(path: Path, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"{path} cannot be written: {error.strerror or error}.",
        hint="The methods folder must be writable by whoever registers.",
    )
