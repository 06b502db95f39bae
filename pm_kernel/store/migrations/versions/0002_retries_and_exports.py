"""Retries of chosen planned runs, and plans that are started from an exported folder

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Retries of chosen planned runs, and plans that are started from an exported folder"""
    op.add_column("planned_runs", sa.Column("held_epoch", sa.Integer()))
    op.add_column("planned_runs", sa.Column("retry_after", sa.BigInteger()))
    op.add_column("execution_plans", sa.Column("export_id", sa.Uuid()))
    op.create_unique_constraint(
        op.f("uq_execution_plans_export_id_nextflow_session_id"),
        "execution_plans",
        ["export_id", "nextflow_session_id"],
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_constraint(
        op.f("uq_execution_plans_export_id_nextflow_session_id"), "execution_plans", type_="unique"
    )
    op.drop_column("execution_plans", "export_id")
    op.drop_column("planned_runs", "retry_after")
    op.drop_column("planned_runs", "held_epoch")
