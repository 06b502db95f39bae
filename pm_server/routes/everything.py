"""``/pm/api/everything``: the whole database as one graph, folded to methods."""

from __future__ import annotations

from typing import Any

from pm_kernel.domain.lineage_forms import edge_document
from pm_kernel.store import everything
from pm_server.routes.base import Route, verb
from pm_server.routes.runs import criteria_from
from pm_server.services import Opened

#: Runs whose links are asked for at once.
_MOST = 5000


class EverythingRoute(Route):
    """Methods, their runs in numbers, and the links between them."""

    @verb
    async def get(self) -> None:
        """Count the runs that fit, by method and status, and the links by which they were fed."""
        query = self.query("status", "method", "module", "sample", "plan", "since", "until")
        self.answer(
            await self.ask(
                lambda at: everything.everything(at.store, criteria_from(query)).to_document(),
                slow=True,
            )
        )


class EdgesRoute(Route):
    """``/pm/api/edges``: links among the runs that are unfolded."""

    @verb
    async def post(self) -> None:
        """Return the links whose both ends are among ``runs``."""
        wanted = self.body("runs").integers("runs", limit=_MOST)
        await self.answer_long(lambda at: _edges(at, wanted), reads=True)


def _edges(at: Opened, run_ids: list[int]) -> dict[str, Any]:
    return {"edges": [edge_document(each) for each in everything.edges_between(at.store, run_ids)]}
