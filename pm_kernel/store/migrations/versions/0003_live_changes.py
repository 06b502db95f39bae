"""More of what changes is told to whoever listens; runs are counted by method from an index

Revision: 0003
After: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Ids and names of at most 200 characters only: a payload of 8000 bytes is refused, and with it the
# transaction that it would tell of.
TOLD = """
CREATE OR REPLACE FUNCTION pm_notify_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'run' THEN
        IF TG_OP = 'UPDATE' AND NEW.status IS NOT DISTINCT FROM OLD.status AND NEW.id = OLD.id THEN
            RETURN NULL;
        END IF;
        PERFORM pg_notify('pm', json_build_object(
            'kind', 'run', 'id', NEW.id, 'status', NEW.status, 'plan', NEW.execution_plan_id,
            'planned', NEW.planned_run_id,
            'step', CASE WHEN length(NEW.plan_step) <= 200 THEN NEW.plan_step END
        )::text);
    ELSE
        IF TG_OP = 'UPDATE'
           AND (NEW.status, NEW.name, NEW.notes, NEW.epoch, NEW.cancelled_epoch)
               IS NOT DISTINCT FROM
               (OLD.status, OLD.name, OLD.notes, OLD.epoch, OLD.cancelled_epoch)
           AND (NEW.error, NEW.document, NEW.request, NEW.metadata)
               IS NOT DISTINCT FROM (OLD.error, OLD.document, OLD.request, OLD.metadata) THEN
            RETURN NULL;
        END IF;
        PERFORM pg_notify('pm', json_build_object(
            'kind', 'plan', 'id', NEW.id, 'status', NEW.status, 'plan', NEW.id
        )::text);
    END IF;
    RETURN NULL;
END $$
"""
# One for a statement, however many planned runs it changes.
TREE = """
CREATE FUNCTION pm_notify_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- That a run became the result of its planned run is told with the run.
        PERFORM pg_notify('pm', json_build_object(
            'kind', 'tree', 'id', t.plan_id, 'status', NULL, 'plan', t.plan_id
        )::text) FROM (
            SELECT DISTINCT c.plan_id FROM changed c JOIN before b ON b.id = c.id
            WHERE (c.launch_id, c.held_epoch, c.retry_after, c.decision)
                  IS DISTINCT FROM (b.launch_id, b.held_epoch, b.retry_after, b.decision)
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
TREE_TRIGGER = """
CREATE TRIGGER planned_runs_notify_{verb} AFTER {verb} ON planned_runs
REFERENCING {which}
FOR EACH STATEMENT EXECUTE FUNCTION pm_notify_tree()
"""
VERBS = (
    ("insert", "NEW TABLE AS changed"),
    ("update", "OLD TABLE AS before NEW TABLE AS changed"),
    ("delete", "OLD TABLE AS changed"),
)
# The id is that of the row, or of what its column names belongs to.
ROW = """
CREATE FUNCTION pm_notify_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    PERFORM pg_notify('pm', json_build_object(
        'kind', TG_ARGV[0], 'id', (changed->>TG_ARGV[1])::bigint,
        'status', CASE TG_OP WHEN 'DELETE' THEN 'deleted' END, 'plan', NULL
    )::text);
    RETURN NULL;
END $$
"""
ROW_TRIGGER = """
CREATE TRIGGER {table}_notify AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION pm_notify_row('{kind}', '{column}')
"""
ROWS = (
    ("workflow_templates", "template", "id"),
    ("modules", "module", "id"),
    ("output_contracts", "module", "module_id"),
    ("methods", "method", "id"),
    ("method_versions", "method", "method_id"),
    # A verification may change the state in which a run is shown, and that of all below it.
    ("integrity_events", "checked", "run_id"),
)
BEFORE = """
CREATE OR REPLACE FUNCTION pm_notify_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.status IS NOT DISTINCT FROM OLD.status THEN
        RETURN NULL;
    END IF;
    PERFORM pg_notify('pm', json_build_object(
        'kind', TG_ARGV[0],
        'id', NEW.id,
        'status', NEW.status,
        'plan', CASE TG_ARGV[0] WHEN 'run' THEN (to_jsonb(NEW)->>'execution_plan_id')::bigint
                                ELSE NEW.id END
    )::text);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """More of what changes is told to whoever listens; an index for counts"""
    op.execute(TOLD)
    op.execute(TREE)
    for verb, which in VERBS:
        op.execute(TREE_TRIGGER.format(verb=verb, which=which))
    op.execute(ROW)
    for table, kind, column in ROWS:
        op.execute(ROW_TRIGGER.format(table=table, kind=kind, column=column))
    op.create_index("ix_runs_method_id_status", "runs", ["method_id", "status"])


def downgrade() -> None:
    """Undo it."""
    op.drop_index("ix_runs_method_id_status", table_name="runs")
    for table, _, _ in ROWS:
        op.execute(f"DROP TRIGGER {table}_notify ON {table}")
    op.execute("DROP FUNCTION pm_notify_row")
    for verb, _ in VERBS:
        op.execute(f"DROP TRIGGER planned_runs_notify_{verb} ON planned_runs")
    op.execute("DROP FUNCTION pm_notify_tree")
    op.execute(BEFORE)
