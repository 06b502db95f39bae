"""``/pm/api/runs/N/lineage``: how a result came to be, or what was made of it."""

from __future__ import annotations

from typing import Any

from pm_kernel.domain.lineage import LineageGraph, both_ways
from pm_kernel.domain.lineage_forms import lineage_document, mermaid
from pm_kernel.domain.runs import RunDetails
from pm_kernel.errors import InvalidInput
from pm_kernel.store.lineage import ancestry, descendants
from pm_kernel.store.run_details import details_of
from pm_server.payload import Query
from pm_server.routes.base import Route, verb
from pm_server.services import Opened

#: Runs unless more are asked for: more than a screen shows, few enough to come at once.
_SHOWN, _MOST = 1000, 20_000

_WALKS = {"up": ancestry, "down": descendants}


class LineageRoute(Route):
    """The lineage of a run as a graph."""

    @verb
    async def get(self, run_id: str) -> None:
        """Return runs and edges; with ``details`` each run is its whole record."""
        query = self.query("direction", "limit", "details")
        await self.answer_long(lambda at: _graph(at, int(run_id), query))


class MermaidRoute(Route):
    """The lineage of a run as text for documents."""

    @verb
    async def get(self, run_id: str) -> None:
        """Return a Mermaid flowchart, in both directions at once where that is asked for."""
        query = self.query("direction", "limit", "details")
        self.answer(await self.ask(lambda at: _flowchart(at, int(run_id), query)))


def _graph(at: Opened, run_id: int, query: Query) -> dict[str, Any]:
    return lineage_document(*_walked(at, run_id, query))


def _flowchart(at: Opened, run_id: int, query: Query) -> dict[str, Any]:
    if query.text("direction") == "both":
        limit = _limit(query)
        up, down = (walk(at.store, run_id, max_runs=limit) for walk in _WALKS.values())
        graph = both_ways(up, down)
        details = _details(at, graph, query)
    else:
        graph, details = _walked(at, run_id, query)
    return {"run_id": run_id, "mermaid": mermaid(graph, details), "truncated": graph.truncated}


def _walked(at: Opened, run_id: int, query: Query) -> tuple[LineageGraph, dict[int, RunDetails]]:
    direction = query.text("direction") or "up"
    if direction not in _WALKS:
        raise InvalidInput(f"'direction' is up or down, not {direction!r}.")
    graph = _WALKS[direction](at.store, run_id, max_runs=_limit(query))
    return graph, _details(at, graph, query)


def _limit(query: Query) -> int:
    return query.integer("limit", most=_MOST) or _SHOWN


def _details(at: Opened, graph: LineageGraph, query: Query) -> dict[int, RunDetails]:
    if not query.flag("details"):
        return {}
    runs = [graph.runs[each] for each in graph.order]
    return {each.run.run_id: each for each in details_of(at.store, runs)}
