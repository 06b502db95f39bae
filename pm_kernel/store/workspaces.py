"""The workspaces that share a database."""

from __future__ import annotations

import socket
from pathlib import Path

from sqlalchemy import Connection, or_
from sqlalchemy.dialects.postgresql import insert

from pm_kernel.store.tables import workspaces


def note(connection: Connection, workspace_uuid: str, root: Path) -> None:
    """Know a workspace, and where it is now."""
    statement = insert(workspaces).values(
        uuid=workspace_uuid, root=str(root), host=socket.gethostname()
    )
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[workspaces.c.uuid],
            set_={"root": new.root, "host": new.host},
            # No write, and so no lock, when nothing moved.
            where=or_(workspaces.c.root != new.root, workspaces.c.host != new.host),
        )
    )
