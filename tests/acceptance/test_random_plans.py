"""Random plans through a real Nextflow: what was previewed is what ran, with the inputs foretold.

Each document holds many plans of 2 to 8 steps side by side (``random_documents``).
``PM_TEST_PLANS`` sets how many plans a document holds, ``PM_TEST_SEED`` what is drawn; a failure
names the seed.
"""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import planning
from pm_kernel.config import default_cache_dir
from pm_kernel.domain.plan import ColumnValue, ExistingRun, File, PlannedEdge, Source, Value
from pm_kernel.errors import RunFailed
from pm_kernel.nextflow.trace import TraceReader
from pm_kernel.planning import PlanInput, Preview
from pm_kernel.store import plans

from ..workbench import Workbench, same_imports
from .random_documents import SIZES, WANTED, Document, draw, found_in
from .random_plans import FAILS, HELPER, RUN, Maker, method_inputs

PLANS = int(os.environ.get("PM_TEST_PLANS", "10"))
SEED = int(os.environ.get("PM_TEST_SEED", "0"))
#: Seconds; the machine may be busy with much else.
_PATIENCE = 1500


@dataclass
class World:
    """A workspace, the methods that its plans use, and what is done with plans in a terminal."""

    bench: Workbench
    known: set[str] = field(default_factory=set)

    def learn(self, pipeline: Mapping[str, Any]) -> None:
        methods = {step["method"] for step in pipeline["steps"].values()}
        for method in sorted(methods - self.known):
            text = RUN.format(root=str(self.bench.root), fails=FAILS)
            self.bench.method(
                method,
                text,
                files={"helper.py": HELPER},
                tracked=["helper.py:pick"],
                inputs=method_inputs(method),
                outputs={"out": "seen.json"},
            )
            self.known.add(method)

    def preview(self, plan: PlanInput) -> Preview:
        self.learn(plan.document)
        return planning.preview(self.bench.store, plan, same_imports)

    def create(self, pipeline: Mapping[str, Any], request: Mapping[str, Any]) -> int:
        self.learn(pipeline)
        path = self.bench.root / "plan.json"
        path.write_text(json.dumps({"name": "random", "pipeline": pipeline, **request}))
        document = json.loads(self.pm("plan", "create", str(path), "--json"))
        return int(document["plan_id"])

    def foretold(self, plan_id: int) -> Preview:
        """The preview of a draft, as `pm plan preview` makes it."""
        stored = plans.get_plan(self.bench.store, plan_id)
        return self.preview(PlanInput.stored(stored.document, stored.request))

    def pm(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [str(self.bench.command), *words],
            cwd=self.bench.root,
            env=self.bench.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode == code, f"seed {SEED}: {words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def executed(self) -> list[str]:
        """The uuids of all executions so far, told by the methods themselves."""
        path = self.bench.root / "executed"
        return path.read_text().split() if path.exists() else []

    def runs(self, plan_id: int) -> list[dict[str, Any]]:
        return self.bench.rows(
            "SELECT r.id, r.uuid::text AS uuid, r.status, p.key, p.id AS planned FROM runs r "
            "JOIN planned_runs p ON p.id = r.planned_run_id "
            "WHERE r.execution_plan_id = %s ORDER BY r.id",
            plan_id,
        )

    def recorded(self, run_id: int) -> dict[str, list[dict[str, Any]]]:
        rows = self.bench.rows(
            "SELECT mi.input_name AS input, i.source_run_id, i.source_output, i.label, i.value "
            "FROM run_inputs i JOIN method_inputs mi ON mi.id = i.method_input_id "
            "WHERE i.run_id = %s ORDER BY mi.input_name, i.ordinal",
            run_id,
        )
        found: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(row.pop("input"), []).append(row)
        return found

    def traced(self, plan_id: int) -> list[int]:
        """The planned runs that Nextflow says it has completed, from the logs of all launches."""
        found = []
        for path in sorted((self.bench.runs / "plans" / str(plan_id)).rglob("nextflow.log")):
            found += [r.planned_run_id for r in TraceReader(path).read() if r.status == "COMPLETED"]
        return found


@pytest.fixture
def world(bench: Workbench) -> World:
    bench.environ["PM_CACHE_DIR"] = str(default_cache_dir(os.environ))
    for name in ("one.txt", "two.txt"):
        (bench.root / name).write_text(name)
    return World(bench)


def test_every_kind_of_plan_is_among_the_drawn() -> None:
    """What the documents of the default seed hold: nothing of it is left to luck."""
    documents = [
        _drawn(1, seed=0, count=10),
        _drawn(2, seed=0, count=10, existing=range(1, 50)),
        _drawn(3, seed=0, count=10, failing=True),
    ]
    plans_of = [(each, group) for each in documents for group in each.groups]
    expanded = [each.expanded(group) for each, group in plans_of]
    assert Counter(len(group.steps) for _, group in plans_of).keys() == set(SIZES)
    found = Counter[str]()
    for (_, group), shown in zip(plans_of, expanded, strict=True):
        found.update(found_in(group, shown))
    assert [kind for kind in WANTED if found[kind] < 3] == []
    assert found["samples"] >= 15
    assert found["a run that exists"] >= 3
    assert sum("grid" in s.get("branches", {}) for _, g in plans_of for s in g.steps.values()) >= 3
    assert len(documents[0].excluded(3)) >= 2
    # All of them are executed in each run of the tests.
    assert 250 <= sum(len(shown.runs) for shown in expanded) <= 350


@pytest.mark.nextflow
def test_what_is_previewed_is_what_runs(world: World) -> None:
    document = _drawn(1)
    # Part of it first, so that the whole of it has something to reuse.
    steps = sorted(document.pipeline["steps"])
    some = random.Random(SEED).sample(steps, len(steps) // 4)
    first = runs_as_foretold(world, document.pipeline, {**document.samples, "until": some})
    request = {**document.samples, "excluded": document.excluded(3)}
    whole = runs_as_foretold(world, document.pipeline, request)
    assert first.counts.reuse == 0
    assert whole.counts.reuse >= 1
    assert whole.counts.run >= 1
    runs_nothing(world, document.pipeline, request)

    # Another document takes runs of the first as data, and results of its own.
    existing = [run["id"] for run in world.runs(1) if run["status"] == "completed"]
    document = _drawn(2, existing=existing)
    runs_as_foretold(world, document.pipeline, document.samples)
    runs_nothing(world, document.pipeline, document.samples)


@pytest.mark.nextflow
def test_what_fails_holds_up_only_what_waits_for_it_and_a_resume_makes_it_whole(
    world: World,
) -> None:
    document = _drawn(3, failing=True)
    pipeline, samples = document.pipeline, document.samples
    foretold = world.preview(PlanInput(pipeline, samples, world.bench.root))
    failing, ends = _ends(foretold)
    assert failing, f"seed {SEED}"
    broken = world.bench.root / "broken"
    broken.touch()
    plan_id = world.create(pipeline, samples)
    world.pm("plan", "submit", str(plan_id), "--json", code=RunFailed.exit_code)
    assert _states(world, plan_id) == ends
    # Each was executed once, and nothing that was blocked.
    keys = [run["key"] for run in world.runs(plan_id)]
    assert sorted(keys) == sorted(key for key, state in ends.items() if state != "blocked")

    broken.unlink()
    world.pm("plan", "resume", str(plan_id), "--json")
    assert set(_states(world, plan_id).values()) == {"completed"}
    after = [run["key"] for run in world.runs(plan_id)]
    again = set(after[len(keys) :])
    assert {key for key, state in ends.items() if state != "completed"} <= again
    # What was made with a part of a list was made again with all of it, and what follows from it.
    assert again == _affected(foretold, failing)
    inputs_as_foretold(world, plan_id, foretold)
    runs_nothing(world, pipeline, samples)


def _drawn(
    number: int, *, seed: int = SEED, count: int = PLANS, existing: Sequence[int] = (),
    failing: bool = False,
) -> Document:  # fmt: skip
    """One of the documents, each from a seed of its own."""
    rng = random.Random(f"{seed} {number}")
    return draw(rng, number, count, Maker(rng, existing=existing, failing=failing))


def runs_as_foretold(
    world: World, pipeline: Mapping[str, Any], request: Mapping[str, Any]
) -> Preview:
    """Submit a plan; what runs, and from what, is what the preview says."""
    plan_id = world.create(pipeline, request)
    foretold = world.foretold(plan_id)
    before = len(world.executed())
    world.pm("plan", "submit", str(plan_id), "--json")
    runs = world.runs(plan_id)
    new = sorted(key for key, each in foretold.decisions.items() if each.action == "run")
    assert sorted(run["key"] for run in runs) == new, f"seed {SEED}"
    assert {run["status"] for run in runs} <= {"completed"}
    assert sorted(world.executed()[before:]) == sorted(run["uuid"] for run in runs)
    assert sorted(world.traced(plan_id)) == sorted(run["planned"] for run in runs)
    inputs_as_foretold(world, plan_id, foretold)
    return foretold


def runs_nothing(world: World, pipeline: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    before = world.executed()
    plan_id = world.create(pipeline, request)
    decisions = world.foretold(plan_id).decisions
    new = {key: each.reason for key, each in decisions.items() if each.action == "run"}
    assert new == {}, f"seed {SEED}"
    world.pm("plan", "submit", str(plan_id), "--json")
    assert world.executed() == before
    assert set(_states(world, plan_id).values()) == {"reused"}


def inputs_as_foretold(world: World, plan_id: int, foretold: Preview) -> None:
    """Each run was given what was foretold, in that order: by its record, and by its method."""
    results = {row.key: row.run_id for row in plans.planned_runs_of(world.bench.store, plan_id)}
    made = {run["id"]: run["key"] for run in world.runs(plan_id)}
    for key, run_id in results.items():
        assert run_id is not None
        if made.get(run_id) != key:
            continue
        given = foretold.expanded.by_key[key].inputs
        wanted = {name: [_record(s, results, world) for s in given[name]] for name in given}
        assert world.recorded(run_id) == wanted, f"seed {SEED}: {key}"
        told = json.loads((world.bench.final(run_id) / "seen.json").read_text())
        assert told == _told(foretold, key, results), f"seed {SEED}: {key}"


def _record(source: Source, results: Mapping[str, int | None], world: World) -> dict[str, Any]:
    """How a source is recorded with the run that takes it."""
    row = {"source_run_id": None, "source_output": None, "label": None, "value": None}
    match source:
        case PlannedEdge(parent=parent, output=output, label=label):
            return {
                **row,
                "source_run_id": results[parent],
                "source_output": output,
                "label": label,
            }
        case ExistingRun(run_id=run_id, output=output, label=label):
            return {**row, "source_run_id": run_id, "source_output": output, "label": label}
        case File(path=path, label=label):
            return {**row, "label": label, "value": {"path": str(world.bench.root / path)}}
        case ColumnValue(text=text, label=label):
            return {**row, "label": label, "value": {"text": text}}
        case Value(text=text):
            return {**row, "value": {"text": text}}
    raise AssertionError(source)


def _told(foretold: Preview, key: str, results: Mapping[str, int | None]) -> dict[str, Any]:
    """What the method of a planned run is given."""
    planned = foretold.expanded.by_key[key]
    gathers = foretold.expanded.steps[planned.step].gathers
    told: dict[str, Any] = {}
    for name, sources in planned.inputs.items():
        given = [_given(source, results) for source in sources]
        told[name] = given if name in gathers else given[0]
        if name in gathers:
            told[f"{name}_labels"] = [source.label for source in sources]  # type: ignore[union-attr]
    return told


def _given(source: Source, results: Mapping[str, int | None]) -> Any:
    match source:
        case PlannedEdge(parent=parent):
            return [f"{results[parent]:08d}", "seen.json"]
        case ExistingRun(run_id=run_id):
            return [f"{run_id:08d}", "seen.json"]
        case File(path=path):
            return ["", Path(path).name]
        case ColumnValue(text=text) | Value(text=text):
            return ast.literal_eval(text)
    raise AssertionError(source)


def _ends(foretold: Preview) -> tuple[set[str], dict[str, str]]:
    """Which planned runs fail, and how each ends, while ``broken`` is there."""
    ends: dict[str, str] = {}
    for run in foretold.expanded.runs:  # parents come before their children
        lists: list[list[bool]] = []
        blocked = False
        for sources in run.inputs.values():
            edges = [source for source in sources if isinstance(source, PlannedEdge)]
            there = [ends[edge.parent] == "completed" for edge in edges]
            gathered = bool(edges) and edges[0].label is not None
            if gathered and edges[0].on_failure == "go_on":
                lists.append(there)
            else:
                blocked = blocked or not all(there)
        blocked = blocked or any(not any(there) for there in lists)
        fails = int(run.params["pick.k"]) >= FAILS
        ends[run.key] = "blocked" if blocked else "failed" if fails else "completed"
    return {key for key, state in ends.items() if state == "failed"}, ends


def _affected(foretold: Preview, failing: set[str]) -> set[str]:
    """What failed, and everything that takes something of it, however far down."""
    found = set(failing)
    for run in foretold.expanded.runs:
        sources = [source for given in run.inputs.values() for source in given]
        if any(isinstance(source, PlannedEdge) and source.parent in found for source in sources):
            found.add(run.key)
    return found


def _states(world: World, plan_id: int) -> dict[str, str]:
    return {row.key: row.state for row in plans.planned_runs_of(world.bench.store, plan_id)}
