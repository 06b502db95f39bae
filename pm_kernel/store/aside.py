"""Databases and tables that a restore replaced: kept under another name, and put back.

In the embedded server the whole database is renamed. On a server of one's own that right is rarely
given, so there our tables move into a schema of their own; what moves is what our migrations made.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from pm_kernel.errors import NotFound
from pm_kernel.store.engine import libpq_url, translated
from pm_kernel.store.tables import metadata

_PREFIX = "pm_before_"
#: A name as ``new_name`` and the embedded server make it; nothing else is ever dropped.
_NAME = re.compile(r"pm_before_\d{8}_\d{6}_[0-9a-f]{4}")
#: Keeps two restores apart.
_LOCK = 0x706D_0002
#: Seconds to wait for transactions of others that use the tables.
_PATIENCE = 15

_MOVE = """
DO $pm$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = {source}::regnamespace AND c.relkind IN ('r', 'p')
          AND c.relname = ANY ({tables})
    LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA %I', found.name, {target});
    END LOOP;
    FOR found IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = {source}::regnamespace AND p.proname LIKE 'pm\\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET SCHEMA %I', found.name, {target});
    END LOOP;
END $pm$;
"""


def new_name() -> str:
    """Return a name for what is put aside now."""
    return f"{_PREFIX}{datetime.now(UTC):%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"


def aside_script(schema_name: str, kept: str) -> str:
    """Return SQL that moves our tables from ``schema_name`` to the new schema ``kept``.

    It belongs into a transaction; it takes the lock that keeps two restores apart.
    """
    return f"""
SET LOCAL lock_timeout = '{_PATIENCE}s';
SELECT pg_advisory_xact_lock({_LOCK}) IS NULL;
{_text(sql.SQL("CREATE SCHEMA {};").format(sql.Identifier(kept)))}
{_move(schema_name, kept)}
"""


def drop_script(schema_names: list[str]) -> str:
    """Return SQL that deletes schemas that an earlier restore put aside."""
    names = [name for name in schema_names if _NAME.fullmatch(name)]
    statement = sql.SQL("DROP SCHEMA {} CASCADE;")
    return "\n".join(_text(statement.format(sql.Identifier(name))) for name in names)


def kept_schemas(url: str) -> list[str]:
    """Return the schemas with what restores replaced, the newest last."""
    return _names(url, "SELECT nspname FROM pg_namespace")


def kept_databases(url: str) -> list[str]:
    """Return the databases that restores replaced, the newest last."""
    return _names(url, "SELECT datname FROM pg_database")


def put_back(url: str, schema_name: str) -> str:
    """Exchange our tables and those put aside last; return where the former are kept now.

    Raises NotFound when nothing was put aside.
    """
    earlier = kept_schemas(url)
    if not earlier:
        raise nothing_kept()
    kept = new_name()
    with translated(), psycopg.connect(libpq_url(url)) as connection:
        connection.execute(_static(aside_script(schema_name, kept)))
        connection.execute(_static(_move(earlier[-1], schema_name)))
        connection.execute(_static(drop_script(earlier)))
    return kept


def nothing_kept() -> NotFound:
    """Return the error for an undo without a restore."""
    return NotFound(
        "No restore has put a database aside here; there is nothing to undo.",
        hint="`pm db restore FILE` reads a backup.",
    )


def _names(url: str, query: str) -> list[str]:
    with translated(), psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
        rows = connection.execute(_static(query)).fetchall()
    return sorted(name for (name,) in rows if _NAME.fullmatch(name))


def _move(source: str, target: str) -> str:
    return _text(
        sql.SQL(_MOVE).format(
            source=sql.Literal(_text(sql.Identifier(source))),
            target=sql.Literal(target),
            tables=sql.Literal([*metadata.tables, "alembic_version"]),
        )
    )


def _text(part: sql.Composable) -> str:
    return part.as_string(None)


def _static(text: str) -> sql.SQL:
    """Mark a text as ready: all names in it are quoted."""
    return sql.SQL(text)
