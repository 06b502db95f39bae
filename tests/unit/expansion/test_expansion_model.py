"""Expansion agrees with a universe that is written out, on random documents.

The model below is slow and literal: it lists every combination of sheet row and branches, and reads
planned runs and inputs off that list. ``PM_EXPANSION_DOCUMENTS`` sets how many documents are tried.
"""

from __future__ import annotations

import itertools
import os
import random
from typing import Any

import pytest

from pm_kernel.domain.plan import ColumnValue, PlannedEdge

DOCUMENTS = int(os.environ.get("PM_EXPANSION_DOCUMENTS", "2500"))
BATCHES = 10
COLUMNS = ("patient", "region")


class Model:
    """The rules, on a universe that is written out."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.steps: dict[str, dict[str, Any]] = case["steps"]
        self.sheet: list[dict[str, str]] = case["samples"]
        self.order = self._levels()
        self.dim = {name: step.get("branch_group") or name for name, step in self.steps.items()}
        self.branches: dict[str, list[str]] = {}
        for name in self.order:
            self.branches.setdefault(
                self.dim[name], [each["name"] for each in self.steps[name]["branches"]]
            )
        self.g = {"sample"} | {
            column
            for step in self.steps.values()
            for each in step["inputs"].values()
            for column in each.get("gather", {}).get("by", ())
        }
        self.dims: dict[str, set[str]] = {}
        self.match: dict[tuple[str, str], set[str]] = {}
        for name in self.order:
            self._find_dims(name)
        self.universe = [
            {**row, **dict(zip(self.branches, choice, strict=True))}
            for row in self.sheet
            for choice in itertools.product(*self.branches.values())
        ]
        for excluded in case["request"].get("excluded", ()):
            wanted = {(self.dim.get(name, name), value) for name, value in excluded.items()}
            self.universe = [x for x in self.universe if not wanted <= x.items()]
        until = case["request"].get("until") or self.order
        self.needed = set(until)
        for name in reversed(self.order):
            if name in self.needed:
                self.needed |= {e["from"][:-4] for e in self.inputs(name).values() if "from" in e}

    def inputs(self, name: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.steps[name]["inputs"]
        return found

    def _levels(self) -> list[str]:
        above = {
            name: {each["from"][:-4] for each in step["inputs"].values() if "from" in each}
            for name, step in self.steps.items()
        }
        level: dict[str, int] = {}
        while len(level) < len(above):
            for name in above:
                if name not in level and above[name] <= level.keys():
                    level[name] = 1 + max((level[parent] for parent in above[name]), default=-1)
        return sorted(above, key=lambda name: (level[name], name))

    def _find_dims(self, name: str) -> None:
        dims = {self.dim[name]}
        for key, each in self.inputs(name).items():
            gather = each.get("gather", {})
            over = {self.dim.get(o, o) for o in gather.get("over", ())}
            by = set(gather.get("by", ()))
            drop = over | (self.g - by if "sample" in over else set())
            if "from" in each:
                source = self.dims[each["from"][:-4]]
                self.match[name, key] = (source - drop) | by
                dims |= self.match[name, key]
            elif gather:
                dims |= by
                self.match[name, key] = by
            else:
                dims |= {"sample"}
                self.match[name, key] = {"sample"}
        self.dims[name] = dims

    def place(self, dims: set[str], point: dict[str, str]) -> tuple[int, ...]:
        """Position by sheet row, then branch."""
        cells = {d: point[d] for d in dims if d not in self.branches}
        row = next(n for n, row in enumerate(self.sheet) if all(row[d] == cells[d] for d in cells))
        return row, *(self.branches[d].index(point[d]) for d in self.branches if d in dims)

    def projected(self, dims: set[str], rows: list[dict[str, str]]) -> list[dict[str, str]]:
        distinct = {tuple(sorted((d, x[d]) for d in dims)): {d: x[d] for d in dims} for x in rows}
        return sorted(distinct.values(), key=lambda point: self.place(dims, point))

    def expected(self) -> dict[str, list[Any]]:
        """step -> its runs: coordinates, and what each input gets."""
        return {
            name: [
                (run, {key: self.sources(name, key, run) for key in self.inputs(name)})
                for run in self.projected(self.dims[name], self.universe)
            ]
            for name in self.order
            if name in self.needed
        }

    def sources(self, name: str, key: str, run: dict[str, str]) -> list[Any]:
        each = self.inputs(name)[key]
        match = self.match[name, key]
        rows = [x for x in self.universe if all(x[d] == run[d] for d in match)]
        if "column" in each:
            samples = self.projected({"sample"} | match, rows)
            for other, beside in sorted(self.inputs(name).items()):
                if "from" in beside and each.get("gather", 0) == beside.get("gather"):
                    samples = [point for _, point in self.sources(name, other, run)]
                    break  # a gathered column goes along with the results gathered beside it
            cells = {row["sample"]: row[each["column"]] for row in self.sheet}
            return [cells[point["sample"]] for point in samples]
        source = each["from"][:-4]
        found = self.projected(self.dims[source], rows)
        if "gather" not in each:
            assert len(found) == 1
        return [(source, point) for point in found]


def seen(plan: Any, model: Model) -> dict[str, list[Any]]:
    """The plan in the words of the model."""
    found = {}
    for step in plan.steps:
        found[step] = [
            (
                dict(run.coordinates),
                {
                    key: [
                        (plan.by_key[s.parent].step, dict(plan.by_key[s.parent].coordinates))
                        if isinstance(s, PlannedEdge)
                        else s.text[1:-1]
                        for s in run.inputs[key]
                    ]
                    for key in model.inputs(step)
                },
            )
            for run in plan.runs_of(step)
        ]
    return found


def random_case(rng: random.Random) -> dict[str, Any]:
    """A document without problems, with samples and a request."""
    samples = [
        {"sample": f"s{n}", "patient": rng.choice("pq"), "region": rng.choice("xyz")}
        for n in range(rng.randint(1, 5))
    ]
    groups = {g: rng.randint(1, 3) for g in ("g1", "g2")}
    names = [f"t{n}" for n in range(rng.randint(1, 6))]
    rng.shuffle(names)
    steps: dict[str, dict[str, Any]] = {}
    dims: dict[str, set[str]] = {}
    for name in names:
        group = rng.choice([None, None, None, *groups])
        count = groups[group] if group else rng.choice([1, 1, 2, 3])
        branches = [{"name": f"b{n}", "params": {"f.k": str(n)}} for n in range(count)]
        step: dict[str, Any] = {"branches": branches, "inputs": {}}
        if group:
            step["branch_group"] = group
        dims[name] = {group or name}
        for key in ("i1", "i2", "i3")[: rng.randint(0, 3)]:
            if steps and rng.random() < 0.75:
                source = rng.choice(list(steps))
                each: dict[str, Any] = {"from": f"{source}.out"}
                if rng.random() < 0.45:
                    # Gathering over absent dimensions is a problem, tested elsewhere.
                    there = sorted(dims[source])
                    over = rng.sample(there, rng.randint(1, len(there)))
                    by = rng.sample(COLUMNS, rng.choice([0, 0, 1, 2]))
                    each["gather"] = {"over": over, "by": by}
            elif rng.random() < 0.7:
                each = {"column": rng.choice(["sample", "patient"])}
            else:
                by = rng.sample(COLUMNS, rng.choice([0, 1]))
                each = {"column": "region", "gather": {"over": ["sample"], "by": by}}
            step["inputs"][key] = each
        steps[name] = step
        dims = Model({"steps": steps, "samples": samples, "request": {}}).dims
    request: dict[str, Any] = {"excluded": []}
    for _ in range(rng.choice([0, 0, 1, 2, 4])):
        names_left = rng.sample(list(steps), rng.randint(0, min(2, len(steps))))
        point = {name: rng.choice(steps[name]["branches"])["name"] for name in names_left}
        if rng.random() < 0.5 or not point:
            column = rng.choice(["sample", *COLUMNS])
            point[column] = rng.choice(samples)[column]
        request["excluded"].append(point)
    if rng.random() < 0.2:
        request["until"] = rng.sample(list(steps), 1)
    # Document order must not matter.
    shuffled = list(steps.items())
    rng.shuffle(shuffled)
    return {"steps": dict(shuffled), "samples": samples, "request": request}


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_plans_are_what_the_written_out_universe_says(bench, batch):
    for number in range(batch, DOCUMENTS, BATCHES):
        case = random_case(random.Random(number))
        plan = bench.plan(case["steps"], case["samples"], **case["request"])
        assert plan.errors == (), f"document {number}"
        model = Model(case)
        assert seen(plan, model) == model.expected(), f"document {number}"
        assert list(plan.steps) == [name for name in model.order if name in model.needed]


@pytest.mark.parametrize("number", range(5))
def test_the_model_is_not_trivial(number):
    """The random documents reach what they are there for."""
    cases = [random_case(random.Random(n)) for n in range(number, 400, 5)]
    inputs = [
        i for case in cases for step in case["steps"].values() for i in step["inputs"].values()
    ]
    assert sum("gather" in each for each in inputs) > 20
    assert sum(bool(each.get("gather", {}).get("by")) for each in inputs) > 10
    assert sum(len(case["request"]["excluded"]) > 0 for case in cases) > 20


def test_values_in_the_model_are_cells(bench):
    plan = bench.clean(
        {"t": {"inputs": {"i": {"column": "patient"}}}}, [{"sample": "s", "patient": "p"}]
    )
    assert plan.runs[0].inputs["i"] == (ColumnValue("patient", "'p'"),)
