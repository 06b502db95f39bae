"""A request applied to a pipeline: whose branches, how far, without what, and for which samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pm_kernel.domain.bindings import SAMPLE, FromColumn, gather_of
from pm_kernel.domain.branches import Branch
from pm_kernel.domain.catalogue import Catalogue, MethodVersionInfo
from pm_kernel.domain.dimensions import Bound, Dimensions
from pm_kernel.domain.faults import Faults, suggestion
from pm_kernel.domain.names import listed, shown
from pm_kernel.domain.pipeline import Pipeline, Step
from pm_kernel.domain.plan_request import PlanRequest
from pm_kernel.domain.samples import SampleSheet
from pm_kernel.domain.topology import ancestors
from pm_kernel.domain.universe import Exclusion
from pm_kernel.domain.values import typed_value
from pm_kernel.errors import InvalidInput


def requested(pipeline: Pipeline, request: PlanRequest, faults: Faults) -> Pipeline:
    """The pipeline with the branches and branch groups of the request in place of its own."""
    steps: dict[str, Step] = dict(pipeline.steps)
    for name in sorted({*request.branches, *request.branch_groups}):
        if name not in steps:
            faults.add(
                f"The plan names the step {shown(name)}, but no step is called so"
                f"{suggestion(name, steps)}",
                code="unknown_step",
            )
            continue
        step = steps[name]
        steps[name] = replace(
            step,
            branches=request.branches.get(name, step.branches),
            branch_group=request.branch_groups.get(name, step.branch_group),
        )
    return replace(pipeline, steps=steps)


def typed(pipeline: Pipeline, catalogue: Catalogue) -> Pipeline:
    """The pipeline with every parameter in canonical text of its declared type.

    So ``30`` and ``30.0`` for a float are one value. What does not fit stays as it is: the check of
    the pipeline has reported it.
    """
    return replace(
        pipeline,
        steps={
            name: _typed_step(step, catalogue.resolve(step.method, step.version))
            for name, step in pipeline.steps.items()
        },
    )


def _typed_step(step: Step, info: MethodVersionInfo | None) -> Step:
    if info is None:
        return step

    def texts(params: Mapping[str, str]) -> dict[str, str]:
        found = dict(params)
        for name, text in params.items():
            if name in info.params:
                try:
                    found[name] = typed_value(name, info.params[name], text)
                except InvalidInput:
                    continue
        return found

    members = tuple(Branch(each.name, texts(each.params)) for each in step.branches.members)
    return replace(
        step, params=texts(step.params), branches=replace(step.branches, members=members)
    )


def wanted(
    pipeline: Pipeline, order: Sequence[str], until: Sequence[str], faults: Faults
) -> tuple[str, ...]:
    """The steps of ``order`` that the wanted results need; all of them where none is named."""
    known = [step for step in until if step in pipeline.steps]
    for step in until:
        if step not in pipeline.steps:
            faults.add(
                f"The plan should end at {shown(step)}, but no step is called so"
                f"{suggestion(step, pipeline.steps)}",
                code="unknown_step",
            )
    needed = ancestors(pipeline.parents, known) if known else frozenset(order)
    return tuple(step for step in order if step in needed)


def exclusions(
    request: PlanRequest, pipeline: Pipeline, dimensions: Dimensions, faults: Faults
) -> tuple[Exclusion, ...]:
    """What the request leaves out, as sheet rows and branch numbers.

    An exclusion that names a sample or branch which is gone excludes nothing, and is only noted: it
    was chosen in an earlier preview.
    """
    found: list[Exclusion] = []
    rows_with: dict[str, dict[str, set[int]]] = {}
    sheet_first = {SAMPLE, *dimensions.columns}
    other = {*pipeline.steps, *dimensions.axes}
    for name in {name for point in request.excluded for name in point}:
        if name in request.samples.columns and (name in sheet_first or name not in other):
            rows_with[name] = {}
            for number, row in enumerate(request.samples.rows):
                rows_with[name].setdefault(row[name], set()).add(number)
    for point in request.excluded:
        cells = [rows_with[name].get(point[name], set()) for name in point if name in rows_with]
        branches: dict[str, int] = {}
        stale = False
        for name in sorted(point.keys() - rows_with.keys()):
            step = pipeline.steps.get(name)
            axis = dimensions.axes.get(step.branch_group or name if step is not None else name)
            if axis is None or point[name] not in axis.values:
                stale = True
                continue
            number = axis.values.index(point[name])
            # Two steps of one branch group with different branches never come together.
            stale = stale or branches.setdefault(axis.name, number) != number
        rows = frozenset(set.intersection(*sorted(cells, key=len))) if cells else None
        if stale or rows == frozenset():
            told = ", ".join(f"{name} = {value}" for name, value in sorted(point.items()))
            faults.add(
                f"Nothing is left out by {shown(told, 120)}: the plan has no such sample or "
                "branch.",
                code="stale_exclusion",
                severity="notice",
            )
        else:
            found.append(Exclusion(rows, branches))
    return tuple(found)


def differs_by_sheet(step: str, bound: Bound, dimensions: Dimensions) -> bool:
    """Whether the step has something to do with the samples at all."""
    gathers = any(SAMPLE in dimensions.over[step, name] for name in bound[step])
    return gathers or not dimensions.of[step].isdisjoint({SAMPLE, *dimensions.columns})


def check_samples(
    sheet: SampleSheet, order: Sequence[str], bound: Bound, dimensions: Dimensions, faults: Faults
) -> None:
    """Note missing samples, twin samples, and blank cells that lists are kept apart by."""
    needing = [step for step in order if differs_by_sheet(step, bound, dimensions)]
    if needing and not len(sheet):
        word, verb = ("Steps", "need") if len(needing) > 1 else ("Step", "needs")
        faults.add(
            f"{word} {listed(needing)} {verb} samples; give sample names or a sample sheet.",
            code="no_samples",
        )
    for step in order:
        for name, binding in bound[step].items():
            gather = gather_of(binding)
            for column in gather.by if gather is not None else ():
                blank = [row[SAMPLE] for row in sheet.rows if not row.get(column, "-")]
                if blank:
                    faults.at(step, f"{step}.{name}").add(
                        f"it gathers by {shown(column)}, but that column is blank for sample "
                        f"{listed(blank)}.",
                        code="blank_by",
                    )
    _check_twins(sheet, order, bound, faults)


def _check_twins(sheet: SampleSheet, order: Sequence[str], bound: Bound, faults: Faults) -> None:
    used = {
        binding.column
        for step in order
        for binding in bound[step].values()
        if isinstance(binding, FromColumn)
    }
    columns = [column for column in sheet.columns if column in used]
    if not columns or SAMPLE in columns:
        return
    seen: dict[tuple[str, ...], list[str]] = {}
    for row in sheet.rows:
        seen.setdefault(tuple([row[column] for column in columns]), []).append(row[SAMPLE])
    twins = [names for names in seen.values() if len(names) > 1]
    if twins:
        more = f" (and {len(twins) - 1} more such groups)" if len(twins) > 1 else ""
        faults.add(
            f"Samples {listed(twins[0])} have the same {listed(columns)}{more}; all of them run.",
            code="twin_samples",
            severity="notice",
        )
