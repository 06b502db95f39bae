"""Saved pipelines: rows of ``workflow_templates``, and what they were in ``template_versions``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pm_kernel.domain.names import shown, text_fault
from pm_kernel.domain.templates import Template, TemplateVersion, newest_version
from pm_kernel.errors import NotFound
from pm_kernel.store.tables import execution_plans, template_versions, workflow_templates

_columns = workflow_templates.c
_versions = template_versions.c


def list_templates(connection: Connection) -> list[Template]:
    """Return all templates by name."""
    query = select(workflow_templates).order_by(func.lower(_columns.name), _columns.name)
    return [_template(row) for row in connection.execute(query)]


def find_template(connection: Connection, name: str, *, locked: bool = False) -> Template | None:
    """Return a template, or None where there is none of that name.

    ``locked``: nobody else changes it meanwhile.
    """
    if text_fault(name) is not None:
        return None
    query = select(workflow_templates).where(_columns.name == name)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return None if row is None else _template(row)


def get_template(connection: Connection, name: str, *, locked: bool = False) -> Template:
    """Return a template; raises NotFound. ``locked``: nobody else changes it meanwhile."""
    found = find_template(connection, name, locked=locked)
    if found is not None:
        return found
    known = connection.scalars(select(_columns.name)).all()
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {shown(near[0])}? " if near else ""
    raise NotFound(
        f"There is no template {shown(name)}.", hint=f"{meant}`pm template list` shows them."
    )


def create_template(
    connection: Connection,
    name: str,
    document: Mapping[str, Any],
    content_hash: str,
    *,
    note: str,
    created_by: str,
) -> Template:
    """Store a new template. Raises Conflict where there is one of that name."""
    row = connection.execute(
        insert(workflow_templates)
        .values(
            name=name,
            definition=dict(document),
            content_hash=content_hash,
            note=note,
            created_by=created_by,
            updated_by=created_by,
        )
        .returning(workflow_templates)
    ).one()
    return _template(row)


def change_template(connection: Connection, template_id: int, **values: Any) -> Template:
    """Change columns of a template that is locked; ``updated_by`` says that it is saved now."""
    if "updated_by" in values:
        values["updated_at"] = func.now()
    row = connection.execute(
        update(workflow_templates)
        .where(_columns.id == template_id)
        .values(**values)
        .returning(workflow_templates)
    ).one()
    return _template(row)


def keep_version(connection: Connection, template: Template) -> None:
    """Keep what a template is as an earlier version: it is about to be another."""
    was = newest_version(template)
    connection.execute(
        insert(template_versions).values(
            template_id=template.template_id,
            version=was.version,
            definition=dict(was.document),
            content_hash=was.content_hash,
            note=was.note,
            saved_at=was.saved_at,
            saved_by=was.saved_by,
        )
    )


def earlier_versions(
    connection: Connection, template_id: int, *, before: int, limit: int
) -> list[TemplateVersion]:
    """Return earlier versions of a template, below a number, the newest first."""
    query = (
        select(template_versions)
        .where(_versions.template_id == template_id, _versions.version < before)
        .order_by(_versions.version.desc())
        .limit(limit)
    )
    return [_version(row) for row in connection.execute(query)]


def find_earlier(
    connection: Connection, template_id: int, *, version: int | None, hash_start: str | None
) -> list[TemplateVersion]:
    """Return the earlier versions with a number, or whose hash begins so, the newest first."""
    query = select(template_versions).where(_versions.template_id == template_id)
    if version is not None:
        query = query.where(_versions.version == version)
    if hash_start is not None:
        query = query.where(_versions.content_hash.startswith(hash_start, autoescape=True))
    return [_version(row) for row in connection.execute(query.order_by(_versions.version.desc()))]


def delete_template(connection: Connection, template_id: int) -> None:
    """Delete a template; plans that were made from it keep their document."""
    connection.execute(delete(template_versions).where(_versions.template_id == template_id))
    connection.execute(
        update(execution_plans)
        .where(execution_plans.c.template_id == template_id)
        .values(template_id=None)
    )
    connection.execute(delete(workflow_templates).where(_columns.id == template_id))


def _template(row: Row[Any]) -> Template:
    return Template(
        template_id=row.id,
        name=row.name,
        document=row.definition,
        content_hash=row.content_hash,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=row.created_by,
        updated_by=row.updated_by,
        version=row.version,
        note=row.note,
    )


def _version(row: Row[Any]) -> TemplateVersion:
    return TemplateVersion(
        version=row.version,
        document=row.definition,
        content_hash=row.content_hash,
        note=row.note,
        saved_at=row.saved_at,
        saved_by=row.saved_by,
    )
