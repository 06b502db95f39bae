"""Canonical text: one value, one line of Python literal text, and back.

``1``, ``1.0``, ``'1'`` and ``True`` are four different texts, so that no two values share a
fingerprint. What is no literal (arrays, data frames, objects) is *described*, never valued: the
text then starts with ``<`` and cannot be read back.

This file stands alone: standard library only, Python >= 3.9, nothing imported from this package. It
is copied beside the code of a method, whose interpreter writes down what arrived in the same words
the plan used.
"""

from __future__ import annotations

import enum
import os
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _ast as ast
    from collections.abc import Callable
    from typing import Any

    Resolver = Callable[[ast.expr], Any]

#: Deeper nesting is described: CPython's own parser gives up at about 200 brackets.
MAX_DEPTH = 50
#: A longer collection is data, not a parameter.
MAX_ITEMS = 100_000
#: Characters of one canonical text.
MAX_TEXT = 1_000_000
#: Characters of a description.
MAX_DESCRIPTION = 200
#: Whole numbers above this many bits are written in hexadecimal: CPython refuses to convert more
#: than 4300 decimal digits.
_DECIMAL_BITS = 13_000


class NotLiteral(ValueError):
    """The value or the text is not a Python literal that canonical text covers."""


def canonical(value: object) -> str:
    """Return the canonical text of ``value``, or its description where it is no literal."""
    try:
        return literal_text(value)
    except NotLiteral:
        return describe(value)


def is_described(text: str) -> bool:
    """Whether ``text`` describes a value instead of being one."""
    return text.startswith("<")


def literal_text(value: object) -> str:
    """Return the canonical text of a literal value; raises NotLiteral for everything else.

    Only exact types count: a ``numpy.float64`` is a float to Python, but reading its text back
    would give another type.
    """
    writer = _Writer()
    text = writer.write(value, 0)
    if len(text) > MAX_TEXT:
        raise NotLiteral(f"longer than {MAX_TEXT} characters")
    return text


class _Writer:
    """Counts items over all levels: shared lists inside lists would otherwise grow without end."""

    def __init__(self) -> None:
        self._items = 0
        self._characters = 0

    def write(self, value: object, depth: int) -> str:
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS or self._characters > MAX_TEXT:
            raise NotLiteral("too deep or too long")
        text = self._scalar(value)
        if text is None:
            return self._collection(value, depth + 1)
        self._characters += len(text)
        return text

    def _scalar(self, value: object) -> str | None:
        kind = type(value)
        if value is None or kind is bool:
            return repr(value)
        if kind is int:
            return _int_text(value)  # type: ignore[arg-type]
        if kind is float:
            return "nan" if value != value else repr(value)
        if kind is str:
            return _quoted(ascii(value))
        if kind is bytes:
            return "b" + _quoted(repr(value)[1:])
        return None

    def _collection(self, value: object, depth: int) -> str:
        kind = type(value)
        if kind is list:
            return "[" + ", ".join([self.write(v, depth) for v in value]) + "]"  # type: ignore[attr-defined]
        if kind is tuple:
            parts = [self.write(v, depth) for v in value]  # type: ignore[attr-defined]
            return "(" + ", ".join(parts) + (",)" if len(parts) == 1 else ")")
        if kind is set:
            members = sorted(self.write(v, depth) for v in value)  # type: ignore[attr-defined]
            return "{" + ", ".join(members) + "}" if members else "set()"
        if kind is dict:
            pairs = [(k, v) for k, v in value.items()]  # type: ignore[attr-defined]
            # Text keys have an order of their own; others keep the order they were given in.
            if all(type(k) is str for k, _ in pairs):
                pairs.sort(key=lambda pair: ascii(pair[0]))
            written = [f"{self.write(k, depth)}: {self.write(v, depth)}" for k, v in pairs]
            return "{" + ", ".join(written) + "}"
        raise NotLiteral(f"a value of type {kind.__name__} is no literal")


def _int_text(value: int) -> str:
    return repr(value) if value.bit_length() <= _DECIMAL_BITS else hex(value)


def _quoted(text: str) -> str:
    """Turn ``repr`` text into the single-quoted form: Python picks double quotes around a ``'``."""
    return text if text[0] == "'" else "'" + text[1:-1].replace("'", "\\'") + "'"


#: Read without looking at them as code, like plain text in quotes.
_WORDS = {"None": None, "True": True, "False": False, **{str(n): n for n in range(100)}}


def parse_literal(text: str, resolve: Resolver | None = None) -> Any:
    """Read literal text back, ``inf``, ``nan`` and ``set()`` included; raises NotLiteral."""
    if len(text) > MAX_TEXT + 2:
        raise NotLiteral(f"longer than {MAX_TEXT} characters")
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    body = text[1:-1]
    if text == f"'{body}'" and body.isprintable() and "'" not in body and "\\" not in body:
        return body
    # What ``ast`` is made of; nearly every value of a run is one of the above.
    import _ast as ast

    try:
        with warnings.catch_warnings():
            # '\d' is read as Python reads it; the person who typed it cannot act on a warning.
            warnings.simplefilter("ignore")
            tree: Any = compile(text, "<unknown>", "eval", ast.PyCF_ONLY_AST, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotLiteral(f"not Python literal text: {error}") from error
    return literal_value(tree.body, resolve or _named_number)


def _named_number(node: ast.expr) -> float:
    import _ast as ast

    if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
        return float(node.id)
    raise NotLiteral("not a literal")


def literal_value(node: ast.expr, resolve: Resolver | None = None, _depth: int = 0) -> Any:
    """Return the value of a literal expression; raises NotLiteral for any other.

    ``resolve`` is asked about nodes that are no literal (names, calls); it returns a value or
    raises NotLiteral.
    """
    import _ast as ast

    if _depth > MAX_DEPTH:
        raise NotLiteral("too deep")
    deeper = _depth + 1
    if isinstance(node, ast.Constant):
        if node.value is None or type(node.value) in (bool, int, float, str, bytes):
            return node.value
        raise NotLiteral(f"{type(node.value).__name__} is not covered")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = literal_value(node.operand, resolve, deeper)
        if type(number) not in (int, float):
            raise NotLiteral("a sign before something that is no number")
        return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, ast.List):
        return [literal_value(item, resolve, deeper) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple([literal_value(item, resolve, deeper) for item in node.elts])
    try:
        if isinstance(node, ast.Set):
            return {literal_value(item, resolve, deeper) for item in node.elts}
        if isinstance(node, ast.Dict):
            # A missing key is a `**other` inside the braces: resolve cannot know it either.
            keys = [literal_value(k or ast.Name("**"), resolve, deeper) for k in node.keys]
            values = [literal_value(v, resolve, deeper) for v in node.values]
            return dict(zip(keys, values))  # noqa: B905 - strict= needs Python 3.10
    except TypeError as error:
        raise NotLiteral(f"a key that cannot be one: {error}") from error
    if isinstance(node, ast.Call) and _is_empty_set(node):
        return set()
    if resolve is None:
        raise NotLiteral("not a literal")
    return resolve(node)


def _is_empty_set(call: ast.Call) -> bool:
    import _ast as ast

    named = isinstance(call.func, ast.Name) and call.func.id == "set"
    return named and not call.args and not call.keywords


def describe(value: object) -> str:
    """Return ``<type details>`` for a value that has no literal text: equal for equal shapes.

    Never an address or a hash that differs from run to run, never more than one short line.
    """
    try:
        text = _description(value)
    except Exception:  # noqa: BLE001 - foreign objects answer an attribute with any error they like
        text = _type_name(type(value))
    text = ascii(text)[1:-1].replace("\\'", "'")
    if len(text) > MAX_DESCRIPTION - 2:
        text = text[: MAX_DESCRIPTION - 5] + "..."
    return f"<{text}>"


def _description(value: object) -> str:
    kind = type(value)
    name = _type_name(kind)
    if isinstance(value, type):
        return f"class {_type_name(value)}"
    if isinstance(value, enum.Enum):
        return f"{name}.{value.name}"
    exact = _plain(value)
    if exact is not None:
        return f"{name} {literal_text(exact)}"
    if isinstance(value, os.PathLike):
        return f"{name} {canonical(os.fspath(value))}"
    if kind in (list, tuple, dict, set, frozenset):
        return f"{name} of {len(value)}"  # type: ignore[arg-type]
    if hasattr(value, "__qualname__") and callable(value):
        return f"{kind.__name__} {value.__module__}.{value.__qualname__}"
    shape = getattr(value, "shape", None)
    dtype = getattr(value, "dtype", None)
    if shape == () and dtype is not None and hasattr(value, "item"):
        return f"{name} {canonical(value.item())}"
    details = [] if dtype is None else [str(dtype)]
    if type(shape) is tuple and all(isinstance(n, int) for n in shape):
        details.append("(" + ", ".join(str(n) for n in shape) + (",)" if len(shape) == 1 else ")"))
    return " ".join([name, *details])


def _plain(value: object) -> object:
    """Return the built-in value under a subclass (``numpy.float64``) without asking it."""
    if isinstance(value, int):
        return int.__add__(value, 0)
    if isinstance(value, float):
        return float.__mul__(value, 1.0)
    if isinstance(value, str):
        return str.__str__(value)[:MAX_DESCRIPTION]
    if isinstance(value, bytes):
        return bytes.__getitem__(value, slice(0, MAX_DESCRIPTION))
    return None


def _type_name(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
