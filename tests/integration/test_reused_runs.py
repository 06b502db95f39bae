"""Which of several equal runs a plan reuses, where the same inputs do not make the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import planning
from pm_kernel.cli.main import main
from pm_kernel.domain.methods import MethodInput
from pm_kernel.domain.runs import EqualBytes
from pm_kernel.store import plans
from pm_kernel.store.everything import edges_between
from pm_kernel.store.lineage import ancestry
from pm_kernel.store.run_details import get_details

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
        plan_id, _ = self.execute(STEPS, rows, **request)
        found = plans.planned_runs_of(self.bench.store, plan_id)
        return plan_id, {f"{row.step} {row.sample or '-'}": row.run_id for row in found}

    def execute(
        self, steps: Mapping[str, Any], rows: list[dict[str, str]], **request: Any
    ) -> tuple[int, list[int]]:
        """The same of any steps and samples; the runs come in the order of the plan."""
        sheet = {"columns": ["sample", "image"], "rows": rows}
        plan_id, epoch = self.bench.plan({"steps": steps}, samples=sheet, **request)
        launch = self.bench.launch(plan_id, epoch)
        for position in range(len(launch.tasks)):
            self.life.run(launch, position)
        found = plans.planned_runs_of(self.bench.store, plan_id)
        return plan_id, [row.run_id or 0 for row in found]

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
def world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    for name, value in bench.environ.items():
        monkeypatch.setenv(name, value)
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


def test_a_preview_says_of_a_reused_run_that_it_read_what_nobody_compares(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = world.bench.root / "beside.txt"
    beside.write_text("first")
    peek = f"""
def run(output_dir, given):
    (output_dir / "drawn.txt").write_text(open({str(beside)!r}).read())
"""
    world.bench.method("peek", peek, inputs={"given": "file"}, outputs={"drawn": "drawn.txt"})
    steps = {name: {"method": name, "inputs": {"given": {"column": "image"}}}
             for name in ("load", "peek")}  # fmt: skip
    plan_id, runs = world.execute(steps, [{"sample": "s1", "image": "image.txt"}])
    beside.write_text("second")
    assert main(["plan", "preview", str(plan_id)]) == 0
    told = capsys.readouterr().out
    for run_id in runs:
        assert f"reuses run {run_id}: same version, parameters and inputs" in told
    # Of the one that opened another file, and of no other.
    assert told.count("; it also read files that are none of its inputs, and these may be") == 1


def test_what_a_reused_run_read_says_whose_output_a_plan_counted_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of three images `same` makes the same: what was read of one is reused for the others."""

    def pm(*words: str) -> str:
        assert main(list(words)) == 0
        return capsys.readouterr().out

    bench = world.bench
    bench.method("same", DRAW.replace("uuid4().hex", "'same'"),
                 inputs={"given": "file"}, outputs={"drawn": "drawn.txt"})  # fmt: skip
    made = {"method": "same", "inputs": {"given": {"column": "image"}}}
    read = {"method": "read", "inputs": {"given": {"from": "made.drawn"}}}
    given = {"method": "read", "inputs": {"given": {"column": "image"}}}

    def run(cell: str, **steps: Any) -> tuple[int, list[int]]:
        return world.execute(steps, [{"sample": cell, "image": cell}])

    for name in ("one", "two", "three"):
        (bench.root / name).write_text(name)
    _, [one, reader] = run("one", made=made, read=read)
    _, [two] = run("two", made=made)
    _, [three] = run("three", made=made)
    assert len({one, two, three, reader}) == 4

    def told() -> tuple[EqualBytes, ...]:
        (edge,) = ancestry(bench.store, reader).edges
        (known,) = get_details(bench.store, reader).inputs
        assert edge.source_id == known.source_run_id == one
        assert edges_between(bench.store, [one, reader]) == [edge]
        assert edge.equal_bytes == known.equal_bytes
        return edge.equal_bytes

    assert told() == ()
    second, places = run("two", made=made, read=read)
    assert places == [two, reader]
    assert told() == (EqualBytes(two, second),)
    third, places = run(f"run:{three}/drawn", read=given)
    assert places == [reader]
    # Once more the same: it is told of the first.
    run("two", made=made, read=read)
    both = (EqualBytes(two, second), EqualBytes(three, third))
    assert told() == both
    words = f"equal bytes of run {two} (plan {second}), run {three} (plan {third})"
    lines = pm("lineage", str(reader)).splitlines()
    (place,) = (n for n, text in enumerate(lines) if f"given ← run {one} · same / drawn" in text)
    assert lines[place + 1].endswith(words)
    assert f'R{one} -->|"drawn<br/>{words}"| R{reader}' in pm("lineage", str(reader), "--mermaid")
    (edge,) = json.loads(pm("lineage", str(reader), "--json"))["edges"]
    assert edge["equal_bytes"] == [asdict(each) for each in both]

    # Nothing of a draft, and nothing of bytes that are others by now.
    bench.execute("UPDATE execution_plans SET status = 'draft' WHERE id = %s", third)
    assert told() == both[:1]
    bench.execute("UPDATE run_outputs SET checksum = 'another' WHERE run_id = %s", two)
    assert told() == ()
