"""Every table, declared once. Migrations bring a database to exactly this; a test compares them.

The fifteen tables of the data model, and beside them what lineage needs: declared outputs, the run
tree of a plan, launches, the parameters that arrived, integrity events, workspaces. Declarations
(tracked functions, parameters, inputs, outputs) are valid for a range of versions, from
``first_version`` to ``last_version`` (NULL: still valid), so that old runs keep theirs and two
versions are compared by a query.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

# Predictable names: errors are translated by constraint name.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, ForeignKey(target), nullable=nullable, index=index)


def _now(name: str = "created_at") -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _time(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


def _validity() -> tuple[Column[int], Column[int]]:
    return Column("first_version", Integer, nullable=False), Column("last_version", Integer)


def _json(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


workspaces = Table(
    "workspaces",
    metadata,
    _id(),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("root", Text, nullable=False),
    Column("host", Text, nullable=False),
    _now(),
)

# --- registry ---------------------------------------------------------------------------------

modules = Table(
    "modules",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    _now(),
)

output_contracts = Table(
    "output_contracts",
    metadata,
    _id(),
    _ref("module_id", "modules.id"),
    #: Which declared output the field belongs to.
    Column("output_name", Text, nullable=False),
    Column("field_name", Text, nullable=False),
    Column("field_type", Text, nullable=False),
    Column("required", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("module_id", "output_name", "field_name"),
)

methods = Table(
    "methods",
    metadata,
    _id(),
    _ref("module_id", "modules.id", index=True),
    #: Unique over all modules: tags and `--method` name a method by it alone.
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    _now(),
)

method_versions = Table(
    "method_versions",
    metadata,
    _id(),
    _ref("method_id", "methods.id"),
    _ref("workspace_id", "workspaces.id"),
    Column("version", Integer, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("git_commit_hash", Text, nullable=False),
    Column("git_tag", Text, nullable=False),
    Column("pixi_lock_hash", Text),
    #: Code, declaration and environment in one hash; equal to the latest means nothing is new.
    Column("content_hash", Text, nullable=False),
    #: The declaration as committed, whole: what a run needs to start in one row.
    Column("declaration", JSONB, nullable=False),
    _now(),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("method_id", "version"),
)

tracked_functions = Table(
    "tracked_functions",
    metadata,
    _id(),
    _ref("method_id", "methods.id"),
    Column("function_name", Text, nullable=False),
    Column("qualname", Text, nullable=False),
    Column("source_file", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    *_validity(),
    UniqueConstraint("method_id", "function_name", "first_version"),
)

param_defs = Table(
    "param_defs",
    metadata,
    _id(),
    _ref("tracked_function_id", "tracked_functions.id"),
    Column("param_name", Text, nullable=False),
    Column("param_type", Text, nullable=False, server_default=""),
    #: Canonical text; NULL: no default, or one that is not a literal.
    Column("default_value", Text),
    Column("call_site_value", Text),
    Column("description", Text, nullable=False, server_default=""),
    Column("ordinal", Integer, nullable=False),
    *_validity(),
    UniqueConstraint("tracked_function_id", "param_name", "first_version"),
)

method_inputs = Table(
    "method_inputs",
    metadata,
    _id(),
    _ref("method_id", "methods.id"),
    Column("input_name", Text, nullable=False),
    #: upstream, file, value or list
    Column("input_type", Text, nullable=False),
    Column("value_type", Text),
    _ref("source_module_id", "modules.id", nullable=True),
    Column("gather", Boolean, nullable=False, server_default=text("false")),
    Column("required", Boolean, nullable=False, server_default=text("true")),
    Column("ordinal", Integer, nullable=False),
    *_validity(),
    UniqueConstraint("method_id", "input_name", "first_version"),
)

method_outputs = Table(
    "method_outputs",
    metadata,
    _id(),
    _ref("method_id", "methods.id"),
    Column("output_name", Text, nullable=False),
    #: A file, a directory or a glob inside the run directory.
    Column("path", Text, nullable=False),
    Column("output_type", Text, nullable=False),
    Column("required", Boolean, nullable=False, server_default=text("true")),
    Column("ordinal", Integer, nullable=False),
    *_validity(),
    UniqueConstraint("method_id", "output_name", "first_version"),
)

param_sets = Table(
    "param_sets",
    metadata,
    _id(),
    _ref("method_id", "methods.id"),
    Column("fingerprint", Text, nullable=False),
    UniqueConstraint("method_id", "fingerprint"),
)

param_set_values = Table(
    "param_set_values",
    metadata,
    Column("param_set_id", BigInteger, ForeignKey("param_sets.id"), primary_key=True),
    Column("param_def_id", BigInteger, ForeignKey("param_defs.id"), primary_key=True),
    #: Canonical text, set or expected; NULL: computed by the code, unknown before the run.
    Column("value", Text),
)

# --- plans ------------------------------------------------------------------------------------

workflow_templates = Table(
    "workflow_templates",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("definition", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    #: One more with every content_hash that it had.
    Column("version", Integer, nullable=False, server_default=text("1")),
    #: What somebody said of this version.
    Column("note", Text, nullable=False, server_default=""),
    _now(),
    _now("updated_at"),
    Column("created_by", Text, nullable=False),
    Column("updated_by", Text, nullable=False),
)

#: What a template was before, but for its newest version, which is in the template itself.
template_versions = Table(
    "template_versions",
    metadata,
    _id(),
    _ref("template_id", "workflow_templates.id"),
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
    _id(),
    _ref("workspace_id", "workspaces.id"),
    _ref("template_id", "workflow_templates.id", nullable=True),
    Column("template_hash", Text),
    #: plan, run (one step, `pm run`) or export
    Column("kind", Text, nullable=False, server_default="plan"),
    Column("name", Text, nullable=False),
    #: The pipeline document as submitted; later edits of the template do not reach it.
    Column("document", JSONB, nullable=False),
    _json("data_sources"),
    _json("branch_params"),
    #: What else was asked for: until, excluded, re-run.
    _json("request"),
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
    _json("metadata"),
    _now(),
    Column("created_by", Text, nullable=False),
    _time("submitted_at"),
    _time("finished_at"),
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
    _id(),
    _ref("plan_id", "execution_plans.id"),
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
    _now("started_at"),
    _time("finished_at"),
    UniqueConstraint("plan_id", "number"),
)

planned_runs = Table(
    "planned_runs",
    metadata,
    _id(),
    _ref("plan_id", "execution_plans.id"),
    Column("ordinal", Integer, nullable=False),
    #: Canonical text of step and coordinates.
    Column("key", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("sample", Text),
    #: Branch choices in words, in the order of the steps; empty where nothing branches.
    Column("branch", Text, nullable=False, server_default=""),
    _json("coordinates"),
    _ref("method_version_id", "method_versions.id", nullable=True),
    _ref("param_set_id", "param_sets.id", nullable=True),
    #: Only these are enforced: function.param -> canonical text.
    _json("set_params"),
    #: Inputs that come from no planned run: columns, values, files, existing runs.
    _json("inputs"),
    #: run, reuse or blocked, as previewed, and why
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    _ref("launch_id", "plan_launches.id", nullable=True),
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
    _ref("parent_id", "planned_runs.id", index=True),
    Column("source_output", Text, nullable=False),
    #: Sample and branch of the parent, for gathered lists.
    Column("label", Text, nullable=False, server_default=""),
    #: wait: every member must have completed; go_on: members that failed are left out.
    Column("on_failure", Text, nullable=False, server_default="wait"),
)

# --- runs -------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    _id(),
    #: Drawn by the client: idempotency key, fencing token and directory name in one.
    Column("uuid", Uuid, nullable=False, unique=True),
    _ref("workspace_id", "workspaces.id"),
    _ref("method_id", "methods.id"),
    _ref("method_version_id", "method_versions.id", index=True),
    _ref("param_set_id", "param_sets.id"),
    _ref("execution_plan_id", "execution_plans.id", nullable=True, index=True),
    _ref("planned_run_id", "planned_runs.id", nullable=True, index=True),
    _ref("launch_id", "plan_launches.id", nullable=True),
    Column("plan_step", Text),
    Column("plan_branch", Text),
    Column("sample", Text),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("status", Text, nullable=False),
    _now("started_at"),
    _time("finished_at"),
    Column("error", Text),
    _json("set_params"),
    _json("metrics"),
    _json("metadata"),
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
    _time("heartbeat_at"),
    Column("cpu_seconds", Float),
    Column("peak_rss_bytes", BigInteger),
    Column("environment_fingerprint", Text),
    #: What was really imported: distributions, editable ones by content, files from outside.
    _json("environment"),
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
    _id(),
    _ref("run_id", "runs.id", index=True),
    _ref("method_input_id", "method_inputs.id"),
    _ref("source_run_id", "runs.id", nullable=True, index=True),
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
    _id(),
    _ref("run_id", "runs.id"),
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
    _id(),
    _ref("run_id", "runs.id"),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    _time("logged_at"),
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
    _id(),
    _ref("run_id", "runs.id", index=True),
    #: verify, altered or override
    Column("kind", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("file", Text),
    Column("reason", Text, nullable=False, server_default=""),
    _json("details"),
    _now(),
    Column("created_by", Text, nullable=False),
)
