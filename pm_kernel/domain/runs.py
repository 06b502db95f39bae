"""Runs as values: what was executed, with what, from what, and what came out.

A ``Run`` is what lists and lineage show; ``RunDetails`` adds its parameters (set, expected, and
what arrived), its inputs (outputs of other runs, files, values) and its outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pm_kernel.domain.marks import run_mark
from pm_kernel.domain.quantities import clock_text

#: Runs with equal bytes that a line names.
_EQUAL_NAMED = 4

RunStatus = Literal["running", "completed", "failed", "cancelled"]

#: What a stored status may become. A run that has ended never changes again.
TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "running": frozenset({"completed", "failed", "cancelled"}),
        "completed": frozenset(),
        "failed": frozenset(),
        "cancelled": frozenset(),
    }
)

#: States that follow from other facts than the status: a heartbeat, a verification, an upstream.
DERIVED = frozenset({"silent", "altered", "tainted"})

#: A running run without a heartbeat for this long shows "no sign of life"; it is not failed for it.
SILENT_AFTER = timedelta(minutes=2)


def may_become(status: str, new: str) -> bool:
    """Return whether a run of ``status`` may be given the status ``new``."""
    return new in TRANSITIONS.get(status, frozenset())


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a method version, as lists and lineage show it. Times are aware, in UTC."""

    run_id: int
    uuid: str
    status: str
    #: A state of ``RUN_MARKS``: the status, unless a derived state says more.
    state: str
    method: str
    module: str
    version: int
    version_id: int
    commit: str
    tag: str
    sample: str | None
    plan_id: int | None
    #: Step and branch inside the plan; the branch is empty where nothing branched.
    step: str | None
    branch: str
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    heartbeat_at: datetime | None
    #: Why it did not complete.
    error: str | None
    notices: tuple[str, ...]
    created_by: str
    host: str
    #: Folder of the workspace that holds its directory.
    workspace_root: Path

    @property
    def ended(self) -> bool:
        """Whether its record is final."""
        return self.status != "running"

    @property
    def title(self) -> str:
        """Its name with its number, which is never shown alone."""
        return f"run {self.run_id} · {self.method}"

    def seconds(self, now: datetime) -> float:
        """Return how long it took, or has been running."""
        return max(0.0, ((self.finished_at or now) - self.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class RunParameter:
    """One tracked parameter: before the run *set* or *expected*, after it *what arrived*."""

    function: str
    name: str
    #: The annotation in the source, or the type of what arrived.
    type: str
    #: Canonical text of the default; None: there is none, or it is no literal.
    default: str | None
    #: Set by the plan, else call-site literal, else default; None: computed by the code.
    expected: str | None
    is_set: bool
    #: The distinct values the function was entered with, in order; empty: it never was.
    arrived: tuple[str, ...]
    #: False while the run has not ended: then nothing can be said of what arrived.
    reported: bool = True

    @property
    def full_name(self) -> str:
        """``function.param``."""
        return f"{self.function}.{self.name}"

    @property
    def not_applied(self) -> bool:
        """It was set, and its function never ran: it had no part in the result."""
        return self.reported and self.is_set and not self.arrived

    @property
    def values(self) -> tuple[str, ...]:
        """What the run used: what arrived, and before it has ended what is to arrive."""
        if self.reported:
            return self.arrived
        return () if self.expected is None else (self.expected,)

    @property
    def changed(self) -> bool | None:
        """Whether any value differs from the default; None: there is none to differ from."""
        if self.default is None:
            return None
        return any(value != self.default for value in self.values)

    @property
    def stated(self) -> bool:
        """Its value is told with the run: other than the default, or set where there is none."""
        if self.default is None:
            return self.is_set and bool(self.values)
        return bool(self.changed)

    @property
    def unexpected(self) -> bool:
        """Something else arrived than was set or expected."""
        return (
            self.reported
            and self.expected is not None
            and any(value != self.expected for value in self.arrived)
        )


@dataclass(frozen=True, slots=True)
class EqualBytes:
    """Another run whose output is the same: a plan counted on it, and reused the run that read."""

    run_id: int
    #: The first plan that did.
    plan_id: int


def equal_text(runs: Sequence[EqualBytes]) -> str:
    """Return ``equal bytes of run 12 (plan 5)``; of many only the first are named."""
    named = ", ".join(f"run {each.run_id} (plan {each.plan_id})" for each in runs[:_EQUAL_NAMED])
    more = f" and {len(runs) - _EQUAL_NAMED} more" if len(runs) > _EQUAL_NAMED else ""
    return f"equal bytes of {named}{more}" if runs else ""


@dataclass(frozen=True, slots=True)
class RunInput:
    """One input as it was read; a gathered input is several of them."""

    name: str
    #: upstream, file, value or list, as declared.
    type: str
    #: Position and label inside a gathered list.
    ordinal: int = 0
    label: str | None = None
    #: The run whose output it was, and which output; the rest describes that output.
    source_run_id: int | None = None
    source_output: str | None = None
    source_method: str | None = None
    source_version: int | None = None
    source_path: str | None = None
    #: sha256 of the content as it was read.
    checksum: str | None = None
    #: Canonical text, for values.
    text: str | None = None
    #: Where the file was, for files; a copy lies in the run's directory.
    path: str | None = None
    #: Runs that made the same, where a plan that reuses this run has them in place of the source.
    equal_bytes: tuple[EqualBytes, ...] = ()


@dataclass(frozen=True, slots=True)
class RunOutput:
    """One artifact in a run's directory."""

    name: str
    #: A file, a folder (``tiles/``) or a glob, relative to the run's directory.
    path: str
    type: str
    size_bytes: int
    file_count: int
    checksum: str
    #: False: written, but not among the method's declared outputs.
    declared: bool


@dataclass(frozen=True, slots=True)
class RunDetails:
    """A run with everything that is recorded of it but its log."""

    run: Run
    plan_name: str | None
    parameters: tuple[RunParameter, ...]
    inputs: tuple[RunInput, ...]
    outputs: tuple[RunOutput, ...]
    metrics: Mapping[str, Any]
    metadata: Mapping[str, Any]
    #: Python, the distributions it imported, editable ones by content, files from outside.
    environment: Mapping[str, Any]
    environment_fingerprint: str | None
    cpu_seconds: float | None
    peak_rss_bytes: int | None
    scheduler_job_id: str | None
    #: Verifications and overrides, oldest first.
    events: tuple[IntegrityEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class IntegrityEvent:
    """What was found about a run's artifacts, or decided in spite of it."""

    #: verify, altered or override
    kind: str
    tier: str
    result: str
    file: str | None
    reason: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a run's log, as kept in the database."""

    level: str
    message: str
    logged_at: datetime | None
    #: First line of the entry in run.log, from 1.
    line: int


@dataclass(frozen=True)
class RunFilter:
    """Which runs to find; every field narrows, an empty one does not."""

    #: Any of these statuses or derived states.
    states: frozenset[str] = frozenset()
    method: str | None = None
    version: int | None = None
    module: str | None = None
    sample: str | None = None
    #: Runs that the plan executed or reused.
    plan_id: int | None = None
    #: Of a plan: its runs of this step; else all that ran as a step of this name.
    step: str | None = None
    #: Started then or later, and before then.
    since: datetime | None = None
    until: datetime | None = None
    #: Each key holds this value.
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: Text somewhere in the log, upper and lower case alike.
    log: str | None = None


@dataclass(frozen=True)
class RunPage:
    """Some runs, newest first."""

    runs: tuple[Run, ...]
    #: Where the next page goes on; None at the end.
    before: int | None
    #: The logs of older runs were not searched: a search looks through a limited number of entries.
    unsearched: bool = False


def said(run: Run, now: datetime) -> str:
    """Return a run's state in words, with what is known: "failed: …", "running, 0:42".

    Times of day are in the time zone of ``now``.
    """
    word = run_mark(run.state).said
    if run.state == "running":
        return f"{word}, {clock_text(run.seconds(now))}"
    if run.state == "silent":
        seen = (run.heartbeat_at or run.started_at).astimezone(now.tzinfo)
        day = "" if seen.date() == now.date() else f"{seen:%Y-%m-%d} "
        return f"{word} since {day}{seen:%H:%M}"
    if run.state == "failed" and run.error:
        return f"{word}: {last_line(run.error)}"
    if run.state == "altered":
        return f"{word} since it was recorded"
    return word


def last_line(text: str) -> str:
    """Return the last line that says something: the one that names an error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
