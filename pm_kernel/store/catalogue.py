"""The registered methods as the pipeline rules need them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from pm_kernel.domain.catalogue import (
    Catalogue,
    InputInfo,
    MethodVersionInfo,
    OutputInfo,
    ParamInfo,
)
from pm_kernel.domain.methods import Declaration, from_json
from pm_kernel.store.tables import method_versions, methods, modules, output_contracts


def read_catalogue(connection: Connection, names: Iterable[str] | None = None) -> Catalogue:
    """Return every version of the named methods, or of all."""
    promised = _promised(connection)
    return Catalogue.of(
        *(
            _info(*row, promised.get(row[3], ()))
            for row in _rows(connection, None if names is None else list(names))
        )
    )


def read_declarations(connection: Connection, version_ids: Iterable[int]) -> dict[int, Declaration]:
    """Return what versions declare, parameters and their expected values included."""
    columns = method_versions.c
    query = select(columns.id, columns.declaration).where(columns.id.in_(set(version_ids)))
    return {row.id: from_json(row.declaration) for row in connection.execute(query)}


def _promised(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Outputs that must be there by the contract of their module, by module."""
    columns = output_contracts.c
    query = (
        select(modules.c.name, columns.output_name)
        .join_from(output_contracts, modules, columns.module_id == modules.c.id)
        .where(columns.required)
        .order_by(columns.id)
    )
    found: dict[str, dict[str, None]] = {}
    for module, output in connection.execute(query):
        found.setdefault(module, {})[output] = None
    return {module: tuple(outputs) for module, outputs in found.items()}


def _rows(
    connection: Connection, names: list[str] | None
) -> list[tuple[int, int, str, str, Declaration]]:
    columns = method_versions.c
    query = (
        select(
            columns.id,
            columns.version,
            columns.declaration,
            methods.c.name.label("method"),
            modules.c.name.label("module"),
        )
        .join_from(method_versions, methods)
        .join(modules, methods.c.module_id == modules.c.id)
    )
    if names is not None:
        query = query.where(methods.c.name.in_(names))
    return [
        (row.id, row.version, row.method, row.module, from_json(row.declaration))
        for row in connection.execute(query)
    ]


def _info(
    version_id: int,
    version: int,
    method: str,
    module: str,
    declaration: Declaration,
    promised: Iterable[str],
) -> MethodVersionInfo:
    outputs = {each.name: OutputInfo(each.type) for each in declaration.outputs}
    return MethodVersionInfo(
        method=method,
        module=module,
        version=version,
        version_id=version_id,
        inputs={
            each.name: InputInfo(
                each.type, each.required, each.gather, each.module, each.value_type
            )
            for each in declaration.inputs
        },
        outputs=outputs,
        params={
            name: ParamInfo(param.accepts, param.default)
            for name, param in declaration.parameters()
        },
        withheld=tuple(name for name in promised if name not in outputs),
    )
