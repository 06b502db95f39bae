"""The interpreter that a method runs with: its own pixi environment, or the one of ``pm.toml``.

The only door to method environments. Whatever runs in one is started as ``[*environment.command,
script, …]`` with ``clean_environ`` as its environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pm_kernel.errors import EngineUnavailable, InvalidInput
from pm_kernel.running import inside

#: Below it, the code that runs beside a method's cannot be read.
OLDEST = (3, 9)
#: Seconds until an interpreter that does not answer is given up.
_PATIENCE = 120
_SCRIPTS = Path(inside.__file__).parent

#: They would make another interpreter, another search path or another way of compiling out of the
#: method's environment, or hand it what belongs to this one.
_DROPPED = {
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONPYCACHEPREFIX", "PYTHONOPTIMIZE"),
    *("PYTHONINSPECT", "PYTHONSAFEPATH", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE", "PYTHONCASEOK"),
    *("PYTHONUSERBASE", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV"),
    *("VIRTUAL_ENV_PROMPT", "FORCE_COLOR", "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN"),
    *("JPY_API_TOKEN", "JPY_PARENT_PID", "JPY_SESSION_NAME"),
}


class Environment(NamedTuple):
    """One way to run a method. ``command`` stands before the script to run."""

    kind: Literal["plain", "pixi", "container"]
    command: tuple[str, ...]
    #: Changes when anything installed changes; equal fingerprints mean equal environments.
    fingerprint: str
    #: What a person should know about the choice; None: it is what the method asked for.
    notice: str | None = None
    #: Version of Python where it is known without starting the environment.
    python: str | None = None


class Installed(NamedTuple):
    """What an interpreter has installed; names as package indexes compare them."""

    python: str
    implementation: str
    versions: Mapping[str, str]
    #: Editable distribution -> folder of its project.
    editable: Mapping[str, str]


def find_environment(
    method_dir: Path,
    *,
    python: str,
    pixi: str | None,
    base_env: Mapping[str, str],
    name: str | None = None,
    cache_dir: Path | None = None,
    environments_dir: Path | None = None,
) -> Environment:
    """Choose the environment of the method whose files lie in ``method_dir``.

    ``pixi`` is the command to look for (None: never use it), ``name`` an environment inside
    ``pixi.toml``. ``cache_dir`` keeps what was learnt about the plain interpreter until something
    is installed. ``environments_dir`` gets one copy of each manifest and lock, so that versions and
    runs with the same lock share one installed environment; without it pixi installs into
    ``method_dir``.

    Raises EngineUnavailable where the interpreter is missing, too old or broken, InvalidInput where
    ``pixi.toml`` has no lock.
    """
    manifest = method_dir / "pixi.toml"
    if not manifest.is_file():
        return _plain(python, base_env, cache_dir, "The method has no pixi environment")
    found = None if pixi is None else shutil.which(pixi, path=base_env.get("PATH", ""))
    if found is None:
        return _plain(python, base_env, cache_dir, "pixi was not found on PATH")
    if not _is_package_manager(found, base_env):
        reason = f"{found} is not the package manager pixi (the PyPI package pixi is another one)"
        return _plain(python, base_env, cache_dir, reason)
    return _pixi(manifest, found, name, environments_dir)


def container(image: str) -> Environment:
    """Return the environment of a step that runs in a container: the image's own Python.

    What is installed in there cannot be seen from outside; the runner reports what it imported.
    """
    return Environment("container", ("python3",), f"container:{image}")


def clean_environ(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a method's processes: without ours, and without our secrets.

    Every ``PM_`` variable is ours (``PM_DATABASE_URL`` holds a password). A plotting backend that
    only exists inside a notebook is dropped too.
    """
    kept = {
        key: value
        for key, value in base.items()
        if key not in _DROPPED and not key.startswith("PM_")
    }
    if kept.get("MPLBACKEND", "").startswith("module://"):
        del kept["MPLBACKEND"]
    return kept


def missing_imports(
    environment: Environment, modules: Iterable[str], base_env: Mapping[str, str]
) -> list[str]:
    """Return those of ``modules`` that the environment does not have; nothing is imported.

    Raises EngineUnavailable where the environment cannot be started.
    """
    names = sorted(set(modules))
    if not names:
        return []
    script = str(_SCRIPTS / "importable.py")
    answer: list[str] = _ask([*environment.command, script, *names], base_env)
    return answer


def installed(environment: Environment, base_env: Mapping[str, str]) -> Installed:
    """Return what the environment has installed; raises EngineUnavailable where it cannot say."""
    return _installed(_ask([*environment.command, str(_SCRIPTS / "imported.py")], base_env))


def _installed(answer: Mapping[str, Any]) -> Installed:
    return Installed(
        answer["python"], answer["implementation"], answer["versions"], answer["editable"]
    )


def _plain(
    python: str, base_env: Mapping[str, str], cache_dir: Path | None, reason: str
) -> Environment:
    path = shutil.which(python, path=base_env.get("PATH", ""))
    if path is None:
        raise EngineUnavailable(
            f"The interpreter for methods, {python}, does not exist or cannot be executed.",
            hint="Set `python` in [methods] of pm.toml to a Python 3.9 or newer.",
        )
    # Not resolved: the link inside a virtual environment is what makes it that environment.
    path = str(Path(path).absolute())
    known = _cached(path, base_env, cache_dir)
    return Environment(
        kind="plain",
        command=(path,),
        fingerprint=known["fingerprint"],
        notice=f"{reason}: it runs with {path} (Python {known['python']}).",
        python=known["python"],
    )


def _cached(path: str, base_env: Mapping[str, str], cache_dir: Path | None) -> dict[str, Any]:
    """Return version and fingerprint of an interpreter, asked again only after a change."""
    executable = Path(path).resolve()
    status = executable.stat()
    identity = [str(executable), status.st_mtime_ns, status.st_size]
    file = None
    if cache_dir is not None:
        digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
        file = cache_dir / f"interpreter-{digest[:32]}.json"
        known = _read(file)
        if known and known["executable"] == identity and _unchanged(known["watched"]):
            return known
    answer = _ask_version(path, base_env)
    known = {
        "executable": identity,
        "watched": answer["watched"],
        "python": answer["python"],
        "fingerprint": _fingerprint(path, _installed(answer)),
    }
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Several runs may ask at once; each writes a whole file.
        new = file.with_suffix(f".{os.urandom(16).hex()}")
        new.write_text(json.dumps(known), encoding="utf-8")
        new.replace(file)
    return known


def _read(file: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return document if {"executable", "watched", "python", "fingerprint"} <= set(document) else None


def _unchanged(watched: Iterable[Sequence[Any]]) -> bool:
    for folder, modified in watched:
        try:
            now = Path(folder).stat().st_mtime_ns
        except OSError:
            now = None
        if now != modified:
            return False
    return True


def _fingerprint(path: str, content: Installed) -> str:
    lines = [path, content.implementation, content.python]
    lines += sorted(f"{name}=={version}" for name, version in content.versions.items())
    text = "\n".join(lines)
    return "plain:sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _ask_version(path: str, base_env: Mapping[str, str]) -> dict[str, Any]:
    """Ask an interpreter about itself; one that is too old may not even read the question."""
    try:
        answer: dict[str, Any] = _ask([path, str(_SCRIPTS / "imported.py")], base_env)
    except EngineUnavailable:
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        plain = _run([path, "-c", code], base_env)
        if plain.returncode == 0 and re.fullmatch(r"\d+\.\d+", plain.stdout.strip()):
            _refuse_old(plain.stdout.strip(), path)
        raise
    _refuse_old(answer["python"], path)
    return answer


def _refuse_old(version: str, what: str) -> None:
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise EngineUnavailable(
            f"{what} is Python {version}; methods need Python {OLDEST[0]}.{OLDEST[1]} or newer.",
            hint="Set `python` in [methods] of pm.toml, or the version in the method's pixi.toml.",
        )


def _is_package_manager(command: str, base_env: Mapping[str, str]) -> bool:
    answer = _run([command, "--version"], base_env)
    return answer.returncode == 0 and bool(re.match(r"pixi \d+\.\d+", answer.stdout))


def _pixi(
    manifest: Path, pixi: str, name: str | None, environments_dir: Path | None
) -> Environment:
    lock = manifest.with_name("pixi.lock")
    try:
        locked = lock.read_bytes()
    except FileNotFoundError:
        raise InvalidInput(
            f"{manifest} has no pixi.lock beside it, so its environment is not settled.",
            hint="Run `pixi lock` in the method's folder and register the method again.",
        ) from None
    found = re.findall(rb"/python-(\d+\.\d+)[.\d]*-", locked)
    versions = sorted({each.decode() for each in found}, key=lambda v: [*map(int, v.split("."))])
    if versions:
        _refuse_old(versions[-1], f"The environment in {lock}")
    fingerprint = "pixi:sha256:" + hashlib.sha256(locked).hexdigest()
    if environments_dir is not None:
        manifest = _shared_manifest(manifest, locked, environments_dir)
    command = [pixi, "run", "--manifest-path", str(manifest), "--frozen"]
    command += ["--environment", name] if name else []
    return Environment(
        kind="pixi",
        command=(*command, "python"),
        fingerprint=fingerprint + (f":{name}" if name else ""),
        python=versions[0] if len(versions) == 1 else None,
    )


def _shared_manifest(manifest: Path, locked: bytes, environments_dir: Path) -> Path:
    """Return the manifest in a folder that all methods with this manifest and lock share."""
    content = manifest.read_bytes()
    key = hashlib.sha256(content + b"\0" + locked).hexdigest()[:32]
    folder = environments_dir / key
    if not (folder / "pixi.lock").exists():
        new = environments_dir / f".{key}.{os.urandom(16).hex()}"
        new.mkdir(parents=True)
        (new / "pixi.toml").write_bytes(content)
        (new / "pixi.lock").write_bytes(locked)
        try:
            new.rename(folder)
        except OSError:
            # Another process was faster; its copy is the same.
            shutil.rmtree(new)
    return folder / "pixi.toml"


def _ask(command: Sequence[str], base_env: Mapping[str, str]) -> Any:
    """Run one of our scripts in an environment and return the JSON that it prints."""
    answer = _run(command, base_env)
    try:
        if answer.returncode == 0:
            return json.loads(answer.stdout)
    except ValueError:
        # Something else was printed as well; shown below.
        pass
    said = (answer.stderr or answer.stdout).strip().splitlines()
    raise EngineUnavailable(
        f"The method's environment does not start (exit code {answer.returncode}): "
        f"{said[-1] if said else 'it said nothing'}.",
        hint=f"Try it: {' '.join(command[:-1])} --version",
    )


def _run(command: Sequence[str], base_env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            list(command),
            env=clean_environ(base_env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineUnavailable(
            f"{command[0]} cannot be started: {error}.", hint="`pm doctor` checks the engines."
        ) from error
