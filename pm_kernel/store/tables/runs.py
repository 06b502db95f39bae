"""Runs: what they read, wrote and logged, what arrived in them, what was found of them since."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
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

runs = Table(
    "runs",
    metadata,
    own_id(),
    #: Drawn by the client: idempotency key, fencing token and directory name in one.
    Column("uuid", Uuid, nullable=False, unique=True),
    reference("workspace_id", "workspaces.id"),
    reference("method_id", "methods.id"),
    reference("method_version_id", "method_versions.id", index=True),
    reference("param_set_id", "param_sets.id"),
    reference("execution_plan_id", "execution_plans.id", nullable=True, index=True),
    reference("planned_run_id", "planned_runs.id", nullable=True, index=True),
    reference("launch_id", "plan_launches.id", nullable=True),
    Column("plan_step", Text),
    Column("plan_branch", Text),
    Column("sample", Text),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("status", Text, nullable=False),
    moment("started_at"),
    later_moment("finished_at"),
    Column("error", Text),
    document("set_params"),
    document("metrics"),
    document("metadata"),
    #: Sentences about this run that a reader of its lineage should see.
    Column("notices", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("created_by", Text, nullable=False),
    Column("host", Text, nullable=False),
    #: The process that wrapped the run: evidence of life and death.
    Column("pid", Integer),
    Column("pid_start", Text),
    Column("boot_id", Text),
    Column("scheduler_job_id", Text),
    Column("work_dir", Text),
    later_moment("heartbeat_at"),
    Column("cpu_seconds", Float),
    Column("peak_rss_bytes", BigInteger),
    Column("environment_fingerprint", Text),
    #: What was really imported: distributions, editable ones by content, files from outside.
    document("environment"),
    #: Version, param set and input contents in one hash, once completed and fit to be reused.
    Column("reuse_key", Text),
    CheckConstraint("status IN ('running','completed','failed','cancelled')", name="status"),
    Index("ix_runs_reuse_key", "reuse_key", postgresql_where=text("reuse_key IS NOT NULL")),
    Index("ix_runs_method_id_id", "method_id", "id"),
    Index("ix_runs_method_id_status", "method_id", "status"),
    Index("ix_runs_sample_id", "sample", "id"),
    Index("ix_runs_status_open", "status", postgresql_where=text("status = 'running'")),
    Index("ix_runs_status_failed", "id", postgresql_where=text("status IN ('failed','cancelled')")),
    Index("ix_runs_started_at", "started_at"),
    Index("ix_runs_metadata", "metadata", postgresql_using="gin"),
    # At most one live run of a planned run: the one index that two executions at once meet.
    Index(
        "uq_runs_one_live",
        "planned_run_id",
        unique=True,
        postgresql_where=text("status = 'running'"),
    ),
)

run_inputs = Table(
    "run_inputs",
    metadata,
    own_id(),
    reference("run_id", "runs.id", index=True),
    reference("method_input_id", "method_inputs.id"),
    reference("source_run_id", "runs.id", nullable=True, index=True),
    Column("source_output", Text),
    #: sha256 of the content as it was read.
    Column("checksum", Text),
    #: Position and label inside a gathered list; 0 and NULL otherwise.
    Column("ordinal", Integer, nullable=False, server_default=text("0")),
    Column("label", Text),
    Column("value", JSONB),
    UniqueConstraint("run_id", "method_input_id", "ordinal"),
)

run_outputs = Table(
    "run_outputs",
    metadata,
    own_id(),
    reference("run_id", "runs.id"),
    Column("output_name", Text, nullable=False),
    #: Relative to the run directory.
    Column("artifact_path", Text, nullable=False),
    Column("artifact_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("file_count", Integer, nullable=False, server_default=text("1")),
    #: sha256 of the file, or of the sorted list of files and their sha256.
    Column("checksum", Text, nullable=False),
    Column("declared", Boolean, nullable=False),
    UniqueConstraint("run_id", "output_name"),
    Index("ix_run_outputs_checksum", "checksum"),
)

run_parameters = Table(
    "run_parameters",
    metadata,
    Column("run_id", BigInteger, ForeignKey("runs.id"), primary_key=True),
    Column("function_name", Text, primary_key=True),
    Column("param_name", Text, primary_key=True),
    #: Which of the distinct value combinations that the function was entered with.
    Column("ordinal", Integer, primary_key=True),
    #: What arrived, as canonical text; NULL: the function was never entered.
    Column("value", Text),
    Column("value_type", Text),
    #: Set or expected before the run; NULL: computed.
    Column("expected", Text),
    Column("is_set", Boolean, nullable=False, server_default=text("false")),
)

run_logs = Table(
    "run_logs",
    metadata,
    own_id(),
    reference("run_id", "runs.id"),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    later_moment("logged_at"),
    #: First line of the entry in run.log, from 1.
    Column("line", Integer, nullable=False),
    Index("ix_run_logs_run_id_line", "run_id", "line"),
    Index(
        "ix_run_logs_level",
        "level",
        "run_id",
        postgresql_where=text("level IN ('WARNING','ERROR','CRITICAL')"),
    ),
)

integrity_events = Table(
    "integrity_events",
    metadata,
    own_id(),
    reference("run_id", "runs.id", index=True),
    #: verify, altered or override
    Column("kind", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("file", Text),
    Column("reason", Text, nullable=False, server_default=""),
    document("details"),
    moment(),
    Column("created_by", Text, nullable=False),
)
