"""`pm db …` with a PostgreSQL of one's own: with its owner's rights only, old ones, pooled ones."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pm_kernel.backup.programs import find_programs
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.embedded.binaries import Binaries
from pm_kernel.errors import DatabaseUnavailable, EngineUnavailable
from pm_kernel.store.engine import Store
from pm_kernel.store.server import inspect, program_environment, shown_url

from .db_harness import (
    NOWHERE,
    Terminal,
    TransactionPooler,
    ordinary_database,
    server_16,
    terminal,
)
from .factories import Rows


@pytest.fixture
def pm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    with terminal(tmp_path / "workspace", monkeypatch, capsys) as made:
        yield made


@pytest.fixture
def own(pm: Terminal, postgres_server: EmbeddedPostgres) -> Iterator[Terminal]:
    """A workspace with a database on a server of one's own, whose owner may do nothing else."""
    with ordinary_database(postgres_server.url("postgres")) as url:
        pm.use(url)
        assert pm("db", "upgrade").code == 0
        yield pm


@pytest.fixture(scope="module")
def old_server() -> Iterator[str]:
    with server_16() as url:
        yield url


def rows_of(pm: Terminal) -> Rows:
    return Rows(Store(pm.url, pooled=False))


def methods(pm: Terminal) -> str | None:
    answer = pm.ask("SELECT string_agg(name, ',' ORDER BY id) FROM methods")
    return None if answer is None else str(answer)


def test_a_server_of_ones_own_is_neither_started_nor_stopped(own: Terminal) -> None:
    for command in ("start", "stop"):
        said = own("db", command)
        assert said.code == 2
        assert "PostgreSQL of your own" in said.err
        assert "se:c" not in said.err
        assert "se%3Ac" not in said.err
    assert not (own.root / ".postgres").exists()


def test_status_says_what_is_there_without_the_password(own: Terminal) -> None:
    said = own("db", "status")
    assert said.code == 0, said.out
    assert "PostgreSQL 18.4 of your own" in said.out
    assert "ret" not in said.out.replace("secret", "")
    found = own("db", "status", "--json").json
    assert (found["kind"], found["usable"]) == ("own", True)
    assert ":***@" in found["url"]


def test_a_server_that_does_not_answer_is_named_without_the_password(pm: Terminal) -> None:
    pm.use(NOWHERE)
    said = pm("db", "status")
    assert said.code == 6
    assert "Connection refused" in said.out
    assert "hush" not in said.out
    assert "postgresql://pm:***@127.0.0.1:1/pm" in said.out


def test_a_restore_works_with_the_owners_rights_and_is_undone(
    own: Terminal, tmp_path: Path
) -> None:
    rows = rows_of(own)
    rows.run("segment")
    assert own("db", "backup", tmp_path / "b").code == 0
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    last = [rows.run("label") for _ in range(3)][-1]
    said = own("db", "restore", tmp_path / "b", "--json")
    assert said.code == 0, said.err
    assert methods(own) == "segment"
    first_kept = said.json["kept"]
    assert own.ask(f"SELECT count(*) FROM {first_kept}.methods") == 2
    # Numbers that the database gave out after the backup stay given.
    assert rows_of(own).run("filter") == last + 1
    said = own("db", "restore", "--undo", "--json")
    assert said.code == 0, said.err
    assert methods(own) == "segment,label"
    # Only what was replaced last is kept.
    kept = own.ask("SELECT string_agg(nspname, ',') FROM pg_namespace WHERE nspname ~ '^pm_'")
    assert kept == said.json["kept"] != first_kept
    # Status changes are still announced: the triggers came along.
    with psycopg.connect(own.url, autocommit=True) as listener:
        listener.execute("LISTEN pm")
        own.ask("UPDATE runs SET status = 'failed' WHERE id = 1")
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1


def test_a_restore_that_fails_leaves_everything_as_it_was(own: Terminal, tmp_path: Path) -> None:
    rows = rows_of(own)
    rows.run("segment")
    # Not to be guessed from its neighbours, so that it fills several blocks.
    own.ask(
        "INSERT INTO modules (name, description) SELECT n::text, string_agg(md5(m::text), '') "
        "FROM generate_series(1, 20) n, generate_series(n * 500, n * 500 + 499) m GROUP BY n"
    )
    assert own("db", "backup", tmp_path / "b").code == 0
    whole = (tmp_path / "b").read_bytes()
    before = own.ask("SELECT count(*) FROM modules")
    # In the middle of a table, and between two of them.
    for kept in (len(whole) * 2 // 3, len(whole) - 1, len(whole) - 40, len(whole) - 400):
        (tmp_path / "cut").write_bytes(whole[:kept])
        said = own("db", "restore", tmp_path / "cut")
        assert said.code == 5, said.err
        assert "as it was" in said.err
        assert own.ask("SELECT count(*) FROM modules") == before
        assert own.ask("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pm_before'") == 0


def test_what_other_people_have_in_the_database_is_left_alone(
    own: Terminal, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    name = own.ask("SELECT current_database()")
    with psycopg.connect(postgres_server.url(name), autocommit=True) as admin:
        admin.execute("CREATE SCHEMA secrets; CREATE TABLE secrets.diary (page text)")
        admin.execute("CREATE TABLE public.thesis (chapter text)")
        admin.execute("INSERT INTO public.thesis VALUES ('one')")
        admin.execute("CREATE EXTENSION vector")
    assert own("db", "backup", tmp_path / "b").code == 0
    said = own("db", "restore", tmp_path / "b")
    assert said.code == 0, said.err
    with psycopg.connect(postgres_server.url(name)) as admin:
        assert admin.execute("SELECT chapter FROM thesis").fetchone() == ("one",)
    listing = subprocess.run(
        [Binaries.locate().program("pg_restore"), "--list", tmp_path / "b"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for foreign in ("thesis", "diary", "vector"):
        assert foreign not in listing


def test_tables_that_somebody_else_uses_are_waited_for_and_not_taken(
    own: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own("db", "backup", tmp_path / "b").code == 0
    monkeypatch.setattr("pm_kernel.store.aside._PATIENCE", 1)
    with psycopg.connect(own.url) as somebody:
        somebody.execute("SELECT * FROM runs")
        said = own("db", "restore", tmp_path / "b")
    assert said.code == 6
    assert "lock timeout" in said.err


@pytest.mark.parametrize("grown", [True, False])
def test_a_workspace_moves_between_the_embedded_server_and_one_of_its_own(
    own: Terminal, tmp_path: Path, grown: bool
) -> None:
    there = own.url
    places: list[str | None] = [None, there] if grown else [there, None]
    own.use(places[0])
    assert own("db", "upgrade").code == 0
    rows_of(own).run("segment")
    assert own("db", "backup", tmp_path / "b").code == 0
    own.use(places[1])
    said = own("db", "restore", tmp_path / "b")
    assert said.code == 0, said.err
    assert methods(own) == "segment"


def test_an_empty_database_that_is_restored_into_keeps_nothing_aside(
    pm: Terminal, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    assert pm("db", "upgrade").code == 0
    assert pm("db", "backup", tmp_path / "b").code == 0
    with ordinary_database(postgres_server.url("postgres")) as url:
        pm.use(url)
        assert pm("db", "backup", tmp_path / "empty").code == 6
        assert pm("db", "restore", tmp_path / "b", "--json").json["kept"] is None
        assert pm("db", "restore", "--undo").code == 3
        assert pm.ask("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pm_before'") == 0


def test_an_older_server_is_backed_up_and_restored_from_a_newer_one(
    own: Terminal, old_server: str, tmp_path: Path
) -> None:
    rows_of(own).run("segment")
    assert own("db", "backup", tmp_path / "of 18").code == 0
    with ordinary_database(old_server) as url:
        own.use(url)
        said = own("db", "restore", tmp_path / "of 18")
        assert said.code == 0, said.err
        assert methods(own) == "segment"
        assert own("db", "status", "--json").json["version"].startswith("16.")
        rows_of(own).run("label")
        assert own("db", "backup", tmp_path / "of 16").code == 0
        assert own("db", "restore", "--undo").code == 3
        assert own("db", "restore", tmp_path / "of 16").code == 0
    own.use(None)
    said = own("db", "restore", tmp_path / "of 16")
    assert said.code == 0, said.err
    assert methods(own) == "segment,label"


def test_a_server_that_the_programs_here_are_too_old_for_is_named(own: Terminal) -> None:
    facts = inspect(own.url)
    with pytest.raises(EngineUnavailable, match=r"pg_dump 99 or newer; found: .*pg_dump") as error:
        find_programs({"PATH": ""}, replace(facts, major=99))
    assert "postgresql-client-99" in str(error.value)
    with pytest.raises(EngineUnavailable, match="can encrypt connections"):
        find_programs({"PATH": ""}, replace(facts, encrypted=True, major=99))


def test_a_pooler_that_lends_connections_per_transaction_is_refused(
    own: Terminal, tmp_path: Path
) -> None:
    assert own("db", "backup", tmp_path / "b").code == 0
    assert inspect(own.url).pooled is False
    pooler = TransactionPooler(own.url)
    try:
        own.use(f"postgresql://pm@127.0.0.1:{pooler.port}/pm")
        said = own("db", "status")
        assert said.code == 6
        assert "pooler" in said.out
        assert "pool_mode = session" in said.out
        said = own("db", "restore", tmp_path / "b")
        assert said.code == 6
        assert "pooler" in said.err
    finally:
        pooler.close()


def test_secrets_in_an_address_are_neither_shown_nor_put_on_a_command_line() -> None:
    address = (
        "postgresql+psycopg://me:one@db.example.org:6000/lab?sslmode=require&sslpassword=two"
        "&keepalives_idle=20"
    )
    shown = shown_url(address)
    assert "one" not in shown
    assert "two" not in shown
    assert "keepalives_idle=20" in shown
    variables, rest = program_environment(address)
    assert (variables["PGPASSWORD"], variables["PGSSLMODE"]) == ("one", "require")
    assert rest == "keepalives_idle=20"


def test_what_is_no_address_is_said_so(pm: Terminal) -> None:
    for address in ("mysql://somewhere/db", "not an address"):
        pm.use(address)
        said = pm("db", "status")
        assert said.code == 6
        assert "postgresql://user:password@host:5432/name" in said.out


def test_a_database_that_refuses_the_password_is_told_as_that(
    own: Terminal, postgres_server: EmbeddedPostgres
) -> None:
    with pytest.raises(DatabaseUnavailable, match="password authentication failed"):
        inspect(own.url.replace("se%3Ac", "other"))
