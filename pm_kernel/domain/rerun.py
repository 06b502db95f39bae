"""What a plan runs again although an equal run exists.

    {"all": false, "steps": ["filter"], "keys": […],
     "parts": [{"step": "filter", "sample": "s1", "branch": "tight"},
               {"branch": {"gate": "tight"}}]}

A part is every planned run that fits all that is said of it: of this step, of this sample, of this
branch. A branch is named as the run tree shows it ("tight/k=5"), or by one of those chosen in it
("tight"); or in a table, by step or branch group, where several have a branch of that name. What
lies below a planned run that runs is run too, whatever is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pm_kernel.domain.dimensions import Axis
from pm_kernel.domain.faults import Faults, as_mapping, names_of, suggestion
from pm_kernel.domain.names import shown
from pm_kernel.domain.plan import PlannedRun
from pm_kernel.errors import InvalidInput, Problem

#: Of the parts that nothing fits so many are shown one by one.
_SHOWN = 20

_SAID = ("step", "sample", "branch")

#: Where the parts of "sample=s1, branch=k=5" begin; names may hold commas and equal signs.
_WORD = re.compile(rf"(?:^|,)\s*({'|'.join(_SAID)})\s*=\s*")
#: A name in quotes, which may hold what would begin another part.
_QUOTED = re.compile(r"""(?:"([^"]*)"|'([^']*)')\s*(?=,|$)""")

#: The code of notices about names that the plan does not have.
UNKNOWN_RERUN = "unknown_rerun"


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a run tree: the planned runs that fit everything that is said."""

    step: str | None = None
    sample: str | None = None
    #: As it is shown, or one of the branches chosen in it.
    branch: str | None = None
    #: (step or branch group, branch): all of these.
    branches: tuple[tuple[str, str], ...] = ()

    @property
    def said(self) -> str:
        """The part in words."""
        told = [
            f"{name} {shown(text)}"
            for name, text in (("step", self.step), ("sample", self.sample))
            if text is not None
        ]
        told += [] if self.branch is None else [f"branch {shown(self.branch)}"]
        return ", ".join([*told, *(f"{shown(a)} = {shown(b)}" for a, b in self.branches)])

    def to_document(self) -> dict[str, Any]:
        """The part as plain data, with what is said only."""
        branch = self.branch if self.branch is not None else dict(self.branches) or None
        every = {"step": self.step, "sample": self.sample, "branch": branch}
        return {name: value for name, value in every.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Rerun:
    """What is run again although an equal run exists."""

    steps: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    everything: bool = False
    parts: tuple[Part, ...] = ()

    def keys_in(self, runs: Sequence[PlannedRun], axes: Mapping[str, Axis]) -> frozenset[str]:
        """The planned runs that were asked for again, by key."""
        if self.everything:
            return frozenset(run.key for run in runs)
        found = {run.key for run in runs if run.step in self.steps or run.key in self.keys}
        return frozenset(found.union(*_fitting(self.parts, runs, axes)))

    def to_document(self) -> dict[str, Any]:
        """The same as plain data; ``parse_rerun`` reads it back."""
        return {
            "all": self.everything,
            "steps": sorted(self.steps),
            "keys": sorted(self.keys),
            "parts": [part.to_document() for part in self.parts],
        }

    def without(self, other: Rerun) -> Rerun:
        """What is asked for here and not there."""
        return Rerun(
            self.steps - other.steps,
            self.keys - other.keys,
            self.everything and not other.everything,
            tuple(part for part in self.parts if part not in other.parts),
        )


def parse_rerun(raw: object, faults: Faults) -> Rerun:
    """Read what is to run again; what is wrong becomes a problem and is left out."""
    given = as_mapping(raw, "rerun", faults)
    faults.unknown_keys(given, {"all", "steps", "keys", "parts"}, "'rerun'")
    parts = given.get("parts")
    every = () if parts is None else parts if isinstance(parts, list | tuple) else (parts,)
    found = [part for each in every if (part := _part(each, faults)) is not None]
    # A part that is all of a step is that step: said in two ways, it is the same plan.
    steps = frozenset(p.step for p in found if p.step is not None and p == Part(p.step))
    return Rerun(
        steps.union(names_of(given.get("steps"), "steps", faults)),
        frozenset(names_of(given.get("keys"), "keys", faults)),
        given.get("all") is True,
        tuple(dict.fromkeys(part for part in found if part != Part(part.step))),
    )


def rerun_of_words(words: Iterable[str | Mapping[str, Any]]) -> dict[str, Any]:
    """Return as a document what is said in words: steps, ``all``, and parts of the run tree.

    A part is a table, or text such as ``sample=s1, branch=tight``; any other text names a step. A
    name may stand in quotes: ``branch="k=5, step=2"``. Raises InvalidInput for what is said twice.
    """
    steps, parts, everything = [], [], False
    for word in words:
        if not isinstance(word, str):
            parts.append(dict(word))
        elif word == "all":
            everything = True
        elif _WORD.match(word):
            parts.append(_part_of_text(word))
        else:
            steps.append(word)
    return {"all": everything, "steps": steps, "parts": parts}


def names_step(word: str) -> bool:
    """Whether ``rerun_of_words`` reads a text as the name of a step."""
    return word != "all" and _WORD.match(word) is None


def _part_of_text(word: str) -> dict[str, str]:
    said: dict[str, str] = {}
    begin = _WORD.match(word)
    while begin is not None:
        quoted = _QUOTED.match(word, begin.end())
        following = _WORD.search(word, begin.end() if quoted is None else quoted.end())
        end = len(word) if following is None else following.start()
        if begin[1] in said:
            raise InvalidInput(
                f"{shown(word, 120)} says {begin[1]} twice; a part has one.",
                hint="Say each part by itself, or put a name into quotes, as in "
                'branch="k=5, step=2".',
            )
        if quoted is not None and quoted.end() == end:
            said[begin[1]] = quoted[1] if quoted[2] is None else quoted[2]
        else:
            said[begin[1]] = word[begin.end() : end].strip()
        begin = following
    return said


def check_rerun(
    rerun: Rerun,
    runs: Sequence[PlannedRun],
    axes: Mapping[str, Axis],
    samples: Collection[str],
    steps: Collection[str],
    faults: Faults,
) -> None:
    """Note every part that nothing fits: what it names is unknown, or not in this plan any more.

    These are notices: a plan may lose a sample that somebody chose to run again. Where somebody
    asks for it just now, what is unknown is an error: ``unknown_rerun``.
    """
    axis_of = {**{name: name for name in axes}, **_axis_of(axes)}
    branches = {value for axis in axes.values() if not axis.silent for value in axis.values}
    finished = not any(problem.severity == "error" for problem in faults.found)
    fitting = _fitting(rerun.parts, runs, axes)
    idle = [part for part, keys in zip(rerun.parts, fitting, strict=True) if not keys]
    named = {*rerun.steps, *(part.step for part in idle if part.step is not None)}
    for name in sorted(named - set(steps)):
        faults.add(
            f"The plan names the step {shown(name)}, but no step is called so"
            f"{suggestion(name, steps)}",
            code=UNKNOWN_RERUN,
            severity="notice",
        )
    for part in idle[:_SHOWN]:
        unknown = part.step is not None and part.step not in steps
        if part.sample is not None and part.sample not in samples:
            unknown = _unknown(f"sample {shown(part.sample)}", part.sample, samples, faults)
        if part.branch is not None and part.branch not in branches:
            whole = {run.branch for run in runs if run.branch}
            if part.branch not in whole:
                told = f"branch {shown(part.branch)}"
                unknown = _unknown(told, part.branch, sorted(branches), faults)
        for name, branch in part.branches:
            axis = axes.get(axis_of.get(name, name))
            if axis is None:
                unknown = _unknown(f"branches of {shown(name)}", name, axis_of, faults)
            elif branch not in axis.values:
                told = f"branch {shown(branch)} of {shown(name)}"
                unknown = _unknown(told, branch, axis.values, faults)
        if finished and not unknown:
            faults.add(
                f"Nothing runs again for {part.said}: the plan has no run that is all of that.",
                code="stale_rerun",
                severity="notice",
            )
    if len(idle) > _SHOWN:
        more = f"Nothing runs again for {len(idle) - _SHOWN} more parts of the plan."
        faults.add(more, code="stale_rerun", severity="notice")
    gone = len(rerun.keys - {run.key for run in runs}) if rerun.keys else 0
    if finished and gone:
        told = "A single run that was" if gone == 1 else f"{gone} single runs that were"
        verb = "is" if gone == 1 else "are"
        faults.add(
            f"{told} to run again {verb} not in the plan any more.",
            code="stale_rerun",
            severity="notice",
        )


def unknown_rerun(
    rerun: Rerun,
    runs: Sequence[PlannedRun],
    axes: Mapping[str, Axis],
    samples: Collection[str],
    steps: Collection[str],
) -> list[Problem]:
    """Return an error for every name in what is to run again that a plan does not have."""
    faults = Faults()
    check_rerun(rerun, runs, axes, samples, steps, faults)
    return [replace(each, severity="error") for each in faults.found if each.code == UNKNOWN_RERUN]


def _unknown(told: str, name: str, known: Collection[str], faults: Faults) -> bool:
    faults.add(
        f"The plan is to run {told} again, but has none that is called so"
        f"{suggestion(name, known, otherwise='It has')}",
        code=UNKNOWN_RERUN,
        severity="notice",
    )
    return True


def _axis_of(axes: Mapping[str, Axis]) -> dict[str, str]:
    """step -> the axis that it branches on, alone or with a group"""
    return {step: name for name, axis in axes.items() for step in axis.params}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A part as the runs of one plan are asked for it."""

    number: int
    part: Part
    #: axis -> the branch that a run must have there
    needed: Mapping[str, str]
    #: The axes that have a branch of the name that was given alone.
    having: tuple[str, ...]

    @classmethod
    def of(cls, number: int, part: Part, axes: Mapping[str, Axis]) -> _Wanted | None:
        """None where no run can be all of that: two steps of a group with different branches."""
        axis_of = _axis_of(axes)
        needed: dict[str, str] = {}
        for name, branch in part.branches:
            if needed.setdefault(axis_of.get(name, name), branch) != branch:
                return None
        # The one branch of a step that nobody branched is never shown, so that none can mean it.
        shown_axes = [name for name, axis in axes.items() if not axis.silent]
        having = tuple(name for name in shown_axes if part.branch in axes[name].values)
        return cls(number, part, needed, having)

    def fits(self, run: PlannedRun) -> bool:
        """Whether a planned run is meant, its sample apart."""
        branch = self.part.branch
        return (
            self.part.step in (None, run.step)
            and all(run.branches.get(name) == each for name, each in self.needed.items())
            and (
                branch in (None, run.branch)
                or any(run.branches.get(name) == branch for name in self.having)
            )
        )


def _fitting(
    parts: Sequence[Part], runs: Sequence[PlannedRun], axes: Mapping[str, Axis]
) -> list[set[str]]:
    """For each part the keys of the planned runs that fit it."""
    found: list[set[str]] = [set() for _ in parts]
    if not parts:
        return found
    # A sheet of thousands may have a part for each: only those that can fit are asked.
    by_sample: dict[str | None, list[_Wanted]] = {}
    for number, part in enumerate(parts):
        wanted = _Wanted.of(number, part, axes)
        if wanted is not None:
            by_sample.setdefault(part.sample, []).append(wanted)
    everywhere = by_sample.pop(None, [])
    for run in runs:
        own = by_sample.get(run.sample, []) if run.sample is not None else []
        for wanted in (*own, *everywhere):
            if wanted.fits(run):
                found[wanted.number].add(run.key)
    return found


def _part(raw: object, faults: Faults) -> Part | None:
    given = as_mapping(raw, "rerun.parts", faults)
    faults.unknown_keys(given, _SAID, "A part that is to run again")
    branch = given.get("branch")
    table = as_mapping(branch, "branch", faults) if isinstance(branch, Mapping) else {}
    texts = [given.get("step"), given.get("sample"), None if table else branch]
    said = any(given.get(name) not in (None, {}) for name in _SAID)
    told = all(isinstance(each, str) for each in table.values())
    if not said or not told or not all(each is None or isinstance(each, str) for each in texts):
        faults.add(
            "'rerun.parts' lists what to run again, as in "
            '{"step": "filter", "sample": "s1", "branch": "tight"}; one of these is enough.',
            code="wrong_type",
        )
        return None
    return Part(
        given.get("step"),
        given.get("sample"),
        None if isinstance(branch, Mapping) else branch,
        tuple(sorted(table.items())),
    )
