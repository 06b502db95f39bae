"""What versions declare, as rows: each is valid from its first version to its last.

Registering a version closes the rows that changed or vanished and opens new ones; what stayed the
same goes on under the same id, so that old runs keep theirs and two versions are compared by a
query. The same facts stand whole in ``method_versions.declaration``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, or_, select, update

from pm_kernel.domain.methods import (
    Declaration,
    MethodInput,
    MethodOutput,
    ParamDef,
    TrackedFunction,
)
from pm_kernel.store.tables import (
    method_inputs,
    method_outputs,
    modules,
    param_defs,
    tracked_functions,
)

_Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """The rows of one version: a declaration without what only the whole one says."""

    tracked: tuple[TrackedFunction, ...] = ()
    inputs: tuple[MethodInput, ...] = ()
    outputs: tuple[MethodOutput, ...] = ()


def facts(declaration: Declaration) -> Declared:
    """Reduce a declaration to what the rows hold."""
    return Declared(
        tracked=tuple(
            TrackedFunction(
                each.function,
                each.qualname,
                each.file,
                ordinal,
                tuple(_param(param) for param in each.params),
            )
            for ordinal, each in enumerate(declaration.tracked)
        ),
        inputs=tuple(
            MethodInput(
                each.name, each.type, each.module, each.value_type, each.gather, each.required
            )
            for each in declaration.inputs
        ),
        outputs=declaration.outputs,
    )


def _param(param: ParamDef) -> ParamDef:
    return ParamDef(param.name, param.type, param.default, call_site=param.call_site, doc=param.doc)


def record(
    connection: Connection,
    method_id: int,
    version: int,
    declaration: Declaration,
    module_ids: Mapping[str, int],
) -> None:
    """Write the rows of the newest version; ``module_ids`` has the source modules of its inputs."""
    declared = facts(declaration)
    functions, gone = _sync(
        connection,
        tracked_functions,
        tracked_functions.c.method_id == method_id,
        {"method_id": method_id},
        "function_name",
        version,
        {
            each.function: {
                "qualname": each.qualname,
                "source_file": each.file,
                "ordinal": each.ordinal,
            }
            for each in declared.tracked
        },
    )
    if gone:
        _close(connection, param_defs, param_defs.c.tracked_function_id.in_(gone), version)
    for each in declared.tracked:
        function_id = functions[each.function]
        _sync(
            connection,
            param_defs,
            param_defs.c.tracked_function_id == function_id,
            {"tracked_function_id": function_id},
            "param_name",
            version,
            {
                param.name: {
                    "param_type": param.type,
                    "default_value": param.default,
                    "call_site_value": param.call_site,
                    "description": param.doc,
                    "ordinal": ordinal,
                }
                for ordinal, param in enumerate(each.params)
            },
        )
    _sync(
        connection,
        method_inputs,
        method_inputs.c.method_id == method_id,
        {"method_id": method_id},
        "input_name",
        version,
        {
            item.name: {
                "input_type": item.type,
                "value_type": item.value_type,
                "source_module_id": None if item.module is None else module_ids[item.module],
                "gather": item.gather,
                "required": item.required,
                "ordinal": ordinal,
            }
            for ordinal, item in enumerate(declared.inputs)
        },
    )
    _sync(
        connection,
        method_outputs,
        method_outputs.c.method_id == method_id,
        {"method_id": method_id},
        "output_name",
        version,
        {
            item.name: {
                "path": item.path,
                "output_type": item.type,
                "required": item.required,
                "ordinal": ordinal,
            }
            for ordinal, item in enumerate(declared.outputs)
        },
    )


def _sync(
    connection: Connection,
    table: Table,
    owned: ColumnElement[bool],
    owner: _Facts,
    key: str,
    version: int,
    wanted: Mapping[str, _Facts],
) -> tuple[dict[str, int], list[int]]:
    """Close and open rows; returns the id of each wanted row, and the ids that were closed."""
    ids: dict[str, int] = {}
    gone: list[int] = []
    still_open = select(table).where(owned, table.c.last_version.is_(None))
    for row in connection.execute(still_open).mappings():
        name = row[key]
        known = wanted.get(name)
        if known is not None and all(row[column] == value for column, value in known.items()):
            ids[name] = row["id"]
        else:
            gone.append(row["id"])
    if gone:
        _close(connection, table, table.c.id.in_(gone), version)
    for name, values in wanted.items():
        if name not in ids:
            ids[name] = connection.execute(
                insert(table)
                .values(**owner, **{key: name}, **values, first_version=version)
                .returning(table.c.id)
            ).scalar_one()
    return ids, gone


def _close(connection: Connection, table: Table, rows: ColumnElement[bool], version: int) -> None:
    connection.execute(
        update(table).where(rows, table.c.last_version.is_(None)).values(last_version=version - 1)
    )


def read(connection: Connection, method_id: int, version: int) -> Declared:
    """Return the rows that are valid for a version."""
    functions, params = tracked_functions.c, param_defs.c
    found: dict[int, list[ParamDef]] = {}
    for row in connection.execute(
        select(param_defs)
        .join_from(param_defs, tracked_functions)
        .where(functions.method_id == method_id, _valid(param_defs, version))
        .order_by(params.ordinal)
    ):
        found.setdefault(row.tracked_function_id, []).append(
            ParamDef(
                row.param_name,
                row.param_type,
                row.default_value,
                call_site=row.call_site_value,
                doc=row.description,
            )
        )
    tracked = tuple(
        TrackedFunction(
            row.function_name,
            row.qualname,
            row.source_file,
            row.ordinal,
            tuple(found.get(row.id, ())),
        )
        for row in connection.execute(
            select(tracked_functions)
            .where(functions.method_id == method_id, _valid(tracked_functions, version))
            .order_by(functions.ordinal)
        )
    )
    return Declared(
        tracked, _inputs(connection, method_id, version), _outputs(connection, method_id, version)
    )


def _inputs(connection: Connection, method_id: int, version: int) -> tuple[MethodInput, ...]:
    columns = method_inputs.c
    query = (
        select(method_inputs, modules.c.name.label("module"))
        .join_from(method_inputs, modules, isouter=True)
        .where(columns.method_id == method_id, _valid(method_inputs, version))
        .order_by(columns.ordinal)
    )
    return tuple(
        MethodInput(
            row.input_name, row.input_type, row.module, row.value_type, row.gather, row.required
        )
        for row in connection.execute(query)
    )


def _outputs(connection: Connection, method_id: int, version: int) -> tuple[MethodOutput, ...]:
    columns = method_outputs.c
    query = (
        select(method_outputs)
        .where(columns.method_id == method_id, _valid(method_outputs, version))
        .order_by(columns.ordinal)
    )
    return tuple(
        MethodOutput(row.output_name, row.path, row.output_type, row.required)
        for row in connection.execute(query)
    )


def _valid(table: Table, version: int) -> ColumnElement[bool]:
    last = table.c.last_version
    return and_(table.c.first_version <= version, or_(last.is_(None), last >= version))
