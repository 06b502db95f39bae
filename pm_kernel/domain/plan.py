"""An expanded plan: every planned run of a pipeline for given samples and branches.

Made by ``expand``; judged by ``decide``; shown by ``preview_tree``; handed on by ``launch_rows``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pm_kernel.domain.bindings import Binding, Gather, OnFailure
from pm_kernel.domain.catalogue import MethodVersionInfo
from pm_kernel.domain.dimensions import Axis
from pm_kernel.domain.pipeline import Step
from pm_kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class PlannedEdge:
    """An output of another planned run.

    In a gathered list ``label`` says whose it is, for people and for methods that ask; ``member``
    is the same in parts, equal in lists that belong together.
    """

    parent: str
    output: str
    label: str | None = None
    member: tuple[str, ...] = ()
    on_failure: OnFailure = "wait"


@dataclass(frozen=True, slots=True)
class ExistingRun:
    """An output of a run that exists already."""

    run_id: int
    output: str
    label: str | None = None
    member: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file, by the path as it was written."""

    path: str
    label: str | None = None
    member: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """A cell of the sample sheet; ``text`` is the canonical text of its value."""

    column: str
    text: str
    label: str | None = None
    member: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A value that the pipeline document gives, as canonical text."""

    text: str


Source = PlannedEdge | ExistingRun | File | ColumnValue | Value


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run that the plan asks for. Mappings are shared between runs: read only."""

    #: Text of step and coordinates: the name of this planned run, before and after any run of it.
    key: str
    step: str
    #: None for steps that do not differ by sample.
    sample: str | None
    #: Every dimension this run differs by -> its value there.
    coordinates: Mapping[str, str]
    #: The branching ones among them: step or branch group -> name of the branch.
    branches: Mapping[str, str]
    #: Branch choices in words, in the order of the steps; empty where nothing branches.
    branch: str
    #: ``function.param`` -> canonical text: the step's own parameters and those of its branch.
    params: Mapping[str, str]
    #: input -> what it gets: one source, or the members of a gathered list in order.
    inputs: Mapping[str, tuple[Source, ...]]
    #: Why this run cannot be made, in words.
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of the expanded plan."""

    step: Step
    #: None where the method or version is not registered (then there is a problem that says so).
    version: MethodVersionInfo | None
    #: Number of the longest chain above; steps of one level do not need each other.
    level: int
    #: What its runs differ by: sample, columns, branches.
    dimensions: tuple[str, ...]
    #: Where each input's data comes from, columns filled in by name included.
    bindings: Mapping[str, Binding]
    #: The gathering inputs among them.
    gathers: Mapping[str, Gather]
    #: Position of its runs in ``ExpandedPlan.runs``.
    first: int
    count: int
    #: Its runs are results that the plan is made for.
    final: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of a plan before anything is decided."""

    runs: int
    #: Planned runs of the steps that feed no other.
    final_results: int
    samples: int
    #: Axes with a choice and how many branches they have: the factors of ``product``.
    branches: tuple[tuple[str, int], ...]
    #: Samples × branches: how many paths lead through the pipeline.
    product: int


@dataclass(frozen=True)
class ExpandedPlan:
    """All planned runs, parents before children; within a step by sheet row, then branch."""

    steps: Mapping[str, PlannedStep]
    runs: tuple[PlannedRun, ...]
    problems: tuple[Problem, ...]
    totals: Totals
    #: Branching dimensions by name, in topological order.
    axes: Mapping[str, Axis]
    samples: tuple[str, ...]
    by_key: Mapping[str, PlannedRun] = field(repr=False)

    def runs_of(self, step: str) -> tuple[PlannedRun, ...]:
        """The planned runs of one step, in order."""
        planned = self.steps[step]
        return self.runs[planned.first : planned.first + planned.count]

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Steps that do not need each other, level by level."""
        found: dict[int, list[str]] = {}
        for name, planned in self.steps.items():
            found.setdefault(planned.level, []).append(name)
        return tuple(tuple(found[level]) for level in sorted(found))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a submit."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def parents_of(run: PlannedRun) -> dict[str, bool]:
    """Key of every parent, once -> whether the run cannot do without it.

    A parent that is only a member of lists that go on without failed members is dispensable.
    """
    found: dict[str, bool] = {}
    for sources in run.inputs.values():
        for source in sources:
            if isinstance(source, PlannedEdge):
                needed = source.on_failure == "wait"
                found[source.parent] = found.get(source.parent, False) or needed
    return found
