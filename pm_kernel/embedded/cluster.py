"""The cluster (PGDATA): made once and whole, checked before every start."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pm_kernel.embedded import log, settings
from pm_kernel.embedded.account import Account, SwitchArguments
from pm_kernel.embedded.binaries import ENVIRONMENT, MAJOR, Binaries
from pm_kernel.embedded.folder import Folder
from pm_kernel.embedded.situation import DATABASE, ROLE
from pm_kernel.errors import DatabaseUnavailable

_NEW = "data.new-"


def prepare(
    folder: Folder,
    account: Account,
    binaries: Binaries,
    socket_dir: Path,
    extra: Mapping[str, str],
    lock_descriptor: int,
) -> None:
    """Make the cluster if there is none, check it, and write its settings.

    The programs that make it keep the server's lock (``lock_descriptor``): when this process is
    killed, they work on, and nobody else begins before they have ended. Raises
    DatabaseUnavailable when it cannot be made, is incomplete or of another major version.
    """
    for left in folder.root.glob(_NEW + "*"):  # a start that was killed while it made the cluster
        shutil.rmtree(left)
    if folder.data.is_dir() and not any(folder.data.iterdir()):
        folder.data.rmdir()
    if not folder.data.exists():
        _make(folder, account, binaries, lock_descriptor)
    _check(folder)
    _own(folder.data, account)
    if folder.data.stat().st_mode & 0o077:  # copied without its modes; PostgreSQL insists on them
        folder.data.chmod(0o700)
    if not (custom := folder.data / settings.CUSTOM).exists():
        folder.write(custom, settings.CUSTOM_TEXT, account)
    folder.write(folder.data / "postgresql.conf", settings.render(socket_dir, extra), account)
    folder.write(folder.data / "pg_hba.conf", settings.ACCESS_RULES, account)


def argument(data: Path) -> str:
    """Return the cluster's path for a program whose current folder is the cluster.

    A process may use its current folder even where it could not get to by path, and on Linux that
    folder has a name of its own. So root's server works in a workspace inside a folder that only
    root can enter (a home), a very deep workspace works, and a workspace can be renamed while its
    server runs: with the path, the next checkpoint would fail (``pg_control`` is opened by it).
    """
    return "/proc/self/cwd" if sys.platform.startswith("linux") else str(data)


def major_version(folder: Folder) -> str | None:
    """Return the major version that made the cluster, None without a whole cluster."""
    try:
        version = (folder.data / "PG_VERSION").read_text().strip()
    except OSError:
        return None
    return version if (folder.data / "global" / "pg_control").is_file() else None


def set_aside(folder: Folder) -> Path | None:
    """Rename the cluster so that the next start makes an empty one; nothing is deleted.

    Returns the new place, None when there was no cluster. The server must not run.
    """
    target = folder.root / f"data.aside-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    try:
        folder.data.rename(target)
    except FileNotFoundError:
        return None
    with contextlib.suppress(FileNotFoundError):
        # A new cluster gets a new password; this one belongs to the old.
        folder.password.rename(target / "pm-password")
    folder.record_file.unlink(missing_ok=True)
    return target


def _make(folder: Folder, account: Account, binaries: Binaries, lock_descriptor: int) -> None:
    """Make the cluster beside its place and rename it there, so that it exists whole or not."""
    password = secrets.token_hex(24)
    folder.write(folder.password, password + "\n", account)
    new = folder.root / f"{_NEW}{secrets.token_hex(4)}"
    try:
        new.mkdir(mode=0o700)
        if account.as_root:
            os.chown(new, account.init_uid, account.init_gid)
        path = argument(new)
        switch = account.switch_for_init()
        initdb = [
            binaries.program("initdb"), "-D", path, "-U", ROLE, "--auth=reject", "-E", "UTF8",
            # Sorting by code point, the same on every machine and after every upgrade of its libc.
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "-c", "huge_pages=off", "--no-instructions",
        ]  # fmt: skip
        _run(initdb, new, switch, lock_descriptor)
        # One command a line; standard input keeps the password off the command line.
        commands = f"ALTER ROLE {ROLE} PASSWORD '{password}'\nCREATE DATABASE {DATABASE}\n"
        single = [binaries.program("postgres"), "--single", "-D", path, "template1"]
        output = _run(single, new, switch, lock_descriptor, commands)
        if "ERROR:" in output:  # a server of its own, it ends well all the same
            raise _cannot_make(new, output)
        _own(new, account)
        new.rename(folder.data)
        _sync(folder.root)
    finally:
        if new.exists():
            shutil.rmtree(new)


def _run(
    command: list[str], cwd: Path, switch: SwitchArguments, lock_descriptor: int, text: str = ""
) -> str:
    answer = subprocess.run(
        command,
        cwd=cwd,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
        pass_fds=(lock_descriptor,),
        **switch,
    )
    if answer.returncode != 0:
        raise _cannot_make(cwd, answer.stdout)
    return answer.stdout


def _cannot_make(new: Path, output: str) -> DatabaseUnavailable:
    reason, hint = log.explain(output)
    return DatabaseUnavailable(f"The database in {new.parent} cannot be made: {reason}", hint=hint)


def _check(folder: Folder) -> None:
    version = major_version(folder)
    if version is None:
        raise DatabaseUnavailable(
            f"The database in {folder.data} is incomplete; it was not copied or restored whole.",
            hint="Rebuild it from the run store with `pm rebuild`, or restore a backup with "
            "`pm db restore FILE`; what is there is kept beside it.",
        )
    if version != MAJOR:
        raise DatabaseUnavailable(
            f"The database in {folder.data} was made by PostgreSQL {version}; this installation "
            f"brings PostgreSQL {MAJOR}, which cannot read it.",
            hint="With the installation that made it run `pm db backup FILE`, then here "
            "`pm db restore FILE`. Without it, `pm rebuild` restores all runs from the store.",
        )
    if not folder.password.is_file():
        raise DatabaseUnavailable(
            f"The password of the database is missing: {folder.password}.",
            hint="Put the file back from the original or a backup of the workspace, or rebuild the "
            "database from the run store with `pm rebuild`.",
        )


def _own(data: Path, account: Account) -> None:
    """Give the cluster to the server's uid: root made it, or copied it without its owners."""
    if not account.as_root or data.lstat().st_uid == account.uid:
        return
    for root, folders, files in os.walk(data, topdown=False):
        for name in (*folders, *files):
            os.chown(Path(root, name), account.uid, account.gid, follow_symlinks=False)
    os.chown(data, account.uid, account.gid, follow_symlinks=False)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
