"""A lineage as text for other programs: Mermaid for documents, plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from pm_kernel.domain.lineage import Edge, LineageGraph
from pm_kernel.domain.run_documents import details_document, run_document
from pm_kernel.domain.runs import EqualBytes, Run, RunDetails, equal_text

_NO_DETAILS: Mapping[int, RunDetails] = MappingProxyType({})
#: Characters that mean nothing to Mermaid inside quotes; everything else is written as its number.
_PLAIN = frozenset(" _-.,:/=+·'()")


def mermaid(graph: LineageGraph, details: Mapping[int, RunDetails] = _NO_DETAILS) -> str:
    """Return the graph as a Mermaid flowchart, sources on the left, the asked-for run outlined.

    Where ``details`` has a run, its node also names the parameters that differ from their default,
    and those that were set and have none.
    """
    lines = ["graph LR"]
    for run_id in graph.order:
        label = "<br/>".join(_escaped(text) for text in _label(graph.runs[run_id], details))
        lines.append(f'    R{run_id}["{label}"]')
    drawn: dict[tuple[int, str, int], dict[EqualBytes, None]] = {}
    for e in graph.edges:
        equal = drawn.setdefault((e.source_id, e.output or e.input, e.run_id), {})
        equal.update(dict.fromkeys(e.equal_bytes))
    for (source_id, output, run_id), equal in drawn.items():
        told = "<br/>".join(_escaped(each) for each in (output, *_equal(equal)))
        lines.append(f'    R{source_id} -->|"{told}"| R{run_id}')
    lines.append(f"    style R{graph.run_id} stroke-width:3px")
    return "\n".join(lines) + "\n"


def lineage_document(
    graph: LineageGraph, details: Mapping[int, RunDetails] = _NO_DETAILS
) -> dict[str, Any]:
    """Return the graph as JSON values: nodes with sources first, edges, and the layer of each node.

    Where ``details`` has a run, its node is the whole record of it.
    """
    nodes = []
    for run_id in graph.order:
        known = details.get(run_id)
        node = run_document(graph.runs[run_id]) if known is None else details_document(known)
        nodes.append({**node, "layer": graph.layers[run_id]})
    return {
        "run_id": graph.run_id,
        "direction": graph.direction,
        "truncated": graph.truncated,
        "roots": list(graph.roots),
        "runs": nodes,
        "edges": [edge_document(edge) for edge in graph.edges],
    }


def edge_document(edge: Edge) -> dict[str, Any]:
    """Return an edge as JSON values."""
    return {
        "run_id": edge.run_id,
        "source_run_id": edge.source_id,
        "input": edge.input,
        "output": edge.output,
        "ordinal": edge.ordinal,
        "label": edge.label,
        "equal_bytes": [asdict(each) for each in edge.equal_bytes],
    }


def _equal(runs: Iterable[EqualBytes]) -> Iterator[str]:
    if told := equal_text(tuple(runs)):
        yield told


def _label(run: Run, details: Mapping[int, RunDetails]) -> Iterator[str]:
    yield f"{run.title} v{run.version}"
    where = " · ".join(part for part in (run.sample, run.branch) if part)
    if where:
        yield where
    if run.state != "completed":
        yield run.state
    if known := details.get(run.run_id):
        for parameter in known.parameters:
            if parameter.stated:
                yield f"{parameter.full_name} = {' | '.join(parameter.values)}"


def _escaped(text: str) -> str:
    """Return ``text`` so that Mermaid shows it and obeys nothing in it.

    Mermaid's entity codes (``#35;``) stand for any character, also inside quotes:
    https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
    """
    return "".join(c if c.isalnum() or c in _PLAIN else _entity(c) for c in text)


def _entity(character: str) -> str:
    code = ord(character)
    # Neither controls nor halves of surrogate pairs have a picture; their name is shown instead.
    if not character.isprintable():
        return f"#92;u{code:04x}"
    return f"#{code};"
