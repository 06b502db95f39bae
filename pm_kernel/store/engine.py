"""The one door to the database: connections, transactions, and the translation of its errors.

``Store`` owns a pool. ``store.transaction()`` is the only way to write; it commits, rolls back and
turns what PostgreSQL says into the errors of this product, by constraint name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from pm_kernel.errors import Conflict, DatabaseUnavailable, InvalidInput, PmError

#: Re-exported: use cases hand connections on without importing the library.
__all__ = ["DATABASE_ERRORS", "Connection", "Store", "libpq_url", "sqlalchemy_url", "translated"]

#: What the libraries raise where a database does not take what it is given.
DATABASE_ERRORS = (SQLAlchemyError, psycopg.Error)

#: What a violated constraint means to a person.
CONSTRAINTS: Mapping[str, str] = {
    "uq_modules_name": "A module with that name exists already.",
    "uq_methods_name": "A method with that name exists already; names are unique over all modules.",
    "uq_method_versions_method_id_version": "Somebody else registered that version just now.",
    "uq_workflow_templates_name": "A template with that name exists already.",
    "uq_planned_runs_plan_id_key": "That planned run exists in the plan already.",
    "uq_runs_uuid": "That run is registered already.",
    "uq_runs_one_live": "A run of this planned run is alive already.",
    "uq_plan_launches_plan_id_number": "Somebody else launched this plan just now.",
}


def sqlalchemy_url(url: str) -> URL:
    """Accept ``postgresql://`` and ``postgresql+psycopg://``; anything else is refused."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise InvalidInput(
            "The database URL cannot be read.",
            hint="It looks like postgresql://user:password@host:5432/name.",
        ) from error
    if parsed.drivername not in ("postgresql", "postgresql+psycopg", "postgres"):
        raise InvalidInput(
            f"The database URL names {parsed.drivername!r}; only PostgreSQL is supported.",
            hint="It looks like postgresql://user:password@host:5432/name.",
        )
    return parsed.set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """Return the same URL as psycopg and the PostgreSQL tools read it."""
    return sqlalchemy_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Store:
    """A pool of connections to one database."""

    def __init__(self, url: str, *, pooled: bool = True) -> None:
        options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
        self._engine = create_engine(
            sqlalchemy_url(url),
            # A server that was restarted must not cost somebody an error.
            pool_pre_ping=pooled,
            connect_args={"connect_timeout": 10, "application_name": "pm"},
            **options,
        )
        event.listen(self._engine, "connect", _utc)
        self.url = url

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open one transaction: committed at the end, rolled back on any error."""
        with translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open one consistent snapshot for several queries; nothing is written."""
        with translated(), self._engine.connect() as connection:
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _utc(connection: psycopg.Connection[Any], _record: object) -> None:
    # Times are shown by whoever shows them; the database speaks UTC only.
    autocommit = connection.autocommit
    connection.autocommit = True
    connection.execute("SET timezone = 'UTC'")
    connection.autocommit = autocommit


@contextmanager
def translated() -> Iterator[None]:
    """Turn database errors into the errors of this product."""
    try:
        yield
    except IntegrityError as error:
        raise _conflict(error.orig) or error from error
    except (OperationalError, ProgrammingError, DBAPIError) as error:
        raise _unavailable(error.orig) or error from error
    except psycopg.Error as error:
        raise _conflict(error) or _unavailable(error) or error from error


def _conflict(error: BaseException | None) -> PmError | None:
    name = getattr(getattr(error, "diag", None), "constraint_name", None)
    message = CONSTRAINTS.get(name) if name else None
    return Conflict(message) if message else None


def _unavailable(error: BaseException | None) -> PmError | None:
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return DatabaseUnavailable(
            "The database is older than this program: a table or column is missing.",
            hint="Bring it up to date with `pm db upgrade`.",
        )
    if isinstance(error, psycopg.errors.DiskFull):
        return DatabaseUnavailable(
            "The disk of the database is full; nothing was recorded.",
            hint="Free some space, then repeat the command.",
        )
    if isinstance(error, psycopg.errors.NumericValueOutOfRange):
        return InvalidInput("A number is larger than any that is ever given out.")
    if isinstance(error, psycopg.errors.UntranslatableCharacter):
        return InvalidInput("A text cannot be stored: it holds a NUL character.")
    if isinstance(error, psycopg.errors.InvalidTextRepresentation) and "json" in str(error):
        return InvalidInput("A text cannot be stored: it holds half of a character.")
    if isinstance(error, psycopg.OperationalError):
        reason = str(error).strip().splitlines()
        return DatabaseUnavailable(
            f"The database does not answer: {reason[-1] if reason else 'no reason given'}",
            hint="`pm db status` shows its state, `pm db start` starts the embedded one.",
        )
    return None
