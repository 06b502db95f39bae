"""Values between a Python session and a document: as canonical text, and as Python source again."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from pm_kernel.domain.canonical import NotLiteral, canonical, is_described, parse_literal
from pm_kernel.errors import InvalidInput

#: Deeper than canonical text goes; what is deeper is refused there.
_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Typed:
    """A value as somebody types it in a form or a file, read by the type that is declared."""

    text: str

    def __repr__(self) -> str:
        return f"typed({quoted(self.text)})"


def typed(text: str) -> Typed:
    """Return the value that a person means by typing ``text``: ``typed("yes")`` for a switch.

    In Python a value is usually given as itself (``True``); this is for texts that come from
    elsewhere. What they mean is decided by the type of the parameter or input, as in a plan file.
    """
    if not isinstance(text, str) or not text:
        raise InvalidInput(f"typed() takes the text that is typed, not {text!r}.")
    return Typed(text)


def value_text(value: object, place: str) -> str:
    """Return what a document holds for a Python value; ``place`` begins the message where it fails.

    Numbers of numpy count as Python's own and paths as their text: both are what a notebook has at
    hand. Raises InvalidInput for what is no literal (arrays, data frames, objects).
    """
    if isinstance(value, Typed):
        return value.text
    text = canonical(_plain(value, _DEPTH))
    if is_described(text):
        raise InvalidInput(
            f"{place}: {text} cannot be written down as a value.",
            hint="Values are numbers, texts, True, False, None, and lists, tuples, sets and dicts "
            "of them; data goes in as a file or as the output of a run.",
        )
    return text


def python_text(text: str) -> str:
    """Return the Python source that gives a document this text again."""
    try:
        value = parse_literal(text)
    except NotLiteral:
        return repr(Typed(text))
    if canonical(value) != text:
        # `1e3` for a number, or `yes` for a switch: only its type says what is meant.
        return repr(Typed(text))
    if isinstance(value, str):
        return quoted(value)
    if "inf" not in text and "nan" not in text:
        return text
    return ast.unparse(_Numbers().visit(ast.parse(text, mode="eval")))


def quoted(text: str) -> str:
    """Return the Python source of a text, in double quotes where that needs no escapes."""
    source = repr(text)
    return source if '"' in source else f'"{source[1:-1]}"'


class _Numbers(ast.NodeTransformer):
    """Canonical text has names for numbers that have none in Python."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Write ``inf`` and ``nan`` as calls."""
        if node.id not in ("inf", "nan"):
            return node
        return ast.Call(ast.Name("float"), [ast.Constant(node.id)], [])


def _plain(value: Any, depth: int) -> Any:
    if depth == 0:
        return value
    kind = type(value)
    if kind in (list, tuple, set):
        return kind(_plain(each, depth - 1) for each in value)
    if kind is dict:
        return {_plain(k, depth - 1): _plain(v, depth - 1) for k, v in value.items()}
    if isinstance(value, PathLike):
        return fspath(value)
    item: Callable[[], object] | None = getattr(value, "item", None)
    if item is not None and getattr(value, "shape", None) == () and kind.__module__ != "builtins":
        return item()
    return value
