"""Param sets: each combination of values is stored once per method."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, or_, select
from sqlalchemy.dialects.postgresql import insert

from pm_kernel.domain.params import fingerprint
from pm_kernel.store.tables import (
    method_versions,
    param_defs,
    param_set_values,
    param_sets,
    tracked_functions,
)


def find_or_create(
    connection: Connection, version_id: int, values: Mapping[str, str | None]
) -> int:
    """Return the id of the param set with these values (``function.param`` -> canonical text)."""
    version = connection.execute(
        select(method_versions.c.method_id, method_versions.c.version).where(
            method_versions.c.id == version_id
        )
    ).one()
    mark = fingerprint(values)
    made = connection.execute(
        insert(param_sets)
        .values(method_id=version.method_id, fingerprint=mark)
        .on_conflict_do_nothing()
        .returning(param_sets.c.id)
    ).scalar_one_or_none()
    if made is None:
        # The unique row exists, and its values came with it in one transaction.
        found: int = connection.execute(
            select(param_sets.c.id).where(
                param_sets.c.method_id == version.method_id, param_sets.c.fingerprint == mark
            )
        ).scalar_one()
        return found
    definitions = _definitions(connection, version.method_id, version.version)
    if values:
        connection.execute(
            param_set_values.insert(),
            [
                {"param_set_id": made, "param_def_id": definitions[key], "value": value}
                for key, value in values.items()
            ],
        )
    return int(made)


def _definitions(connection: Connection, method_id: int, version: int) -> dict[str, int]:
    functions, params = tracked_functions.c, param_defs.c
    rows = connection.execute(
        select(functions.function_name, params.param_name, params.id)
        .join_from(tracked_functions, param_defs)
        .where(
            functions.method_id == method_id,
            functions.first_version <= version,
            or_(functions.last_version.is_(None), functions.last_version >= version),
            params.first_version <= version,
            or_(params.last_version.is_(None), params.last_version >= version),
        )
    )
    return {f"{row.function_name}.{row.param_name}": row.id for row in rows}
