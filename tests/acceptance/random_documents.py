"""Documents of many random plans: how large each is, what is in it, and what it comes to.

Left to chance, most plans are small ones without samples, or too large to be executed. So each plan
of a document has a number of steps and something that must be in it, and is drawn until it has.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pm_kernel.domain.catalogue import (
    Catalogue,
    InputInfo,
    MethodVersionInfo,
    OutputInfo,
    ParamInfo,
)
from pm_kernel.domain.expansion import expand
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plan import ExistingRun, ExpandedPlan, PlannedEdge
from pm_kernel.domain.plan_request import parse_request

from .random_plans import Group, Maker, method_inputs, sheet_rows

#: Steps of the plans of a document, in turn.
SIZES = (2, 3, 4, 5, 6, 7, 8)
#: What a plan of a document has, in turn; most have much else.
WANTED = (
    "samples and branches",
    "a list over samples",
    "a diamond",
    "a list over branches",
    "several roots",
    "a step without the sample",
    "a list per patient",
    "branches chosen together",
    "a list over samples and branches",
)
#: What no plan of two steps has.
_OF_THREE = ("a diamond", "several roots")
#: Planned runs of one plan: tasks are what takes long. Small plans and large ones.
_FEWEST, _MOST, _MOST_OF_LARGE = 4, 10, 14


@dataclass(frozen=True)
class Document:
    """Plans side by side in one pipeline, and the sample sheet of them all."""

    groups: Sequence[Group]
    pipeline: Mapping[str, Any]
    rows: list[dict[str, str]]

    @property
    def samples(self) -> dict[str, Any]:
        """The sample sheet as a request names it."""
        return {"samples": {"columns": list(self.rows[0]), "rows": self.rows}}

    def excluded(self, most: int) -> list[dict[str, str]]:
        """Combinations of a sample and a branch without which there are fewer planned runs."""
        found: list[dict[str, str]] = []
        for group in self.groups:
            for step, written in group.steps.items():
                point = {"sample": "s2", step: "x"}
                if "x" in written.get("branches", {}) and len(found) < most:
                    whole, less = self.expanded(group), self.expanded(group, excluded=[point])
                    found += [point] if 0 < len(less.runs) < len(whole.runs) else []
        return found

    def expanded(self, group: Group, **request: Any) -> ExpandedPlan:
        """One of the plans for itself."""
        return _expanded(group, {**self.samples, **request})


def draw(rng: random.Random, number: int, plans: int, maker: Maker) -> Document:
    """The ``number``-th document, of so many plans."""
    rows = sheet_rows(rng)
    groups: list[Group] = []
    while len(groups) < plans:
        place = (number - 1) * plans + len(groups)
        wanted = WANTED[place % len(WANTED)]
        size = max(SIZES[place % len(SIZES)], 3 if wanted in _OF_THREE else 2)
        most = _MOST_OF_LARGE if size > 5 else _MOST
        group = maker.group(f"d{number}p{len(groups)}", size)
        # Most draws end here, which takes no time.
        if not _FEWEST <= _count(group, len(rows)) <= most or not _may_have(group, wanted):
            continue
        shown = _expanded(group, {"samples": {"columns": list(rows[0]), "rows": rows}})
        if _FEWEST <= len(shown.runs) <= most and wanted in found_in(group, shown):
            groups.append(group)
    steps = [step for group in groups for step in group.steps.items()]
    rng.shuffle(steps)
    pipeline = {"format": 1, "name": "random", "steps": dict(steps)}
    return Document(groups, pipeline, rows)


def found_in(group: Group, shown: ExpandedPlan) -> set[str]:
    """What is in a plan, in the words of ``WANTED``."""
    found: set[str] = set()
    for run in shown.runs:
        found |= {"samples"} if run.sample is not None else set()
        if run.sample is not None and run.branch:
            found.add("samples and branches")
        for name, gather in shown.steps[run.step].gathers.items():
            members = [each for each in run.inputs[name] if isinstance(each, PlannedEdge)]
            samples = {shown.by_key[each.parent].sample for each in members}
            branches = {shown.by_key[each.parent].branch for each in members}
            if len(members) > 1:
                found |= {"a list per patient"} if gather.by else set()
                found |= {"a list over samples"} if len(samples) > 1 else set()
                found |= {"a list over branches"} if len(branches) > 1 else set()
                both = len(samples) > 1 and len(branches) > 1
                found |= {"a list over samples and branches"} if both else set()
    every = [source for run in shown.runs for given in run.inputs.values() for source in given]
    if any(isinstance(source, ExistingRun) for source in every):
        found.add("a run that exists")
    if "samples" in found and any("sample" not in s.dimensions for s in shown.steps.values()):
        found.add("a step without the sample")
    return found | _shape(group)


def _shape(group: Group) -> set[str]:
    """What the steps alone tell of a plan."""
    found: set[str] = set()
    if sum("branch_group" in step for step in group.steps.values()) > 1:
        found.add("branches chosen together")
    for step in group.steps:
        above = group.above(step)
        if len({each for each in above if not group.parents(each)}) > 1:
            found.add("several roots")
        ways = [{parent} | group.above(parent) for parent in sorted(group.parents(step))]
        if any(a & b for n, a in enumerate(ways) for b in ways[:n]):
            found.add("a diamond")
    return found


def _may_have(group: Group, wanted: str) -> bool:
    """Whether it is worth looking for it."""
    if wanted in ("a diamond", "several roots", "branches chosen together"):
        return wanted in _shape(group)
    if not any({"sample", "patient"} & dims for dims in group.dims.values()):
        return wanted == "a list over branches"
    gathers = [
        each["gather"]
        for step in group.steps.values()
        for each in step["inputs"].values()
        if "gather" in each and "from" in each
    ]
    return bool(gathers) or not wanted.startswith("a list")


def _count(group: Group, samples: int) -> int:
    """How many planned runs a plan comes to, by what its steps differ by."""
    branches = {
        step.get("branch_group", name): len(_branches(step)) for name, step in group.steps.items()
    }
    return sum(
        math.prod([branches.get(dim, 1) for dim in dims])
        * (samples if "sample" in dims else 2 if "patient" in dims else 1)
        for dims in group.dims.values()
    )


def _branches(step: Mapping[str, Any]) -> Sequence[str]:
    written = step.get("branches", {"default": {}})
    return written["grid"]["pick.k"] if "grid" in written else list(written)


def _expanded(group: Group, request: Mapping[str, Any]) -> ExpandedPlan:
    document = {"format": 1, "name": "random", "steps": group.steps}
    pipeline, problems = parse_pipeline(document)
    asked, more = parse_request(request)
    shown = expand(pipeline, asked, _catalogue(group))
    assert (*problems, *more, *shown.errors) == (), f"{group}"
    return shown


def _catalogue(group: Group) -> Catalogue:
    """The methods of a plan, as they will be registered."""
    versions = {}
    for name in sorted(step["method"] for step in group.steps.values()):
        inputs = {
            each.name: InputInfo(each.type, gather=each.gather)
            for each in method_inputs(name).values()
        }
        versions[name] = MethodVersionInfo(
            name, "testing", 1, 1, inputs,
            {"out": OutputInfo("json")}, {"pick.k": ParamInfo("int", "0")},
        )  # fmt: skip
    return Catalogue.of(*versions.values())
