"""The code of a version: exported from its commit, prepared for an interpreter, made once.

    .runs/.code/<key>/code/                  the method's folder as committed
    .runs/.code/<key>-<interpreter>/code/    the same, compiled for that interpreter
                                    prepared.json
    both: files.txt                          what the file system said of the others

Somebody may look in here and edit; what a run executes would then not be its version. So a folder
whose files have other sizes, times or inodes than noted is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pm_kernel.artifacts.layout import RunStore, remove_tree, writing
from pm_kernel.config import Settings
from pm_kernel.environment import Environment, clean_environ, container, find_environment
from pm_kernel.errors import EngineUnavailable, InvalidInput

_PREPARE = Path(__file__).with_name("prepare.py")
_CODE = "code"
_SPEC = "prepared.json"
_NOTE = "files.txt"
#: Seconds after which a draft is what a killed process left.
_ABANDONED = 3600.0


class Prepared(NamedTuple):
    """Code ready to be copied into a task directory, and what runs it."""

    folder: Path
    environment: Environment
    entry: dict[str, Any]
    tracked: list[dict[str, Any]]


def prepare(
    settings: Settings, store: RunStore, record: dict[str, Any], *, image: str | None = None
) -> Prepared:
    """Return the prepared code of a run's version, making it on first use.

    For a run in a container of ``image`` it is the code as committed: what it is compiled for is
    only known in there (``contained``).

    Raises EngineUnavailable when the interpreter does not work, InvalidInput when a tracked
    function cannot be followed, StoreUnavailable when it cannot be kept in the run store.
    """
    key = f"{record['method']}-v{record['method_version']}-{record['commit'][:12]}"
    exported = store.code(key)
    if not _is_whole(exported):
        _make(store, exported, lambda draft: _export(settings, record, draft))
    if image is not None:
        spec = _spec(record)
        return Prepared(exported / _CODE, container(image), spec["entry"], spec["tracked"])
    environment = find_environment(
        exported / _CODE,
        python=settings.python,
        pixi="pixi",
        base_env=settings.environ,
        cache_dir=settings.cache_dir / "environments",
        environments_dir=store.code("environments"),
        name=record["declaration"]["environment"],
    )
    cache = store.code(f"{key}-{_interpreter_key(environment)}")
    described = _described(cache) if _is_whole(cache) else None
    if described is None:
        _make(store, cache, lambda draft: _prepare(settings, record, environment, exported, draft))
        described = _described(cache)
        if described is None:
            raise EngineUnavailable(
                f"{cache} changes while it is used: somebody else writes in there.",
                hint="Delete it; it is made again when it is needed.",
            )
    return Prepared(cache / _CODE, environment, described["entry"], described["tracked"])


def _interpreter_key(environment: Environment) -> str:
    """Compiled code fits one version of one interpreter; what else is installed does not matter."""
    text = "\0".join([environment.kind, environment.python or "", *environment.command])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _described(cache: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads((cache / _SPEC).read_bytes())
    except (OSError, ValueError):
        return None
    return document if {"entry", "tracked"} <= document.keys() else None


# --- folders that are made once -------------------------------------------------------------------


def _make(store: RunStore, target: Path, make: Callable[[Path], None]) -> None:
    """Make a folder beside its place and rename it there: it is whole or not there.

    Two may make the same at once; either is as good. One that was changed is moved out of the way
    and not deleted: a run that is starting may be copying it.
    """
    draft = target.with_name(f".{target.name}-{os.urandom(8).hex()}")
    with writing(store.root):
        draft.mkdir(parents=True)
    try:
        make(draft)
        with writing(store.root):
            (draft / _NOTE).write_text(_files(draft), encoding="ascii")
            _flush(draft)
            if target.exists() and not _is_whole(target):
                target.rename(target.with_name(f".old-{target.name}-{os.urandom(8).hex()}"))
            try:
                draft.rename(target)
            except OSError:
                # Somebody else made the same meanwhile.
                if not target.is_dir():
                    raise
    finally:
        remove_tree(draft)
        _remove_abandoned(target.parent)


def _is_whole(folder: Path) -> bool:
    """Whether a folder is as it was made."""
    try:
        return (folder / _NOTE).read_text(encoding="ascii") == _files(folder)
    except (OSError, ValueError):
        return False


def _files(folder: Path) -> str:
    """Return what the file system says about each file below a folder, as text to be compared.

    Without the times of change, which backups touch.
    """
    found = []
    pending = [str(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    continue
                info = entry.stat(follow_symlinks=False)
                path = os.path.relpath(entry.path, folder)
                if path == _NOTE:
                    continue
                found.append(f"{path!a} {info.st_size} {info.st_mtime_ns} {info.st_ino}\n")
    return "".join(sorted(found))


def _flush(folder: Path) -> None:
    """Write a new folder to the disk: after a power cut a name must not lead to empty files."""
    for base, _folders, files in os.walk(folder):
        for path in (base, *(os.path.join(base, name) for name in files)):  # noqa: PTH118
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _remove_abandoned(place: Path) -> None:
    for path in place.glob(".*-*"):
        try:
            if path.is_dir() and time.time() - path.stat().st_mtime > _ABANDONED:
                remove_tree(path)
        except OSError:
            # Somebody else's, or somebody else is at it.
            continue


# --- what is made ---------------------------------------------------------------------------------


def _export(settings: Settings, record: dict[str, Any], draft: Path) -> None:
    from pm_kernel.repository import MethodsRepository

    MethodsRepository(settings.methods_dir).export(
        record["commit"], record["module"], record["method"], draft / _CODE
    )


def _prepare(
    settings: Settings,
    record: dict[str, Any],
    environment: Environment,
    exported: Path,
    draft: Path,
) -> None:
    with writing(draft.parent):
        shutil.copytree(exported / _CODE, draft / _CODE, symlinks=True)
    spec = _spec(record)
    _instrument(environment, draft / _CODE, spec, settings)
    with writing(draft.parent):
        (draft / _SPEC).write_text(json.dumps(spec), encoding="utf-8")


def _spec(record: dict[str, Any]) -> dict[str, Any]:
    """What is executed and what is followed, as ``prepare.py`` wants to know it."""
    declaration = record["declaration"]
    entry = {"file": "run.py", "kind": declaration["entry"], "options": declaration["options"]}
    return {"entry": entry, "tracked": declaration["tracked"]}


def _instrument(
    environment: Environment, code: Path, spec: dict[str, Any], settings: Settings
) -> None:
    import subprocess

    try:
        result = subprocess.run(
            [*environment.command, "-I", str(_PREPARE), str(code), "-"],
            input=json.dumps(spec),
            capture_output=True,
            text=True,
            errors="backslashreplace",
            env=clean_environ(settings.environ),
            check=False,
        )
    except OSError as error:
        raise EngineUnavailable(
            f"{environment.command[0]} cannot be started: {error.strerror}.",
            hint="`pm doctor` checks the interpreter.",
        ) from error
    if result.returncode != 0:
        last = result.stderr.strip().splitlines()[-1:] or ["no message"]
        raise EngineUnavailable(
            f"{' '.join(environment.command)} could not prepare the code: {last[0]}",
            hint="`pm doctor` checks the interpreter.",
        )
    refused = json.loads(result.stdout)["refused"]
    if refused:
        first = refused[0]
        raise InvalidInput(
            f"Tracked function {first['function']} {first['reason']}.", hint=first["suggestion"]
        )
