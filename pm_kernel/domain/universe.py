"""The universe of a plan (sample rows × branches, minus what was excluded), never written out.

A projection on some dimensions is a ``Space``. Its points are whole numbers: a group of sheet rows,
times the width, plus a branch point (one branch per axis). Counting through them gives the order
that everything is listed in: sheet row, then branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod

from pm_kernel.domain.bindings import SAMPLE
from pm_kernel.domain.dimensions import Axis, Dimensions
from pm_kernel.domain.samples import SampleSheet

_NO_KINDS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SheetPart:
    """The sheet seen through some of its columns: rows that look alike form a group."""

    names: tuple[str, ...]
    #: sheet row -> group; groups count up in the order of first appearance.
    number_of_row: Sequence[int]
    #: group -> its first sheet row
    first_row: Sequence[int]


@dataclass(frozen=True)
class Space:
    """The projection of the whole product on some dimensions, excluded points included."""

    sheet: SheetPart
    axes: tuple[Axis, ...]

    @cached_property
    def width(self) -> int:
        """Branch points per group of sheet rows."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def size(self) -> int:
        """How many points there are."""
        return len(self.sheet.first_row) * self.width

    @cached_property
    def choices(self) -> list[tuple[int, ...]]:
        """For each branch point the number of the branch on each axis."""
        return list(product(*(range(len(axis.values)) for axis in self.axes)))

    @cached_property
    def chosen(self) -> list[dict[str, int]]:
        """The same by the names of the axes."""
        names = [axis.name for axis in self.axes]
        return [dict(zip(names, choice, strict=True)) for choice in self.choices]

    @cached_property
    def branches(self) -> list[dict[str, str]]:
        """The same by name of axis and name of branch."""
        return [
            {axis.name: axis.values[n] for axis, n in zip(self.axes, choice, strict=True)}
            for choice in self.choices
        ]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Universe rows that are not wanted: these sheet rows (None: all) with these branches."""

    rows: frozenset[int] | None
    branches: Mapping[str, int]


@dataclass
class Universe:
    """Sheet, axes and exclusions; answers which points of a projection are left."""

    sheet: SampleSheet
    dimensions: Dimensions
    exclusions: tuple[Exclusion, ...] = ()
    _parts: dict[tuple[str, ...], SheetPart] = field(default_factory=dict)
    _answers: dict[tuple[int, tuple[tuple[str, int], ...]], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        everywhere = [each.branches for each in self.exclusions if each.rows is None]
        touching: list[list[int]] = [[] for _ in self.every_row] if self.exclusions else []
        for number, exclusion in enumerate(self.exclusions):
            for row in exclusion.rows or ():
                touching[row].append(number)
        numbers: dict[tuple[int, ...], int] = {}
        #: sheet row -> kind; rows of one kind are excluded alike.
        self._kinds = [numbers.setdefault(tuple(each), len(numbers)) for each in touching]
        #: What excludes rows of each kind, as clauses: branch choices that must not all be met.
        self._clauses = [
            [*everywhere, *(self.exclusions[number].branches for number in each)]
            for each in numbers
        ]
        self._mentioned = [
            sorted({name for clause in clauses for name in clause}) for clauses in self._clauses
        ]

    @property
    def every_row(self) -> range:
        """All sheet rows; without samples there is one that has no name."""
        return range(max(len(self.sheet), 1))

    def space(self, dims: Iterable[str]) -> Space:
        """The projection on ``dims``."""
        axes = self.dimensions.axes
        ordered = self.dimensions.ordered(dims)
        names = tuple(name for name in ordered if name not in axes)
        # The sample determines its columns.
        part = self._part((SAMPLE,) if SAMPLE in names else names)
        return Space(part, tuple(axes[name] for name in ordered if name in axes))

    def rows_of_groups(self, part: SheetPart) -> list[Sequence[int]]:
        """The sheet rows behind each group."""
        if not part.names:
            return [self.every_row]
        found: list[list[int]] = [[] for _ in part.first_row]
        for row, group in enumerate(part.number_of_row):
            found[group].append(row)
        return list(found)

    def kinds_in(self, rows: Iterable[int]) -> frozenset[int]:
        """The kinds of sheet rows, for ``left``."""
        return frozenset(self._kinds[row] for row in rows) if self.exclusions else _NO_KINDS

    def left(self, kinds: frozenset[int], chosen: Mapping[str, int]) -> bool:
        """Whether some universe row of these kinds, with these branches, was not excluded."""
        return not self.exclusions or any(self._avoids(kind, chosen) for kind in kinds)

    def _part(self, names: tuple[str, ...]) -> SheetPart:
        if names not in self._parts:
            rows = self.sheet.rows
            if names == (SAMPLE,):
                part = SheetPart(names, range(len(rows)), range(len(rows)))
            elif not names:
                part = SheetPart(names, bytes(len(rows)), (0,))
            else:
                numbers: dict[tuple[str, ...], int] = {}
                first: list[int] = []
                number_of_row: list[int] = []
                for index, row in enumerate(rows):
                    number = numbers.setdefault(tuple([row[n] for n in names]), len(first))
                    if number == len(first):
                        first.append(index)
                    number_of_row.append(number)
                part = SheetPart(names, number_of_row, first)
            self._parts[names] = part
        return self._parts[names]

    def _avoids(self, kind: int, chosen: Mapping[str, int]) -> bool:
        clauses = self._clauses[kind]
        point = tuple([(name, chosen[name]) for name in self._mentioned[kind] if name in chosen])
        key = (kind, point)
        if key not in self._answers:
            sizes = {name: len(axis.values) for name, axis in self.dimensions.axes.items()}
            self._answers[key] = _avoidable(_after(clauses, dict(point)), sizes)
        return self._answers[key]


def _after(
    clauses: Iterable[Mapping[str, int]], chosen: Mapping[str, int]
) -> list[Mapping[str, int]]:
    """What is left of the clauses under these choices; those that cannot be met vanish."""
    return [
        {name: value for name, value in clause.items() if name not in chosen}
        for clause in clauses
        if all(chosen.get(name, value) == value for name, value in clause.items())
    ]


def _avoidable(clauses: list[Mapping[str, int]], sizes: Mapping[str, int]) -> bool:
    """Whether the free axes can be chosen so that no clause is met entirely.

    This is satisfiability, hard in general; people exclude a few branches of a few steps.
    """
    while clauses:
        shortest = min(clauses, key=len)
        if not shortest:
            return False
        mentioned: dict[str, set[int]] = {}
        for clause in clauses:
            for name, value in clause.items():
                mentioned.setdefault(name, set()).add(value)
        # A branch that no clause names escapes every clause on its axis.
        escaped = {name for name, values in mentioned.items() if len(values) < sizes[name]}
        if not escaped:
            name = min(shortest)
            return any(
                _avoidable(_after(clauses, {name: value}), sizes) for value in range(sizes[name])
            )
        clauses = [clause for clause in clauses if not escaped.intersection(clause)]
    return True
