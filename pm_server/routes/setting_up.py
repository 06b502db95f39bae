"""``/pm/api/workspace`` and ``/pm/api/database``: making what is missing, by one button.

Each says in its body what it shall do, so that an empty request does nothing.
"""

from __future__ import annotations

from http import HTTPStatus

from pm_kernel.errors import InvalidInput
from pm_server.routes.base import Route, verb


class WorkspaceRoute(Route):
    """The workspace in the server's root folder."""

    @verb
    async def post(self) -> None:
        """Make the folder a workspace, as ``pm init`` does, and start its database."""
        if not self.body("create").flag("create"):
            raise InvalidInput("Say 'create': true to make a workspace.")
        root = await self.services.in_thread(self.services.create, slow=True)
        self.answer({"workspace": str(root)}, HTTPStatus.CREATED)


class DatabaseRoute(Route):
    """The workspace's database."""

    @verb
    async def post(self) -> None:
        """Start the embedded database, also where a person stopped it."""
        if not self.body("start").flag("start"):
            raise InvalidInput("Say 'start': true to start the database.")
        await self.services.in_thread(self.services.start_database, slow=True)
        self.answer({"database": "ready"})
