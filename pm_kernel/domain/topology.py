"""Order in a graph of named steps: levels, cycles, ancestors. Works on plain mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: step -> the steps it takes results from
Parents = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Topology:
    """The steps level by level, and the cycles that kept the rest from having a level.

    A step's level is the length of the longest chain above it, and steps of one level are in the
    order of their names: the result depends on the graph alone, never on the order of keys in a
    document, which a database does not keep.
    """

    levels: tuple[tuple[str, ...], ...]
    #: Each a list of steps where every step feeds the next and the last feeds the first.
    cycles: tuple[tuple[str, ...], ...]

    @property
    def order(self) -> tuple[str, ...]:
        """All steps that have a place, parents before children."""
        return tuple(step for level in self.levels for step in level)


def arrange(parents: Parents) -> Topology:
    """The topology of a graph; parents that are not steps themselves are ignored."""
    remaining = {step: {p for p in above if p in parents} for step, above in parents.items()}
    children: dict[str, list[str]] = {step: [] for step in parents}
    for step, above in remaining.items():
        for parent in above:
            children[parent].append(step)
    levels: list[tuple[str, ...]] = []
    ready = sorted(step for step, above in remaining.items() if not above)
    while ready:
        levels.append(tuple(ready))
        following: list[str] = []
        for step in ready:
            del remaining[step]
            for child in children[step]:
                remaining[child].discard(step)
                if not remaining[child]:
                    following.append(child)
        ready = sorted(following)
    return Topology(tuple(levels), _cycles(remaining))


def ancestors(parents: Parents, steps: Iterable[str]) -> frozenset[str]:
    """The given steps and everything they need."""
    found: set[str] = set()
    waiting = [step for step in steps if step in parents]
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting.extend(parent for parent in parents[step] if parent in parents)
    return frozenset(found)


def _cycles(remaining: Mapping[str, set[str]]) -> tuple[tuple[str, ...], ...]:
    """One cycle for every knot: steps that are only below a knot are not named.

    Each remaining step has a remaining parent, so walking upwards must come back to a step it saw.
    """
    found: list[tuple[str, ...]] = []
    visited: set[str] = set()
    for start in sorted(remaining):
        path: list[str] = []
        position: dict[str, int] = {}
        step = start
        while step not in visited and step not in position:
            position[step] = len(path)
            path.append(step)
            step = min(remaining[step])
        if step in position:
            cycle = path[position[step] :][::-1]
            first = cycle.index(min(cycle))
            found.append(tuple(cycle[first:] + cycle[:first]))
        visited.update(path)
    return tuple(found)
