"""The interpreters that methods run with, and what the methods need to be installed there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.declaration import METHOD_FILE
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok, problem
from pm_kernel.environment import Environment, find_environment, missing_imports
from pm_kernel.errors import PmError
from pm_kernel.scan import read_folder, scan_method

#: Methods named one by one.
SHOWN = 5


def look(case: Case) -> Iterator[Check]:
    """Look at the interpreter for methods that have no environment of their own."""
    environment = _plain(case)
    yield ok(
        "interpreter",
        f"Python {environment.python}, {environment.command[0]}",
        path=environment.command[0],
        version=environment.python,
    )


def look_at_packages(case: Case) -> Iterator[Check]:
    """Compare what the methods import with what the interpreter has; nothing is imported."""
    name = "packages of methods"
    methods = [each for each in _method_folders(case.workspace) if not _has_pixi(each)]
    needed: dict[str, list[str]] = {}
    for folder in methods:
        for package in _packages(folder):
            needed.setdefault(package, []).append(folder.name)
    missing = missing_imports(_plain(case), needed, case.environ)
    by_method: dict[str, list[str]] = {}
    for package in missing:
        for method in needed[package]:
            by_method.setdefault(method, []).append(package)
    if not by_method:
        yield ok(
            name, _count(len(methods), "method", "with all it imports", "with all they import")
        )
        return
    for method, packages in sorted(by_method.items())[:SHOWN]:
        yield problem(
            name,
            f"{method} imports {', '.join(packages)}, which the interpreter does not have.",
            f"Install what provides it with: {case.python} -m pip install …",
            method=method,
            missing=packages,
        )
    if len(by_method) > SHOWN:
        yield problem(
            name,
            f"{len(by_method) - SHOWN} more methods lack packages.",
            missing=dict(sorted(by_method.items())),
        )


def look_at_pixi(case: Case) -> Iterator[Check]:
    """Look for pixi, which methods with a pixi.toml run with."""
    folders = [] if case.settings is None else _method_folders(case.settings)
    wanting = [folder.name for folder in folders if _has_pixi(folder)]
    path = case.which("pixi")
    answer = None if path is None else case.doors.run([path, "--version"], case.environ, 20)
    match = re.match(r"pixi (\d+\.\d+\S*)", "" if answer is None else answer.output)
    if path is not None and match is not None:
        yield ok("pixi", f"pixi {match[1]}, {path}", version=match[1], methods=wanting)
        return
    if path is not None:
        told = f"{path} is not the package manager pixi{_other_pixi()}"
    else:
        told = f"pixi is not on PATH{_other_pixi()}"
    if not wanting:
        yield ok("pixi", f"{told}; no method asks for it", methods=[])
        return
    names = ", ".join(wanting[:SHOWN]) + (" …" if len(wanting) > SHOWN else "")
    yield notice(
        "pixi",
        f"{told}; {names} {'has' if len(wanting) == 1 else 'have'} a pixi.toml and would run with "
        f"{case.python} instead.",
        "Install pixi from its own site (pixi.sh); the PyPI package of that name is another one.",
        methods=wanting,
    )


def _plain(case: Case) -> Environment:
    return find_environment(
        case.cache_dir / "none",
        python=case.python,
        pixi=None,
        base_env=case.environ,
        cache_dir=case.cache_dir / "environments",
    )


def _method_folders(settings: Settings) -> list[Path]:
    return sorted(file.parent for file in settings.methods_dir.glob(f"*/*/{METHOD_FILE}"))


def _has_pixi(folder: Path) -> bool:
    return (folder / "pixi.toml").is_file()


def _packages(folder: Path) -> tuple[str, ...]:
    try:
        return scan_method(read_folder(folder).files).packages()
    except PmError:
        # Gone, or not readable: registering it says what is wrong.
        return ()


def _other_pixi() -> str:
    try:
        distribution("pixi")
    except PackageNotFoundError:
        return ""
    return " (the PyPI package pixi, which is installed here, is something else)"


def _count(number: int, noun: str, one: str, many: str) -> str:
    if number == 0:
        return f"no {noun}s are registered"
    return f"{number} {noun} {one}" if number == 1 else f"{number} {noun}s {many}"
