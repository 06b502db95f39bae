"""``/pm/api/place``: a file of the Lab's file browser, as a step of a pipeline names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pm_kernel.domain.names import shown
from pm_kernel.errors import InvalidInput, NotFound
from pm_server.browsed import browsed
from pm_server.routes.base import Route, verb
from pm_server.services import Opened

_OTHERWISE = "Type its path: any file that your runs can read will do."


class PlaceRoute(Route):
    """Where a file is."""

    @verb
    async def get(self) -> None:
        """Return the path of the file that Jupyter calls ``path``, from the workspace on."""
        path = self.query("path").required("path")
        file = browsed(self.contents_manager, path, otherwise=_OTHERWISE)
        self.answer(await self.ask(lambda at: _place(at, path, file)))


def _place(at: Opened, path: str, file: Path) -> dict[str, Any]:
    if not file.exists():
        raise NotFound(f"There is no file {shown(path)}.")
    if not file.is_file():
        raise InvalidInput(f"{shown(path)} is a folder; choose a file in it.")
    root = at.settings.root.resolve()
    inside = file.is_relative_to(root)
    return {"path": str(file.relative_to(root)) if inside else str(file)}
