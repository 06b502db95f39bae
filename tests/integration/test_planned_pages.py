"""A page of a plan's run tree is that part of the whole, whatever became of the plan."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.domain.methods import MethodInput
from pm_kernel.errors import NotFound
from pm_kernel.store import plans
from pm_kernel.store.planned_pages import page_of_plan

from ..workbench import Workbench

#: A run of a planned run, as if it had been executed.
_RUN = """
INSERT INTO runs (uuid, workspace_id, method_id, method_version_id, param_set_id, host, created_by,
                  execution_plan_id, planned_run_id, launch_id, status, error)
SELECT gen_random_uuid(), v.workspace_id, v.method_id, v.id, p.param_set_id, 'here', 'somebody',
       p.plan_id, p.id, p.launch_id, %s, 'what happened'
FROM planned_runs p JOIN method_versions v ON v.id = p.method_version_id WHERE p.id = %s
RETURNING id
"""


@pytest.fixture
def plan(tmp_path: Path, database_url: str) -> Any:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    many = MethodInput("many", "upstream", gather=True)
    one: dict[str, Any] = {"one": "upstream"}
    inputs = {"load": {"name": "value"}, "read": one, "some": {"many": many, **one}}
    for name, given in inputs.items():
        arguments = ", ".join(given)
        bench.method(name, f"def run({arguments}, output_dir):\n    pass\n",
                     inputs=given, outputs={"out": "out.txt"})  # fmt: skip
    gather = {"from": "read.out", "gather": {"over": ["sample"], "on_failure": "go_on"}}
    steps = {
        "load": {"method": "load", "inputs": {"name": {"column": "sample"}}},
        "read": {"method": "read", "inputs": {"one": {"from": "load.out"}}},
        "alone": {"method": "load", "inputs": {"name": {"value": "x"}}},
        "some": {"method": "some", "inputs": {"many": gather, "one": {"from": "alone.out"}}},
        "last": {"method": "read", "inputs": {"one": {"from": "some.out"}}},
    }
    plan_id, epoch = bench.plan({"steps": steps}, samples=[f"s{n}" for n in range(4)])
    # Another plan, whose planned runs lie in between.
    bench.plan({"steps": steps}, samples=["s0"], rerun={"all": True})
    bench.launch(plan_id, epoch)
    yield bench, plan_id
    bench.close()


def test_each_page_is_that_part_of_the_whole(plan: tuple[Workbench, int]) -> None:
    bench, plan_id = plan
    shown: set[str] = set()
    for seed in range(12):
        rng = random.Random(seed)
        bench.execute("UPDATE planned_runs SET current_run = NULL WHERE plan_id = %s", plan_id)
        bench.execute("DELETE FROM runs")
        for row in plans.planned_runs_of(bench.store, plan_id):
            status = rng.choice(["completed"] * 3 + ["failed", "running", "cancelled", ""])
            if status:
                (made,) = bench.rows(_RUN, status, row.planned_id)
                if status == "completed":
                    bench.execute("UPDATE planned_runs SET current_run = %s WHERE id = %s",
                                  made["id"], row.planned_id)  # fmt: skip
        bench.execute("UPDATE execution_plans SET status = %s WHERE id = %s",
                      rng.choice(["running", "partial"]), plan_id)  # fmt: skip
        whole = plans.planned_runs_of(bench.store, plan_id)
        assert len(whole) == 11
        shown |= {row.state for row in whole}
        chosen = itertools.product(
            [(), ("failed",), ("blocked", "completed")], [(), ("read",)], [(), ("s1", "s3")]
        )
        for states, steps, samples in chosen:
            fitting = [
                row
                for row in whole
                if (not states or row.state in states)
                and (not steps or row.step in steps)
                and (not samples or row.sample in samples)
            ]
            for first, limit in ((0, 3), (3, 3), (0, 100), (9, 100), (50, 3)):
                page = page_of_plan(bench.store, plan_id, first=first, limit=limit,
                                    states=states, steps=steps, samples=samples)  # fmt: skip
                assert page.rows == fitting[first : first + limit]
                assert page.total == len(fitting)
    assert shown == {"completed", "failed", "running", "cancelled", "waiting", "blocked"}


def test_a_plan_that_is_not_there_has_no_pages(plan: tuple[Workbench, int]) -> None:
    bench, plan_id = plan
    plans.require(bench.store, plan_id)
    with pytest.raises(NotFound, match="There is no plan 999"):
        plans.require(bench.store, 999)
