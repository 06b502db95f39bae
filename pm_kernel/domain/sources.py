"""What the inputs of planned runs get, one source each: built per step, asked for every run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pm_kernel.domain.bindings import FromFile, FromRun, FromStep, FromValue
from pm_kernel.domain.catalogue import InputInfo
from pm_kernel.domain.cells import Cells
from pm_kernel.domain.plan import ExistingRun, File, PlannedEdge, Source, Value
from pm_kernel.domain.universe import Space
from pm_kernel.domain.values import typed_input
from pm_kernel.errors import InvalidInput

#: (group of sheet rows, branch point) of a planned run -> what an input gets; raises NotFilled.
Getter = Callable[[int, int], tuple[Source, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The planned runs of one step, by the number of their point in its space."""

    space: Space
    #: point -> key; points that were excluded are absent
    keys: Mapping[int, str]


def fixed_getter(
    name: str, binding: FromValue | FromFile | FromRun, declared: InputInfo | None
) -> Getter:
    """A source that is the same for every run."""
    same = (_fixed(name, binding, declared),)
    return lambda _group, _point: same


def _fixed(
    name: str, binding: FromValue | FromFile | FromRun, declared: InputInfo | None
) -> Source:
    match binding:
        case FromFile(path):
            return File(path)
        case FromRun(run_id, output):
            return ExistingRun(run_id, output)
        case FromValue(text):
            try:
                return Value(text if declared is None else typed_input(name, declared, text))
            except InvalidInput:
                return Value(text)  # the problem is reported where the document is checked


def column_getter(cells: Cells, space: Space) -> Getter:
    """The cell of the run's own sample."""
    first_row = space.sheet.first_row

    def get(group: int, _point: int) -> tuple[Source, ...]:
        source = cells.source(first_row[group])
        return () if source is None else (source,)

    return get


def step_getter(binding: FromStep, child: Space, parent: Rows) -> Getter:
    """The one run of the parent step that agrees with this run wherever the parent differs."""
    groups = renumbered(child, parent.space)
    points = reduced(child, parent.space)
    width, keys, output = parent.space.width, parent.keys, binding.output
    made: dict[int, tuple[Source, ...]] = {}

    def get(group: int, point: int) -> tuple[Source, ...]:
        number = groups[group] * width + points[point]
        found = made.get(number)
        if found is None:
            found = made[number] = (PlannedEdge(keys[number], output),)
        return found

    return get


def renumbered(child: Space, less: Space) -> Sequence[int]:
    """Group of sheet rows of the child -> that of a space which differs by less."""
    if not less.sheet.names:
        return bytes(len(child.sheet.first_row))
    return [less.sheet.number_of_row[row] for row in child.sheet.first_row]


def reduced(child: Space, less: Space) -> list[int]:
    """Branch point of the child -> that of a space with fewer axes."""
    places = [next(i for i, axis in enumerate(child.axes) if axis is each) for each in less.axes]
    points: list[int] = []
    for choice in child.choices:
        point = 0
        for place, axis in zip(places, less.axes, strict=True):
            point = point * len(axis.values) + choice[place]
        points.append(point)
    return points
