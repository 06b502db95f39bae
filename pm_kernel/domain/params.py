"""Values of parameters: what a person typed, canonical text, and the fingerprint of a set.

Between terminal, browser, database and run a value travels as canonical text
(``pm_kernel.domain.canonical``). Here typed text becomes a value, and many values one fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from pm_kernel.domain.annotations import ANY, Kind, ParamType, parse_type
from pm_kernel.domain.canonical import (
    NotLiteral,
    canonical,
    describe,
    is_described,
    parse_literal,
)
from pm_kernel.errors import InvalidInput

__all__ = [
    "ParamType",
    "canonical",
    "describe",
    "fingerprint",
    "is_described",
    "parse_canonical",
    "parse_type",
    "parse_typed",
]

_SHOWN = 60
_NO_LITERAL = (
    "Values that can be set are numbers, texts, paths, True, False, None, and lists, tuples, sets "
    "and dictionaries of them. Let the function make the object from such a value, or make it an "
    "input."
)


def parse_canonical(text: str) -> Any:
    """Return the value of a canonical text; raises InvalidInput where it is none."""
    try:
        return parse_literal(text)
    except NotLiteral as error:
        raise InvalidInput(
            f"{_shown(text)} is not the text of a value.",
            hint="Values look like 1, 1.0, 'text', [1, 2], True or None.",
        ) from error


def parse_typed(
    text: str,
    param_type: str | ParamType | None,
    default_text: str | None = None,
    *,
    name: str = "The value",
) -> Any:
    """Return the value meant by what a person typed for a parameter.

    ``param_type`` is the annotation as written (None or empty: none), ``default_text`` the
    canonical text of the default. Text parameters take text as it is (``abc``), or quoted, which
    is how a value that looks like something else is forced to be text (``'None'``). A path is text
    here and becomes a path object where it arrives. ``name`` is ``function.param`` for messages.

    Raises InvalidInput naming the parameter, what it expects and what was typed.
    """
    if default_text is not None and text.strip() == default_text and not is_described(default_text):
        return parse_canonical(default_text)
    kind = param_type if isinstance(param_type, ParamType) else parse_type(param_type, default_text)
    try:
        value = _typed(text, kind, bare_list=True)
    except _Misfit as misfit:
        raise InvalidInput(
            f"{name} expects {misfit.expected or kind}, got {_shown(text)}.", hint=misfit.hint
        ) from None
    if is_described(canonical(value)):
        raise InvalidInput(
            f"{name}: the value is too long or too deeply nested to be a parameter.",
            hint="Pass it as a file input instead.",
        )
    return value


def fingerprint(values: Mapping[str, str | None]) -> str:
    """Return the sha256 of a parameter set: sorted ``function.param=value`` joined by ``|``.

    ``values`` maps ``function.param`` to canonical text, None where the code computes the value. A
    computed value is written without ``=``, and ``\\``, ``|`` (in names ``=`` too) are escaped, so
    that no name and no value can imitate another set.
    """
    parts = []
    for name, value in sorted(values.items()):
        part = _escaped(name).replace("=", "\\=")
        parts.append(part if value is None else f"{part}={_escaped(value)}")
    # surrogatepass: a description may carry half a character; it must not stop a run.
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


class _Misfit(Exception):
    """The text does not fit; ``expected`` replaces the type in the message."""

    def __init__(self, expected: str | None = None, hint: str | None = None) -> None:
        super().__init__(expected)
        self.expected = expected
        self.hint = hint


def _shown(text: str) -> str:
    # ascii: what was typed may hold line breaks, or characters that look like others.
    shown = ascii(text)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


def _typed(text: str, kind: ParamType, *, bare_list: bool) -> Any:
    """Read ``text`` as ``kind``; ``bare_list``: ``1, 2`` without brackets is a list."""
    try:
        if kind.kind in _SCALARS:
            return _SCALARS[kind.kind](text)
        if kind.kind == "object":
            raise _Misfit(hint=_NO_LITERAL)
        if kind.kind == "choice":
            return _choice(text, kind)
        if kind.kind == "union":
            return _union(text, kind)
        if kind.kind == "dict":
            return _coerced(_any(text), kind)
        return _sequence(text, kind, bare_list)
    except _Misfit:
        if not kind.soft:
            raise
    try:
        return parse_literal(text)
    except NotLiteral:
        raise _Misfit(hint="For text, type it in quotes: its default is not text.") from None


def _any(text: str) -> Any:
    try:
        return parse_literal(text)
    except NotLiteral:
        return text


def _none(text: str) -> None:
    if text.strip() not in ("None", "none"):
        raise _Misfit


def _bool(text: str) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    word = text.strip().lower()
    if word not in words:
        raise _Misfit
    return words[word]


def _int(text: str) -> int:
    for base in (10, 0):  # 0: also 0x1f and 0b1
        try:
            return int(text.strip(), base)
        except ValueError as error:
            if "limit" in str(error):
                raise _Misfit(hint="So large a number must be typed in hexadecimal.") from None
    raise _Misfit


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _Misfit from None
    if value in (float("inf"), float("-inf")) and "inf" not in text.lower():
        raise _Misfit("a number below 1.8e308")
    return value


def _str(text: str) -> str:
    if text.strip()[:1] in ("'", '"'):
        value = _any(text)
        if type(value) is str:
            return value
    return text


def _bytes(text: str) -> bytes:
    value = _any(text)
    if type(value) is not bytes:
        raise _Misfit("bytes like b'abc'")
    return value


def _path(text: str) -> str:
    path = _str(text)
    if not path.strip() or "\0" in path:
        raise _Misfit
    return path


_SCALARS: Mapping[str, Callable[[str], Any]] = {
    "any": _any,
    "none": _none,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "str": _str,
    "bytes": _bytes,
    "path": _path,
}

#: A union is tried from the narrow to the wide: text accepts everything and comes last.
_RANK: list[Kind] = ["none", "choice", "bool", "int", "float", "bytes"]
_RANK += ["tuple", "list", "set", "dict", "object", "path", "str"]


def _choice(text: str, kind: ParamType) -> Any:
    for choice in kind.choices:
        value = parse_literal(choice)
        if text.strip() == choice or (type(value) is str and _str(text) == value):
            return value
    return _coerced(_any(text), kind)


def _union(text: str, kind: ParamType) -> Any:
    for member in sorted(kind.items, key=lambda item: _RANK.index(item.kind)):
        try:
            # `str | list[str]`: abc is text, only brackets make a list
            return _typed(text, member, bare_list=False)
        except _Misfit:
            continue
    raise _Misfit


def _sequence(text: str, kind: ParamType, bare_list: bool) -> Any:
    stripped = text.strip()
    if stripped[:1] in ("[", "(", "{") or stripped == "set()":
        value = _any(text)
        if type(value) not in (list, tuple, set):
            raise _Misfit(hint="Text inside brackets needs quotes: ['a', 'b'].")
        return _coerced(value, kind)
    if not bare_list or not stripped:
        raise _Misfit
    if "'" in stripped or '"' in stripped:
        return _sequence(f"[{stripped}]", kind, False)
    element = kind.items[0] if kind.items and (kind.kind != "tuple" or kind.variadic) else ANY
    parts = [part.strip() for part in stripped.removesuffix(",").split(",")]
    return _coerced([_typed(part, element, bare_list=False) for part in parts], kind)


def _coerced(value: Any, kind: ParamType) -> Any:
    """Fit a value read from literal text to its type: whole numbers become floats, lists tuples."""
    if kind.kind == "any":
        return value
    if kind.kind == "object":
        raise _Misfit(hint=_NO_LITERAL)
    if kind.kind == "union":
        return _coerced_to_member(value, kind)
    if kind.kind == "choice":
        if canonical(value) not in kind.choices:
            raise _Misfit
        return value
    if kind.kind in ("list", "tuple", "set"):
        return _coerced_sequence(value, kind)
    if kind.kind == "dict":
        if type(value) is not dict:
            raise _Misfit
        if len(kind.items) != 2:
            return value
        return {_coerced(k, kind.items[0]): _coerced(v, kind.items[1]) for k, v in value.items()}
    if kind.kind == "float" and type(value) is int:
        return _float(str(value))
    exact = {"none": type(None), "path": str, "str": str, "int": int, "float": float, "bool": bool}
    if type(value) is not exact.get(kind.kind, bytes):
        raise _Misfit
    return value


def _coerced_to_member(value: Any, kind: ParamType) -> Any:
    # A member that takes the value as it is wins over one that would convert it.
    candidates = []
    for member in kind.items:
        try:
            fitted = _coerced(value, member)
        except _Misfit:
            continue
        if canonical(fitted) == canonical(value):
            return fitted
        candidates.append(fitted)
    if not candidates:
        raise _Misfit
    return candidates[0]


def _coerced_sequence(value: Any, kind: ParamType) -> Any:
    if type(value) not in (list, tuple, set):
        raise _Misfit
    elements = list(value)
    if kind.kind == "tuple" and kind.items and not kind.variadic:
        if len(elements) != len(kind.items):
            raise _Misfit(f"{len(kind.items)} values in round brackets")
        fitted = [_coerced(e, item) for e, item in zip(elements, kind.items, strict=True)]
    else:
        element = kind.items[0] if kind.items else ANY
        fitted = [_coerced(e, element) for e in elements]
    try:
        return {"list": list, "tuple": tuple, "set": set}[kind.kind](fitted)
    except TypeError:
        raise _Misfit("a set of values without lists in it") from None
