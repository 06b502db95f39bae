"""The uid that the server runs as: one's own, or as root somebody who is not root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from pm_kernel.errors import DatabaseUnavailable

#: Numbers that no distribution gives to anybody: past the ordinary and the system's own ranges.
#: One of them serves root's workspaces. Not ``nobody``: other daemons are nobody too, and could
#: then read the data.
SERVICE_UIDS = range(64700, 64800)


class SwitchArguments(TypedDict, total=False):
    """Arguments of ``subprocess`` that make a child somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Who owns what, and who runs what."""

    #: Owner of the server's processes and of the cluster.
    uid: int
    gid: int
    #: Owner of the folder around the cluster (password, logs, locks).
    folder_uid: int
    folder_gid: int
    #: Runs initdb, which asks the user database for its own name; the server does not.
    init_uid: int
    init_gid: int
    #: Whether this process is root and its children have to become the above.
    as_root: bool

    @classmethod
    def of(cls, folder: Path, data: Path) -> Account:
        """Return the account for the server in ``folder`` whose cluster is ``data``.

        As root it is the owner of what exists already, else the owner of the workspace; where all
        that is root's, a service uid. Raises DatabaseUnavailable when root has no other uid to use.
        """
        uid, gid = os.geteuid(), os.getegid()
        if uid != 0:
            return cls(uid, gid, uid, gid, uid, gid, as_root=False)
        owner = _owner(folder) or _owner(folder.parent) or (0, 0)
        for uid, gid in (_owner(data) or (0, 0), owner):
            if uid != 0:
                init = (uid, gid) if _is_registered(uid) else _registered()
                return cls(uid, gid, *owner, *init, as_root=True)
        service = _service_uid()
        return cls(service, service, *owner, *_registered(), as_root=True)

    def switch(self) -> SwitchArguments:
        """Return what makes a child process the server's uid."""
        return self._to(self.uid, self.gid)

    def switch_for_init(self) -> SwitchArguments:
        """Return what makes a child process initdb's uid."""
        return self._to(self.init_uid, self.init_gid)

    def _to(self, uid: int, gid: int) -> SwitchArguments:
        return {"user": uid, "group": gid, "extra_groups": []} if self.as_root else {}

    def reaches(self, path: Path) -> bool:
        """Whether the server's uid may pass through every folder of ``path``, by their modes."""
        for folder in (path, *path.parents):
            try:
                facts = folder.stat()
            except OSError:
                return False
            if facts.st_uid == self.uid:
                allowed = facts.st_mode & 0o100
            elif facts.st_gid == self.gid:
                allowed = facts.st_mode & 0o010
            else:
                allowed = facts.st_mode & 0o001
            if not allowed:
                return False
        return True


def _owner(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.lstat()
    except OSError:
        return None
    return facts.st_uid, facts.st_gid


def _service_uid() -> int:
    for uid in SERVICE_UIDS:
        if not _is_registered(uid) and _is_mapped(uid, "uid") and _is_mapped(uid, "gid"):
            return uid
    return _registered()[0]


def _is_registered(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _registered() -> tuple[int, int]:
    """Return an unprivileged uid with an entry in the user database, ``nobody`` if there is one."""
    entries = sorted(pwd.getpwall(), key=lambda entry: (entry.pw_name != "nobody", -entry.pw_uid))
    for entry in entries:
        uid, gid = entry.pw_uid, entry.pw_gid
        if uid != 0 and _is_mapped(uid, "uid") and _is_mapped(gid, "gid"):
            return uid, gid
    raise DatabaseUnavailable(
        "PostgreSQL refuses to run as root, and there is no other user here to run it as.",
        hint="Run pm as an ordinary user, or name a PostgreSQL of your own with PM_DATABASE_URL.",
    )


def _is_mapped(number: int, kind: str) -> bool:
    """Whether a uid or gid exists in this user namespace (rootless containers map few)."""
    try:
        lines = Path(f"/proc/self/{kind}_map").read_text().splitlines()
    except OSError:
        return True
    rows = [[int(field) for field in line.split()] for line in lines]
    return any(first <= number < first + count for first, _, count in rows)
