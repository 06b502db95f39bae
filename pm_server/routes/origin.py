"""``/pm/api/origin``: which runs made a file of the Lab's file browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pm_kernel.errors import InvalidInput
from pm_kernel.origin import origin_of
from pm_server.browsed import browsed
from pm_server.routes.base import Route, verb
from pm_server.services import Opened


class OriginRoute(Route):
    """What made a file."""

    @verb
    async def get(self) -> None:
        """Return the runs that made the content of the file at ``path``, as Jupyter names it."""
        path = self.query("path").text("path")
        if path is None:
            raise InvalidInput("Say which file: 'path'.")
        # A large file is read to its end.
        async with self.services.reading_whole:
            self.answer(await self.ask(lambda at: _origin(at, path, self._file(path)), slow=True))

    def _file(self, path: str) -> Path:
        otherwise = "`pm lineage FILE` in a terminal looks at any file."
        return browsed(self.contents_manager, path, otherwise=otherwise)


def _origin(at: Opened, path: str, file: Path) -> dict[str, Any]:
    origin = origin_of(at.settings, at.store, file)
    why = None if origin.made else origin.missing()
    return {
        "path": path,
        **origin.to_document(),
        "missing": None if why is None else {"message": why.message, "hint": why.hint},
    }
