"""``/pm/api/status``: is everything there? Answers without a workspace and without a database."""

from __future__ import annotations

from typing import Any

from pm_kernel import __version__
from pm_kernel.errors import PmError
from pm_server.routes.base import Route, explained, verb
from pm_server.routes.marks import marks_document
from pm_server.services import Services

#: Raised by one when a payload changes so that an older browser half would misread it.
API_LEVEL = 1


class StatusRoute(Route):
    """Version, workspace, database, and the marks of every state."""

    @verb
    async def get(self) -> None:
        """Report what is there and what is missing."""
        self.query()
        self.answer(await self.call(lambda: _status(self.services)))


def _status(services: Services) -> dict[str, Any]:
    status: dict[str, Any] = {
        "version": __version__,
        "api_level": API_LEVEL,
        "workspace": None,
        "database": "unknown",
        "problem": None,
        "marks": marks_document(),
    }
    try:
        status["workspace"] = str(services.settings().root)
        status["database"] = "unavailable"
        services.workspace().check_database()
        status["database"] = "ready"
    except PmError as error:
        status["problem"] = explained(error)
    return status
