"""``/pm/api/nextflow``: whether what runs plans is there, or how much of it was fetched."""

from __future__ import annotations

from typing import Any

from pm_kernel.nextflow.site import nextflow_fetched
from pm_server.routes.base import Route, verb
from pm_server.services import Opened


class NextflowRoute(Route):
    """The Nextflow that runs plans here; the first submitted plan of a person fetches it."""

    @verb
    async def get(self) -> None:
        """Tell how far it is."""
        self.query()
        self.answer(await self.ask(_state))


def _state(at: Opened) -> dict[str, Any]:
    found = nextflow_fetched(at.settings)
    if found is None:
        return {"ready": True, "own": True, "files": None, "of": None}
    files, total = found
    return {"ready": files == total, "own": False, "files": files, "of": total}
