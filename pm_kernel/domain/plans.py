"""Plans as stored: what was submitted, what each planned run is, how far it all is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

PlanStatus = Literal["draft", "submitted", "running", "completed", "partial", "failed", "cancelled"]
#: A plan in one of these has an owner, or should have one.
OPEN: frozenset[str] = frozenset({"submitted", "running"})


@dataclass(frozen=True)
class Plan:
    """One plan; ``counts`` is the number of planned runs by state."""

    plan_id: int
    kind: str
    name: str
    status: str
    document: Mapping[str, Any]
    request: Mapping[str, Any]
    epoch: int
    cancelled_epoch: int
    created_at: datetime
    created_by: str
    submitted_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    notes: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    #: Planned runs that run again when the launch that runs now has ended.
    again: int = 0

    @property
    def total(self) -> int:
        """How many planned runs it has."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class PlannedRunRow:
    """One planned run with what has become of it.

    ``state`` is waiting, running, completed, reused, failed, cancelled or blocked; blocked is
    derived from its parents, never stored. ``again_by`` is who wants it again when the launch that
    runs now has ended.
    """

    planned_id: int
    key: str
    step: str
    sample: str | None
    branch: str
    decision: str
    reason: str
    state: str
    run_id: int | None
    method: str
    version: int
    set_params: Mapping[str, str]
    error: str | None = None
    parents: tuple[int, ...] = ()
    again_by: str | None = None

    @property
    def branches(self) -> tuple[str, ...]:
        """The branches that ``branch`` consists of; a name may hold a slash itself."""
        try:
            _, coordinates = json.loads(self.key)
        except ValueError:
            return (self.branch,) if self.branch else ()
        return _parts(self.branch, sorted(coordinates.values(), key=len, reverse=True)) or ()


def _parts(branch: str, values: Sequence[str]) -> tuple[str, ...] | None:
    """Return those values that make up ``branch`` with slashes between them, None for none."""
    if branch in values:
        return (branch,)
    for number, value in enumerate(values):
        if branch.startswith(f"{value}/"):
            others = [*values[:number], *values[number + 1 :]]
            rest = _parts(branch[len(value) + 1 :], others)
            if rest is not None:
                return (value, *rest)
    return None


@dataclass(frozen=True)
class StepCount:
    """How many planned runs of a step are in one state."""

    step: str
    method: str
    version: int
    state: str
    n: int


@dataclass(frozen=True)
class NewEdge:
    """An input of a planned run that another planned run of the same plan gives."""

    input: str
    ordinal: int
    parent_key: str
    output: str
    label: str
    on_failure: str = "wait"


@dataclass(frozen=True)
class NewPlannedRun:
    """A planned run about to be stored.

    ``inputs`` maps every bound input to ``{"gather": bool, "items": [...]}``; items of kind value
    (``text``), file (``path``, ``checksum``) or run (``run_id``, ``output``); inputs that come from
    planned runs have no items here but an edge.
    """

    key: str
    step: str
    sample: str | None
    branch: str
    coordinates: Mapping[str, Any]
    version_id: int
    set_params: Mapping[str, str]
    #: Set, else expected, else None (computed), for every tracked parameter of the version.
    stated_params: Mapping[str, str | None]
    inputs: Mapping[str, Any]
    edges: tuple[NewEdge, ...]
    decision: str
    reason: str
    reuse_run_id: int | None = None


@dataclass(frozen=True)
class Launch:
    """The planned runs that one launch was given, and the edges among them."""

    launch_id: int
    number: int
    plan_id: int
    epoch: int
    #: (planned run id, step)
    tasks: tuple[tuple[int, str], ...]
    #: (parent id, child id), both in this launch
    edges: tuple[tuple[int, int], ...]
