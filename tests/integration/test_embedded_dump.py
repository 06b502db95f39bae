"""Backup and restore of the embedded database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.errors import Conflict, DatabaseUnavailable, InvalidInput, StoreUnavailable

NewPostgres = Callable[..., EmbeddedPostgres]


@pytest.fixture
def server(new_postgres: NewPostgres) -> EmbeddedPostgres:
    """A running server whose database says 'first'."""
    server = new_postgres()
    server.start()
    run(
        server,
        "CREATE TABLE note (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, t text, j jsonb)",
    )
    run(server, "INSERT INTO note (t, j) VALUES ('first', '{\"a\": [1, 2.50]}')")
    return server


def run(server: EmbeddedPostgres, command: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(command)


def ask(server: EmbeddedPostgres, question: str, database: str = "pm") -> Any:
    with psycopg.connect(server.url(database)) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def databases(server: EmbeddedPostgres) -> set[str]:
    names = ask(server, "SELECT array_agg(datname::text) FROM pg_database")
    return set(names) - {"postgres", "template0", "template1"}


def test_a_restore_brings_back_what_was_backed_up_and_keeps_what_it_replaced(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    file = tmp_path / "pm.backup"
    server.backup(file)
    assert file.stat().st_mode & 0o777 == 0o600
    run(server, "UPDATE note SET t = 'second'")
    old = server.restore(file)
    assert old is not None
    assert ask(server, "SELECT t || j::text FROM note") == 'first{"a": [1, 2.50]}'
    run(server, "INSERT INTO note (t) VALUES ('third')")
    assert ask(server, "SELECT max(id) FROM note") == 2
    assert ask(server, "SELECT t FROM note", old) == "second"
    assert databases(server) == {"pm", old}
    newer = server.restore(file)
    assert databases(server) == {"pm", newer}
    assert sorted(p.name for p in tmp_path.glob("*backup*")) == ["pm.backup"]


def test_a_restore_into_a_workspace_without_a_database_makes_one(
    server: EmbeddedPostgres, new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server.backup(tmp_path / "b")
    other = new_postgres()
    assert other.restore(tmp_path / "b") is None
    assert ask(other, "SELECT t FROM note") == "first"


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "missing"])
def test_a_restore_that_fails_leaves_the_database_as_it_was(
    server: EmbeddedPostgres, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "pm.backup"
    run(
        server, "INSERT INTO note (t) SELECT repeat(md5(n::text), 9) FROM generate_series(1, 999) n"
    )
    server.backup(file)
    whole = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(whole[:-5000])
        case "garbage":
            file.write_bytes(b"not a backup" * 100)
        case "empty":
            file.write_bytes(b"")
        case "missing":
            file.unlink()
    run(server, "UPDATE note SET t = 'second' WHERE id = 1")
    with psycopg.connect(server.url(), autocommit=True) as working:
        with pytest.raises(InvalidInput, match=r"pm\.backup"):
            server.restore(file)
        row = working.execute("SELECT t FROM note WHERE id = 1").fetchone()
    assert row == ("second",)
    assert databases(server) == {"pm"}


def test_what_a_killed_restore_left_is_cleared_by_the_next(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.backup(tmp_path / "b")
    run(server, "CREATE DATABASE pm_restore_0123abcd")
    old = server.restore(tmp_path / "b")
    assert databases(server) == {"pm", old}


def test_a_restore_gets_past_clients_that_keep_coming_back(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.backup(tmp_path / "b")
    enough = threading.Event()
    seen: set[str] = set()

    def insist() -> None:
        while not enough.is_set():
            try:
                with psycopg.connect(server.url(), connect_timeout=5) as connection:
                    while not enough.wait(0.01):
                        row = connection.execute("SELECT t FROM note").fetchone()
                        seen.add(row[0] if row else "nothing")
            except psycopg.OperationalError:
                continue

    clients = [threading.Thread(target=insist) for _ in range(3)]
    for client in clients:
        client.start()
    try:
        run(server, "UPDATE note SET t = 'second'")
        assert server.restore(tmp_path / "b") is not None
    finally:
        enough.set()
        for client in clients:
            client.join()
    assert ask(server, "SELECT t FROM note") == "first"
    # Nobody met a database that was neither the one nor the other.
    assert seen <= {"first", "second"}


def test_a_backup_replaces_no_file_unless_told_to(server: EmbeddedPostgres, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("thesis")
    with pytest.raises(Conflict, match="precious"):
        server.backup(file)
    assert file.read_text() == "thesis"
    server.backup(file, overwrite=True)
    assert file.read_bytes().startswith(b"PGDMP")
    with pytest.raises(StoreUnavailable, match="nowhere"):
        server.backup(tmp_path / "nowhere" / "b")


def test_a_backup_needs_a_running_server(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="stopped with `pm db stop`"):
        server.backup(tmp_path / "b")
    assert list(tmp_path.glob("*b")) == []
