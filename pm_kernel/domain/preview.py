"""A plan to look at before it runs: numbers, and the tree sample → branches → steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.dimensions import Axis
from pm_kernel.domain.plan import ExpandedPlan, PlannedRun


@dataclass(frozen=True, slots=True)
class Counts:
    """How many planned runs run, are reused, and cannot be made."""

    run: int
    reuse: int
    blocked: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.run + self.reuse + self.blocked


@dataclass(frozen=True, slots=True)
class Leaf:
    """One planned run in the tree."""

    key: str
    step: str
    action: str
    reason: str
    run_id: int | None


@dataclass(frozen=True, slots=True)
class Node:
    """A sample, a group of samples, or one branch below it: its own runs, and the forks below."""

    #: sample, group (samples with a common column), all (differs by no sample) or branch
    kind: str
    label: str
    #: For branches the step or branch group.
    axis: str | None = None
    #: For branches: step -> the parameters by which this branch differs from its siblings.
    params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    runs: tuple[Leaf, ...] = ()
    children: tuple[Node, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "kind": self.kind,
            "label": self.label,
            "axis": self.axis,
            "params": {step: dict(params) for step, params in self.params.items()},
            "runs": [
                {
                    "key": leaf.key,
                    "step": leaf.step,
                    "action": leaf.action,
                    "reason": leaf.reason,
                    "run_id": leaf.run_id,
                }
                for leaf in self.runs
            ],
            "children": [child.to_document() for child in self.children],
        }


@dataclass(slots=True)
class _Growing:
    node: Node
    runs: list[Leaf] = field(default_factory=list)
    #: (position of the axis, number of the branch) -> child: sorted, this is the order shown.
    children: dict[tuple[int, int], _Growing] = field(default_factory=dict)

    def grown(self) -> Node:
        children = tuple(self.children[place].grown() for place in sorted(self.children))
        node = self.node
        return Node(node.kind, node.label, node.axis, node.params, tuple(self.runs), children)


def count(expanded: ExpandedPlan, decisions: Mapping[str, Decision]) -> Counts:
    """The numbers of the whole plan."""
    return _counts(Counter(decisions[run.key].action for run in expanded.runs))


def count_by_step(expanded: ExpandedPlan, decisions: Mapping[str, Decision]) -> dict[str, Counts]:
    """The numbers of every step, in topological order."""
    return {
        step: _counts(Counter(decisions[run.key].action for run in expanded.runs_of(step)))
        for step in expanded.steps
    }


def preview_tree(
    expanded: ExpandedPlan,
    decisions: Mapping[str, Decision],
    *,
    first: int = 0,
    limit: int | None = None,
) -> tuple[Node, ...]:
    """The run tree: samples as in the sheet, then groups, then what no sample tells apart.

    Below each, a run stands under the branches it differs by; an axis with one branch is no fork.
    ``first`` and ``limit`` cut out some of the top nodes, for sheets too long to show at once.
    """
    forks = {
        name: _Fork(place, axis)
        for place, (name, axis) in enumerate(expanded.axes.items())
        if len(axis.values) > 1
    }
    columns = tuple(
        dict.fromkeys(
            name
            for planned in expanded.steps.values()
            for name in planned.dimensions
            if name not in expanded.axes
        )
    )
    tops: dict[_Top, list[PlannedRun]] = {("sample", name): [] for name in expanded.samples}
    for run in expanded.runs:
        tops.setdefault(_top(run, columns), []).append(run)
    ordered = sorted((top for top in tops if tops[top]), key=lambda top: _RANK[top[0]])
    chosen = ordered[first : None if limit is None else first + limit]
    return tuple(_grow(top, tops[top], decisions, forks).grown() for top in chosen)


#: kind and label of a top node
_Top = tuple[str, str]

_RANK = {"sample": 0, "group": 1, "all": 2}


class _Fork:
    """An axis with a choice."""

    def __init__(self, place: int, axis: Axis) -> None:
        self.place = place
        self.number_of = {value: number for number, value in enumerate(axis.values)}
        self.params = [
            {step: _differing(rows, number) for step, rows in axis.params.items()}
            for number in range(len(axis.values))
        ]


def _grow(
    top: _Top,
    runs: list[PlannedRun],
    decisions: Mapping[str, Decision],
    forks: Mapping[str, _Fork],
) -> _Growing:
    root = _Growing(Node(*top))
    for run in runs:
        at = root
        for name, branch in run.branches.items():
            fork = forks.get(name)
            if fork is None:
                continue
            number = fork.number_of[branch]
            where = (fork.place, number)
            if where not in at.children:
                at.children[where] = _Growing(Node("branch", branch, name, fork.params[number]))
            at = at.children[where]
        made = decisions[run.key]
        at.runs.append(Leaf(run.key, run.step, made.action, made.reason, made.run_id))
    return root


def _top(run: PlannedRun, columns: tuple[str, ...]) -> _Top:
    if run.sample is not None:
        return "sample", run.sample
    cells = [f"{name} = {run.coordinates[name]}" for name in columns if name in run.coordinates]
    return ("group", ", ".join(cells)) if cells else ("all", "all samples")


def _differing(rows: tuple[Mapping[str, str], ...], number: int) -> dict[str, str]:
    """The parameters of one branch that are not the same in all branches."""
    return {
        name: text
        for name, text in rows[number].items()
        if any(other.get(name) != text for other in rows)
    }


def _counts(actions: Counter[str]) -> Counts:
    return Counts(actions["run"], actions["reuse"], actions["blocked"])
