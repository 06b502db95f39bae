"""One workspace's embedded server: start, stop, address, state, backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from pm_kernel.embedded.folder import Folder
from pm_kernel.embedded.host import Host
from pm_kernel.embedded.situation import DATABASE, PORT, ROLE, Situation, State, look, unavailable
from pm_kernel.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from pm_kernel.embedded.account import Account
    from pm_kernel.embedded.dump import Client


@dataclass(frozen=True)
class PostgresStatus:
    """What `pm db status` and `pm doctor` show."""

    running: bool
    pid: int | None
    #: Of the running or last server, such as ``18.4``; None before the first start.
    version: str | None
    data_dir: Path
    socket_dir: Path | None
    log_file: Path
    #: A person stopped it; background use leaves it stopped.
    stopped_on_request: bool
    #: One sentence when it does not run, or should not; None when all is well.
    problem: str | None
    #: The command that mends it.
    hint: str | None


class EmbeddedPostgres:
    """The PostgreSQL of one workspace; see the package's docstring for where things lie.

    ``data_dir`` is the workspace's folder for it (``.postgres``), ``state_dir`` a per-user folder
    in which sockets are made if its path is short enough. ``settings`` are further lines of
    ``postgresql.conf``. ``timeout`` is how many seconds a start or a stop may take (a recovery
    after a power cut reads up to 256 MB). The server outlives this process.

    The object holds no connection and no state; any number of processes may have one.
    Every method raises DatabaseUnavailable, with the command that mends it as the hint.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        state_dir: Path,
        settings: Mapping[str, str] = MappingProxyType({}),
        host: Host | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._folder = Folder(Path(data_dir).absolute())
        self._state_dir = Path(state_dir).absolute()
        self._settings = settings
        self._host = Host.current() if host is None else host
        self._timeout = timeout

    def url(self, database: str = DATABASE) -> str:
        """Return the address of the running server, ``postgresql://…`` as libpq reads it.

        Reads a few small files and starts nothing. Raises DatabaseUnavailable when it does not run.
        """
        situation = look(self._folder, self._host)
        if situation.state is not State.RUNNING or situation.socket_dir is None:
            raise unavailable(self._folder, situation)
        return self._address(situation.socket_dir, database)

    def ensure_started(self, *, explicit: bool) -> str:
        """Return the address, after starting the server if need be.

        ``explicit`` says that a person asked for something that needs the database. Background use
        (``explicit=False``: a page that refreshes, a supervisor) does not start what a person
        stopped, and raises DatabaseUnavailable instead.
        """
        situation = look(self._folder, self._host)
        if situation.state is State.RUNNING and situation.socket_dir is not None:
            return self._address(situation.socket_dir, DATABASE)
        if not explicit and self._folder.stopped_at() is not None:
            raise unavailable(self._folder, situation)
        return self.start()

    def start(self, *, take_over: bool = False) -> str:
        """Start the server unless it runs; return its address. Forgets that a person stopped it.

        The cluster is made at the first start. Several processes may call this at once: one starts
        the server, the others wait for it. ``take_over`` is a person's word that the server of
        another host is gone, or that files copied from a running server are to be used as they are.
        """
        from pm_kernel.embedded import launch, log

        account = self._account()
        with self._control(account):
            log.limit(self._folder.log)
            socket_dir = launch.bring_up(
                self._folder,
                account,
                self._host,
                state_dir=self._state_dir,
                extra=self._settings,
                timeout=self._timeout,
                take_over=take_over,
            )
            self._folder.stopped.unlink(missing_ok=True)
        return self._address(socket_dir, DATABASE)

    def stop(self) -> bool:
        """Stop the server and remember that a person did; return whether it ran.

        Clients are disconnected and open transactions rolled back.
        """
        if not self._folder.root.is_dir():
            return False
        from pm_kernel.embedded import launch
        from pm_kernel.embedded.sockets import remove_socket_dir

        account = self._account()
        with self._control(account):
            situation = look(self._folder, self._host)
            if situation.state is State.ELSEWHERE:
                raise unavailable(self._folder, situation)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._folder.write(self._folder.stopped, f"{self._folder.inode()} {now}\n", account)
            record, ran = situation.record, situation.pid is not None
            if record is not None and situation.pid is not None:
                launch.end(self._folder, record, situation.pid, account.uid, self._timeout)
            if record is not None and record.inode == self._folder.inode():
                remove_socket_dir(Path(record.socket_dir))
            return ran

    def status(self) -> PostgresStatus:
        """Return what is known about the server; raises nothing that can be said in the answer."""
        try:
            situation = look(self._folder, self._host)
        except DatabaseUnavailable as error:
            situation, problem = Situation(State.STOPPED), error
        else:
            problem = unavailable(self._folder, situation)
        running = situation.state is State.RUNNING
        record = situation.record
        return PostgresStatus(
            running=running,
            pid=situation.pid,
            version=None if record is None else record.version,
            data_dir=self._folder.data,
            socket_dir=situation.socket_dir,
            log_file=self._folder.log,
            stopped_on_request=not running and self._folder.stopped_at() is not None,
            problem=None if running else problem.message,
            hint=None if running else problem.hint,
        )

    def backup(self, file: Path, *, overwrite: bool = False) -> None:
        """Write the database into ``file`` (pg_dump's custom format, mode 0600), whole or not.

        The server must run; people can go on working. Raises Conflict when the file exists.
        """
        from pm_kernel.embedded.dump import backup

        backup(self._client(), file, overwrite=overwrite)

    def restore(self, file: Path) -> str | None:
        """Replace the database by the one in ``file``; return the name the old one is kept under.

        The file is read into a new database first, which then takes the place of the old one in one
        step: when that fails (InvalidInput for the file) the old one is as it was. Connections to
        the old one are closed. Starts the server if need be; a cluster that cannot be used (copied
        while it ran, incomplete, of another PostgreSQL) is set aside, and None returned.

        A backup can hold commands that run with the server's rights: restore only your own.
        """
        from pm_kernel.embedded import cluster, dump
        from pm_kernel.embedded.binaries import MAJOR, Binaries

        dump.check(Binaries.locate(), file)
        copied = look(self._folder, self._host).state is State.COPIED
        usable = self._folder.data.exists() and cluster.major_version(self._folder) == MAJOR
        if copied or not usable:
            self.set_aside()
        self.start()
        with self._control(self._account()):
            old = dump.restore(self._client(), file)
        return old if usable and not copied else None

    def set_aside(self) -> Path | None:
        """Put the cluster aside, so that the next start makes an empty one; return its new place.

        For `pm rebuild` on a database that is damaged or a copy. Deletes nothing. The server must
        not run.
        """
        from pm_kernel.embedded import cluster

        if not self._folder.data.exists():
            return None
        with self._control(self._account()):
            situation = look(self._folder, self._host)
            if situation.state in (State.RUNNING, State.BUSY, State.DEAF):
                raise DatabaseUnavailable(
                    "The database is in use; it cannot be set aside.",
                    hint="Run `pm db stop` first.",
                )
            if situation.state is State.ELSEWHERE:
                raise unavailable(self._folder, situation)
            return cluster.set_aside(self._folder)

    def _account(self) -> Account:
        from pm_kernel.embedded.account import Account

        return Account.of(self._folder.root, self._folder.data)

    @contextmanager
    def _control(self, account: Account) -> Iterator[None]:
        """Let no other process start, stop or restore this server inside the block.

        What the operating system refuses there (a full or read-only disk, a folder's mode) is said
        as DatabaseUnavailable.
        """
        from pm_kernel.embedded import log

        try:
            self._folder.create(account)
            with self._locked():
                yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise DatabaseUnavailable(
                f"The database folder {self._folder.root} cannot be used: {reason}"
                + (f", {error.filename}." if error.filename else "."),
                hint=log.remedy(reason),
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from pm_kernel.embedded.lock import lock

        # A little longer than the other one may take.
        with lock(self._folder.control_lock, timeout=self._timeout + 30) as descriptor:
            if descriptor is None:
                raise DatabaseUnavailable(
                    "Another pm process has been starting, stopping or restoring the database of "
                    f"this workspace for more than {self._timeout + 30:.0f} seconds.",
                    hint="Wait for it, or end it; `pm db status` shows the server.",
                )
            yield

    def _client(self) -> Client:
        from pm_kernel.embedded.binaries import Binaries
        from pm_kernel.embedded.dump import Client

        situation = look(self._folder, self._host)
        if situation.state is not State.RUNNING or situation.socket_dir is None:
            raise unavailable(self._folder, situation)
        return Client(Binaries.locate(), situation.socket_dir, self._password(), DATABASE)

    def _address(self, socket_dir: Path, database: str) -> str:
        host = quote(str(socket_dir))
        # The port too: PGPORT in somebody's environment would change it.
        return f"postgresql://{ROLE}:{self._password()}@/{database}?host={host}&port={PORT}"

    def _password(self) -> str:
        try:
            return self._folder.password.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise DatabaseUnavailable(
                f"The password of the database cannot be read: {error.strerror}, "
                f"{self._folder.password}.",
                hint="`pm doctor` checks the folder.",
            ) from error
