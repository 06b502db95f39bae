"""Templates keep what they were: each content that one had is a version of it

Revision: 0006
After: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Number, note and author of the newest version beside it; earlier ones in their own table"""
    one = sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1"))
    op.add_column("workflow_templates", one)
    note = sa.Column("note", sa.Text(), nullable=False, server_default="")
    op.add_column("workflow_templates", note)
    op.add_column("workflow_templates", sa.Column("updated_by", sa.Text()))
    # Who saved it last was not kept: who made it is the one that is known.
    op.execute("UPDATE workflow_templates SET updated_by = created_by")
    op.alter_column("workflow_templates", "updated_by", nullable=False)
    op.create_table(
        "template_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", JSONB(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["workflow_templates.id"],
            name="fk_template_versions_template_id_workflow_templates",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_template_versions"),
        sa.UniqueConstraint(
            "template_id", "version", name="uq_template_versions_template_id_version"
        ),
    )


def downgrade() -> None:
    """Undo it: what templates were before is gone."""
    op.drop_table("template_versions")
    for column in ("updated_by", "note", "version"):
        op.drop_column("workflow_templates", column)
