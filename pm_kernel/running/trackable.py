"""Which functions can report their parameters, and why the others cannot.

A function reports at its entry, in a statement put into its compiled code. So it must be one
definition that one name means, and Python must be what runs it.

Standard library only, Python >= 3.9: preparing a version reads this in the method's environment.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Union

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]  # noqa: UP007 - Python 3.9

#: Decorators whose result is not run by Python from the module's compiled code, and what they do.
_COMPILES = "compiles the function, and compiled code cannot report"
_REREADS = "makes its own function from the source text, which does not report"
_DECORATORS = {
    "numba": _COMPILES,
    "triton": _COMPILES,
    "taichi": _COMPILES,
    "cython.compile": _COMPILES,
    "warp": _COMPILES,
    "torch.jit": _REREADS,
    "tensorflow.function": _REREADS,
    "tensorflow.autograph": _REREADS,
    "typeguard.typechecked": _REREADS,
    "cupyx.jit": _REREADS,
}
#: Names that say it however they were imported (``from .accelerate import njit``).
_TELLING_NAMES = {"njit", "guvectorize", "jitclass", "generated_jit"}
_PLAIN_INSTEAD = "Track the plain function that calls it."


@dataclass(frozen=True)
class Refusal:
    """A function that cannot be tracked: ``reason`` ends a sentence, ``suggestion`` is one."""

    qualname: str
    reason: str
    suggestion: str
    line: int | None = None


@dataclass(frozen=True)
class Definition:
    """One ``def`` of a file, with what surrounds it."""

    qualname: str
    node: FunctionNode
    #: Decorators of the classes around it.
    class_decorators: tuple[ast.expr, ...] = ()
    in_class: bool = False

    @property
    def nested(self) -> bool:
        """Whether each call of another function makes it anew."""
        return "<locals>" in self.qualname

    def parameters(self) -> list[str]:
        """Names of the parameters in order; the instance or class it is called on is none."""
        args = self.node.args
        names = [each.arg for each in (*args.posonlyargs, *args.args)]
        static = any(_tail(each) == "staticmethod" for each in self.node.decorator_list)
        if self.in_class and not static:
            names = names[1:]
        names += [args.vararg.arg] if args.vararg else []
        names += [each.arg for each in args.kwonlyargs]
        return names + ([args.kwarg.arg] if args.kwarg else [])


class SourceFile:
    """One parsed file; raises SyntaxError or ValueError where Python cannot read it."""

    def __init__(self, source: str | bytes, filename: str = "<source>") -> None:
        self.tree = ast.parse(source, filename)
        self._definitions: dict[str, list[Definition]] = {}
        for definition in _definitions(self.tree.body, "", (), in_class=False):
            self._definitions.setdefault(definition.qualname, []).append(definition)
        self._imported = dict(_imported(self.tree))
        self._handed_over = dict(self._functions_handed_over())

    def find(self, qualname: str) -> Definition | Refusal:
        """Return the one definition of that name, or why it cannot be tracked."""
        found = self._definitions.get(qualname, [])
        if not found:
            return self._missing(qualname)
        first, last = found[0], found[-1]
        line = last.node.lineno
        if last.nested:
            return Refusal(
                qualname,
                "is defined inside another function, which makes a new one at every call",
                "Move it to the top level of the file.",
                line,
            )
        accessors = {_tail(each) for d in found for each in d.node.decorator_list}
        if accessors & {"setter", "deleter", "getter"}:
            return Refusal(
                qualname,
                "is a property with several functions of one name",
                "Track the method that it calls.",
                line,
            )
        if len(found) > 1:
            lines = " and ".join(str(each.node.lineno) for each in found)
            return Refusal(
                qualname,
                f"is defined {_times(len(found))}, in lines {lines}, and the name means only one",
                "Give each definition a name of its own.",
                first.node.lineno,
            )
        return self._refused_decorator(last) or last

    def _refused_decorator(self, definition: Definition) -> Refusal | None:
        node = definition.node
        qualname = definition.qualname
        for decorator in (*node.decorator_list, *definition.class_decorators):
            if _tail(decorator) in ("singledispatch", "singledispatchmethod"):
                return Refusal(
                    qualname,
                    "hands over to the functions registered for other types, "
                    "which would go unrecorded",
                    "Track the registered functions; give each a name of its own.",
                    node.lineno,
                )
            effect = self._effect(decorator)
            if effect is not None:
                reason = f"has the decorator @{ast.unparse(decorator)}, which {effect}"
                return Refusal(qualname, reason, _PLAIN_INSTEAD, node.lineno)
        if qualname in self._handed_over:
            line, text, effect = self._handed_over[qualname]
            reason = f"is given to {text} in line {line}, which {effect}"
            return Refusal(qualname, reason, _PLAIN_INSTEAD, node.lineno)
        return None

    def _missing(self, qualname: str) -> Refusal:
        inner = [name for name in self._definitions if name.endswith(f"<locals>.{qualname}")]
        if inner:
            found = self.find(inner[0])
            assert isinstance(found, Refusal)
            return Refusal(qualname, found.reason, found.suggestion, found.line)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and node.name == qualname:
                return Refusal(
                    qualname,
                    "is a class, and what is tracked is a function",
                    f"Track {qualname}.__init__ or another of its methods.",
                    node.lineno,
                )
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and qualname in _bound_by(node):
                if isinstance(node.value, ast.Lambda):
                    return Refusal(
                        qualname,
                        "is a lambda, which has no name of its own",
                        f"Write it as `def {qualname}(…): return …`.",
                        node.lineno,
                    )
                return Refusal(
                    qualname,
                    f"is made by the assignment in line {node.lineno}, not by a `def`",
                    "Track the function that the assignment uses, or write one with `def`.",
                    node.lineno,
                )
        if qualname in self._imported:
            return Refusal(
                qualname,
                f"is imported here ({self._imported[qualname]}), not defined here",
                "Track it in the file that defines it; library functions cannot be tracked: "
                "track the function of yours that calls it.",
            )
        known = [name for name in self._definitions if "<locals>" not in name]
        near = difflib.get_close_matches(qualname, known, n=1)
        meant = (
            f"Did you mean {near[0]}?"
            if near
            else "Its functions: " + (", ".join(known[:10]) or "none")
        )
        return Refusal(qualname, "is not defined in this file", meant)

    def _effect(self, decorator: ast.expr) -> str | None:
        """What a decorator does that takes reporting away; None where it keeps it."""
        parts = _dotted(decorator)
        if not parts:
            return None
        full = ".".join([self._imported.get(parts[0], parts[0]), *parts[1:]])
        if parts[-1] in _TELLING_NAMES or full.rpartition(".")[2] in _TELLING_NAMES:
            return _COMPILES
        if parts[0] not in self._imported:
            return None
        for prefix, effect in _DECORATORS.items():
            if full == prefix or full.startswith(prefix + "."):
                return effect
        return None

    def _functions_handed_over(self) -> Iterator[tuple[str, tuple[int, str, str]]]:
        """``fast = numba.njit(slow)``, ``njit(cache=True)(slow)``: the function given away."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                effect = self._effect(node.func)
                for argument in node.args if effect else ():
                    name = ".".join(_dotted(argument))
                    yield name, (node.lineno, ast.unparse(node.func), effect or "")


def check_trackable(source: str | bytes, qualnames: Iterable[str]) -> list[Refusal]:
    """Return a refusal for each of ``qualnames`` that cannot be tracked in this file.

    A file that Python cannot parse refuses all of them.
    """
    names = list(qualnames)
    try:
        file = SourceFile(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        at = "" if line is None else f" (line {line})"
        reason = f"is in a file that Python cannot read: {getattr(error, 'msg', error)}{at}"
        return [Refusal(name, reason, "Mend the file first.", line) for name in names]
    found = [file.find(name) for name in names]
    return [each for each in found if isinstance(each, Refusal)]


def _definitions(
    body: Iterable[ast.AST], prefix: str, decorators: tuple[ast.expr, ...], *, in_class: bool
) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not any(_tail(each) == "overload" for each in node.decorator_list):
                yield Definition(prefix + node.name, node, decorators, in_class)
            inner = f"{prefix}{node.name}.<locals>."
            yield from _definitions(node.body, inner, (), in_class=False)
        elif isinstance(node, ast.ClassDef):
            around = (*decorators, *node.decorator_list)
            yield from _definitions(node.body, f"{prefix}{node.name}.", around, in_class=True)
        elif isinstance(node, (ast.stmt, ast.excepthandler, _MATCH_CASE)):
            # if, try, with, for, match: their content belongs to the scope around them.
            children = list(ast.iter_child_nodes(node))
            yield from _definitions(children, prefix, decorators, in_class=in_class)


#: Python 3.9 has no match statement.
_MATCH_CASE: type[ast.AST] = getattr(ast, "match_case", ast.excepthandler)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names bound by imports anywhere in the file, with the full name of what they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, f"{base}.{alias.name}"


def _bound_by(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [".".join(_dotted(target)) for target in targets]


def _dotted(node: ast.expr) -> list[str]:
    """``a.b.c`` as parts; the called function of a call; empty for anything else."""
    if isinstance(node, ast.Call):
        return _dotted(node.func)
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return [*base, node.attr] if base else []
    return []


def _tail(decorator: ast.expr) -> str:
    parts = _dotted(decorator)
    return parts[-1] if parts else ""


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"
