"""Which dimensions tell the runs of each step apart.

A plan's universe is (sample rows × every step's branches). A step's planned runs are its distinct
projections on the dimensions it depends on:

    dim(s) = branch group of s, or s           every step is a dimension, also with one branch
    G      = {sample} ∪ columns named in a by  the sample determines its columns
    D[s]   = {dim(s)}, and for every input
             from u, gathering O by B:         (D[u] − drop) ∪ B, drop = O ∪ (G − B if sample ∈ O)
             column:                           {sample};  gathered by B:  B
             value, file, run:                 nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pm_kernel.domain.bindings import SAMPLE, Binding, FromColumn, FromStep, gather_of
from pm_kernel.domain.branches import DEFAULT_BRANCH, Branch, equal_branches
from pm_kernel.domain.faults import Faults
from pm_kernel.domain.names import distinct, listed, shown
from pm_kernel.domain.pipeline import Step

#: step -> input -> where its data comes from
Bound = Mapping[str, Mapping[str, Binding]]


@dataclass(frozen=True, slots=True)
class Axis:
    """One branching dimension: a step, or the steps that share a branch group."""

    name: str
    #: Branch names, in order.
    values: tuple[str, ...]
    #: step -> for each value the parameters set there: the step's own and the branch's.
    params: Mapping[str, tuple[Mapping[str, str], ...]]
    #: Nobody branched here: the one value is not worth showing.
    silent: bool


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What every step differs by, and what every gathering input leaves behind."""

    #: Branching dimensions in topological order of their (first) steps.
    axes: Mapping[str, Axis]
    #: Sheet columns that are dimensions, in the order of the sheet.
    columns: tuple[str, ...]
    #: step -> D[s]
    of: Mapping[str, frozenset[str]]
    #: (step, input) -> the dimensions a gathered link collects over, translated from names of steps
    over: Mapping[tuple[str, str], frozenset[str]]
    #: (step, input) -> drop
    drop: Mapping[tuple[str, str], frozenset[str]]

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Dimensions in the order everything is listed in: sample, columns, branches."""
        wanted = set(names)
        return tuple(name for name in (SAMPLE, *self.columns, *self.axes) if name in wanted)


def find_dimensions(
    order: Sequence[str],
    steps: Mapping[str, Step],
    bound: Bound,
    columns: Sequence[str],
    faults: Faults,
) -> Dimensions:
    """The dimensions of the steps in ``order``, which is topological, for a sheet's columns."""
    dim_of = {name: steps[name].branch_group or name for name in order}
    groups: dict[str, list[str]] = {}
    for name in order:
        groups.setdefault(dim_of[name], []).append(name)
    axes = {
        name: _axis(name, [steps[member] for member in members], faults)
        for name, members in groups.items()
    }
    named = {
        column
        for inputs in bound.values()
        for binding in inputs.values()
        if (gather := gather_of(binding)) is not None
        for column in gather.by
    }
    # A column with the name of a step is a problem already; here the step wins.
    by_columns = tuple(name for name in columns if name in named - axes.keys() - {SAMPLE})
    shared = frozenset({SAMPLE, *by_columns})
    of: dict[str, frozenset[str]] = {}
    over: dict[tuple[str, str], frozenset[str]] = {}
    drop: dict[tuple[str, str], frozenset[str]] = {}
    for name in order:
        found = {dim_of[name]}
        for input_name, binding in bound[name].items():
            gather = gather_of(binding)
            kept_apart = frozenset(gather.by if gather is not None else ()) & shared
            collected = frozenset(
                dim_of.get(each, each) for each in (gather.over if gather is not None else ())
            )
            left = collected | (shared - kept_apart if SAMPLE in collected else frozenset())
            over[name, input_name], drop[name, input_name] = collected, left
            if gather is not None:
                _missing_columns(gather.by, columns, faults.at(name, f"{name}.{input_name}"))
            if isinstance(binding, FromStep):
                source = of.get(binding.step, frozenset())
                absent = [
                    each
                    for each in (gather.over if gather else ())
                    if dim_of.get(each, each) not in source
                ]
                if absent and binding.step in of:
                    told = listed(_words(source, axes))
                    faults.at(name, f"{name}.{input_name}").add(
                        f"it gathers over {listed(absent)}, but the results of step "
                        f"{shown(binding.step)} differ only by {told}.",
                        code="absent_dimension",
                    )
                found |= (source - left) | kept_apart
            elif isinstance(binding, FromColumn):
                found |= kept_apart if gather is not None else {SAMPLE}
        of[name] = frozenset(found)
    return Dimensions(axes, by_columns, of, over, drop)


def _words(dims: frozenset[str], axes: Mapping[str, Axis]) -> list[str]:
    return sorted(dims - set(axes)) + [name for name in axes if name in dims]


def _missing_columns(by: Sequence[str], columns: Sequence[str], faults: Faults) -> None:
    missing = [column for column in by if column not in columns]
    if missing:
        faults.add(
            f"it gathers by {listed(missing)}, but the samples come without such a column; "
            f"they have {listed(columns)}.",
            code="missing_column",
        )


def _axis(name: str, members: Sequence[Step], faults: Faults) -> Axis:
    """One dimension: the branches of its steps, paired where there are several steps."""
    choices = [step.branches.members or (Branch(DEFAULT_BRANCH),) for step in members]
    if len(members) > 1:
        choices = _paired(name, members, choices, faults)
    first_named = next((i for i, step in enumerate(members) if step.branches.named), None)
    if first_named is not None:
        values = [branch.name for branch in choices[first_named]]
    else:
        values = [
            " + ".join(dict.fromkeys(branch.name for branch in row if branch.name))
            for row in zip(*choices, strict=True)
        ]
    params = {
        step.name: tuple({**step.params, **branch.params} for branch in row)
        for step, row in zip(members, choices, strict=True)
    }
    names = distinct(values)
    set_by = [
        (value, tuple(tuple(sorted(row[i].items())) for row in params.values()))
        for i, value in enumerate(names)
    ]
    if (sentence := equal_branches(set_by)) is not None:
        faults.at(members[0].name).add(sentence, code="equal_branches")
    return Axis(name, names, params, silent=not any(step.branches.members for step in members))


def _paired(
    name: str, members: Sequence[Step], choices: list[tuple[Branch, ...]], faults: Faults
) -> list[tuple[Branch, ...]]:
    """Branches of a group side by side: by name where names were given, else first with first."""
    pattern = next(
        (row for step, row in zip(members, choices, strict=True) if step.branches.named), choices[0]
    )
    names = {branch.name for branch in pattern}
    paired: list[tuple[Branch, ...]] = []
    for step, row in zip(members, choices, strict=True):
        own = {branch.name: branch for branch in row}
        if set(own) == names:
            row = tuple(own[branch.name] for branch in pattern)
        elif step.branches.named or len(row) != len(pattern):
            has = listed(own) if step.branches.members else "no branches"
            faults.at(step.name).add(
                f"it shares the branch group {shown(name)} with step "
                f"{listed(each.name for each in members if each is not step)}, but has {has} where "
                f"that has {listed(branch.name for branch in pattern)}; give both the same "
                "branches.",
                code="branch_group",
            )
            row = tuple(own.get(branch.name, Branch(branch.name)) for branch in pattern)
        paired.append(row)
    return paired
