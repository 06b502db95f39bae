"""What can be said about a PostgreSQL server by asking it: for ``pm db`` and ``pm doctor``.

Nothing here writes, and nothing needs our schema to be there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg
from alembic.script import ScriptDirectory
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.store import schema
from pm_kernel.store.engine import libpq_url, sqlalchemy_url
from pm_kernel.store.tables import metadata

#: The first version with everything that our statements use.
OLDEST = 14

#: Ours, older or newer than this program; empty; or somebody else's tables.
SchemaState = Literal["current", "older", "newer", "empty", "foreign"]

#: Options of a connection that are secrets.
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})
#: How often the pooling is tried: a pooler may give a client the same connection by chance.
_TRIES = 3

#: Why a pooler that lends a connection per transaction or statement will not do.
POOLED_TOLD = (
    "A pooler stands before the database that gives one session's statements to several server "
    "processes; the locks that keep plans and registrations apart would not hold"
)
POOLED_HINT = (
    "Name the server itself in the address, or let the pooler use session pooling "
    "(PgBouncer: pool_mode = session)."
)

_FACTS = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int,
       current_database(), current_user, pg_encoding_to_char(d.encoding),
       pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
       pg_database_size(d.oid), current_setting('max_connections')::int,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       coalesce(current_schema(), '')
FROM pg_database d WHERE d.datname = current_database()
"""
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
"""
_OTHER_SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE nspname <> current_schema() AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""


@dataclass(frozen=True)
class ServerFacts:
    """One server and database, as a client meets them."""

    #: As the server says it, such as ``16.4 (Debian 16.4-1)``.
    version: str
    major: int
    database: str
    user: str
    encoding: str
    #: A standby, or set to refuse writing.
    read_only: bool
    #: Whether tables can be made.
    may_create: bool
    size_bytes: int
    max_connections: int
    connections: int
    #: Where tables without a schema's name are found and made.
    schema_name: str
    #: Tables there that no version of this program made.
    foreign_tables: tuple[str, ...]
    #: Schemas beside ours, PostgreSQL's own left out.
    other_schemas: tuple[str, ...]
    revision: str | None
    needed_revision: str
    schema: SchemaState
    #: The server's clock minus this machine's, and how far that can be wrong.
    clock_ahead_seconds: float
    clock_doubt_seconds: float
    encrypted: bool
    #: What a session holds is lost between its statements: a pooler stands in between.
    pooled: bool


def utc_now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


def inspect(url: str, *, timeout: int = 5, now: Callable[[], datetime] = utc_now) -> ServerFacts:
    """Ask the server behind ``url`` about itself.

    Raises DatabaseUnavailable with what it (or the network) said when it does not answer within
    ``timeout`` seconds.
    """
    try:
        with psycopg.connect(
            libpq_url(url),
            autocommit=True,
            connect_timeout=timeout,
            prepare_threshold=None,
            # A database without an encoding would send bytes.
            client_encoding="utf8",
        ) as session:
            # In a transaction: behind a pooler a setting of the session would reach others.
            with session.transaction():
                session.execute("SELECT set_config('statement_timeout', %s, true)", [f"{timeout}s"])
                facts = _row(session, _FACTS)
                tables = {row[0] for row in session.execute(_TABLES)}
                others = [row[0] for row in session.execute(_OTHER_SCHEMAS)]
                revision = _revision(session, tables)
                ahead, doubt = _clock(session, now)
            encrypted = bool(session.pgconn.ssl_in_use)
        pooled = _is_pooled(url, timeout)
    except psycopg.Error as error:
        if "statement pooling" in str(error):
            raise DatabaseUnavailable(f"{POOLED_TOLD}.", hint=POOLED_HINT) from error
        raise DatabaseUnavailable(
            f"The database does not answer: {_reason(error)}",
            hint=f"Check PM_DATABASE_URL or [database] url in pm.toml: {shown_url(url)}",
        ) from error
    foreign = tuple(sorted(tables - set(metadata.tables) - {"alembic_version"}))
    return ServerFacts(
        version=facts[0],
        major=facts[1] // 10000,
        database=facts[2],
        user=facts[3],
        encoding=facts[4],
        read_only=facts[5],
        may_create=facts[6],
        size_bytes=facts[7],
        max_connections=facts[8],
        connections=facts[9],
        schema_name=facts[10],
        foreign_tables=foreign,
        other_schemas=tuple(sorted(others)),
        revision=revision,
        needed_revision=schema.head_revision(),
        schema=schema_state(revision, foreign_tables=bool(foreign)),
        clock_ahead_seconds=ahead,
        clock_doubt_seconds=doubt,
        encrypted=encrypted,
        pooled=pooled,
    )


def refuse_pooler(url: str, *, timeout: int = 5) -> None:
    """Raise DatabaseUnavailable where a pooler lends a connection per transaction or statement.

    That a server does not answer is not said here: whoever asks it for something does.
    """
    try:
        pooled = _is_pooled(url, timeout)
    except psycopg.Error as error:
        pooled = "statement pooling" in str(error)
    if pooled:
        raise DatabaseUnavailable(f"{POOLED_TOLD}.", hint=POOLED_HINT)


def schema_state(revision: str | None, *, foreign_tables: bool = False) -> SchemaState:
    """Compare a database's revision with the one this program needs."""
    if revision is None:
        return "foreign" if foreign_tables else "empty"
    if revision == schema.head_revision():
        return "current"
    scripts = ScriptDirectory(str(Path(schema.__file__).with_name("migrations")))
    known = {script.revision for script in scripts.walk_revisions()}
    return "older" if revision in known else "newer"


def shown_url(url: str) -> str:
    """Return the address with every secret in it replaced by ``***``."""
    parsed = sqlalchemy_url(url).set(drivername="postgresql")
    query = {
        name: "***" if name.lower() in _SECRETS else value for name, value in parsed.query.items()
    }
    shown = parsed.set(query=query).render_as_string(hide_password=True)
    return shown.replace("%2A%2A%2A", "***")


def holds_password(url: str) -> bool:
    """Whether an address has a secret in it."""
    parsed = sqlalchemy_url(url)
    return bool(parsed.password) or any(name.lower() in _SECRETS for name in parsed.query)


def program_environment(url: str) -> tuple[dict[str, str], str]:
    """Return how PostgreSQL's own programs reach ``url``: environment variables, and the rest.

    The password goes by the environment: a command line can be read by everybody. What no variable
    exists for comes back as a connection string, without secrets.
    """
    variables: dict[str, str] = {}
    rest: dict[str, str] = {}
    for option in pq.Conninfo.parse(libpq_url(url).encode()):
        if option.val is None:
            continue
        name, value = option.keyword.decode(), option.val.decode()
        if option.envvar is not None:
            variables[option.envvar.decode()] = value
        elif name not in _SECRETS:
            rest[name] = value
    return variables, make_conninfo(**rest)


def _row(session: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = session.execute(query).fetchone()
    assert row is not None
    return row


def _revision(session: psycopg.Connection[Any], tables: set[str]) -> str | None:
    if "alembic_version" not in tables:
        return None
    row = session.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _clock(session: psycopg.Connection[Any], now: Callable[[], datetime]) -> tuple[float, float]:
    """Return how far the server's clock is ahead, from the quickest of three answers."""
    best: tuple[float, float] | None = None
    for _ in range(3):
        began, asked = time.monotonic(), now()
        (told,) = _row(session, "SELECT clock_timestamp()")
        took = time.monotonic() - began
        ahead = (told - asked).total_seconds() - took / 2
        if best is None or took / 2 < best[1]:
            best = (ahead, took / 2)
    assert best is not None
    return best


def _is_pooled(url: str, timeout: int) -> bool:
    """Whether one client's statements reach different server processes.

    Two clients ask for their process in turn, the second one keeping a transaction open. Behind a
    pooler that lends a connection per transaction it gets the first one's process, or the first one
    gets another.
    """
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                psycopg.connect(
                    libpq_url(url),
                    autocommit=True,
                    connect_timeout=timeout,
                    prepare_threshold=None,
                )
            )
            for _ in range(2)
        )
        for _ in range(_TRIES):
            before = _process(first)
            second.execute("BEGIN")
            try:
                # A pooler with one connection would let the first one wait for the second.
                if _process(second) == before or _process(first) != before:
                    return True
            finally:
                second.execute("ROLLBACK")
    return False


def _process(session: psycopg.Connection[Any]) -> int:
    return int(_row(session, "SELECT pg_backend_pid()")[0])


def _reason(error: psycopg.Error) -> str:
    # libpq puts advice on further lines; "Is the server running?" is not the reason.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.endswith("?")]
    first = next((line for line in told if "failed:" in line), (told or ["no reason given"])[0])
    return first.removeprefix("connection failed: ").rstrip(".") + "."
