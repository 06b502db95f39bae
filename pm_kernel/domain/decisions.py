"""Which planned runs must run, which an earlier run already answers, and which cannot be made.

    problem                          → blocked
    re-run asked, or a parent runs   → run       the tree shown is the tree run
    an equal valid run exists        → reuse
    otherwise                        → run

Decided level by level: all queries of one level go to the store at once, and only for planned runs
all of whose parents are reused, because only then are the contents of their inputs known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pm_kernel.domain.names import shown
from pm_kernel.domain.plan import (
    ColumnValue,
    ExistingRun,
    ExpandedPlan,
    File,
    PlannedEdge,
    PlannedRun,
    Source,
    Value,
)
from pm_kernel.domain.rerun import Rerun

Action = Literal["run", "reuse", "blocked"]


@dataclass(frozen=True, slots=True)
class OutputOf:
    """The content of an output of an existing run."""

    run_id: int
    output: str
    #: Whose it is in a gathered list; a method may ask for it, so it is part of the input.
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ContentOf:
    """The content of a file outside the store."""

    path: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class TextOf:
    """A value, as canonical text."""

    text: str
    label: str | None = None


Identity = OutputOf | ContentOf | TextOf


@dataclass(frozen=True, slots=True)
class ReuseQuery:
    """Is there a valid completed run of this version with these parameters and these inputs?"""

    key: str
    step: str
    version_id: int
    #: ``function.param`` -> canonical text: what is set.
    params: Mapping[str, str]
    #: input -> what it gets; a gathered list in order.
    inputs: Mapping[str, tuple[Identity, ...]]
    sample: str | None = None
    branch: str = ""

    @property
    def sources(self) -> frozenset[int]:
        """The runs whose outputs it is to be given."""
        return frozenset(
            identity.run_id
            for identities in self.inputs.values()
            for identity in identities
            if isinstance(identity, OutputOf)
        )


@dataclass(frozen=True, slots=True)
class Reuse:
    """The run that answers a query.

    Of several that do, one that was given outputs of the very runs asked for comes first, then one
    of the same sample, step and branch: where equal inputs did not make equal bytes, results that
    were made together are found together. Of those that are left, the oldest, so that later re-runs
    change no preview.
    """

    run_id: int
    #: Runs that this one really read, where they are others than the plan's with equal bytes.
    equal_bytes_from: tuple[int, ...] = ()
    #: It read files that are none of its inputs; nobody compares those.
    read_beside: bool = False


#: Answers many queries at once, by key; keys without an equal run are absent.
Lookup = Callable[[Sequence[ReuseQuery]], Mapping[str, Reuse]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one planned run, and why in words."""

    action: Action
    reason: str
    #: new, rerun, upstream, equal, problem or upstream_problem: the reason for programs.
    code: str
    #: The run that is reused.
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Above:
    """What the parents of an input say: all reused, one of them runs, or it cannot be had."""

    action: Action
    step: str = ""


_REUSED = _Above("reuse")


def decide(
    expanded: ExpandedPlan, lookup: Lookup, rerun: Rerun | None = None
) -> dict[str, Decision]:
    """A decision for every planned run, by key, in the order of the plan."""
    again = (rerun or Rerun()).keys_in(expanded.runs, expanded.axes)
    decided: dict[str, Decision] = {}
    for level in expanded.levels:
        # Lists that many runs share are looked through once; the plan keeps them alive.
        above: dict[int, _Above] = {}
        identities: dict[int, tuple[Identity, ...]] = {}
        queries: list[ReuseQuery] = []
        for step in level:
            for run in expanded.runs_of(step):
                found = _without_lookup(run, expanded, decided, again, above)
                version = expanded.steps[step].version
                if found is None and version is not None:
                    inputs = {
                        name: _identities(sources, decided, identities)
                        for name, sources in run.inputs.items()
                    }
                    queries.append(
                        ReuseQuery(
                            run.key,
                            step,
                            version.version_id,
                            run.params,
                            inputs,
                            run.sample,
                            run.branch,
                        )
                    )
                else:
                    decided[run.key] = found or _blocked(f"step {shown(step)} has no method")
        answers = lookup(queries) if queries else {}
        for query in queries:
            decided[query.key] = _answered(answers.get(query.key))
    return {run.key: decided[run.key] for run in expanded.runs}


def _without_lookup(
    run: PlannedRun,
    expanded: ExpandedPlan,
    decided: Mapping[str, Decision],
    again: frozenset[str],
    above: dict[int, _Above],
) -> Decision | None:
    if run.problem is not None:
        return _blocked(run.problem)
    cause: _Above | None = None
    for sources in run.inputs.values():
        if id(sources) not in above:
            above[id(sources)] = _verdict(sources, expanded, decided)
        verdict = above[id(sources)]
        if verdict.action == "blocked":
            reason = f"not run: upstream step {shown(verdict.step)} cannot run"
            return Decision("blocked", reason, "upstream_problem")
        if verdict.action == "run" and cause is None:
            cause = verdict
    if run.key in again:
        return Decision("run", "re-run asked", "rerun")
    if cause is not None:
        return Decision("run", f"upstream step {shown(cause.step)} will run", "upstream")
    return None


def _verdict(
    sources: Sequence[Source], expanded: ExpandedPlan, decided: Mapping[str, Decision]
) -> _Above:
    """Blocked if a member that is waited for is, or all are; run if any member is not reused."""
    first: dict[Action, str] = {}
    for source in sources:
        if isinstance(source, PlannedEdge):
            action = decided[source.parent].action
            if action == "blocked" and source.on_failure == "wait":
                return _Above("blocked", expanded.by_key[source.parent].step)
            first.setdefault(action, source.parent)
    if "run" in first:
        return _Above("run", expanded.by_key[first["run"]].step)
    if "blocked" in first:
        # Without those members the list is another one; without any there is none.
        left: Action = "run" if "reuse" in first else "blocked"
        return _Above(left, expanded.by_key[first["blocked"]].step)
    return _REUSED


def _identities(
    sources: tuple[Source, ...],
    decided: Mapping[str, Decision],
    known: dict[int, tuple[Identity, ...]],
) -> tuple[Identity, ...]:
    if id(sources) not in known:
        known[id(sources)] = tuple(_identity(source, decided) for source in sources)
    return known[id(sources)]


def _identity(source: Source, decided: Mapping[str, Decision]) -> Identity:
    match source:
        case PlannedEdge(parent=parent, output=output, label=label):
            run_id = decided[parent].run_id
            if run_id is None:
                raise ValueError(f"{parent} is not reused")
            return OutputOf(run_id, output, label)
        case ExistingRun(run_id=run_id, output=output, label=label):
            return OutputOf(run_id, output, label)
        case File(path=path, label=label):
            return ContentOf(path, label)
        case ColumnValue(text=text, label=label):
            return TextOf(text, label)
        case Value(text=text):
            return TextOf(text)


def _answered(answer: Reuse | None) -> Decision:
    if answer is None:
        reason = "no earlier run with the same version, parameters and inputs"
        return Decision("run", reason, "new")
    reason = f"reuses run {answer.run_id}: same version, parameters and inputs"
    if answer.equal_bytes_from:
        numbers = [str(run_id) for run_id in answer.equal_bytes_from]
        told = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
        reason += f"; equal bytes from run{'s' if len(numbers) > 1 else ''} {told}"
    if answer.read_beside:
        reason += "; it also read files that are none of its inputs, and these may be others now"
    return Decision("reuse", reason, "equal", answer.run_id)


def _blocked(reason: str) -> Decision:
    return Decision("blocked", reason, "problem")
