"""``/pm/api/logs``: what any run said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pm_kernel.store.log_search import LogSearch, search_logs
from pm_server.payload import Query
from pm_server.routes.base import Route, verb
from pm_server.routes.run_log import levels_from
from pm_server.routes.runs import seen_run
from pm_server.services import Opened

_PAGE, _MOST = 100, 1000


class LogsRoute(Route):
    """Log entries of all runs, newest first."""

    @verb
    async def get(self) -> None:
        """Search; ``before`` is where it goes on, also where a page found nothing yet."""
        query = self.query(
            *("containing", "level", "method", "sample", "plan", "step", "limit", "before")
        )
        self.answer(await self.ask(lambda at: _search(at, query)))


def _search(at: Opened, query: Query) -> dict[str, Any]:
    wanted = LogSearch(
        containing=query.text("containing"),
        levels=levels_from(query),
        method=query.text("method"),
        sample=query.text("sample"),
        plan_id=query.integer("plan"),
        step=query.text("step"),
    )
    found = search_logs(
        at.store,
        wanted,
        limit=query.integer("limit", most=_MOST) or _PAGE,
        before=query.integer("before"),
    )
    now = datetime.now().astimezone()
    return {
        "entries": [
            {
                "run": seen_run(each.run, now),
                "level": each.entry.level,
                "message": each.entry.message,
                "time": each.entry.logged_at and each.entry.logged_at.isoformat(),
                "line": each.entry.line,
            }
            for each in found.entries
        ],
        "before": found.before,
        "looked_at": found.looked_at,
    }
