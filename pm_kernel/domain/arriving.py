"""Which parts of a set value arrive as paths: canonical text has no word for a path object.

A *shape* says it for one parameter, as plain JSON that a run's process reads: type of the value ->
what becomes of its parts. ``{"str": {}}`` makes a text a path; ``list[Path]`` is ``{"list":
{"str": {}}}``, ``tuple[str, Path]`` is ``{"tuple": [{}, {"str": {}}]}`` and ``dict[str, Path]`` is
``{"dict": [{}, {"str": {}}]}``. An empty shape changes nothing.
"""

from __future__ import annotations

import re
from typing import Any

from pm_kernel.domain.annotations import ParamType, parse_type

Shape = dict[str, Any]

_PATH_CALL = re.compile(r"(pathlib\.)?(Pure)?(Posix)?Path\(")


def declared_type(annotation: str, default_source: str) -> str:
    """Return the annotation; where there is none and the default is a path object, that type."""
    return "Path" if not annotation and _PATH_CALL.match(default_source) else annotation


def path_shape(annotation: str, default_source: str = "") -> Shape:
    """Return the shape of a parameter; ``default_source`` is its default where it is no literal."""
    shape = _shape(parse_type(declared_type(annotation, default_source)))
    if "str" not in shape and "Path" in annotation and _PATH_CALL.match(default_source):
        # `str | Path = Path("x")`: what the code works with is the path.
        shape["str"] = {}
    return shape


def _shape(kind: ParamType) -> Shape:
    if kind.kind == "path":
        return {"str": {}}
    if kind.kind == "union":
        shape: Shape = {}
        for member in kind.items:
            shape = {**_shape(member), **shape}
        if any(member.kind == "str" for member in kind.items):
            # Text is what was set, and is as good as a path here.
            shape.pop("str", None)
        return shape
    if kind.kind in ("list", "set", "tuple", "dict"):
        parts = [_shape(item) for item in kind.items]
        if any(parts):
            single = kind.kind in ("list", "set") or kind.variadic
            return {kind.kind: parts[0] if single else parts}
    return {}
