"""The workspaces that share a database."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from pm_kernel.store.tables import workspaces


@dataclass(frozen=True)
class Place:
    """Where a workspace is."""

    root: Path
    #: From which it was last opened there.
    host: str


def host() -> str:
    """Return the name of this machine, as noted for workspaces."""
    return socket.gethostname()


def here(root: Path) -> Place:
    """Return the place ``root`` on this machine."""
    return Place(root, host())


def find(connection: Connection, workspace_uuid: str) -> Place | None:
    """Return where a workspace is known to be; None where it is new."""
    columns = workspaces.c
    row = connection.execute(
        select(columns.root, columns.host).where(columns.uuid == workspace_uuid)
    ).one_or_none()
    return None if row is None else Place(Path(row.root), row.host)


def roots(connection: Connection) -> dict[str, Path]:
    """Return the folders of all workspaces that share the database: id -> folder."""
    rows = connection.execute(select(workspaces.c.uuid, workspaces.c.root))
    return {str(row.uuid): Path(row.root) for row in rows}


def note(connection: Connection, workspace_uuid: str, root: Path) -> None:
    """Know a workspace, and where it is now."""
    statement = insert(workspaces).values(uuid=workspace_uuid, root=str(root), host=host())
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[workspaces.c.uuid], set_={"root": new.root, "host": new.host}
        )
    )
