"""Guesses which results a method writes: paths built on ``output_dir`` in any of its files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from pm_kernel.scan.names import FunctionNode, Project, dotted_parts

#: Names that mean the folder for results, as arguments or attributes (``args.output_dir``).
_FOLDERS = frozenset({"output_dir", "out_dir", "outdir", "output_folder", "outputdir"})
_SAME_PATH = frozenset({"Path", "PurePath", "str", "fspath", "abspath"})
_MAKES_FOLDER = frozenset({"mkdir", "makedirs"})
_MAX_DEPTH = 20


def written_paths(project: Project) -> tuple[tuple[str, str], ...]:
    """(path relative to ``output_dir``, ``file:line``), in order of appearance.

    Folders end with ``/``; parts that only the code knows become ``*``. A folder is left out where
    files inside it are known.
    """
    found: dict[str, str] = {}
    folders: set[str] = set()
    for path, module in project.by_path.items():
        scopes: list[ast.Module | FunctionNode] = [module.tree]
        scopes += [each.node for each in module.definitions if not _is_class(each.node)]  # type: ignore[misc]
        for scope in scopes:
            reader = _Reader()
            for written, line in reader.read(scope):
                found.setdefault(written, f"{path}:{line}")
            folders |= reader.folders
    files = [each for each in found if each not in folders]
    kept = {each: found[each] for each in files if not _has_children(each, found)}
    for folder in sorted(folders & found.keys()):
        if not _has_children(folder, found):
            kept[f"{folder}/"] = found[folder]
    return tuple(kept.items())


def _is_class(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef)


def _has_children(path: str, found: dict[str, str]) -> bool:
    return any(other.startswith(f"{path}/") for other in found)


class _Reader:
    """One function: variables that hold paths, and paths that are built."""

    def __init__(self) -> None:
        self._variables: dict[str, str] = {}
        self.folders: set[str] = set()

    def read(self, scope: ast.Module | FunctionNode) -> Iterator[tuple[str, int]]:
        stack: list[ast.AST] = list(reversed(scope.body))
        while stack:
            node = stack.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    built = self._path(value)
                    if built is not None:
                        self._variables[name] = built
                case ast.Call(func=ast.Attribute(attr=attribute) as function) if (
                    attribute in _MAKES_FOLDER
                ):
                    target = (
                        node.args[0] if attribute == "makedirs" and node.args else function.value
                    )
                    made = self._path(target)
                    if made:
                        self.folders.add(made)
                        yield made, node.lineno
            built = self._path(node) if isinstance(node, ast.expr) else None
            if built is not None and isinstance(node, ast.expr):
                if built and _is_safe(built) and not isinstance(node, ast.Name):
                    yield built, node.lineno
                continue  # its parts are no paths of their own
            stack.extend(reversed(list(ast.iter_child_nodes(node))))

    def _path(self, node: ast.expr, depth: int = 0) -> str | None:
        """The path below the folder for results; "" is the folder itself, None no such path."""
        if depth > _MAX_DEPTH:
            return None
        match node:
            case ast.Name(id=name):
                return "" if name in _FOLDERS else self._variables.get(name)
            case ast.Attribute(attr=name) if name in _FOLDERS:
                return ""
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _joined(self._path(left, depth + 1), [right])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                base = self._path(left, depth + 1)
                return None if base is None else _tidy(f"{base}{_piece(right)}")
            case ast.JoinedStr(values=[ast.FormattedValue(value=value), *rest]):
                base = self._path(value, depth + 1)
                tail = "".join(_piece(part) for part in rest)
                return None if base is None else _tidy(f"{base}{tail}")
            case ast.Call(func=function, args=[first, *rest]):
                return self._called(function, first, rest, depth)
        return None

    def _called(
        self, function: ast.expr, first: ast.expr, rest: list[ast.expr], depth: int
    ) -> str | None:
        if isinstance(function, ast.Attribute) and function.attr == "joinpath":
            return _joined(self._path(function.value, depth + 1), [first, *rest])
        tail = (dotted_parts(function) or [""])[-1]
        if tail in _SAME_PATH or tail == "join":
            return _joined(self._path(first, depth + 1), rest)
        return None


def _joined(base: str | None, parts: list[ast.expr]) -> str | None:
    if base is None:
        return None
    return _tidy("/".join([base, *(_piece(part) for part in parts)]))


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(part) for part in node.values)
    return "*"


def _tidy(path: str) -> str:
    path = re.sub(r"\*+", "*", path.replace("\\", "/"))
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return ".." not in parts and path.isprintable() and path.strip("*/. ") != ""
