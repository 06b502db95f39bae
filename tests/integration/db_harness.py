"""Workspaces with a terminal of their own, and PostgreSQL servers that are not ours."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import pq, sql

from pm_kernel.cli.main import main
from pm_kernel.config import Settings, load_settings
from pm_kernel.database import embedded_postgres
from pm_kernel.embedded.binaries import Binaries
from pm_kernel.workspace import init_workspace

#: Nobody listens there.
NOWHERE = "postgresql://pm:hush@127.0.0.1:1/pm"


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """A workspace, and `pm` in it, in this process."""

    root: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> Said:
        self.capsys.readouterr()
        code = main(["-w", str(self.root), *map(str, words)])
        return Said(code, *self.capsys.readouterr())

    @property
    def settings(self) -> Settings:
        return load_settings(workspace=self.root)

    def use(self, url: str | None) -> None:
        """Let the workspace use a server of one's own, or the embedded one."""
        if url is None:
            self.monkeypatch.delenv("PM_DATABASE_URL", raising=False)
        else:
            self.monkeypatch.setenv("PM_DATABASE_URL", url)

    @property
    def url(self) -> str:
        """The address of the database, with its password."""
        said = self("db", "url", "--show-password")
        assert said.code == 0, said.err
        return said.out.strip()

    def ask(self, question: str, url: str | None = None) -> Any:
        with psycopg.connect(url or self.url, autocommit=True) as connection:
            cursor = connection.execute(question)
            row = cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]


@contextmanager
def terminal(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    """Make a workspace; its embedded database, if it was started, is stopped at the end."""
    for name in ("PM_WORKSPACE", "PM_DATABASE_URL", "PM_PYTHON", "PM_NEXTFLOW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PM_STATE_DIR", str(root.parent / "state"))
    monkeypatch.setenv("PM_CACHE_DIR", str(root.parent / "cache"))
    init_workspace(root)
    here = Terminal(root, monkeypatch, capsys)
    yield here
    here.use(None)
    embedded_postgres(here.settings).stop()


@contextmanager
def ordinary_database(server_url: str, **options: str) -> Iterator[str]:
    """A database whose owner may do nothing else: no superuser, no right to make databases."""
    name = f"lab_{secrets.token_hex(4)}"
    role, database = sql.Identifier(name), sql.Identifier(name)
    clauses = sql.SQL(" ").join(
        sql.SQL("{} {}").format(sql.SQL(key), sql.Literal(value)) for key, value in options.items()
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'se:c/ret'").format(role))
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} {}").format(database, role, clauses)
        )
        address = psycopg.conninfo.conninfo_to_dict(server_url)
        host, port = address["host"], address["port"]
        yield f"postgresql://{name}:se%3Ac%2Fret@/{name}?host={host}&port={port}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


@contextmanager
def server_16() -> Iterator[str]:
    """A PostgreSQL 16 on a socket, without password; yields the address of its superuser."""
    binaries = Binaries(Binaries.locate().root.with_name("pginstall"))
    if not Path(binaries.program("initdb")).exists():
        pytest.skip("the wheel brings no PostgreSQL 16")
    folder = Path(tempfile.mkdtemp(prefix="pm-16-", dir="/var/tmp"))
    data = folder / "data"
    data.mkdir(mode=0o700)
    switch: dict[str, Any] = {}
    if os.geteuid() == 0:
        # initdb looks its user up; the server does not.
        import pwd

        person = pwd.getpwnam("nobody")
        switch = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
        for each in (folder, data):
            os.chown(each, person.pw_uid, person.pw_gid)
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    try:
        subprocess.run(
            [binaries.program("initdb"), "-D", data, "-U", "boss", "--auth=trust", "-E", "UTF8"],
            check=True, capture_output=True, env=environ, cwd=folder, **switch,
        )  # fmt: skip
    except (PermissionError, subprocess.CalledProcessError):
        shutil.rmtree(folder)
        pytest.skip("nobody can run the programs of PostgreSQL 16 here")
    control = [binaries.program("pg_ctl"), "-D", data, "-w"]
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c huge_pages=off"
    subprocess.run(
        [*control, "start", "-l", data / "log", "-o", options],
        check=True, stdout=subprocess.DEVNULL, env=environ, cwd=folder, **switch,
    )  # fmt: skip
    try:
        yield f"postgresql://boss@/postgres?host={folder}&port=5432"
    finally:
        subprocess.run(
            [*control, "-m", "immediate", "stop"],
            check=True, stdout=subprocess.DEVNULL, env=environ, cwd=folder, **switch,
        )  # fmt: skip
        shutil.rmtree(folder)


class TransactionPooler:
    """Lends two connections to the server, each for one transaction, as PgBouncer can.

    It understands as much of the protocol as that needs: whole messages, and in which of them the
    server says whether it is inside a transaction.
    """

    def __init__(self, server_url: str) -> None:
        self._idle = [_ServerEnd(server_url) for _ in range(2)]
        self._all = list(self._idle)
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        # Wakes the thread that waits for clients; closing alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)
        for each in self._all:
            each.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as requests:
            self._greet(client, requests)
            lent: _ServerEnd | None = None
            try:
                while (message := _message(requests)) is not None and message[:1] != b"X":
                    if lent is None:
                        lent = self._borrow()
                    lent.stream.sendall(message)
                    if message[:1] not in (b"Q", b"S"):
                        continue
                    while True:
                        answer = _message(lent.answers)
                        assert answer is not None
                        client.sendall(answer)
                        if answer[:1] == b"Z":
                            break
                    if answer[5:6] == b"I":
                        self._give_back(lent)
                        lent = None
            finally:
                if lent is not None:
                    self._give_back(lent)

    def _greet(self, client: socket.socket, requests: Any) -> None:
        length = int.from_bytes(requests.read(4), "big")
        code = int.from_bytes(requests.read(length - 4)[:4], "big")
        if code == 80877103:  # does it speak TLS?
            client.sendall(b"N")
            self._greet(client, requests)
            return
        client.sendall(b"R" + (8).to_bytes(4, "big") + (0).to_bytes(4, "big"))
        for name, value in (
            ("server_version", "18.0"),
            ("client_encoding", "UTF8"),
            ("standard_conforming_strings", "on"),
            ("integer_datetimes", "on"),
            ("TimeZone", "UTC"),
        ):
            text = name.encode() + b"\0" + value.encode() + b"\0"
            client.sendall(b"S" + (len(text) + 4).to_bytes(4, "big") + text)
        client.sendall(b"Z" + (5).to_bytes(4, "big") + b"I")

    def _borrow(self) -> _ServerEnd:
        with self._changed:
            while not self._idle:
                self._changed.wait()
            # The one that was given back last, as poolers do.
            return self._idle.pop()

    def _give_back(self, end: _ServerEnd) -> None:
        with self._changed:
            self._idle.append(end)
            self._changed.notify()


class _ServerEnd:
    """One connection to the server; libpq logs in, then it is only bytes."""

    def __init__(self, url: str) -> None:
        self.connection = pq.PGconn.connect(url.encode())
        assert self.connection.status == pq.ConnStatus.OK
        self.stream = socket.socket(fileno=os.dup(self.connection.socket))
        self.stream.setblocking(True)
        self.answers = self.stream.makefile("rb")

    def close(self) -> None:
        self.answers.close()
        self.stream.close()
        self.connection.finish()


def _message(stream: Any) -> bytes | None:
    head = stream.read(5)
    if len(head) < 5:
        return None
    return head + stream.read(int.from_bytes(head[1:], "big") - 4)
