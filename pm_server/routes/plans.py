"""``/pm/api/plans``: the plans of the workspace."""

from __future__ import annotations

from typing import Any

from pm_server.routes.base import Route, verb
from pm_server.services import PlanSummary


class PlansRoute(Route):
    """All plans, newest first."""

    @verb
    async def get(self) -> None:
        """List the plans."""
        plans = await self.call(lambda: self.services.workspace().list_plans())
        self.answer({"plans": [_row(plan) for plan in plans]})


def _row(plan: PlanSummary) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "name": plan.name,
        "status": plan.status,
        "created_at": plan.created_at.isoformat(),
        "counts": dict(plan.counts),
    }
