"""Drafts: changed only while they are drafts, and only by one person at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from pm_kernel.errors import Conflict, NotFound
from pm_kernel.store.tables import execution_plans


def lock(
    connection: Connection, plan_id: int, document: Mapping[str, Any], request: Mapping[str, Any]
) -> None:
    """Lock a draft that still is what was read of it; it can then be changed, or submitted.

    Raises NotFound, and Conflict where it is no draft any more or somebody changed it meanwhile.
    """
    columns = execution_plans.c
    row = connection.execute(
        select(columns.status, columns.document, columns.request)
        .where(columns.id == plan_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no plan {plan_id}.", hint="`pm plan list` shows the plans.")
    if row.status != "draft":
        raise Conflict(f"Plan {plan_id} was submitted meanwhile; it is {row.status}.")
    if (row.document, row.request) != (dict(document), dict(request)):
        raise Conflict(
            f"Plan {plan_id} was changed by somebody else meanwhile.",
            hint=f"Look at it again with `pm plan preview {plan_id}`, then repeat.",
        )


def hold(connection: Connection, plan_id: int) -> tuple[str, str]:
    """Keep others from changing a plan until the end of the transaction; its status and kind."""
    columns = execution_plans.c
    row = connection.execute(
        select(columns.status, columns.kind).where(columns.id == plan_id).with_for_update()
    ).one()
    return row.status, row.kind


def change(connection: Connection, plan_id: int, **values: Any) -> None:
    """Change the columns of a draft that is locked."""
    request = values["request"]
    connection.execute(
        update(execution_plans)
        .where(execution_plans.c.id == plan_id)
        .values(
            data_sources={"samples": request.get("samples", [])},
            branch_params=request.get("branches", {}),
            **values,
        )
    )
