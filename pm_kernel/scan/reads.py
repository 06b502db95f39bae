"""Which arguments of a function are opened or read as files, there or in what it calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pm_kernel.scan.functions import is_bound
from pm_kernel.scan.names import Definition, Project, all_arguments, dotted_parts

_READS = re.compile(r"open|read\w*|load\w*|im\w*read|Path|PurePath|isfile|isdir|listdir|scandir")
_MAX_CALLS_DEEP = 4


def read_as_paths(project: Project, definition: Definition) -> frozenset[str]:
    """Names of the arguments that reach ``open``, ``Path``, ``read_…``, ``load…``, ``imread``."""
    return _read(project, definition, 0, {})


def _read(
    project: Project,
    definition: Definition,
    depth: int,
    known: dict[tuple[str, str], frozenset[str]],
) -> frozenset[str]:
    node = definition.node
    key = (definition.path, definition.qualname)
    if key in known or isinstance(node, ast.ClassDef) or depth > _MAX_CALLS_DEEP:
        return known.get(key, frozenset())
    known[key] = frozenset()  # what a call of itself adds is nothing new
    names = {argument.arg for argument in all_arguments(node.args)}
    module = project.by_path[definition.path]
    found: set[str] = set()
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        parts = dotted_parts(call.func)
        called = project.find(module, parts)
        if called is None:
            if parts and _READS.fullmatch(parts[-1]):
                found |= {arg.id for arg in call.args[:1] if isinstance(arg, ast.Name)}
        elif not isinstance(called.node, ast.ClassDef) and called.node is not node:
            passed = dict(_passed(call, called))
            read = _read(project, called, depth + 1, known) if passed else frozenset()
            found |= {passed[name] for name in read & passed.keys()}
    known[key] = frozenset(found & names)
    return known[key]


def _passed(call: ast.Call, called: Definition) -> Iterator[tuple[str, str]]:
    """(parameter of the function called, variable passed to it)."""
    assert not isinstance(called.node, ast.ClassDef)
    args = called.node.args
    positional = [each.arg for each in (*args.posonlyargs, *args.args)]
    positional = positional[1:] if is_bound(called) else positional
    for name, value in zip(positional, call.args, strict=False):
        if isinstance(value, ast.Name):
            yield name, value.id
    for keyword in call.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Name):
            yield keyword.arg, keyword.value.id
