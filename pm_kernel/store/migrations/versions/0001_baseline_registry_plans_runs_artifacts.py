"""Baseline: registry, plans, runs, artifacts

Revision: 0001
After: an empty database
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Every change of a status is told in the transaction that makes it, whoever makes it.
NOTIFY_FUNCTION = """
CREATE FUNCTION pm_notify_status() RETURNS trigger LANGUAGE plpgsql AS $$
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
NOTIFY_TRIGGER = """
CREATE TRIGGER {name} AFTER INSERT OR UPDATE ON {table}
FOR EACH ROW EXECUTE FUNCTION pm_notify_status('{kind}')
"""


def upgrade() -> None:
    """Baseline: registry, plans, runs, artifacts"""
    op.create_table(
        "modules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modules")),
        sa.UniqueConstraint("name", name=op.f("uq_modules_name")),
    )
    op.create_table(
        "workflow_templates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_templates")),
        sa.UniqueConstraint("name", name=op.f("uq_workflow_templates_name")),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("uuid", name=op.f("uq_workspaces_uuid")),
    )
    op.create_table(
        "execution_plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=True),
        sa.Column("template_hash", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="plan", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "data_sources",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "branch_params",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "request",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("nextflow_run_id", sa.Text(), nullable=True),
        sa.Column("nextflow_session_id", sa.Text(), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancelled_epoch", sa.Integer(), server_default=sa.text("-1"), nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft','submitted','running','completed','partial','failed','cancelled')",
            name=op.f("ck_execution_plans_status"),
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["workflow_templates.id"],
            name=op.f("fk_execution_plans_template_id_workflow_templates"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_execution_plans_workspace_id_workspaces"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_execution_plans")),
    )
    op.create_index(
        "ix_execution_plans_status_open",
        "execution_plans",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status IN ('submitted','running')"),
    )
    op.create_table(
        "methods",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("module_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["module_id"], ["modules.id"], name=op.f("fk_methods_module_id_modules")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_methods")),
        sa.UniqueConstraint("name", name=op.f("uq_methods_name")),
    )
    op.create_index(op.f("ix_methods_module_id"), "methods", ["module_id"], unique=False)
    op.create_table(
        "output_contracts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("module_id", sa.BigInteger(), nullable=False),
        sa.Column("output_name", sa.Text(), nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("field_type", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["modules.id"], name=op.f("fk_output_contracts_module_id_modules")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_output_contracts")),
        sa.UniqueConstraint(
            "module_id",
            "output_name",
            "field_name",
            name=op.f("uq_output_contracts_module_id_output_name_field_name"),
        ),
    )
    op.create_table(
        "method_inputs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("input_name", sa.Text(), nullable=False),
        sa.Column("input_type", sa.Text(), nullable=False),
        sa.Column("value_type", sa.Text(), nullable=True),
        sa.Column("source_module_id", sa.BigInteger(), nullable=True),
        sa.Column("gather", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("first_version", sa.Integer(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["method_id"], ["methods.id"], name=op.f("fk_method_inputs_method_id_methods")
        ),
        sa.ForeignKeyConstraint(
            ["source_module_id"],
            ["modules.id"],
            name=op.f("fk_method_inputs_source_module_id_modules"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_inputs")),
        sa.UniqueConstraint(
            "method_id",
            "input_name",
            "first_version",
            name=op.f("uq_method_inputs_method_id_input_name_first_version"),
        ),
    )
    op.create_table(
        "method_outputs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("output_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("output_type", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("first_version", sa.Integer(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["method_id"], ["methods.id"], name=op.f("fk_method_outputs_method_id_methods")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_outputs")),
        sa.UniqueConstraint(
            "method_id",
            "output_name",
            "first_version",
            name=op.f("uq_method_outputs_method_id_output_name_first_version"),
        ),
    )
    op.create_table(
        "method_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("git_commit_hash", sa.Text(), nullable=False),
        sa.Column("git_tag", sa.Text(), nullable=False),
        sa.Column("pixi_lock_hash", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("declaration", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["method_id"], ["methods.id"], name=op.f("fk_method_versions_method_id_methods")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_method_versions_workspace_id_workspaces"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method_versions")),
        sa.UniqueConstraint(
            "method_id", "version", name=op.f("uq_method_versions_method_id_version")
        ),
    )
    op.create_table(
        "param_sets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["method_id"], ["methods.id"], name=op.f("fk_param_sets_method_id_methods")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_param_sets")),
        sa.UniqueConstraint(
            "method_id", "fingerprint", name=op.f("uq_param_sets_method_id_fingerprint")
        ),
    )
    op.create_table(
        "plan_launches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("nextflow_session_id", sa.Text(), nullable=True),
        sa.Column("nextflow_run_name", sa.Text(), nullable=True),
        sa.Column("directory", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_start", sa.Text(), nullable=True),
        sa.Column("boot_id", sa.Text(), nullable=True),
        sa.Column("task_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["execution_plans.id"],
            name=op.f("fk_plan_launches_plan_id_execution_plans"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_launches")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_launches_plan_id_number")),
    )
    op.create_table(
        "tracked_functions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("function_name", sa.Text(), nullable=False),
        sa.Column("qualname", sa.Text(), nullable=False),
        sa.Column("source_file", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("first_version", sa.Integer(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["method_id"], ["methods.id"], name=op.f("fk_tracked_functions_method_id_methods")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracked_functions")),
        sa.UniqueConstraint(
            "method_id",
            "function_name",
            "first_version",
            name=op.f("uq_tracked_functions_method_id_function_name_first_version"),
        ),
    )
    op.create_table(
        "param_defs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tracked_function_id", sa.BigInteger(), nullable=False),
        sa.Column("param_name", sa.Text(), nullable=False),
        sa.Column("param_type", sa.Text(), server_default="", nullable=False),
        sa.Column("default_value", sa.Text(), nullable=True),
        sa.Column("call_site_value", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("first_version", sa.Integer(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tracked_function_id"],
            ["tracked_functions.id"],
            name=op.f("fk_param_defs_tracked_function_id_tracked_functions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_param_defs")),
        sa.UniqueConstraint(
            "tracked_function_id",
            "param_name",
            "first_version",
            name=op.f("uq_param_defs_tracked_function_id_param_name_first_version"),
        ),
    )
    op.create_table(
        "planned_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=True),
        sa.Column("branch", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "coordinates",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("method_version_id", sa.BigInteger(), nullable=True),
        sa.Column("param_set_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "set_params",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "inputs",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("current_run", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('run','reuse','blocked')", name=op.f("ck_planned_runs_decision")
        ),
        sa.ForeignKeyConstraint(
            ["launch_id"],
            ["plan_launches.id"],
            name=op.f("fk_planned_runs_launch_id_plan_launches"),
        ),
        sa.ForeignKeyConstraint(
            ["method_version_id"],
            ["method_versions.id"],
            name=op.f("fk_planned_runs_method_version_id_method_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["param_set_id"],
            ["param_sets.id"],
            name=op.f("fk_planned_runs_param_set_id_param_sets"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["execution_plans.id"],
            name=op.f("fk_planned_runs_plan_id_execution_plans"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_runs")),
        sa.UniqueConstraint("plan_id", "key", name=op.f("uq_planned_runs_plan_id_key")),
    )
    op.create_index("ix_planned_runs_current_run", "planned_runs", ["current_run"], unique=False)
    op.create_index("ix_planned_runs_launch_id", "planned_runs", ["launch_id"], unique=False)
    op.create_table(
        "param_set_values",
        sa.Column("param_set_id", sa.BigInteger(), nullable=False),
        sa.Column("param_def_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["param_def_id"],
            ["param_defs.id"],
            name=op.f("fk_param_set_values_param_def_id_param_defs"),
        ),
        sa.ForeignKeyConstraint(
            ["param_set_id"],
            ["param_sets.id"],
            name=op.f("fk_param_set_values_param_set_id_param_sets"),
        ),
        sa.PrimaryKeyConstraint("param_set_id", "param_def_id", name=op.f("pk_param_set_values")),
    )
    op.create_table(
        "planned_edges",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("input_name", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("source_output", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("on_failure", sa.Text(), server_default="wait", nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["planned_runs.id"], name=op.f("fk_planned_edges_child_id_planned_runs")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["planned_runs.id"], name=op.f("fk_planned_edges_parent_id_planned_runs")
        ),
        sa.PrimaryKeyConstraint("child_id", "input_name", "ordinal", name=op.f("pk_planned_edges")),
    )
    op.create_index(
        op.f("ix_planned_edges_parent_id"), "planned_edges", ["parent_id"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("method_id", sa.BigInteger(), nullable=False),
        sa.Column("method_version_id", sa.BigInteger(), nullable=False),
        sa.Column("param_set_id", sa.BigInteger(), nullable=False),
        sa.Column("execution_plan_id", sa.BigInteger(), nullable=True),
        sa.Column("planned_run_id", sa.BigInteger(), nullable=True),
        sa.Column("launch_id", sa.BigInteger(), nullable=True),
        sa.Column("plan_step", sa.Text(), nullable=True),
        sa.Column("plan_branch", sa.Text(), nullable=True),
        sa.Column("sample", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "set_params",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "metrics",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "notices",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_start", sa.Text(), nullable=True),
        sa.Column("boot_id", sa.Text(), nullable=True),
        sa.Column("scheduler_job_id", sa.Text(), nullable=True),
        sa.Column("work_dir", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cpu_seconds", sa.Float(), nullable=True),
        sa.Column("peak_rss_bytes", sa.BigInteger(), nullable=True),
        sa.Column("environment_fingerprint", sa.Text(), nullable=True),
        sa.Column(
            "environment",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("reuse_key", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('running','completed','failed','cancelled')", name=op.f("ck_runs_status")
        ),
        sa.ForeignKeyConstraint(
            ["execution_plan_id"],
            ["execution_plans.id"],
            name=op.f("fk_runs_execution_plan_id_execution_plans"),
        ),
        sa.ForeignKeyConstraint(
            ["launch_id"], ["plan_launches.id"], name=op.f("fk_runs_launch_id_plan_launches")
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["methods.id"], name=op.f("fk_runs_method_id_methods")
        ),
        sa.ForeignKeyConstraint(
            ["method_version_id"],
            ["method_versions.id"],
            name=op.f("fk_runs_method_version_id_method_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["param_set_id"], ["param_sets.id"], name=op.f("fk_runs_param_set_id_param_sets")
        ),
        sa.ForeignKeyConstraint(
            ["planned_run_id"],
            ["planned_runs.id"],
            name=op.f("fk_runs_planned_run_id_planned_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_runs_workspace_id_workspaces")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("uuid", name=op.f("uq_runs_uuid")),
    )
    op.create_index(op.f("ix_runs_execution_plan_id"), "runs", ["execution_plan_id"], unique=False)
    op.create_index("ix_runs_metadata", "runs", ["metadata"], unique=False, postgresql_using="gin")
    op.create_index("ix_runs_method_id_id", "runs", ["method_id", "id"], unique=False)
    op.create_index(op.f("ix_runs_method_version_id"), "runs", ["method_version_id"], unique=False)
    op.create_index(op.f("ix_runs_planned_run_id"), "runs", ["planned_run_id"], unique=False)
    op.create_index(
        "ix_runs_reuse_key",
        "runs",
        ["reuse_key"],
        unique=False,
        postgresql_where=sa.text("reuse_key IS NOT NULL"),
    )
    op.create_index(op.f("ix_runs_sample"), "runs", ["sample"], unique=False)
    op.create_index("ix_runs_started_at", "runs", ["started_at"], unique=False)
    op.create_index(
        "ix_runs_status_failed",
        "runs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status IN ('failed','cancelled')"),
    )
    op.create_index(
        "ix_runs_status_open",
        "runs",
        ["status"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        "uq_runs_one_live",
        "runs",
        ["planned_run_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "integrity_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_integrity_events_run_id_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_events")),
    )
    op.create_index(
        op.f("ix_integrity_events_run_id"), "integrity_events", ["run_id"], unique=False
    )
    op.create_table(
        "run_inputs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("method_input_id", sa.BigInteger(), nullable=False),
        sa.Column("source_run_id", sa.BigInteger(), nullable=True),
        sa.Column("source_output", sa.Text(), nullable=True),
        sa.Column("checksum", sa.Text(), nullable=True),
        sa.Column("ordinal", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["method_input_id"],
            ["method_inputs.id"],
            name=op.f("fk_run_inputs_method_input_id_method_inputs"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_inputs_run_id_runs")),
        sa.ForeignKeyConstraint(
            ["source_run_id"], ["runs.id"], name=op.f("fk_run_inputs_source_run_id_runs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_inputs")),
        sa.UniqueConstraint(
            "run_id",
            "method_input_id",
            "ordinal",
            name=op.f("uq_run_inputs_run_id_method_input_id_ordinal"),
        ),
    )
    op.create_index(op.f("ix_run_inputs_run_id"), "run_inputs", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_run_inputs_source_run_id"), "run_inputs", ["source_run_id"], unique=False
    )
    op.create_table(
        "run_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_logs_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_logs")),
    )
    op.create_index(
        "ix_run_logs_level",
        "run_logs",
        ["level", "run_id"],
        unique=False,
        postgresql_where=sa.text("level IN ('WARNING','ERROR','CRITICAL')"),
    )
    op.create_index("ix_run_logs_run_id_line", "run_logs", ["run_id", "line"], unique=False)
    op.create_table(
        "run_outputs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("output_name", sa.Text(), nullable=False),
        sa.Column("artifact_path", sa.Text(), nullable=False),
        sa.Column("artifact_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_outputs_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_outputs")),
        sa.UniqueConstraint(
            "run_id", "output_name", name=op.f("uq_run_outputs_run_id_output_name")
        ),
    )
    op.create_index("ix_run_outputs_checksum", "run_outputs", ["checksum"], unique=False)
    op.create_table(
        "run_parameters",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("function_name", sa.Text(), nullable=False),
        sa.Column("param_name", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("value_type", sa.Text(), nullable=True),
        sa.Column("expected", sa.Text(), nullable=True),
        sa.Column("is_set", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_run_parameters_run_id_runs")
        ),
        sa.PrimaryKeyConstraint(
            "run_id", "function_name", "param_name", "ordinal", name=op.f("pk_run_parameters")
        ),
    )
    op.execute(NOTIFY_FUNCTION)
    op.execute(NOTIFY_TRIGGER.format(name="runs_notify", table="runs", kind="run"))
    op.execute(NOTIFY_TRIGGER.format(name="plans_notify", table="execution_plans", kind="plan"))


def downgrade() -> None:
    """Undo it."""
    op.drop_table("run_parameters")
    op.drop_index("ix_run_outputs_checksum", table_name="run_outputs")
    op.drop_table("run_outputs")
    op.drop_index("ix_run_logs_run_id_line", table_name="run_logs")
    op.drop_index(
        "ix_run_logs_level",
        table_name="run_logs",
        postgresql_where=sa.text("level IN ('WARNING','ERROR','CRITICAL')"),
    )
    op.drop_table("run_logs")
    op.drop_index(op.f("ix_run_inputs_source_run_id"), table_name="run_inputs")
    op.drop_index(op.f("ix_run_inputs_run_id"), table_name="run_inputs")
    op.drop_table("run_inputs")
    op.drop_index(op.f("ix_integrity_events_run_id"), table_name="integrity_events")
    op.drop_table("integrity_events")
    op.drop_index(
        "uq_runs_one_live", table_name="runs", postgresql_where=sa.text("status = 'running'")
    )
    op.drop_index(
        "ix_runs_status_open", table_name="runs", postgresql_where=sa.text("status = 'running'")
    )
    op.drop_index(
        "ix_runs_status_failed",
        table_name="runs",
        postgresql_where=sa.text("status IN ('failed','cancelled')"),
    )
    op.drop_index("ix_runs_started_at", table_name="runs")
    op.drop_index(op.f("ix_runs_sample"), table_name="runs")
    op.drop_index(
        "ix_runs_reuse_key", table_name="runs", postgresql_where=sa.text("reuse_key IS NOT NULL")
    )
    op.drop_index(op.f("ix_runs_planned_run_id"), table_name="runs")
    op.drop_index(op.f("ix_runs_method_version_id"), table_name="runs")
    op.drop_index("ix_runs_method_id_id", table_name="runs")
    op.drop_index("ix_runs_metadata", table_name="runs", postgresql_using="gin")
    op.drop_index(op.f("ix_runs_execution_plan_id"), table_name="runs")
    op.drop_table("runs")
    op.drop_index(op.f("ix_planned_edges_parent_id"), table_name="planned_edges")
    op.drop_table("planned_edges")
    op.drop_table("param_set_values")
    op.drop_index("ix_planned_runs_launch_id", table_name="planned_runs")
    op.drop_index("ix_planned_runs_current_run", table_name="planned_runs")
    op.drop_table("planned_runs")
    op.drop_table("param_defs")
    op.drop_table("tracked_functions")
    op.drop_table("plan_launches")
    op.drop_table("param_sets")
    op.drop_table("method_versions")
    op.drop_table("method_outputs")
    op.drop_table("method_inputs")
    op.drop_table("output_contracts")
    op.drop_index(op.f("ix_methods_module_id"), table_name="methods")
    op.drop_table("methods")
    op.drop_index(
        "ix_execution_plans_status_open",
        table_name="execution_plans",
        postgresql_where=sa.text("status IN ('submitted','running')"),
    )
    op.drop_table("execution_plans")
    op.drop_table("workspaces")
    op.drop_table("workflow_templates")
    op.drop_table("modules")
    op.execute("DROP FUNCTION pm_notify_status")
