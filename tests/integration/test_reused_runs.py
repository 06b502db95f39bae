"""Which of several equal runs a plan reuses, where the same inputs do not make the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import planning
from pm_kernel.domain.methods import MethodInput
from pm_kernel.store import plans

from ..workbench import Workbench, same_imports
from .recording_harness import Life

#: Each run writes something else, as methods do that note the time or draw without a seed.
DRAW = """
from pathlib import Path
from uuid import uuid4

def run(output_dir, **inputs):
    (Path(output_dir) / "drawn.txt").write_text(uuid4().hex)
"""
STEPS: dict[str, Any] = {
    "load": {"method": "load", "inputs": {"given": {"column": "image"}}},
    "again": {"method": "load", "inputs": {"given": {"column": "image"}}},
    "read": {"method": "read", "inputs": {"given": {"from": "load.drawn"}}},
    "all": {
        "method": "merge",
        "inputs": {"given": {"from": "read.drawn", "gather": {"over": ["sample"]}}},
    },
    "both": {
        "method": "merge",
        "inputs": {"given": {"from": "again.drawn", "gather": {"over": ["sample"]}}},
    },
}


class World:
    """Methods that draw, and samples that have the same image."""

    def __init__(self, bench: Workbench, life: Life) -> None:
        self.bench = bench
        self.life = life
        (bench.root / "image.txt").write_text("the same for all")
        gathered = MethodInput("given", "upstream", gather=True)
        for name, given in (("load", "file"), ("read", "upstream"), ("merge", gathered)):
            bench.method(name, DRAW, inputs={"given": given}, outputs={"drawn": "drawn.txt"})

    def plan(self, *samples: str, **request: Any) -> tuple[int, Mapping[str, int | None]]:
        """Submit a plan and run it as Nextflow would; returns it, and which run each place has."""
        rows = [{"sample": sample, "image": "image.txt"} for sample in samples]
        sheet = {"columns": ["sample", "image"], "rows": rows}
        plan_id, epoch = self.bench.plan({"steps": STEPS}, samples=sheet, **request)
        launch = self.bench.launch(plan_id, epoch)
        for position in range(len(launch.tasks)):
            self.life.run(launch, position)
        found = plans.planned_runs_of(self.bench.store, plan_id)
        return plan_id, {f"{row.step} {row.sample or '-'}": row.run_id for row in found}

    def foretold(self, plan_id: int) -> dict[str, int | None]:
        """Which run each place of a plan would reuse, were it submitted again."""
        stored = plans.get_plan(self.bench.store, plan_id)
        request = {key: value for key, value in stored.request.items() if key != "rerun"}
        plan = planning.PlanInput.stored(stored.document, request)
        shown = planning.preview(self.bench.store, plan, same_imports)
        return {
            f"{run.step} {run.sample or '-'}": shown.decisions[run.key].run_id
            for run in shown.expanded.runs
        }


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    yield World(bench, Life(bench, tmp_path))
    bench.close()


def test_what_was_made_together_is_reused_together(world: World) -> None:
    first, made = world.plan("s1", "s2")
    assert len(set(made.values())) == len(made)
    assert world.foretold(first) == made
    # Made once more, the results of before are what counts: nobody's preview changes.
    world.plan("s1", "s2", rerun={"all": True, "steps": []})
    assert world.foretold(first) == made


def test_a_part_that_is_asked_for_runs_again_with_what_lies_below_it(world: World) -> None:
    _, made = world.plan("s1", "s2")
    _, others = world.plan("s1", "s2", rerun={"parts": [{"sample": "s2", "step": "read"}]})
    assert {place for place in made if others[place] != made[place]} == {"read s2", "all -"}


def test_a_sample_that_nobody_had_takes_the_oldest_equal_run(world: World) -> None:
    _, made = world.plan("s1", "s2")
    _, others = world.plan("s3")
    assert (others["load s3"], others["read s3"]) == (made["load s1"], made["read s1"])
    # A list says whose its members are.
    assert others["all -"] not in made.values()
