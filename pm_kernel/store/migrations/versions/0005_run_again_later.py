"""What is wanted again while its plan runs is noted until the running launch has ended

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# One for a statement, however many planned runs it changes.
TREE = """
CREATE OR REPLACE FUNCTION pm_notify_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- That a run became the result of its planned run is told with the run.
        PERFORM pg_notify('pm', json_build_object(
            'kind', 'tree', 'id', t.plan_id, 'status', NULL, 'plan', t.plan_id
        )::text) FROM (
            SELECT DISTINCT c.plan_id FROM changed c JOIN before b ON b.id = c.id
            WHERE ({new})
                  IS DISTINCT FROM ({old})
               OR (b.current_run IS NOT NULL AND c.current_run IS DISTINCT FROM b.current_run)
        ) t;
    ELSE
        PERFORM pg_notify('pm', json_build_object(
            'kind', 'tree', 'id', t.plan_id, 'status', NULL, 'plan', t.plan_id
        )::text) FROM (SELECT DISTINCT plan_id FROM changed) t;
    END IF;
    RETURN NULL;
END $$
"""
BEFORE = ("launch_id", "held_epoch", "retry_after", "decision")


def _told(columns: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{table}.{column}" for column in columns) for table in "cb")
    return TREE.format(new=new, old=old)


def upgrade() -> None:
    """Who wants a planned run again, and instead of which result"""
    op.add_column("planned_runs", sa.Column("again_by", sa.Text()))
    op.add_column("planned_runs", sa.Column("again_of", sa.BigInteger()))
    op.create_index(
        "ix_planned_runs_again",
        "planned_runs",
        ["plan_id"],
        postgresql_where=sa.text("again_by IS NOT NULL"),
    )
    op.execute(_told((*BEFORE, "again_by")))


def downgrade() -> None:
    """Undo it."""
    op.execute(_told(BEFORE))
    op.drop_index("ix_planned_runs_again", table_name="planned_runs")
    op.drop_column("planned_runs", "again_of")
    op.drop_column("planned_runs", "again_by")
