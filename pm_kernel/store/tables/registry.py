"""Workspaces, and what is registered in them: modules, methods, versions, what these declare."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from pm_kernel.store.tables.columns import metadata, moment, own_id, reference, validity

workspaces = Table(
    "workspaces",
    metadata,
    own_id(),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("root", Text, nullable=False),
    Column("host", Text, nullable=False),
    moment(),
)

modules = Table(
    "modules",
    metadata,
    own_id(),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    moment(),
)

output_contracts = Table(
    "output_contracts",
    metadata,
    own_id(),
    reference("module_id", "modules.id"),
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
    own_id(),
    reference("module_id", "modules.id", index=True),
    #: Unique over all modules: tags and `--method` name a method by it alone.
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    moment(),
)

method_versions = Table(
    "method_versions",
    metadata,
    own_id(),
    reference("method_id", "methods.id"),
    reference("workspace_id", "workspaces.id"),
    Column("version", Integer, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("git_commit_hash", Text, nullable=False),
    Column("git_tag", Text, nullable=False),
    Column("pixi_lock_hash", Text),
    #: Code, declaration and environment in one hash; equal to the latest means nothing is new.
    Column("content_hash", Text, nullable=False),
    #: The declaration as committed, whole: what a run needs to start in one row.
    Column("declaration", JSONB, nullable=False),
    moment(),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("method_id", "version"),
)

tracked_functions = Table(
    "tracked_functions",
    metadata,
    own_id(),
    reference("method_id", "methods.id"),
    Column("function_name", Text, nullable=False),
    Column("qualname", Text, nullable=False),
    Column("source_file", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    *validity(),
    UniqueConstraint("method_id", "function_name", "first_version"),
)

param_defs = Table(
    "param_defs",
    metadata,
    own_id(),
    reference("tracked_function_id", "tracked_functions.id"),
    Column("param_name", Text, nullable=False),
    Column("param_type", Text, nullable=False, server_default=""),
    #: Canonical text; NULL: no default, or one that is not a literal.
    Column("default_value", Text),
    Column("call_site_value", Text),
    Column("description", Text, nullable=False, server_default=""),
    Column("ordinal", Integer, nullable=False),
    *validity(),
    UniqueConstraint("tracked_function_id", "param_name", "first_version"),
)

method_inputs = Table(
    "method_inputs",
    metadata,
    own_id(),
    reference("method_id", "methods.id"),
    Column("input_name", Text, nullable=False),
    #: upstream, file, value or list
    Column("input_type", Text, nullable=False),
    Column("value_type", Text),
    reference("source_module_id", "modules.id", nullable=True),
    Column("gather", Boolean, nullable=False, server_default=text("false")),
    Column("required", Boolean, nullable=False, server_default=text("true")),
    Column("ordinal", Integer, nullable=False),
    *validity(),
    UniqueConstraint("method_id", "input_name", "first_version"),
)

method_outputs = Table(
    "method_outputs",
    metadata,
    own_id(),
    reference("method_id", "methods.id"),
    Column("output_name", Text, nullable=False),
    #: A file, a directory or a glob inside the run directory.
    Column("path", Text, nullable=False),
    Column("output_type", Text, nullable=False),
    Column("required", Boolean, nullable=False, server_default=text("true")),
    Column("ordinal", Integer, nullable=False),
    *validity(),
    UniqueConstraint("method_id", "output_name", "first_version"),
)

param_sets = Table(
    "param_sets",
    metadata,
    own_id(),
    reference("method_id", "methods.id"),
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
