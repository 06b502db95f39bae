"""What lies above and below the planned runs of a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping


class PlannedTree:
    """The planned runs of a plan by id, with those whose results each of them takes.

    ``parents`` lists parents before their children.
    """

    def __init__(self, parents: Mapping[int, Collection[int]]) -> None:
        self._parents = parents

    def below(self, planned_ids: Collection[int]) -> set[int]:
        """These, and everything that takes their results, however far down."""
        found = set(planned_ids)
        for planned, parents in self._parents.items():
            if found.intersection(parents):
                found.add(planned)
        return found

    def above(self, planned_ids: Collection[int]) -> set[int]:
        """These, and everything whose results they need, however far up."""
        found = set(planned_ids)
        for planned, parents in reversed(list(self._parents.items())):
            if planned in found:
                found.update(parents)
        return found
