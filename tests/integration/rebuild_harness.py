"""Plans and templates that are made, lost with the database, and read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pm_kernel import submission
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.nextflow.plan_record import PlanRecord
from pm_kernel.store import launches

from ..workbench import RUN, SCALE, Workbench, same_imports
from .recording_harness import Life

COPY = """
from pathlib import Path

def run(table, output_dir):
    (Path(output_dir) / "copy.csv").write_text(Path(table).read_text())
"""
PLAN: dict[str, Any] = {
    "name": "cohort",
    "notes": "for the paper",
    "metadata": {"project": "x"},
    "pipeline": {
        "format": 1,
        "steps": {
            "double": {
                "method": "double",
                "branches": {"a": {"scale.factor": "3"}, "b": {"scale.factor": "4"}},
            },
            "copy": {"method": "copy", "inputs": {"table": {"from": "double.table"}}},
        },
    },
}

COPY_B = '["copy",{"copy":"default","double":"b"}]'

Pm = Callable[..., Any]


def register(pm: Pm, bench: Workbench) -> None:
    """Two methods as a person registers them: git has them too."""
    pm("init")
    for name, files in (
        ("double", {"run.py": RUN, "helper.py": SCALE}),
        ("copy", {"run.py": COPY}),
    ):
        folder = bench.root.parent / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
    pm("method", "register", bench.root.parent / "double", "--module", "testing",
       "--track", "scale", "--output", "table=table.csv:table")  # fmt: skip
    pm("method", "register", bench.root.parent / "copy", "--module", "testing",
       "--input", "table=upstream", "--output", "copy=copy.csv:table")  # fmt: skip


def submit(bench: Workbench, plan_id: int) -> None:
    """Submit a plan; its supervisor is played."""
    submission.submit(bench.settings, bench.store, plan_id, same_imports, start=lambda *_: None)


def supervise(
    bench: Workbench,
    life: Life,
    plan_id: int,
    *,
    exit_codes: list[int],
    registered: Callable[[int], object] = lambda _position: None,
    **options: Any,
) -> None:
    """What a supervisor does: one launch of these tasks, and the end.

    ``registered`` is called while a task is at work; ``options`` are those of its registering.
    """
    record = PlanRecord(bench.store, bench.settings.workspace_id, plan_id, epoch(bench, plan_id))
    launch = record.open_launch()
    folder = RunStore(bench.runs).plan(plan_id) / "launches" / str(launch.number) / "work"
    for position, code in enumerate(exit_codes):
        _, task_dir = life.register(
            launch, position=position, task_dir=folder / f"{position:02}" / "c0ffee", **options
        )
        registered(position)
        life.complete(task_dir, life.start(task_dir).wait() or code)
    if launch.launch_id:
        record.close_launch(launch.launch_id, None, exit_code=0)
    record.finish("No more.")
    record.follow(RunStore(bench.runs))


def epoch(bench: Workbench, plan_id: int) -> int:
    with bench.store.reading() as connection:
        return launches.epochs(connection, plan_id)[0]


def lose_the_database(bench: Workbench) -> None:
    bench.close()
    bench.execute("DROP SCHEMA public CASCADE")
    bench.execute("CREATE SCHEMA public")


def forget(bench: Workbench, run_id: int) -> None:
    """What a restored older backup does: the run's rows are gone, its planned run is open."""
    for table in ("run_inputs", "run_outputs", "run_parameters", "run_logs", "integrity_events"):
        bench.execute(f"DELETE FROM {table} WHERE run_id = %s", run_id)
    bench.execute("UPDATE planned_runs SET current_run = NULL WHERE current_run = %s", run_id)
    bench.execute("DELETE FROM runs WHERE id = %s", run_id)


def known(pm: Pm, bench: Workbench) -> dict[str, Any]:
    """All that is told of plans and templates."""
    found: dict[str, Any] = {
        "templates": json.loads(pm("template", "list", "--json").out),
        "ids": bench.rows("SELECT id, name FROM workflow_templates ORDER BY id"),
        "earlier": bench.rows(
            "SELECT to_jsonb(v) - 'id' AS facts FROM template_versions v ORDER BY 1"
        ),
        "launches": bench.rows(
            "SELECT id, plan_id, number, epoch, started_at, finished_at, exit_code, task_count"
            " FROM plan_launches ORDER BY id"
        ),
        "plans": bench.rows(
            "SELECT id, name, kind, status, error, epoch, created_at, created_by, submitted_at,"
            " finished_at, notes, metadata, template_hash FROM execution_plans ORDER BY id"
        ),
        # Versions and param sets are counted anew; `plan show` tells which they are.
        "planned": bench.rows(
            "SELECT to_jsonb(p) - 'method_version_id' - 'param_set_id' AS facts"
            " FROM planned_runs p JOIN execution_plans e ON e.id = p.plan_id"
            " WHERE e.status <> 'draft' ORDER BY p.id"
        ),
        "runs": bench.rows(
            "SELECT id, status, execution_plan_id, planned_run_id, launch_id FROM runs ORDER BY id"
        ),
    }
    for plan in found["plans"]:
        shown = json.loads(pm("plan", "show", plan["id"], "--json").out)
        if plan["status"] == "draft":
            # Made anew, as of today.
            for run in shown["planned_runs"]:
                run.pop("planned_id", None)
        found[f"plan {plan['id']}"] = shown
    return found


def without_ids(shown: dict[str, Any]) -> dict[str, Any]:
    """What is told of a plan, but the ids of its tree."""
    tree = [
        {name: value for name, value in run.items() if name not in ("planned_id", "parents")}
        for run in shown["planned_runs"]
    ]
    return {**shown, "planned_runs": tree}


def shown(pm: Pm, plan_id: int) -> dict[str, Any]:
    return without_ids(json.loads(pm("plan", "show", plan_id, "--json").out))


def seat(bench: Workbench) -> Workbench:
    """Put the plan of these tests into a workspace, as a file and as its pipeline alone."""
    (bench.root / "plan.json").write_text(json.dumps(PLAN))
    (bench.root / "pipeline.json").write_text(json.dumps(PLAN["pipeline"]))
    return bench
