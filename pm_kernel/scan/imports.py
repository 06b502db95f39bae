"""What a method imports, and where it must come from."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from pm_kernel.scan.model import Import, Origin, SourceProblem
from pm_kernel.scan.names import Project, SourceModule, dotted_parts
from pm_kernel.scan.source import module_name


def scanned_imports(project: Project, module: SourceModule, local: frozenset[str]) -> list[Import]:
    """Every import of a file, those inside functions and ``import_module("x")`` included."""
    found = []
    for name, line, relative in _imported(module):
        top = name.partition(".")[0]
        beside = _join_package(module.name, top) in project.modules
        origin: Origin = "local" if relative or top in local or beside else _origin(top)
        found.append(Import(name, top, module.path, line, origin))
    return sorted(set(found), key=lambda each: (each.line, each.name))


def local_names(files: Iterable[str]) -> frozenset[str]:
    """Top-level names that the method's own files can be imported by."""
    return frozenset(
        module_name(path)[0].partition(".")[0] for path in files if path.endswith(".py")
    )


def shadowing(files: Iterable[str]) -> Iterator[SourceProblem]:
    """Files that hide a standard module from everything the method imports."""
    for path in sorted(files):
        name, _ = module_name(path) if path.endswith(".py") else ("", False)
        if name in sys.stdlib_module_names:
            yield SourceProblem(
                path,
                None,
                f"hides Python's own module {name!r}, also from the packages that need it; "
                "rename the file.",
                severity="notice",
            )


def _imported(module: SourceModule) -> Iterator[tuple[str, int, bool]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, False
        elif isinstance(node, ast.ImportFrom):
            yield module.absolute(node) or "__init__", node.lineno, bool(node.level)
        elif isinstance(node, ast.Call):
            parts = dotted_parts(node.func)
            if parts and parts[-1] in ("import_module", "__import__") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value.lstrip("."), node.lineno, first.value.startswith(".")


def _join_package(module: str, name: str) -> str:
    package = module.rpartition(".")[0]
    return f"{package}.{name}" if package else name


def _origin(top: str) -> Origin:
    # Of the Python that reads the source; a method's own may have a few modules more or fewer.
    return "stdlib" if top in sys.stdlib_module_names else "external"
