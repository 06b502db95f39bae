"""Every table, declared once. Migrations bring a database to exactly this; a test compares them.

The fifteen tables of the data model, and beside them what lineage needs: declared outputs, the run
tree of a plan, launches, the parameters that arrived, integrity events, workspaces. Declarations
(tracked functions, parameters, inputs, outputs) are valid for a range of versions, from
``first_version`` to ``last_version`` (NULL: still valid), so that old runs keep theirs and two
versions are compared by a query.
"""

from __future__ import annotations

from pm_kernel.store.tables.columns import metadata
from pm_kernel.store.tables.plans import (
    execution_plans,
    plan_launches,
    planned_edges,
    planned_runs,
    template_versions,
    workflow_templates,
)
from pm_kernel.store.tables.registry import (
    method_inputs,
    method_outputs,
    method_versions,
    methods,
    modules,
    output_contracts,
    param_defs,
    param_set_values,
    param_sets,
    tracked_functions,
    workspaces,
)
from pm_kernel.store.tables.runs import (
    integrity_events,
    run_inputs,
    run_logs,
    run_outputs,
    run_parameters,
    runs,
)

__all__ = [
    "execution_plans",
    "integrity_events",
    "metadata",
    "method_inputs",
    "method_outputs",
    "method_versions",
    "methods",
    "modules",
    "output_contracts",
    "param_defs",
    "param_set_values",
    "param_sets",
    "plan_launches",
    "planned_edges",
    "planned_runs",
    "run_inputs",
    "run_logs",
    "run_outputs",
    "run_parameters",
    "runs",
    "template_versions",
    "tracked_functions",
    "workflow_templates",
    "workspaces",
]
