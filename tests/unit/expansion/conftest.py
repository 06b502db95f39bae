"""Short ways to write pipelines, methods and plans, so that a test shows only what matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pm_kernel.domain.catalogue import (
    Catalogue,
    InputInfo,
    MethodVersionInfo,
    OutputInfo,
    ParamInfo,
)
from pm_kernel.domain.expansion import expand
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.plan import ExpandedPlan, PlannedEdge
from pm_kernel.domain.plan_request import parse_request


class Bench:
    """Builds documents whose methods declare exactly the inputs that the steps bind."""

    def method(self, name: str, inputs: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """A method version with one output ``out`` and the parameters f.x, f.k."""
        facts: dict[str, Any] = {
            "module": "lab",
            "version": 1,
            "version_id": sum(map(ord, name)),
            "outputs": {"out": OutputInfo("table")},
            "params": {"f.x": ParamInfo("float", "1.0"), "f.k": ParamInfo("int", "5")},
        }
        return MethodVersionInfo(name, inputs=dict(inputs or {}), **{**facts, **more})

    def document(self, steps: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """A document; every step's method has the step's name."""
        filled = {name: {"method": name, **step} for name, step in steps.items()}
        return {"format": 1, "name": "test", "steps": filled}

    def catalogue(self, steps: Mapping[str, Mapping[str, Any]]) -> Catalogue:
        """Methods that fit the steps: their inputs are declared as they are bound."""
        kinds = {"from": "upstream", "run": "upstream", "file": "file"}
        versions = []
        for name, step in steps.items():
            inputs = {
                key: InputInfo(
                    next((kinds[kind] for kind in kinds if kind in binding), "value"),
                    gather="gather" in binding,
                )
                for key, binding in step.get("inputs", {}).items()
            }
            versions.append(self.method(name, inputs))
        return Catalogue.of(*versions)

    def pipeline(self, steps: Mapping[str, Mapping[str, Any]]) -> Pipeline:
        pipeline, problems = parse_pipeline(self.document(steps))
        assert problems == ()
        return pipeline

    def plan(
        self,
        steps: Mapping[str, Mapping[str, Any]],
        samples: Sequence[str] | Sequence[Mapping[str, str]] = ("s1", "s2"),
        *,
        catalogue: Catalogue | None = None,
        **request: Any,
    ) -> ExpandedPlan:
        """The expanded plan of these steps; samples are names, or rows of a sheet."""
        rows = list(samples)
        given = rows if all(isinstance(row, str) for row in rows) else {"rows": rows}
        asked, problems = parse_request({"samples": given, **request})
        assert problems == ()
        return expand(self.pipeline(steps), asked, catalogue or self.catalogue(steps))

    def clean(self, *args: Any, **kwargs: Any) -> ExpandedPlan:
        """The same for a plan that must have no problem."""
        plan = self.plan(*args, **kwargs)
        assert plan.problems == ()
        return plan

    def names(self, plan: ExpandedPlan, step: str) -> list[str]:
        """The runs of a step in words: the values it differs by, defaults left out."""
        return [
            " ".join(value for value in run.coordinates.values() if value != "default")
            for run in plan.runs_of(step)
        ]

    def parents(self, plan: ExpandedPlan, step: str, name: str) -> list[list[str]]:
        """For each run of a step, the runs that one of its inputs comes from, in words."""
        words = {
            run.key: " ".join(v for v in run.coordinates.values() if v != "default")
            for run in plan.runs
        }
        return [
            [words[edge.parent] for edge in run.inputs[name] if isinstance(edge, PlannedEdge)]
            for run in plan.runs_of(step)
        ]

    def labels(self, plan: ExpandedPlan, step: str, name: str) -> list[list[str | None]]:
        """For each run of a step, the labels of a gathered input."""
        return [
            [getattr(source, "label", None) for source in run.inputs[name]]
            for run in plan.runs_of(step)
        ]

    def codes(self, plan: ExpandedPlan) -> list[tuple[str | None, str]]:
        """The problems of a plan as (step, code)."""
        return [(problem.step, problem.code) for problem in plan.problems]


@pytest.fixture
def bench() -> Bench:
    return Bench()
