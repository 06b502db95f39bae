"""A lineage as a tree of lines, like a commit graph: the asked-for run first, its sources below.

A run with one source is followed by it at the same margin, so that a long chain stays straight;
several sources become branches. A run that was shown already is referred to, and a branch that
would be too far to the right is shown further below instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from pm_kernel.cli.text import Line, Span
from pm_kernel.domain.lineage import LineageGraph

#: Branches within branches; what lies deeper is shown further below.
MAX_BRANCHES = 10

#: Heading and body of a run, without the tree's own lines.
Block = Callable[[int], tuple[Line, list[Line]]]

_RAIL = "│ "


def tree_lines(graph: LineageGraph, block: Block) -> Iterator[Line]:
    """Yield the lines of the tree; each run's block is asked for once, when its turn comes."""
    shown: set[int] = set()
    later: deque[int] = deque([graph.run_id])
    while later:
        start = later.popleft()
        if start in shown:
            continue
        if start != graph.run_id:
            yield ()
        yield from _section(graph, block, start, shown, later)


def _section(
    graph: LineageGraph, block: Block, start: int, shown: set[int], later: deque[int]
) -> Iterator[Line]:
    # (run, lines left of its first line, lines left of the others, branches so far)
    waiting: list[tuple[int, str, str, int]] = [(start, "", "", 0)]
    while waiting:
        run_id, first, rest, branches = waiting.pop()
        if run_id in shown or branches > MAX_BRANCHES:
            where = "shown above"
            if run_id not in shown:
                where = "shown further below"
                later.append(run_id)
            run = graph.runs[run_id]
            name = f"run {run_id} · {run.method} v{run.version}"
            yield (Span(first, "neutral"), Span(f"↪ {name}, {where}", "neutral"))
            continue
        shown.add(run_id)
        onward = list(dict.fromkeys(graph.end(edge) for edge in graph.next_of(run_id)))
        heading, body = block(run_id)
        yield (Span(first, "neutral"), *heading)
        margin = rest + (_RAIL if onward else "  ")
        for each in body:
            yield (Span(f"{margin}  ", "neutral"), *each)
        if len(onward) == 1:
            waiting.append((onward[0], rest, rest, branches))
            continue
        for branch in reversed(onward):
            first, margin = ("└─", "  ") if branch == onward[-1] else ("├─", _RAIL)
            waiting.append((branch, rest + first, rest + margin, branches + 1))
