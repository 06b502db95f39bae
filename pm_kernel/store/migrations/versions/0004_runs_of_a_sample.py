"""The newest runs of a sample are found from an index

Revision: 0004
After: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index on runs by sample, newest first"""
    op.create_index("ix_runs_sample_id", "runs", ["sample", "id"])
    op.drop_index("ix_runs_sample", table_name="runs")


def downgrade() -> None:
    """Undo it."""
    op.create_index("ix_runs_sample", "runs", ["sample"])
    op.drop_index("ix_runs_sample_id", table_name="runs")
