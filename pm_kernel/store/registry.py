"""Methods and their versions: find, list, record."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from pm_kernel.domain.methods import Declaration, Method, Version, from_json, to_json
from pm_kernel.domain.storable import storable, storable_text
from pm_kernel.errors import Conflict, NotFound
from pm_kernel.store import declared
from pm_kernel.store.modules import ensure_modules
from pm_kernel.store.tables import method_versions, methods, modules, workspaces

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('pm method ' || :name, 0))")


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that lies in git, committed and tagged, and is now to be recorded."""

    workspace_uuid: str
    version: int
    #: What changed, in words.
    description: str
    git_commit_hash: str
    git_tag: str
    pixi_lock_hash: str | None
    content_hash: str
    #: With its parameters filled in.
    declaration: Declaration
    #: When and by whom it was committed.
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class MethodListing:
    """A method as a list shows it."""

    method: Method
    #: None: nothing is recorded but the name.
    latest: Version | None
    version_count: int


def lock_method(connection: Connection, name: str) -> None:
    """Keep every other registration of that method out until the transaction ends."""
    connection.execute(_LOCK, {"name": name})


def find_method(connection: Connection, name: str) -> Method | None:
    """Return a method, or None where there is none of that name in any module."""
    row = connection.execute(_methods().where(methods.c.name == name)).one_or_none()
    return None if row is None else _method(row)


def find_twin(connection: Connection, name: str) -> str | None:
    """Return a method's name that differs from ``name`` by upper and lower case alone."""
    return connection.execute(
        select(methods.c.name).where(
            func.lower(methods.c.name) == name.lower(), methods.c.name != name
        )
    ).scalar()


def get_method(connection: Connection, name: str) -> Method:
    """Return a method; raises NotFound with the nearest name."""
    found = find_method(connection, name)
    if found is None:
        names = list(connection.execute(select(methods.c.name)).scalars())
        near = difflib.get_close_matches(name, names, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise NotFound(
            f"There is no method {name!r}.", hint=f"{meant}`pm method list` shows all methods."
        )
    return found


def list_methods(connection: Connection, module: str | None = None) -> list[MethodListing]:
    """Return the methods of one module, or all, by module and name, with their latest versions."""
    query = _methods().order_by(modules.c.name, methods.c.name)
    if module is not None:
        query = query.where(modules.c.name == module)
    found = [_method(row) for row in connection.execute(query)]
    newest = (
        select(
            method_versions.c.method_id,
            func.max(method_versions.c.version).label("version"),
            func.count().label("n"),
        )
        .group_by(method_versions.c.method_id)
        .subquery()
    )
    counts: dict[int, int] = {row.method_id: row.n for row in connection.execute(select(newest))}
    latest = {
        row.method_id: _version(row)
        for row in connection.execute(
            _versions().join(
                newest,
                (newest.c.method_id == method_versions.c.method_id)
                & (newest.c.version == method_versions.c.version),
            )
        )
    }
    return [
        MethodListing(each, latest.get(each.method_id), counts.get(each.method_id, 0))
        for each in found
    ]


def list_versions(connection: Connection, method: str) -> list[Version]:
    """Return every version of a method, oldest first; empty where there is no such method."""
    query = _versions().where(methods.c.name == method).order_by(method_versions.c.version)
    return [_version(row) for row in connection.execute(query)]


def latest_version(connection: Connection, method: str) -> Version | None:
    """Return the newest version of a method."""
    query = _versions().where(methods.c.name == method)
    row = connection.execute(query.order_by(method_versions.c.version.desc()).limit(1)).first()
    return None if row is None else _version(row)


def get_version(connection: Connection, method: str, number: int | None = None) -> Version:
    """Return one version of a method, or its newest; raises NotFound."""
    get_method(connection, method)
    if number is None:
        newest = latest_version(connection, method)
        if newest is None:
            raise NotFound(
                f"Method {method} has no version.", hint="Register it: `pm method register DIR`."
            )
        return newest
    query = _versions().where(methods.c.name == method, method_versions.c.version == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"Method {method} has no version {number}.",
            hint=f"`pm method show {method}` lists its versions.",
        )
    return _version(row)


def list_recorded(connection: Connection, workspace_uuid: str | None = None) -> list[Version]:
    """Return every version of one workspace's repository, or of all, by method and number."""
    query = _versions().order_by(methods.c.name, method_versions.c.version)
    if workspace_uuid is not None:
        query = query.join(workspaces, workspaces.c.id == method_versions.c.workspace_id).where(
            workspaces.c.uuid == workspace_uuid
        )
    return [_version(row) for row in connection.execute(query)]


def workspace_of(connection: Connection, version_id: int) -> tuple[str, str]:
    """Return uuid and folder of the workspace whose methods repository holds a version."""
    row = connection.execute(
        select(workspaces.c.uuid, workspaces.c.root)
        .join_from(method_versions, workspaces)
        .where(method_versions.c.id == version_id)
    ).one()
    return str(row.uuid), row.root


def record_version(connection: Connection, new: NewVersion) -> Version:
    """Record the newest version of a method, the method itself where it is new.

    Modules that it names and that are not there are created. Raises Conflict where another module
    has a method of that name, or where that version or a newer one is recorded.
    """
    # What is stored, and what is read again, is one and the same.
    document = storable(to_json(new.declaration))
    declaration = from_json(document)
    sources = {each.module for each in declaration.inputs if each.module is not None}
    module_ids = ensure_modules(connection, [declaration.module, *sources])
    method = _find_or_create(connection, declaration, module_ids[declaration.module])
    newest = latest_version(connection, declaration.name)
    if newest is not None and newest.version >= new.version:
        raise Conflict(
            f"Version {newest.version} of method {declaration.name} is recorded already, so "
            f"version {new.version} comes too late.",
            hint="Register the method again: it takes the next number.",
        )
    connection.execute(
        insert(method_versions).values(
            method_id=method.method_id,
            workspace_id=select(workspaces.c.id)
            .where(workspaces.c.uuid == new.workspace_uuid)
            .scalar_subquery(),
            version=new.version,
            description=storable_text(new.description),
            git_commit_hash=new.git_commit_hash,
            git_tag=new.git_tag,
            pixi_lock_hash=new.pixi_lock_hash,
            content_hash=new.content_hash,
            declaration=document,
            created_at=new.created_at,
            created_by=storable_text(new.created_by),
        )
    )
    declared.record(connection, method.method_id, new.version, declaration, module_ids)
    return get_version(connection, declaration.name, new.version)


def _find_or_create(connection: Connection, declaration: Declaration, module_id: int) -> Method:
    connection.execute(
        insert(methods)
        .values(module_id=module_id, name=declaration.name, description=declaration.description)
        .on_conflict_do_nothing(index_elements=[methods.c.name])
    )
    method = get_method(connection, declaration.name)
    if method.module != declaration.module:
        raise taken(declaration.name, method.module)
    if method.description != declaration.description:
        connection.execute(
            update(methods)
            .where(methods.c.id == method.method_id)
            .values(description=declaration.description)
        )
    return method


def taken(name: str, module: str) -> Conflict:
    """The error for a name that a method of another module has."""
    return Conflict(
        f"The name {name} is taken by a method of module {module}; names are unique over all "
        "modules.",
        hint=f"Register it under another name: --name {name}_2, "
        f"or register it in its module: --module {module}",
    )


def _methods() -> Select[tuple[int, str, str, str]]:
    return select(
        methods.c.id, modules.c.name.label("module"), methods.c.name, methods.c.description
    ).join_from(methods, modules)


def _method(row: Row[tuple[int, str, str, str]]) -> Method:
    return Method(row.id, row.module, row.name, row.description)


def _versions() -> Select[tuple[object, ...]]:
    return (
        select(method_versions, methods.c.name.label("method"), modules.c.name.label("module"))
        .join_from(method_versions, methods)
        .join(modules, methods.c.module_id == modules.c.id)
    )


def _version(row: Row[tuple[object, ...]]) -> Version:
    return Version(
        version_id=row.id,
        method_id=row.method_id,
        module=row.module,
        method=row.method,
        version=row.version,
        description=row.description,
        git_commit_hash=row.git_commit_hash,
        git_tag=row.git_tag,
        pixi_lock_hash=row.pixi_lock_hash,
        content_hash=row.content_hash,
        declaration=from_json(row.declaration),
        created_at=row.created_at,
        created_by=row.created_by,
    )
