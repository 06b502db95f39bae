"""The HTTP surface: one file per noun. Paths are relative to the server's base URL."""

from __future__ import annotations

from pm_server.routes.base import NothingHere, Route
from pm_server.routes.plans import PlansRoute
from pm_server.routes.status import StatusRoute

ROUTES: tuple[tuple[str, type[Route]], ...] = (
    (r"/pm/api/status", StatusRoute),
    (r"/pm/api/plans", PlansRoute),
    (r"/pm/api/.*", NothingHere),  # last: it fits everything
)
