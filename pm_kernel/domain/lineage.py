"""The lineage of a run: which runs made it, or what was made of it.

Nodes are runs; an edge leads from an input of a run to the output that was read. Everything here is
pure: the store fills a ``LineageGraph``, the forms (tree, mermaid, JSON) are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal

from pm_kernel.domain.runs import EqualBytes, Run

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Edge:
    """An input of ``run_id`` was an output of ``source_id``."""

    run_id: int
    source_id: int
    input: str
    output: str
    #: Position and label inside a gathered list.
    ordinal: int = 0
    label: str | None = None
    #: Runs that made the same, where a plan that reuses ``run_id`` has them in place of the source.
    equal_bytes: tuple[EqualBytes, ...] = ()


@dataclass(frozen=True)
class LineageGraph:
    """The runs that are reached from one run, and the edges among them.

    Going up (ancestry) from a run leads to its sources, going down to the runs that read its
    outputs. ``runs`` and ``edges`` are complete unless ``truncated``; then the nearest are there.
    """

    run_id: int
    direction: Direction
    runs: Mapping[int, Run]
    edges: tuple[Edge, ...]
    truncated: bool = False

    @property
    def run(self) -> Run:
        """The run that was asked for."""
        return self.runs[self.run_id]

    @cached_property
    def sources(self) -> Mapping[int, tuple[Edge, ...]]:
        """The edges to the sources of each run, in the order of its inputs."""
        return _grouped(self.edges, lambda edge: edge.run_id)

    @cached_property
    def readers(self) -> Mapping[int, tuple[Edge, ...]]:
        """The edges from the runs that read each run."""
        return _grouped(self.edges, lambda edge: edge.source_id)

    def next_of(self, run_id: int) -> tuple[Edge, ...]:
        """Return the edges onwards from a run, in the graph's direction."""
        return (self.sources if self.direction == "up" else self.readers).get(run_id, ())

    def end(self, edge: Edge) -> int:
        """Return the run that an edge leads to, in the graph's direction."""
        return edge.source_id if self.direction == "up" else edge.run_id

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """The runs that read no other run here: where the data came in."""
        return tuple(run_id for run_id in sorted(self.runs) if not self.sources.get(run_id))

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """The runs that no other run here has read."""
        return tuple(run_id for run_id in sorted(self.runs) if not self.readers.get(run_id))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """All runs, sources before their readers."""
        return tuple(_topological(self))

    @cached_property
    def layers(self) -> Mapping[int, int]:
        """How many edges lie between the asked-for run and each run, on the longest way.

        Every edge leads from a smaller layer to a larger one, so that layers can be columns.
        """
        onward = reversed(self.order) if self.direction == "up" else self.order
        depth = dict.fromkeys(self.runs, 0)
        for run_id in onward:
            for edge in self.next_of(run_id):
                end = self.end(edge)
                depth[end] = max(depth[end], depth[run_id] + 1)
        return depth


def lineage(
    run_id: int,
    direction: Direction,
    runs: Iterable[Run],
    edges: Iterable[Edge],
    *,
    truncated: bool = False,
) -> LineageGraph:
    """Make a graph of these runs; edges to runs that are not among them are left out."""
    known = {run.run_id: run for run in runs}
    among = (edge for edge in edges if edge.run_id in known and edge.source_id in known)
    return LineageGraph(run_id, direction, known, tuple(among), truncated)


def both_ways(up: LineageGraph, down: LineageGraph) -> LineageGraph:
    """Join what made a run and what was made of it into one graph, to be drawn.

    An edge leads from the ancestry into the rest only through the run itself, so nothing is twice.
    """
    edges = dict.fromkeys((*up.edges, *down.edges))
    return LineageGraph(
        up.run_id,
        "up",
        {**up.runs, **down.runs},
        tuple(edges),
        up.truncated or down.truncated,
    )


def _grouped(edges: Iterable[Edge], key: Callable[[Edge], int]) -> dict[int, tuple[Edge, ...]]:
    groups: dict[int, list[Edge]] = {}
    for edge in edges:
        groups.setdefault(key(edge), []).append(edge)
    return {run_id: tuple(group) for run_id, group in groups.items()}


def _topological(graph: LineageGraph) -> Iterator[int]:
    waiting = {run_id: len(graph.sources.get(run_id, ())) for run_id in graph.runs}
    # A heap, so that the order is that of the numbers wherever it is free.
    ready = sorted(run_id for run_id in graph.runs if not waiting[run_id])
    while ready:
        run_id = heappop(ready)
        del waiting[run_id]
        yield run_id
        for edge in graph.readers.get(run_id, ()):
            waiting[edge.run_id] -= 1
            if not waiting[edge.run_id]:
                heappush(ready, edge.run_id)
    # Only a record that was tampered with holds a cycle; it is shown, not followed for ever.
    yield from sorted(waiting)
