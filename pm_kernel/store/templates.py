"""Saved pipelines: rows of ``workflow_templates``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from pm_kernel.domain.names import shown, text_fault
from pm_kernel.domain.templates import Template
from pm_kernel.errors import NotFound
from pm_kernel.store.tables import execution_plans, workflow_templates

_columns = workflow_templates.c


def list_templates(connection: Connection) -> list[Template]:
    """Return all templates by name."""
    query = select(workflow_templates).order_by(func.lower(_columns.name), _columns.name)
    return [_template(row) for row in connection.execute(query)]


def find_template(connection: Connection, name: str) -> Template | None:
    """Return a template, or None where there is none of that name."""
    if text_fault(name) is not None:
        return None
    row = connection.execute(select(workflow_templates).where(_columns.name == name)).one_or_none()
    return None if row is None else _template(row)


def get_template(connection: Connection, name: str, *, locked: bool = False) -> Template:
    """Return a template; raises NotFound. ``locked``: nobody else changes it meanwhile."""
    query = select(workflow_templates).where(_columns.name == name)
    if text_fault(name) is None:
        row = connection.execute(query.with_for_update() if locked else query).one_or_none()
        if row is not None:
            return _template(row)
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
    created_by: str,
) -> Template:
    """Store a new template. Raises Conflict where there is one of that name."""
    row = connection.execute(
        insert(workflow_templates)
        .values(
            name=name, definition=dict(document), content_hash=content_hash, created_by=created_by
        )
        .returning(workflow_templates)
    ).one()
    return _template(row)


def change_template(connection: Connection, template_id: int, **values: Any) -> Template:
    """Change columns of a template that is locked."""
    row = connection.execute(
        update(workflow_templates)
        .where(_columns.id == template_id)
        .values(**values, updated_at=func.now())
        .returning(workflow_templates)
    ).one()
    return _template(row)


def delete_template(connection: Connection, template_id: int) -> None:
    """Delete a template; plans that were made from it keep their document."""
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
    )
