"""The folder of one embedded server: what lies where, written so that nobody else can read it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pm_kernel.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from pm_kernel.embedded.account import Account


@dataclass(frozen=True)
class Record:
    """The last start of a server, written before the process exists and again when it serves.

    A copy of the folder brings its record along: the inode of the cluster tells the two apart.
    """

    #: In the command line of each of the server's processes; new with every start.
    name: str
    #: Inode of the cluster's folder that was started.
    inode: int
    #: Where that was, for messages.
    path: str
    socket_dir: str
    host: str
    machine: str
    boot: str
    version: str
    #: None until the server serves.
    pid: int | None = None
    start: str | None = None


@dataclass(frozen=True)
class Folder:
    """Names in the folder ``root``; see the package's docstring for what they hold."""

    root: Path

    @property
    def data(self) -> Path:
        """The cluster (PGDATA)."""
        return self.root / "data"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own; exists while a server runs, and after one was killed."""
        return self.data / "postmaster.pid"

    @property
    def password(self) -> Path:
        """The password of the role ``pm``."""
        return self.root / "password"

    @property
    def record_file(self) -> Path:
        """The last start."""
        return self.root / "server.json"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.root / "server.log"

    @property
    def control_lock(self) -> Path:
        """Held by a pm process while it starts, stops or restores."""
        return self.root / "control.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server's processes."""
        return self.root / "server.lock"

    @property
    def stopped(self) -> Path:
        """Exists when a person stopped the server."""
        return self.root / "stopped"

    def inode(self) -> int:
        """Return the inode of the cluster's folder, 0 when there is none."""
        try:
            return self.data.stat().st_ino
        except OSError:
            return 0

    def stopped_at(self) -> str | None:
        """Return when a person stopped the server (ISO, UTC); None when nobody did.

        A copy of a folder is not stopped because the original was, to be copied.
        """
        try:
            inode, _, at = self.stopped.read_text(encoding="utf-8").strip().partition(" ")
        except OSError:
            return None
        return at if inode == str(self.inode()) else None

    def create(self, account: Account) -> None:
        """Make the folder, private; raise DatabaseUnavailable when it is somebody else's."""
        try:
            self.root.mkdir(mode=0o700)
        except FileExistsError:
            pass
        else:
            if account.as_root:
                os.chown(self.root, account.folder_uid, account.folder_gid, follow_symlinks=False)
        facts = self.root.lstat()
        if facts.st_uid != account.folder_uid:
            raise not_yours(self.root)
        if facts.st_mode & 0o077:  # copied without its modes
            self.root.chmod(0o700)

    def write(self, path: Path, text: str, account: Account) -> None:
        """Replace the file ``path`` by ``text`` in one step; only its owner can read it."""
        partial = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            if account.as_root:
                inside = partial.parent == self.data
                uid = account.uid if inside else account.folder_uid
                gid = account.gid if inside else account.folder_gid
                os.fchown(descriptor, uid, gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)

    def write_record(self, record: Record, account: Account) -> None:
        """Remember a start."""
        self.write(self.record_file, json.dumps(asdict(record), indent=1) + "\n", account)

    def read_record(self) -> Record | None:
        """Return the last start; None when there was none or its file is damaged."""
        try:
            values = json.loads(self.record_file.read_text(encoding="utf-8"))
            return Record(**{field.name: values[field.name] for field in fields(Record)})
        except PermissionError as error:
            raise not_yours(self.root) from error
        except (OSError, ValueError, KeyError, TypeError):
            return None


def open_private(path: Path, flags: int) -> int:
    """Open a file of the folder, made readable by its owner only; return the descriptor.

    Root may be in the folder of somebody else here, who has to be able to use the file later and
    must not lead root elsewhere by a link.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        parent = path.parent.stat()
        os.fchown(descriptor, parent.st_uid, parent.st_gid)
    return descriptor


def not_yours(folder: Path) -> DatabaseUnavailable:
    """Return the error for a folder that belongs to another user."""
    try:
        owner = folder.owner()
    except KeyError:
        owner = f"uid {folder.lstat().st_uid}"
    except OSError:
        owner = "another user"
    return DatabaseUnavailable(
        f"The embedded database in {folder} belongs to {owner}; only {owner} can use it.",
        hint="For a workspace of several people, name one PostgreSQL for all with PM_DATABASE_URL.",
    )
