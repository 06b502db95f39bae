"""Modules and what they promise: rows of ``modules`` and ``output_contracts``."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from pm_kernel.domain.methods import ContractField, Module, ModuleSpec
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import NotFound
from pm_kernel.store.tables import methods, modules, output_contracts

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('pm module ' || :name, 0))")


def lock_module(connection: Connection, name: str) -> None:
    """Keep everybody else from changing that module until the transaction ends."""
    connection.execute(_LOCK, {"name": name})


def save_module(connection: Connection, spec: ModuleSpec) -> Module:
    """Create a module, or bring its description and contract to what ``spec`` says."""
    statement = insert(modules).values(name=spec.name, description=storable_text(spec.description))
    module_id: int = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[modules.c.name],
            set_={"description": statement.excluded.description},
        ).returning(modules.c.id)
    ).scalar_one()
    columns = output_contracts.c
    known = {
        (row.output_name, row.field_name): (row.id, row.field_type, row.required)
        for row in connection.execute(
            select(output_contracts).where(columns.module_id == module_id).with_for_update()
        )
    }
    kept: set[int] = set()
    for field in spec.contract:
        found = known.get((field.output, field.field))
        if found is not None and found[1:] == (field.type, field.required):
            kept.add(found[0])
    old = [row[0] for row in known.values() if row[0] not in kept]
    if old:
        connection.execute(delete(output_contracts).where(columns.id.in_(old)))
    for field in spec.contract:
        connection.execute(
            insert(output_contracts)
            .values(
                module_id=module_id,
                output_name=field.output,
                field_name=field.field,
                field_type=field.type,
                required=field.required,
            )
            .on_conflict_do_nothing()
        )
    return Module(module_id, spec.name, storable_text(spec.description), spec.contract)


def ensure_modules(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of modules by name; those that are missing are created, empty."""
    wanted = sorted(set(names))
    if wanted:
        connection.execute(
            insert(modules).on_conflict_do_nothing(), [{"name": name} for name in wanted]
        )
    query = select(modules.c.name, modules.c.id).where(modules.c.name.in_(wanted))
    return {row.name: row.id for row in connection.execute(query)}


def find_module(connection: Connection, name: str) -> Module | None:
    """Return a module, or None where there is none of that name."""
    found = list_modules(connection, name)
    return found[0] if found else None


def get_module(connection: Connection, name: str) -> Module:
    """Return a module; raises NotFound."""
    found = find_module(connection, name)
    if found is None:
        raise NotFound(
            f"There is no module {name!r}.",
            hint="`pm module list` shows them, `pm module create NAME` makes one.",
        )
    return found


def list_modules(connection: Connection, name: str | None = None) -> list[Module]:
    """Return all modules with their contracts by name, or the one of that name."""
    contracts: dict[int, list[ContractField]] = {}
    columns = output_contracts.c
    for row in connection.execute(select(output_contracts).order_by(columns.module_id, columns.id)):
        contracts.setdefault(row.module_id, []).append(
            ContractField(row.output_name, row.field_name, row.field_type, row.required)
        )
    query = select(modules).order_by(modules.c.name)
    if name is not None:
        query = query.where(modules.c.name == name)
    return [
        Module(row.id, row.name, row.description, tuple(contracts.get(row.id, ())))
        for row in connection.execute(query)
    ]


def method_counts(connection: Connection) -> dict[str, int]:
    """Return how many methods each module has."""
    query = (
        select(modules.c.name, func.count(methods.c.id).label("n"))
        .join_from(modules, methods, isouter=True)
        .group_by(modules.c.name)
    )
    return {row.name: row.n for row in connection.execute(query)}
