"""Gathered lists when members failed: which members are left, in every list alike.

Lists with the same labels belong together: a method walks them side by side. So a member that one
of them must do without is dropped from all of them. A list that waits for every member, or an input
that is no list, cannot do without; neither can a list of which nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pm_kernel.domain.bindings import OnFailure


class Member(NamedTuple):
    """One source of an input; ``label`` is None for an input that is no list."""

    present: bool
    label: str | None = None
    on_failure: OnFailure = "wait"


def survivors(inputs: Mapping[str, Sequence[Member]]) -> dict[str, tuple[int, ...]] | None:
    """Positions that are left per input; None: the run is blocked."""
    dropped: dict[tuple[str | None, ...], set[int]] = {}
    for members in inputs.values():
        together = tuple(member.label for member in members)
        gone = dropped.setdefault(together, set())
        for position, member in enumerate(members):
            if not member.present:
                if member.label is None or member.on_failure == "wait":
                    return None
                gone.add(position)
    left: dict[str, tuple[int, ...]] = {}
    for name, members in inputs.items():
        gone = dropped[tuple(member.label for member in members)]
        left[name] = tuple(n for n in range(len(members)) if n not in gone)
        if members and not left[name]:
            return None
    return left
