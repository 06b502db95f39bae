"""``/pm/api/origin``: which runs made a file of the Lab's file browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.utils import ApiPath, to_os_path

from pm_kernel.domain.names import shown
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.origin import origin_of
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
        """Return where a file is on the disk. Raises InvalidInput where it is not on the server's.

        The path must lead inside the server's root folder, as all that Jupyter shows: also where a
        link in it leads.
        """
        manager = self.contents_manager
        if not isinstance(manager, FileContentsManager):
            raise InvalidInput(
                "The files of this server are not on its disk: save a copy and ask for that with "
                "`pm lineage FILE`."
            )
        root = Path(manager.root_dir).resolve()
        try:
            # Resolved once: a link may lead elsewhere a moment later.
            where = Path(to_os_path(ApiPath(path), str(root))).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise NotFound(f"There is no file {shown(path)}.") from error
        if not where.is_relative_to(root):
            raise InvalidInput(
                f"{shown(path)} lies outside of the folder that this server shows.",
                hint="`pm lineage FILE` in a terminal looks at any file.",
            )
        return where


def _origin(at: Opened, path: str, file: Path) -> dict[str, Any]:
    origin = origin_of(at.settings, at.store, file)
    why = None if origin.made else origin.missing()
    return {
        "path": path,
        **origin.to_document(),
        "missing": None if why is None else {"message": why.message, "hint": why.hint},
    }
