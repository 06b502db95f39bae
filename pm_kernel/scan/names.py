"""Which function, class or constant a name in a file stands for, over all files of a method."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pm_kernel.domain.canonical import NotLiteral, literal_value
from pm_kernel.scan.source import Source

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = ast.Module | FunctionNode | ast.Lambda

_MAX_HOPS = 10


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class: where it is, and its node."""

    path: str
    qualname: str
    node: FunctionNode | ast.ClassDef
    #: The class it is defined in.
    owner: ast.ClassDef | None = None
    #: Defined inside a function.
    nested: bool = False


@dataclass(frozen=True, slots=True)
class ImportedName:
    """What an import binds: a module, or a name inside one."""

    module: str
    attribute: str | None


class Scope:
    """Names bound directly in a module or function, and those bound once to a fixed value."""

    def __init__(self, node: ScopeNode) -> None:
        stores: Counter[str] = Counter()
        values: dict[str, ast.expr] = {}
        #: Declared `global` or `nonlocal` here or in a function inside: not fixed anywhere.
        self.shared: set[str] = set()
        imported: Counter[str] = Counter()
        for child in _own_nodes(node):
            stores.update(_bound_names(child))
            if isinstance(child, ast.Import | ast.ImportFrom):
                imported.update(_bound_names(child))
            target, value = _plain_assignment(child)
            if target is not None and value is not None:
                values[target] = value
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global | ast.Nonlocal):
                self.shared.update(inner.names)
        #: Names bound here by anything but an import.
        self.variables = {name for name in stores if stores[name] > imported[name]}
        self.variables.update(_argument_names(node))
        self._values = {
            name: value
            for name, value in values.items()
            if stores[name] == 1 and name not in self.shared and name not in _argument_names(node)
        }

    def constant(self, name: str) -> Any:
        """The value of a name bound once, to an immutable literal; raises NotLiteral."""
        if name not in self._values:
            raise NotLiteral("not bound to one literal")
        value = literal_value(self._values[name])
        if not _is_immutable(value):
            raise NotLiteral("may be changed in place")
        return value


def _is_immutable(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_is_immutable(item) for item in value)
    return not isinstance(value, list | dict | set)


def _argument_names(node: ScopeNode) -> list[str]:
    return [] if isinstance(node, ast.Module) else [arg.arg for arg in all_arguments(node.args)]


def all_arguments(args: ast.arguments) -> Iterator[ast.arg]:
    """Every argument of a signature, in order, ``*args`` and ``**kwargs`` included."""
    yield from (*args.posonlyargs, *args.args)
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


def _own_nodes(scope: ScopeNode) -> Iterator[ast.AST]:
    """Nodes of a scope without the bodies of functions and classes inside it."""
    stack: list[ast.AST] = list(scope.body) if isinstance(scope.body, list) else [scope.body]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        stack.extend(ast.iter_child_nodes(node))


def _bound_names(node: ast.AST) -> Iterable[str]:
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return [node.id]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return [name]
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
    return []


def _plain_assignment(node: ast.AST) -> tuple[str | None, ast.expr | None]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return name, value
    return None, None


class SourceModule:
    """The names of one file."""

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.name = source.module
        self.tree = source.tree
        self.tracking = source.tracking
        self._package = source.module if source.is_package else source.module.rpartition(".")[0]
        self.scope = Scope(source.tree)
        self.definitions = sorted(_definitions(source), key=lambda each: each.node.lineno)
        self.by_name: dict[str, Definition] = {}
        for definition in self.definitions:
            self.by_name[definition.qualname] = definition  # the last one of a name is what runs
        self.imports: dict[str, ImportedName] = {}
        self.stars: list[str] = []
        for node in ast.walk(source.tree):
            self._note_import(node)

    def _note_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    self.imports[alias.asname] = ImportedName(alias.name, None)
                else:
                    top = alias.name.partition(".")[0]
                    self.imports[top] = ImportedName(top, None)
        elif isinstance(node, ast.ImportFrom):
            module = self.absolute(node)
            for alias in node.names:
                if alias.name == "*":
                    self.stars.append(module)
                else:
                    bound = alias.asname or alias.name
                    self.imports[bound] = ImportedName(module, alias.name)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module meant by ``from … import``, relative ones resolved inside the folder."""
        if not node.level:
            return node.module or ""
        parts = self._package.split(".") if self._package else []
        parts = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
        return ".".join([*parts, *([node.module] if node.module else [])])


def _definitions(source: Source) -> Iterator[Definition]:
    """Every function and class, without recursion: `elif` chains nest as deep as they are long."""
    stack: list[tuple[ast.AST, str, ast.ClassDef | None, bool]]
    stack = [(statement, "", None, False) for statement in source.tree.body]
    while stack:
        node, prefix, owner, nested = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            qualname = prefix + node.name
            yield Definition(source.path, qualname, node, owner, nested)
            if isinstance(node, ast.ClassDef):
                stack.extend((child, f"{qualname}.", node, nested) for child in node.body)
            else:
                stack.extend((child, f"{qualname}.<locals>.", None, True) for child in node.body)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            stack.extend((child, prefix, owner, nested) for child in ast.iter_child_nodes(node))


class Project:
    """All files of a method, and what their names stand for across files."""

    def __init__(self, sources: Sequence[Source]) -> None:
        every = [SourceModule(source) for source in sources]
        self.by_path = {module.path: module for module in every}
        # A package wins over a module of the same name, as in Python; it sorts behind it.
        self.modules = {module.name: module for module in every}

    def find(self, module: SourceModule, parts: Sequence[str], hops: int = 0) -> Definition | None:
        """The function or class that a dotted name in ``module`` stands for; None: not ours."""
        if not parts or hops > _MAX_HOPS:
            return None
        if parts[0] in module.by_name:
            return self._member(module, parts, hops)
        imported = module.imports.get(parts[0])
        if imported is not None:
            rest = [*([imported.attribute] if imported.attribute else []), *parts[1:]]
            return self._follow(imported.module, rest, hops)
        for star in module.stars:
            found = self._follow(star, list(parts), hops)
            if found is not None:
                return found
        return None

    def _follow(self, dotted: str, rest: list[str], hops: int) -> Definition | None:
        while rest and _join(dotted, rest[0]) in self.modules:
            dotted, rest = _join(dotted, rest[0]), rest[1:]
        module = self.modules.get(dotted)
        return self.find(module, rest, hops + 1) if module is not None else None

    def _member(self, module: SourceModule, parts: Sequence[str], hops: int) -> Definition | None:
        definition = module.by_name.get(".".join(parts))
        if definition is not None or len(parts) < 2:
            return definition
        owner = module.by_name.get(".".join(parts[:-1]))
        return self.method_of(owner, parts[-1], hops + 1) if owner else None

    def method_of(self, owner: Definition, name: str, hops: int = 0) -> Definition | None:
        """The method ``name`` of a class, or of the classes of ours that it inherits from."""
        if hops > _MAX_HOPS or not isinstance(owner.node, ast.ClassDef):
            return None
        module = self.by_path[owner.path]
        own = module.by_name.get(f"{owner.qualname}.{name}")
        if own is not None:
            return own
        for base in owner.node.bases:
            parent = self.find(module, dotted_parts(base), hops + 1)
            found = self.method_of(parent, name, hops + 1) if parent else None
            if found is not None:
                return found
        return None

    def constant(self, module: SourceModule, name: str, hops: int = 0) -> Any:
        """The fixed value of a module-level name, imported ones included; raises NotLiteral."""
        imported = module.imports.get(name)
        if imported is not None and imported.attribute and hops <= _MAX_HOPS:
            origin = self.modules.get(imported.module)
            if origin is not None:
                return self.constant(origin, imported.attribute, hops + 1)
        return module.scope.constant(name)


def _join(dotted: str, name: str) -> str:
    return f"{dotted}.{name}" if dotted else name


def dotted_parts(node: ast.expr) -> list[str]:
    """``a.b.c`` -> ``["a", "b", "c"]``; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return []
    return [node.id, *reversed(parts)]
