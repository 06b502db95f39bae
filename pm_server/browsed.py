"""Where on the disk a file is that Jupyter's file browser shows; nothing outside of that folder."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.utils import ApiPath, to_os_path

from pm_kernel.domain.names import shown
from pm_kernel.errors import InvalidInput, NotFound


def browsed(manager: object, path: str, *, otherwise: str) -> Path:
    """Return where the file is that Jupyter calls ``path``, links followed.

    The path must lead inside the server's root folder, as all that Jupyter shows: also where a link
    in it leads. Raises InvalidInput where it does not, or where the server's files are on no disk
    of its own; ``otherwise`` says what can be done then. Raises NotFound for what can be no path.
    """
    if not isinstance(manager, FileContentsManager):
        raise InvalidInput("The files of this server are not on its disk.", hint=otherwise)
    root = Path(manager.root_dir).resolve()
    try:
        # Resolved once: a link may lead elsewhere a moment later.
        where = Path(to_os_path(ApiPath(path), str(root))).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound(f"There is no file {shown(path)}.") from error
    if not where.is_relative_to(root):
        raise InvalidInput(
            f"{shown(path)} lies outside of the folder that this server shows.", hint=otherwise
        )
    return where
