"""A short private folder for the server's socket.

The path of a Unix socket ends at 107 bytes (103 on macOS), so it cannot lie in the workspace. The
folder is new for every start, so neither two workspaces nor two users can meet in it, and mode 0700
keeps everybody else out. Not in ``/run/user``: that goes away when the user logs out, while the
server stays.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
from pathlib import Path

from pm_kernel.embedded.account import Account
from pm_kernel.embedded.situation import SOCKET
from pm_kernel.errors import DatabaseUnavailable

#: For root, whose state folder the server's uid often cannot reach.
ROOT_PLACES = (Path("/run"), Path("/var/run"), Path("/var/lib"), Path("/var/tmp"))
#: When the state folder's path is too long, or its file system has no sockets.
SHARED_PLACES = (Path("/var/tmp"), Path("/tmp"))


def make_socket_dir(account: Account, state_dir: Path, name: str) -> Path:
    """Return a new folder ``name`` that can hold the socket, owned by the server's uid.

    Raises DatabaseUnavailable when no place will do.
    """
    tried = []
    for base, mode in _bases(account, state_dir):
        folder = base / name
        tried.append(str(base))
        if _is_plain(folder) and _prepare(base, mode, account) and _make(folder, account):
            return folder
    raise DatabaseUnavailable(
        f"No folder can hold the database's socket; tried {', '.join(tried)}.",
        hint="Name a short path on a local disk with PM_STATE_DIR; `pm doctor` checks it.",
    )


def remove_socket_dir(folder: Path) -> None:
    """Remove a folder made here, with a socket that nobody listens on any more."""
    # Only what has our name and shape: the path was read from a file.
    if re.fullmatch(r"pm-[0-9a-f]{12}", folder.name) is None or folder.is_symlink():
        return
    with contextlib.suppress(OSError):
        for name in (SOCKET, f"{SOCKET}.lock"):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _bases(account: Account, state_dir: Path) -> list[tuple[Path, int]]:
    own = state_dir / "sockets"
    if not account.as_root:
        shared = [(place / f"pm-{account.uid}", 0o700) for place in SHARED_PLACES]
        return [(own, 0o700), *shared]
    # In root's own folder everybody may pass through to a folder of their own, and list nothing.
    return [(own, 0o711)] + [
        (place / "research-process-manager", 0o755) for place in ROOT_PLACES if place.is_dir()
    ]


def _prepare(base: Path, mode: int, account: Account) -> bool:
    """Make ``base`` if it is missing; whether it is ours alone to write."""
    try:
        make_folder(base, mode)
        facts = base.lstat()
    except OSError:
        return False
    mine = 0 if account.as_root else account.uid
    # Anybody can make a folder of this name in /tmp before we do.
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == mine and not facts.st_mode & 0o022


def make_folder(path: Path, mode: int) -> None:
    """Make ``path`` with exactly ``mode``, whatever the umask; one that exists stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(mode)


def _make(folder: Path, account: Account) -> bool:
    """Make the socket's folder; False, and nothing left, when it will not do."""
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        return False
    try:
        # Fails when the path is too long or the file system has no sockets.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(folder / SOCKET))
        (folder / SOCKET).unlink()
        if account.as_root:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
            usable = account.reaches(folder)
        else:
            usable = True
    except OSError:
        usable = False
    if not usable:
        remove_socket_dir(folder)
    return usable


def _is_plain(folder: Path) -> bool:
    """Whether PostgreSQL's list of socket folders can name it."""
    return not any(character in str(folder) for character in "\"',\\\n")
