"""What a parameter accepts, read from its annotation text and its default.

Annotations are text here: the code is never imported. Names are known by their last part, so
``typing.List[int]``, ``t.List[int]`` and ``list[int]`` are the same; what is not known accepts
anything. A parameter without an annotation takes the type of its default, softly: the type says how
typed text is read, and other literals are still accepted.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Literal

from pm_kernel.domain.canonical import NotLiteral, canonical, literal_value, parse_literal

Kind = Literal[
    "any", "none", "bool", "int", "float", "str", "bytes", "path",
    "choice", "list", "tuple", "set", "dict", "union", "object",
]  # fmt: skip

_NAMES: dict[str, Kind] = {
    **dict.fromkeys(("None", "NoneType"), "none"),
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "str",
    "bytes": "bytes",
    **dict.fromkeys(("Path", "PurePath", "PosixPath", "PathLike"), "path"),
    **dict.fromkeys(("list", "List", "Sequence", "MutableSequence"), "list"),
    **dict.fromkeys(("Iterable", "Collection"), "list"),
    **dict.fromkeys(("tuple", "Tuple"), "tuple"),
    **dict.fromkeys(("set", "Set", "AbstractSet", "MutableSet"), "set"),
    **dict.fromkeys(("dict", "Dict", "Mapping", "MutableMapping"), "dict"),
    # Known, and known to have no literal: what is typed for them could only be something else.
    **dict.fromkeys(("ndarray", "NDArray", "DataFrame", "Series", "Index", "AnnData"), "object"),
    **dict.fromkeys(("Tensor", "DataArray", "Dataset", "RandomState", "Generator"), "object"),
    **dict.fromkeys(("Callable", "Pattern", "complex", "Decimal", "Fraction"), "object"),
    **dict.fromkeys(("date", "datetime", "timedelta", "Timestamp", "Timedelta"), "object"),
}

_WORDS: dict[Kind, str] = {
    "any": "a value",
    "none": "None",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bytes": "bytes",
    "path": "a path",
    "list": "a list like [1, 2]",
    "tuple": "a tuple like (1, 2)",
    "set": "a set like {1, 2}",
    "dict": "a dictionary like {'a': 1}",
    "object": "an object that only code can make",
}

#: Annotations that only wrap another one.
_WRAPPERS = frozenset({"Annotated", "Final", "Required", "NotRequired", "ReadOnly"})

_MAX_ANNOTATION = 5_000
_MAX_NESTING = 20


@dataclass(frozen=True, slots=True)
class ParamType:
    """One accepted type; ``items`` are element types, key and value, or the members of a union."""

    kind: Kind = "any"
    items: tuple[ParamType, ...] = ()
    #: Canonical texts of the only values accepted (``Literal[…]``).
    choices: tuple[str, ...] = ()
    #: ``tuple[int, ...]``: any number of elements of one type.
    variadic: bool = False
    #: Taken from a default rather than an annotation: other literals are accepted as well.
    soft: bool = False

    @property
    def optional(self) -> bool:
        """Whether None is accepted by declaration."""
        return self.kind == "none" or any(item.optional for item in self.members())

    def members(self) -> tuple[ParamType, ...]:
        """The members of a union; empty for every other type."""
        return self.items if self.kind == "union" else ()

    def __str__(self) -> str:
        """The type in a researcher's words, for messages and forms."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "union":
            return " or ".join(dict.fromkeys(str(item) for item in self.items))
        return _WORDS[self.kind]


ANY = ParamType()


def parse_type(annotation: str | None, default_text: str | None = None) -> ParamType:
    """Return what a parameter accepts; ``default_text`` is the canonical text of its default.

    A default that the annotation does not cover (``x: int = None``) is accepted too.
    """
    default = _type_of_default(default_text)
    declared = _annotated(annotation)
    if declared is None:
        return replace(default, soft=True) if default and default.kind != "none" else ANY
    if default is None or declared.kind == "any" or _covers(declared, default.kind):
        return declared
    return ParamType("union", (*(declared.members() or (declared,)), default))


def _annotated(annotation: str | None) -> ParamType | None:
    if not annotation or len(annotation) > _MAX_ANNOTATION:
        return None
    try:
        return _read(ast.parse(annotation.strip(), mode="eval").body, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANY


def _read(node: ast.expr, depth: int) -> ParamType:
    if depth > _MAX_NESTING:
        return ANY
    if isinstance(node, ast.Constant):
        if node.value is None:
            return ParamType("none")
        if isinstance(node.value, str):  # a quoted, "forward" annotation
            return _annotated(node.value) or ANY
        return ANY
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([_read(node.left, depth + 1), _read(node.right, depth + 1)])
    if isinstance(node, ast.Subscript):
        return _subscript(_last_name(node.value), node.slice, depth)
    kind = _NAMES.get(_last_name(node))
    return ParamType(kind, variadic=kind == "tuple") if kind else ANY


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _subscript(name: str, index: ast.expr, depth: int) -> ParamType:
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    if name == "Literal":
        return _choices(parts)
    if name in _WRAPPERS:
        return _read(parts[0], depth + 1) if parts else ANY
    if name == "Optional":
        return _union([*(_read(part, depth + 1) for part in parts), ParamType("none")])
    if name == "Union":
        return _union([_read(part, depth + 1) for part in parts])
    kind = _NAMES.get(name)
    if kind is None:
        return ANY
    if kind == "tuple" and len(parts) == 2 and _is_ellipsis(parts[1]):
        return ParamType("tuple", (_read(parts[0], depth + 1),), variadic=True)
    if kind in ("list", "set", "tuple", "dict"):
        return ParamType(kind, tuple(_read(part, depth + 1) for part in parts))
    return ParamType(kind)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _choices(parts: list[ast.expr]) -> ParamType:
    try:
        return ParamType("choice", choices=tuple(canonical(literal_value(part)) for part in parts))
    except NotLiteral:  # Literal[Color.RED]: only the code knows the value
        return ANY


def _union(members: list[ParamType]) -> ParamType:
    flat: list[ParamType] = []
    for member in members:
        flat.extend(member.members() or (member,))
    distinct = tuple(dict.fromkeys(flat))
    if any(member.kind == "any" for member in distinct):
        return ANY
    return distinct[0] if len(distinct) == 1 else ParamType("union", distinct)


def _type_of_default(text: str | None) -> ParamType | None:
    if text is None:
        return None
    try:
        kind = type(parse_literal(text)).__name__
    except NotLiteral:
        return None
    return ParamType(_NAMES[kind], variadic=kind == "tuple")


def _covers(declared: ParamType, kind: Kind) -> bool:
    if declared.kind == "union":
        return any(_covers(member, kind) for member in declared.items)
    # A path's default is text in the source; a whole number is a number; a choice checks itself.
    wider = {"float": {"int"}, "path": {"str"}}.get(declared.kind, set())
    return declared.kind in ("any", "choice", kind) or kind in wider
