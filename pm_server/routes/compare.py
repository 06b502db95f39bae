"""``/pm/api/compare``: runs side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pm_kernel.comparing import compare_runs
from pm_server.payload import Query
from pm_server.routes.base import Route, verb
from pm_server.routes.runs import seen_run
from pm_server.services import Opened


class CompareRoute(Route):
    """Two or more runs."""

    @verb
    async def get(self) -> None:
        """Say what is different between the runs; with ``upstream`` also in what made them."""
        query = self.query("run", "upstream")
        self.answer(await self.ask(lambda at: _compare(at, query)))


def _compare(at: Opened, query: Query) -> dict[str, Any]:
    found = compare_runs(at.store, query.integers("run"), upstream=query.flag("upstream"))
    now = datetime.now().astimezone()
    return {"runs": [seen_run(each.run, now) for each in found.runs], **found.to_document()}
