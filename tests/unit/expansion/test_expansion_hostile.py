"""Whatever a document or request holds, expansion answers with problems and never fails."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pm_kernel.domain.decisions import decide
from pm_kernel.domain.expansion import expand
from pm_kernel.domain.launching import launch_rows
from pm_kernel.domain.pipeline import parse_pipeline, read_pipeline
from pm_kernel.domain.plan_request import parse_request
from pm_kernel.domain.preview import preview_tree

WORDS = [
    "a",
    "b",
    "sample",
    "patient",
    "g",
    "",
    "a.b",
    "\n",
    "x" * 300,
    "日",
    "'",
    "default",
    "f.x",
]
ODD: list[Any] = [None, True, -1, 0, 3, 1.5, "", "a", [], {}, ["a"], {"a": "b"}, float("nan")]


class Maker:
    """Documents that are mostly sensible and wrong in places."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def odd(self, value: Any, chance: float = 0.04) -> Any:
        return self.rng.choice(ODD) if self.rng.random() < chance else value

    def word(self) -> str:
        return self.rng.choice(WORDS) if self.rng.random() < 0.3 else self.rng.choice("abcd")

    def words(self) -> Any:
        return self.odd([self.word() for _ in range(self.rng.randint(0, 3))])

    def params(self) -> Any:
        values = ["1", "1.0", "'x'", "2", "", "<described>"]
        names = ["f.x", "f.k", self.word()]
        return self.odd(
            {n: self.odd(self.rng.choice(values)) for n in names[: self.rng.randint(0, 3)]}
        )

    def branches(self) -> Any:
        rng = self.rng
        forms = [
            None,
            {self.word(): self.params() for _ in range(rng.randint(0, 3))},
            [self.params() for _ in range(rng.randint(0, 3))],
            [{"name": self.word(), "params": self.params()} for _ in range(rng.randint(0, 3))],
            {"grid": self.odd({"f.x": ["1", "2"], "f.k": self.words()})},
        ]
        return self.odd(rng.choice(forms))

    def gather(self) -> Any:
        rng = self.rng
        gather = {"over": self.odd(["sample", self.word()]), "by": self.words()}
        if rng.random() < 0.3:
            gather["on_failure"] = rng.choice(["wait", "go_on", "x"])
        return self.odd(gather)

    def binding(self) -> Any:
        rng = self.rng
        binding = rng.choice(
            [
                {"from": f"{self.word()}.out"},
                {"from": f"{self.word()}.out"},
                {"column": self.word()},
                {"value": self.odd("5")},
                {"file": "x"},
                {"run": self.odd(5), "output": "out"},
            ]
        )
        if rng.random() < 0.4:
            binding = {**binding, "gather": self.gather()}
        return self.odd(binding)

    def step(self) -> Any:
        rng = self.rng
        step = {
            "method": self.odd(rng.choice("abcd")),
            "version": self.odd("latest"),
            "params": self.params(),
            "branches": self.branches(),
            "resources": self.odd({"cpus": 1}),
            "inputs": self.odd({self.word(): self.binding() for _ in range(rng.randint(0, 3))}),
        }
        if rng.random() < 0.4:
            step["branch_group"] = self.odd(rng.choice(["g", "h", "a", "sample"]))
        return self.odd(step)

    def document(self) -> Any:
        steps = {self.word(): self.step() for _ in range(self.rng.randint(0, 5))}
        return self.odd({"format": self.odd(1, 0.01), "steps": self.odd(steps)}, 0.01)

    def request(self) -> Any:
        rng = self.rng
        rows = [
            {"sample": self.odd(f"s{n}"), "patient": rng.choice(["p", ""]), "a": "x"}
            for n in range(rng.randint(0, 4))
        ]
        return self.odd(
            {
                "samples": self.odd({"rows": rows} if rng.random() < 0.7 else self.words()),
                "branches": self.odd({self.word(): self.branches()}),
                "branch_groups": self.odd({self.word(): rng.choice(["g", None])}),
                "until": self.words() if rng.random() < 0.2 else None,
                "excluded": [
                    self.odd({self.word(): self.word() for _ in range(rng.randint(1, 2))})
                    for _ in range(rng.randint(0, 2))
                ],
                "rerun": {"steps": self.words()},
            },
            0.01,
        )


@pytest.mark.parametrize("batch", range(4))
def test_nonsense_gives_problems_and_a_plan_that_holds_together(bench, batch):
    inputs = {name: {"from": "x.out"} for name in "ab"} | {name: {"value": "1"} for name in "cd"}
    catalogue = bench.catalogue({name: {"inputs": inputs} for name in "abc"})
    built = 0
    for seed in range(batch, 2000, 4):
        maker = Maker(seed)
        pipeline, _ = parse_pipeline(maker.document())
        again, problems = read_pipeline(pipeline.to_json())
        assert (again, problems) == (pipeline, ()), (
            f"seed {seed}: what was understood can be stored"
        )
        request, _ = parse_request(maker.request())
        assert parse_request(request.to_document())[0] == request, f"seed {seed}"
        plan = expand(pipeline, request, catalogue)
        for problem in plan.problems:
            problem.message.encode("utf-8")
            assert "\n  " in problem.message or "\n" not in problem.message, f"seed {seed}"
        decisions = decide(plan, lambda _queries: {}, request.rerun)
        preview_tree(plan, decisions)
        launch_rows(plan, decisions)
        assert len(plan.by_key) == len(plan.runs), f"seed {seed}: keys are distinct"
        if not plan.errors:
            assert all(run.problem is None for run in plan.runs), f"seed {seed}"
        built += len(plan.runs)
    assert built > 300, "most documents must be sensible enough to expand"


def test_many_exclusions_that_together_leave_nothing(bench):
    """Four steps of two branches each, all sixteen combinations excluded one by one."""
    two = {"p": {"f.k": "1"}, "q": {"f.k": "2"}}
    steps: dict[str, Any] = {"a": {"branches": two}}
    for last, name in zip("abc", "bcd", strict=True):
        steps[name] = {"branches": two, "inputs": {"i": {"from": f"{last}.out"}}}
    combinations = [
        dict(zip("abcd", (p, q, r, s), strict=True))
        for p in "pq" for q in "pq" for r in "pq" for s in "pq"
    ]  # fmt: skip
    plan = bench.clean(steps, [], excluded=combinations[:-1])
    assert [bench.names(plan, step) for step in "abcd"] == [["q"], ["q q"], ["q q q"], ["q q q q"]]
    assert bench.clean(steps, [], excluded=combinations).runs == ()


def test_a_hundred_thousand_samples_share_what_can_be_shared(bench):
    steps = {
        "a": {"inputs": {"sample": {"column": "sample"}}},
        "b": {"inputs": {"i": {"from": "a.out"}}},
        "c": {"inputs": {"all": {"from": "b.out", "gather": {"over": "sample"}}}},
    }
    plan = bench.clean(steps, [f"s{n}" for n in range(20_000)])
    assert plan.totals.runs == 40_001
    assert len(plan.runs_of("c")[0].inputs["all"]) == 20_000
    assert plan.runs_of("a")[0].branches is plan.runs_of("a")[1].branches


def test_lists_that_no_machine_could_hold_are_refused(bench):
    """Each of ten thousand samples against the whole cohort is a hundred million links."""
    steps = {
        "a": {"inputs": {"sample": {"column": "sample"}}},
        "b": {
            "inputs": {
                "own": {"from": "a.out"},
                "all": {"from": "a.out", "gather": {"over": "sample"}},
            }
        },
    }
    plan = bench.plan(steps, [f"s{n}" for n in range(10_000)])
    assert [problem.code for problem in plan.problems] == ["too_many"]
