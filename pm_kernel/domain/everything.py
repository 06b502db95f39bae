"""The whole database as one graph: modules, methods, and which method's results fed which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MethodNode:
    """A method and how many of its runs fit, by status."""

    method: str
    module: str
    versions: int
    runs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MethodEdge:
    """So many inputs of one method's runs were results of another's."""

    source: str
    target: str
    count: int


@dataclass(frozen=True)
class Everything:
    """Methods by module and name, with the edges between them."""

    methods: tuple[MethodNode, ...]
    edges: tuple[MethodEdge, ...]

    def to_document(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "methods": [
                {
                    "method": each.method,
                    "module": each.module,
                    "versions": each.versions,
                    "runs": dict(each.runs),
                }
                for each in self.methods
            ],
            "edges": [
                {"source": each.source, "target": each.target, "count": each.count}
                for each in self.edges
            ],
        }
