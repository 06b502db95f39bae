"""``postgresql.conf`` of the embedded server, written anew at every start.

A person's own settings go into ``custom.conf`` in the cluster: it is read last, and never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pm_kernel.embedded.situation import PORT

#: A few gigabytes of rows and some dozens of clients on somebody's workstation.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",  # no TCP
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",  # "try" ends with a bus error in containers that may not have them
    # Shared memory of a parallel query comes from /dev/shm, 64 MB in a container; lineage queries
    # are small.
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",  # no worker processes
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "minimal",  # there are no replicas
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "iso, ymd",
    "lc_messages": "C",
    "log_destination": "stderr",
    "logging_collector": "off",  # our own file, kept short by us
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements hold people's values
    "log_checkpoints": "off",
}

CUSTOM = "custom.conf"
CUSTOM_TEXT = (
    "# Settings of your own; they win over postgresql.conf and take effect at the next start.\n"
)

#: Only with the password, and only through the socket.
ACCESS_RULES = "local all all scram-sha-256\n"


def render(socket_dir: Path, extra: Mapping[str, str]) -> str:
    """Return the text of ``postgresql.conf``; ``extra`` wins over our own settings."""
    # The value is a list of folders; the inner quotes keep a blank in a path.
    values = {**SETTINGS, "unix_socket_directories": f'"{socket_dir}"', **extra}
    lines = ["# Written by `pm` at every start. Put your own settings into custom.conf beside it."]
    lines += [f"{name} = {_quoted(value)}" for name, value in values.items()]
    lines += [f"include = '{CUSTOM}'"]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
