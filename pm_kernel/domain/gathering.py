"""Gathered lists: which runs or cells they hold, in which order, and whose each member is.

A list that many runs share (each sample against the whole cohort) is built once and handed to all
of them, so that its size does not multiply.
"""

from __future__ import annotations

from collections.abc import Sequence

from pm_kernel.domain.bindings import SAMPLE, FromStep, Gather
from pm_kernel.domain.cells import Cells, NotFilled
from pm_kernel.domain.plan import PlannedEdge, Source
from pm_kernel.domain.sources import Getter, Rows, reduced, renumbered
from pm_kernel.domain.universe import Space, Universe


def gather_getter(
    binding: FromStep,
    gather: Gather,
    place: tuple[str, str],
    child: Space,
    parent: Rows,
    universe: Universe,
) -> Getter:
    """Every run of the parent step that agrees with this run on what is not gathered.

    ``place`` is the step and input that gathers.
    """
    dimensions = universe.dimensions
    own = dimensions.of[binding.step]
    by = frozenset(gather.by) & frozenset(dimensions.columns)
    kept = universe.space((own - dimensions.drop[place]) | by)
    labelled = dimensions.ordered(dimensions.over[place] & own)
    members = _members(parent.space, kept, universe)
    group_of = renumbered(child, kept)
    kept_point_of = reduced(child, kept)
    points_of: list[list[int]] = [[] for _ in kept.choices]
    for point, kept_point in enumerate(reduced(parent.space, kept)):
        points_of[kept_point].append(point)
    made: dict[tuple[int, int], tuple[Source, ...]] = {}

    def get(group: int, point: int) -> tuple[Source, ...]:
        where = (group_of[group], kept_point_of[point])
        if where not in made:
            made[where] = collect(*where)
        return made[where]

    def collect(group: int, kept_point: int) -> tuple[Source, ...]:
        found: list[Source] = []
        for parent_group, rows in members[group]:
            kinds = universe.kinds_in(rows)
            for point in points_of[kept_point]:
                if universe.left(kinds, parent.space.chosen[point]):
                    key = parent.keys[parent_group * parent.space.width + point]
                    member = _member(parent.space, point, rows[0], labelled, universe)
                    label = "/".join(member)
                    found.append(PlannedEdge(key, binding.output, label, member, gather.on_failure))
        if not found:
            raise NotFilled("nothing is left to gather")
        return tuple(found)

    return get


def gathered_column_getter(
    cells: Cells, gather: Gather, child: Space, universe: Universe
) -> Getter:
    """The cells of all samples of the group, in the order of the sheet."""
    kept = universe.space(universe.dimensions.ordered(gather.by))
    members = _members(universe.space((SAMPLE,)), kept, universe)
    group_of = renumbered(child, kept)
    made: dict[int, tuple[Source, ...]] = {}

    def get(group: int, _point: int) -> tuple[Source, ...]:
        where = group_of[group]
        if where not in made:
            made[where] = tuple(
                cells.member(rows[0], (universe.sheet.rows[rows[0]][SAMPLE],))
                for _, rows in members[where]
                if universe.left(universe.kinds_in(rows), {})
            )
            if not made[where]:
                raise NotFilled("nothing is left to gather")
        return made[where]

    return get


def aligned_column_getter(
    cells: Cells, beside: Getter, over: frozenset[str], universe: Universe
) -> Getter:
    """One cell per member of the list that another input gathers: same length, same order."""
    place = universe.dimensions.ordered(over).index(SAMPLE)
    row_of = {row[SAMPLE]: number for number, row in enumerate(universe.sheet.rows)}
    #: Identity of a list -> the list, kept so that its identity stays its own, and its cells.
    made: dict[int, tuple[tuple[Source, ...], tuple[Source, ...]]] = {}

    def get(group: int, point: int) -> tuple[Source, ...]:
        others = beside(group, point)
        if id(others) not in made:
            found = tuple(
                cells.member(row_of[each.member[place]], each.member)
                for each in others
                if isinstance(each, PlannedEdge)
            )
            made[id(others)] = (others, found)
        return made[id(others)][1]

    return get


def _members(
    parent: Space, kept: Space, universe: Universe
) -> list[list[tuple[int, Sequence[int]]]]:
    """Per group of ``kept``: the parent's groups in it, in order, with their sheet rows."""
    if not parent.sheet.names and not kept.sheet.names:
        return [[(0, universe.every_row)]]
    found: list[dict[int, list[int]]] = [{} for _ in kept.sheet.first_row]
    pairs = zip(kept.sheet.number_of_row, parent.sheet.number_of_row, strict=True)
    for row, (group, parent_group) in enumerate(pairs):
        found[group].setdefault(parent_group, []).append(row)
    return [sorted(each.items()) for each in found]


def _member(
    space: Space, point: int, row: int, labelled: Sequence[str], universe: Universe
) -> tuple[str, ...]:
    """Values of the gathered dimensions: whose result this is."""
    branches = space.branches[point]
    return tuple([branches[n] if n in branches else universe.sheet.rows[row][n] for n in labelled])
