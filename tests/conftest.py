"""Fixtures of databases and workspaces: real PostgreSQL servers, stopped at the end."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.store import schema
from pm_kernel.store.engine import Store

if TYPE_CHECKING:
    from .workbench import Workbench

TEMPLATE = "pm_template"
#: Nothing here has to survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

#: A container's /dev/shm of 64 MB would not hold the server.
MEMORY_BYTES = 2_000_000_000

# How fast the machine is, and how busy, says nothing about what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

NewPostgres = Callable[..., EmbeddedPostgres]


def fill_template(url: str) -> None:
    """Put into the template database what every test's database begins with: the schema."""
    store = Store(url, pooled=False)
    schema.upgrade(store)
    store.close()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One running server for all tests that only need a database."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_BYTES:
        # A database per test is many small files; a busy disk takes half a second for them.
        folder = Path(tempfile.mkdtemp(prefix="pm-test-", dir=memory))
    else:
        folder = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder / ".postgres", state_dir=folder / "state", settings=FAST)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _administration(
    postgres_server: EmbeddedPostgres,
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def database_template(
    postgres_server: EmbeddedPostgres, _administration: psycopg.Connection[tuple[Any, ...]]
) -> str:
    """The name of a database, filled once, that every test's database is copied from."""
    _administration.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    fill_template(postgres_server.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def database_url(
    postgres_server: EmbeddedPostgres,
    database_template: str,
    _administration: psycopg.Connection[tuple[Any, ...]],
    _numbers: Iterator[int],
) -> Iterator[str]:
    """The address (``postgresql://…``) of a fresh database, dropped after the test."""
    name = f"test_{next(_numbers)}"
    database, template = sql.Identifier(name), sql.Identifier(database_template)
    # The quickest strategy as long as nothing is forced to the disk.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    _administration.execute(create.format(database, template))
    yield postgres_server.url(name)
    _administration.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """The door to a fresh database that has the schema and no rows."""
    opened = Store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def bench(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> Iterator[Workbench]:
    """A workspace of the test's own, with an empty database; methods are made by the test."""
    # Only who has a workspace needs all that it is made with.
    from .workbench import Workbench

    # What was learnt about the interpreter holds for all tests.
    cache = tmp_path_factory.getbasetemp() / "cache"
    made = Workbench.make(tmp_path / "workspace", database_url, cache=cache)
    yield made
    made.close()


@pytest.fixture
def new_postgres(tmp_path: Path) -> Iterator[NewPostgres]:
    """Make servers of the test's own, not yet started; all are stopped at the end.

    ``new_postgres(folder)`` is the server of the workspace ``folder`` (default: a new one).
    """
    made: list[EmbeddedPostgres] = []

    def make(workspace: Path | None = None, **options: object) -> EmbeddedPostgres:
        workspace = tmp_path / f"workspace{len(made)}" if workspace is None else workspace
        workspace.mkdir(mode=0o755, parents=True, exist_ok=True)
        options = {"state_dir": tmp_path / "state", "settings": FAST, **options}
        made.append(EmbeddedPostgres(workspace / ".postgres", **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for server in made:
        try:
            server.stop()
        except DatabaseUnavailable:
            # The test made it unusable from here; its processes are then the test's to end.
            assert not server.status().running
        shutil.rmtree(server.status().data_dir.parent, ignore_errors=True)
