"""The code of a version: exported from its commit, prepared for an interpreter, made once."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pm_kernel.artifacts.layout import RunStore, remove_tree, writing
from pm_kernel.config import Settings
from pm_kernel.environment import Environment, clean_environ, find_environment
from pm_kernel.errors import EngineUnavailable, InvalidInput

_PREPARE = Path(__file__).with_name("prepare.py")
_SPEC_NAME = "prepared.json"


@dataclass(frozen=True)
class Prepared:
    """Code ready to be copied into a task directory, and what runs it."""

    folder: Path
    environment: Environment
    entry: dict[str, Any]
    tracked: list[dict[str, Any]]


def prepare(settings: Settings, store: RunStore, record: dict[str, Any]) -> Prepared:
    """Return the prepared code of a run's version, making it on first use.

    Raises EngineUnavailable when the interpreter does not work and InvalidInput when a tracked
    function cannot be followed.
    """
    key = f"{record['method']}-v{record['method_version']}-{record['commit'][:12]}"
    exported = store.code(key)
    if not exported.is_dir():
        _made_once(store, exported, lambda draft: _export(settings, record, draft))
    environment = find_environment(
        exported,
        python=settings.python,
        pixi="pixi",
        base_env=settings.environ,
        cache_dir=settings.cache_dir / "environments",
        environments_dir=store.code("environments"),
        name=record["declaration"]["environment"],
    )
    cache = store.code(f"{key}-{_interpreter_key(environment)}")
    if not cache.is_dir():
        _made_once(
            store, cache, lambda draft: _prepare(settings, record, environment, exported, draft)
        )
    described = json.loads((cache / _SPEC_NAME).read_bytes())
    return Prepared(cache / "code", environment, described["entry"], described["tracked"])


def _interpreter_key(environment: Environment) -> str:
    """Compiled code fits one version of one interpreter; what else is installed does not matter."""
    text = "\0".join([environment.kind, environment.python or "", *environment.command])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _made_once(store: RunStore, target: Path, make: Callable[[Path], None]) -> None:
    """Make a folder beside its place and rename it there: it is whole or not there."""
    draft = target.with_name(f".{target.name}-{uuid4()}")
    with writing(store.root):
        draft.parent.mkdir(parents=True, exist_ok=True)
        try:
            make(draft)
            try:
                draft.rename(target)
            except OSError:
                # Somebody else made the same meanwhile; theirs is as good.
                if not target.is_dir():
                    raise
        finally:
            remove_tree(draft)


def _export(settings: Settings, record: dict[str, Any], draft: Path) -> None:
    from pm_kernel.repository import MethodsRepository

    MethodsRepository(settings.methods_dir).export(
        record["commit"], record["module"], record["method"], draft
    )


def _prepare(
    settings: Settings,
    record: dict[str, Any],
    environment: Environment,
    exported: Path,
    draft: Path,
) -> None:
    draft.mkdir()
    shutil.copytree(exported, draft / "code", symlinks=True)
    spec = {
        "entry": {
            "file": "run.py",
            "kind": record["declaration"]["entry"],
            "options": record["declaration"]["options"],
        },
        "tracked": record["declaration"]["tracked"],
    }
    _instrument(environment, draft / "code", spec, settings)
    (draft / _SPEC_NAME).write_text(json.dumps(spec), encoding="utf-8")


def _instrument(
    environment: Environment, code: Path, spec: dict[str, Any], settings: Settings
) -> None:
    result = subprocess.run(
        [*environment.command, "-I", str(_PREPARE), str(code), "-"],
        input=json.dumps(spec),
        capture_output=True,
        text=True,
        env=clean_environ(settings.environ),
        check=False,
    )
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
