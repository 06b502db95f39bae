"""From a pipeline, samples and branches to planned runs.

    U       = sheet × product of branches − excluded, never written out
    rows[s] = distinct u[D[s]], in the order of sheet row, then branches by topological order
    input   = [p in rows[u] : p = r on (D[u] − drop) ∪ B], in that order; not gathered: exactly one

``D`` and ``drop`` are explained in ``dimensions``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pm_kernel.domain import scope
from pm_kernel.domain.bindings import SAMPLE, FromColumn, FromStep, gather_of
from pm_kernel.domain.catalogue import Catalogue, InputInfo
from pm_kernel.domain.cells import Cells, NotFilled
from pm_kernel.domain.dimensions import Bound, find_dimensions
from pm_kernel.domain.faults import Faults
from pm_kernel.domain.gathering import (
    aligned_column_getter,
    gather_getter,
    gathered_column_getter,
)
from pm_kernel.domain.names import listed, shown
from pm_kernel.domain.pipeline import Pipeline
from pm_kernel.domain.pipeline_check import bound_inputs, check_pipeline
from pm_kernel.domain.plan import ExpandedPlan, PlannedRun, PlannedStep, Source, Totals
from pm_kernel.domain.plan_request import PlanRequest
from pm_kernel.domain.rerun import check_rerun
from pm_kernel.domain.sources import Getter, Rows, column_getter, fixed_getter, step_getter
from pm_kernel.domain.universe import Space, Universe

#: Plans beyond these can neither be shown nor run; they are refused before they are built.
MAX_RUNS = 1_000_000
MAX_LINKS = 20_000_000


def expand(pipeline: Pipeline, request: PlanRequest, catalogue: Catalogue) -> ExpandedPlan:
    """Every planned run, and every problem of pipeline and request together.

    Never raises for what is wrong: runs of steps with problems say so in ``problem``, steps in a
    cycle and below have none.
    """
    return _Expansion(pipeline, request, catalogue).result()


@dataclass(frozen=True, slots=True)
class _Built:
    rows: Rows
    first: int
    count: int


class _Expansion:
    """The state of one expansion; lives as long as the call."""

    def __init__(self, pipeline: Pipeline, request: PlanRequest, catalogue: Catalogue) -> None:
        self.faults = Faults()
        self.sheet = request.samples
        self.asked_again = request.rerun
        asked = scope.requested(pipeline, request, self.faults)
        self.faults.found.extend(check_pipeline(asked, catalogue, columns=self.sheet.columns))
        self.pipeline = scope.typed(asked, catalogue)
        steps, topology = self.pipeline.steps, self.pipeline.topology
        self.levels = {step: n for n, level in enumerate(topology.levels) for step in level}
        self.infos = {n: catalogue.resolve(step.method, step.version) for n, step in steps.items()}
        self.bound: Bound = {
            name: bound_inputs(step, self.infos[name], self.sheet.columns)
            for name, step in steps.items()
        }
        self.dimensions = find_dimensions(
            topology.order, steps, self.bound, self.sheet.columns, self.faults
        )
        self.order = scope.wanted(self.pipeline, topology.order, request.until, self.faults)
        fed = {parent for step in self.order for parent in self.pipeline.parents[step]}
        self.final = {step for step in self.order if step not in fed or step in request.until}
        excluded = scope.exclusions(request, self.pipeline, self.dimensions, self.faults)
        self.universe = Universe(self.sheet, self.dimensions, excluded)
        self.runs: list[PlannedRun] = []
        self.built: dict[str, _Built] = {}
        self.links = 0

    def result(self) -> ExpandedPlan:
        """Build every step that is needed, parents first."""
        scope.check_samples(self.sheet, self.order, self.bound, self.dimensions, self.faults)
        spaces = {step: self.universe.space(self.dimensions.of[step]) for step in self.order}
        expected = sum(space.size for space in spaces.values())
        if expected > MAX_RUNS:
            self.faults.add(
                f"This plan would have {expected:,} runs, the limit is {MAX_RUNS:,}: take fewer "
                "samples or branches.",
                code="too_many",
            )
        else:
            for step in self.order:
                self._build(step, spaces[step])
            expected = len(self.runs)
            check_rerun(
                self.asked_again,
                self.runs,
                self.dimensions.axes,
                dict.fromkeys(row[SAMPLE] for row in self.sheet.rows),
                self.pipeline.steps,
                self.faults,
            )
        return ExpandedPlan(
            steps={step: self._planned(step) for step in self.order},
            runs=tuple(self.runs),
            problems=tuple(self.faults.found),
            totals=self._totals(expected),
            axes=self.dimensions.axes,
            samples=tuple(row[SAMPLE] for row in self.sheet.rows),
            by_key={run.key: run for run in self.runs},
        )

    # --- the runs of one step -------------------------------------------------------------------

    def _build(self, step: str, space: Space) -> None:
        getters, cells = self._getters(step, space)
        first, keys = len(self.runs), dict[int, str]()
        key_of = _key_maker(step, space)
        own = next(axis for axis in space.axes if step in axis.params)
        params = [own.params[step][chosen[own.name]] for chosen in space.chosen]
        words = [
            "/".join(branches[axis.name] for axis in space.axes if not axis.silent)
            for branches in space.branches
        ]
        columns = [n for n in self.dimensions.columns if n in self.dimensions.of[step]]
        shown_cells = [*space.sheet.names, *columns]
        fault = self._step_fault(step)
        for group, rows in enumerate(self.universe.rows_of_groups(space.sheet)):
            here = {name: self.sheet.rows[rows[0]][name] for name in shown_cells}
            kinds = self.universe.kinds_in(rows)
            for point in range(space.width):
                if not self.universe.left(kinds, space.chosen[point]):
                    continue
                key = keys[group * space.width + point] = key_of(here, point)
                inputs, unfilled = self._inputs(getters, group, point)
                self.runs.append(
                    PlannedRun(
                        key=key,
                        step=step,
                        sample=here.get(SAMPLE),
                        coordinates={**here, **space.branches[point]},
                        branches=space.branches[point],
                        branch=words[point],
                        params=params[point],
                        inputs=inputs,
                        problem=fault or unfilled,
                    )
                )
        self.built[step] = _Built(Rows(space, keys), first, len(self.runs) - first)
        for name, each in cells.items():
            each.report(self.faults.at(step, f"{step}.{name}"))
        if self.links > MAX_LINKS and not any(p.code == "too_many" for p in self.faults.found):
            self.faults.at(step).add(
                f"the plan would hand out more than {MAX_LINKS:,} results to the runs that gather "
                "them: gather over fewer samples, or by a column.",
                code="too_many",
            )

    def _inputs(
        self, getters: Mapping[str, Getter], group: int, point: int
    ) -> tuple[dict[str, tuple[Source, ...]], str | None]:
        inputs: dict[str, tuple[Source, ...]] = {}
        unfilled = None
        for name, get in getters.items():
            try:
                sources = get(group, point)
            except NotFilled as reason:
                unfilled = unfilled or f"input {shown(name)}: {reason}"
                continue
            if sources:
                inputs[name] = sources
                self.links += len(sources)
        return inputs, unfilled

    def _step_fault(self, step: str) -> str | None:
        for problem in self.faults.found:
            if problem.step == step and problem.severity == "error":
                return problem.message
        return None

    # --- where the inputs of one step come from -------------------------------------------------

    def _getters(self, step: str, space: Space) -> tuple[dict[str, Getter], dict[str, Cells]]:
        getters: dict[str, Getter] = {}
        cells: dict[str, Cells] = {}
        info = self.infos[step]
        declared = {} if info is None else info.inputs
        # Columns last: a gathered one goes along with the results that are gathered beside it.
        bound = self.bound[step]
        for name in sorted(bound, key=lambda each: isinstance(bound[each], FromColumn)):
            binding = bound[name]
            if isinstance(binding, FromColumn):
                if binding.column in self.sheet.columns:
                    wanted = declared.get(name, InputInfo("value"))
                    cells[name] = self._cells(binding, wanted)
                    getters[name] = self._column(step, name, binding, space, cells[name], getters)
                else:
                    self._no_column(step, name, binding.column)
            elif not isinstance(binding, FromStep):
                getters[name] = fixed_getter(name, binding, declared.get(name))
            elif (source := self.built.get(binding.step)) is not None:
                getters[name] = (
                    step_getter(binding, space, source.rows)
                    if binding.gather is None
                    else gather_getter(
                        binding, binding.gather, (step, name), space, source.rows, self.universe
                    )
                )
        return {name: getters[name] for name in bound if name in getters}, cells

    def _cells(self, binding: FromColumn, declared: InputInfo) -> Cells:
        if binding.gather is not None and declared.type == "list":
            declared = replace(declared, type="value")  # each cell is one member of the list
        return Cells(self.sheet, binding.column, declared)

    def _no_column(self, step: str, name: str, column: str) -> None:
        self.faults.at(step, f"{step}.{name}").add(
            f"input {shown(name)} wants the column {shown(column)}, but the samples come without "
            f"it; they have {listed(self.sheet.columns)}.",
            code="missing_column",
        )

    def _column(
        self,
        step: str,
        name: str,
        binding: FromColumn,
        space: Space,
        cells: Cells,
        getters: Mapping[str, Getter],
    ) -> Getter:
        gather, over = binding.gather, self.dimensions.over[step, name]
        if gather is None:
            return column_getter(cells, space)
        for other, each in self.bound[step].items():
            beside = gather_of(each)
            if (
                isinstance(each, FromStep)
                and beside is not None
                and beside.by == gather.by
                and self.dimensions.over[step, other] == over
                and SAMPLE in over <= self.dimensions.of.get(each.step, frozenset())
                and other in getters
            ):
                return aligned_column_getter(cells, getters[other], over, self.universe)
        if over != {SAMPLE}:
            self.faults.at(step, f"{step}.{name}").add(
                f"column {shown(binding.column)} is gathered over {listed(gather.over)}, but no "
                "other input of this step gathers results over the same; gather it over samples.",
                code="absent_dimension",
            )
        return gathered_column_getter(cells, gather, space, self.universe)

    # --- the whole ------------------------------------------------------------------------------

    def _planned(self, step: str) -> PlannedStep:
        built = self.built.get(step)
        gathers = {name: gather_of(binding) for name, binding in self.bound[step].items()}
        return PlannedStep(
            step=self.pipeline.steps[step],
            version=self.infos[step],
            level=self.levels[step],
            dimensions=self.dimensions.ordered(self.dimensions.of[step]),
            bindings=self.bound[step],
            gathers={name: each for name, each in gathers.items() if each is not None},
            first=0 if built is None else built.first,
            count=0 if built is None else built.count,
            final=step in self.final,
        )

    def _totals(self, runs: int) -> Totals:
        wanted = set(self.order)
        axes = [axis for axis in self.dimensions.axes.values() if wanted & axis.params.keys()]
        by_sheet = any(scope.differs_by_sheet(s, self.bound, self.dimensions) for s in self.order)
        product = len(self.sheet) if by_sheet else 1
        for axis in axes:
            product *= len(axis.values)
        return Totals(
            runs=runs,
            final_results=sum(self.built[step].count for step in self.final & self.built.keys()),
            samples=len(self.sheet),
            branches=tuple((axis.name, len(axis.values)) for axis in axes if len(axis.values) > 1),
            product=product,
        )


def _key_maker(step: str, space: Space) -> Callable[[Mapping[str, str], int], str]:
    """Makes keys: ``["filter",{"filter":"tight","sample":"s1"}]``, coordinates sorted by name.

    JSON in ASCII, so that no name can imitate another one's key and any database can hold it.
    """
    written = json.encoder.encode_basestring_ascii
    start = f"[{written(step)},{{"
    branch_parts = [
        sorted((name, f"{written(name)}:{written(value)}") for name, value in branches.items())
        for branches in space.branches
    ]

    def key_of(cells: Mapping[str, str], point: int) -> str:
        parts = branch_parts[point]
        if cells:
            own = [(name, f"{written(name)}:{written(cell)}") for name, cell in cells.items()]
            parts = sorted(parts + own)
        return f"{start}{','.join([part for _, part in parts])}}}]"

    return key_of
