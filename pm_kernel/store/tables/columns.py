"""The kinds of columns that tables share, and where all tables are gathered."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

# Predictable names: errors are translated by constraint name.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def own_id() -> Column[int]:
    """Return the column of the id that the database gives out."""
    return Column("id", BigInteger, Identity(), primary_key=True)


def reference(
    name: str, target: str, *, nullable: bool = False, index: bool = False
) -> Column[int]:
    """Return a column that refers to the id of a row of another table."""
    return Column(name, BigInteger, ForeignKey(target), nullable=nullable, index=index)


def moment(name: str = "created_at") -> Column[object]:
    """Return a column for when a row was made, unless that is said."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def later_moment(name: str) -> Column[object]:
    """Return a column for when something happened, if it did."""
    return Column(name, DateTime(timezone=True))


def validity() -> tuple[Column[int], Column[int]]:
    """Return the columns for the range of versions in which a declaration holds."""
    return Column("first_version", Integer, nullable=False), Column("last_version", Integer)


def document(name: str) -> Column[object]:
    """Return a column for a JSON object, empty where nothing is said."""
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))
