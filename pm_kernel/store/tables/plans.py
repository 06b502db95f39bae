"""Templates and plans: what is asked for, its run tree, its launches."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from pm_kernel.store.tables.columns import (
    document,
    later_moment,
    metadata,
    moment,
    own_id,
    reference,
)

workflow_templates = Table(
    "workflow_templates",
    metadata,
    own_id(),
    Column("name", Text, nullable=False, unique=True),
    Column("definition", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    #: One more with every content_hash that it had.
    Column("version", Integer, nullable=False, server_default=text("1")),
    #: What somebody said of this version.
    Column("note", Text, nullable=False, server_default=""),
    moment(),
    moment("updated_at"),
    Column("created_by", Text, nullable=False),
    Column("updated_by", Text, nullable=False),
)

#: What a template was before, but for its newest version, which is in the template itself.
template_versions = Table(
    "template_versions",
    metadata,
    own_id(),
    reference("template_id", "workflow_templates.id"),
    Column("version", Integer, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("saved_at", DateTime(timezone=True), nullable=False),
    Column("saved_by", Text, nullable=False),
    UniqueConstraint("template_id", "version"),
)

execution_plans = Table(
    "execution_plans",
    metadata,
    own_id(),
    reference("workspace_id", "workspaces.id"),
    reference("template_id", "workflow_templates.id", nullable=True),
    Column("template_hash", Text),
    #: plan, run (one step, `pm run`) or export
    Column("kind", Text, nullable=False, server_default="plan"),
    Column("name", Text, nullable=False),
    #: The pipeline document as submitted; later edits of the template do not reach it.
    Column("document", JSONB, nullable=False),
    document("data_sources"),
    document("branch_params"),
    #: What else was asked for: until, excluded, re-run.
    document("request"),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("error", Text),
    Column("nextflow_run_id", Text),
    Column("nextflow_session_id", Text),
    #: The exported folder that it was started from, by a Nextflow of that session.
    Column("export_id", Uuid),
    #: Raised by every submit and resume; what carries an older one may no longer register.
    Column("epoch", Integer, nullable=False, server_default=text("0")),
    Column("cancelled_epoch", Integer, nullable=False, server_default=text("-1")),
    Column("notes", Text, nullable=False, server_default=""),
    document("metadata"),
    moment(),
    Column("created_by", Text, nullable=False),
    later_moment("submitted_at"),
    later_moment("finished_at"),
    UniqueConstraint("export_id", "nextflow_session_id"),
    CheckConstraint(
        "status IN ('draft','submitted','running','completed','partial','failed','cancelled')",
        name="status",
    ),
    Index(
        "ix_execution_plans_status_open",
        "status",
        postgresql_where=text("status IN ('submitted','running')"),
    ),
)

plan_launches = Table(
    "plan_launches",
    metadata,
    own_id(),
    reference("plan_id", "execution_plans.id"),
    Column("number", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("nextflow_session_id", Text),
    Column("nextflow_run_name", Text),
    Column("directory", Text),
    Column("host", Text),
    Column("pid", Integer),
    Column("pid_start", Text),
    Column("boot_id", Text),
    Column("task_count", Integer, nullable=False, server_default=text("0")),
    Column("exit_code", Integer),
    Column("error", Text),
    moment("started_at"),
    later_moment("finished_at"),
    UniqueConstraint("plan_id", "number"),
)

planned_runs = Table(
    "planned_runs",
    metadata,
    own_id(),
    reference("plan_id", "execution_plans.id"),
    Column("ordinal", Integer, nullable=False),
    #: Canonical text of step and coordinates.
    Column("key", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("sample", Text),
    #: Branch choices in words, in the order of the steps; empty where nothing branches.
    Column("branch", Text, nullable=False, server_default=""),
    document("coordinates"),
    reference("method_version_id", "method_versions.id", nullable=True),
    reference("param_set_id", "param_sets.id", nullable=True),
    #: Only these are enforced: function.param -> canonical text.
    document("set_params"),
    #: Inputs that come from no planned run: columns, values, files, existing runs.
    document("inputs"),
    #: run, reuse or blocked, as previewed, and why
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    reference("launch_id", "plan_launches.id", nullable=True),
    #: In this epoch no launch is given it: others were asked for.
    Column("held_epoch", Integer),
    #: It was asked for again; runs of launches up to this one do not count as its try.
    Column("retry_after", BigInteger),
    #: Who wants it again after the running launch, and instead of which result (NULL: it has none).
    Column("again_by", Text),
    Column("again_of", BigInteger),
    #: The valid completed run of this planned run, executed or reused.
    Column("current_run", BigInteger),
    UniqueConstraint("plan_id", "key"),
    CheckConstraint("decision IN ('run','reuse','blocked')", name="decision"),
    Index("ix_planned_runs_current_run", "current_run"),
    Index("ix_planned_runs_launch_id", "launch_id"),
    Index("ix_planned_runs_again", "plan_id", postgresql_where=text("again_by IS NOT NULL")),
)

planned_edges = Table(
    "planned_edges",
    metadata,
    Column("child_id", BigInteger, ForeignKey("planned_runs.id"), primary_key=True),
    Column("input_name", Text, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    reference("parent_id", "planned_runs.id", index=True),
    Column("source_output", Text, nullable=False),
    #: Sample and branch of the parent, for gathered lists.
    Column("label", Text, nullable=False, server_default=""),
    #: wait: every member must have completed; go_on: members that failed are left out.
    Column("on_failure", Text, nullable=False, server_default="wait"),
)
