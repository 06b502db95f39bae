"""Functions with their parameters, and why some cannot be tracked."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pm_kernel.domain.canonical import NotLiteral, canonical, is_described, literal_value
from pm_kernel.domain.methods import ParamDef, ParamKind
from pm_kernel.running.trackable import Refusal
from pm_kernel.scan.docs import parameter_help, summary
from pm_kernel.scan.model import ScannedFunction
from pm_kernel.scan.names import (
    Definition,
    FunctionNode,
    Project,
    SourceModule,
    dotted_parts,
)
from pm_kernel.scan.source import source_text


def scanned_functions(project: Project, module: SourceModule) -> Iterator[ScannedFunction]:
    """Every function of one file, in order of lines; overload stubs are no functions."""
    functions = [each for each in module.definitions if not isinstance(each.node, ast.ClassDef)]
    functions = [each for each in functions if "overload" not in _decorator_tails(each)]
    for definition in functions:
        node = definition.node
        assert not isinstance(node, ast.ClassDef)
        yield ScannedFunction(
            qualname=definition.qualname,
            file=definition.path,
            line=node.lineno,
            end_line=node.end_lineno or node.lineno,
            doc=summary(ast.get_docstring(node)),
            params=tuple(parameters(project, module, definition)),
            returns=source_text(node.returns),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            blocked=_blocked(module, definition.qualname),
        )


def parameters(
    project: Project, module: SourceModule, definition: Definition
) -> Iterator[ParamDef]:
    """The parameters of a function as written; ``self`` and ``cls`` are none."""
    node = definition.node
    assert not isinstance(node, ast.ClassDef)
    docstring = ast.get_docstring(node)
    help_texts = parameter_help(docstring)
    if definition.owner is not None and node.name == "__init__":
        help_texts = {**parameter_help(ast.get_docstring(definition.owner)), **help_texts}
    arguments = list(_with_defaults(node))
    if is_bound(definition) and arguments:
        arguments = arguments[1:]
    for argument, kind, default in arguments:
        text = default_text(project, module, default)
        yield ParamDef(
            name=argument.arg,
            type=source_text(argument.annotation),
            default=text,
            kind=kind,
            doc=help_texts.get(argument.arg, ""),
            default_source=source_text(default) if text is None else "",
        )


def default_text(project: Project, module: SourceModule, node: ast.expr | None) -> str | None:
    """Canonical text of a literal, or of a module-level name bound once to one; else None."""
    if node is None:
        return None

    def resolve(inner: ast.expr) -> object:
        known = special_number(module, inner)
        if known is not None:
            return known
        if isinstance(inner, ast.Name):
            return project.constant(module, inner.id)
        raise NotLiteral("computed")

    try:
        text = canonical(literal_value(node, resolve))
    except NotLiteral:
        return None
    return None if is_described(text) else text


def special_number(module: SourceModule, node: ast.expr) -> float | None:
    """``float("inf")``, ``math.nan``, ``np.inf``: numbers that have no literal in Python."""
    match node:
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(text))], keywords=[]):
            word = text.strip().lower().lstrip("+-")
            return float(text) if word in ("inf", "infinity", "nan") else None
        case ast.Attribute(value=ast.Name(id=base), attr="inf" | "nan" as word):
            imported = module.imports.get(base)
            return float(word) if imported and imported.module in ("math", "numpy") else None
    return None


def _with_defaults(
    node: FunctionNode,
) -> Iterator[tuple[ast.arg, ParamKind, ast.expr | None]]:
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    missing = len(positional) - len(args.defaults)
    for index, argument in enumerate(positional):
        kind: ParamKind = (
            "positional_only" if index < len(args.posonlyargs) else "positional_or_keyword"
        )
        yield argument, kind, args.defaults[index - missing] if index >= missing else None
    if args.vararg:
        yield args.vararg, "var_positional", None
    for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield argument, "keyword_only", default
    if args.kwarg:
        yield args.kwarg, "var_keyword", None


def is_bound(definition: Definition) -> bool:
    """Whether the first argument is ``self`` or ``cls``."""
    return definition.owner is not None and "staticmethod" not in _decorator_tails(definition)


def is_classmethod(definition: Definition) -> bool:
    """Whether a call through the class passes the class itself."""
    return "classmethod" in _decorator_tails(definition)


def _decorator_tails(definition: Definition) -> list[str]:
    return [parts[-1] for parts in map(_decorator_parts, definition.node.decorator_list) if parts]


def _decorator_parts(node: ast.expr) -> list[str]:
    return dotted_parts(node.func if isinstance(node, ast.Call) else node)


def _blocked(module: SourceModule, qualname: str) -> str | None:
    """Why a function cannot report, in the words of what would have to make it report."""
    if module.tracking is None:
        return "is in a file too deeply nested to follow. Split the file."
    found = module.tracking.find(qualname)
    return f"{found.reason}. {found.suggestion}" if isinstance(found, Refusal) else None
