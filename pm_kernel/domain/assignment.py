"""Which planned runs a launch is given: what lacks a result and can have one now.

    done      has a valid completed run
    pending   an execution of it lives; nobody starts a second one beside it
    ended     it had its try, or cannot be made
    open      neither

An open planned run is *given* when each input it waits for has a result or is given too; *later*
when something it needs is undecided, or when a list of it goes on without failed members and some
of them have not ended; *hopeless* when a needed member has ended without a result.

A done one is *doubtful* while something above it will run: it stands only if its input turns out
to be what it was. Nothing that lacks a result is made from it before that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pm_kernel.domain.bindings import OnFailure
from pm_kernel.domain.survivors import Member, survivors

State = Literal["done", "pending", "ended", "open"]
Verdict = Literal["done", "doubtful", "pending", "ended", "given", "later", "hopeless"]

#: What becomes of them is known only after something else has ended.
_UNDECIDED = frozenset({"pending", "later", "doubtful"})


@dataclass(frozen=True, slots=True)
class Need:
    """One member of one input of a planned run; ``label`` is None where the input is no list."""

    child: int
    input: str
    parent: int
    label: str | None = None
    on_failure: OnFailure = "wait"


def assign(states: Mapping[int, State], needs: Iterable[Need]) -> dict[int, Verdict]:
    """Return a verdict for every planned run; ``states`` lists parents before their children."""
    inputs: dict[int, dict[str, list[Need]]] = {}
    for need in needs:
        inputs.setdefault(need.child, {}).setdefault(need.input, []).append(need)
    verdicts: dict[int, Verdict] = {}
    for planned, state in states.items():
        verdicts[planned] = _verdict(state, inputs.get(planned, {}), verdicts)
    return verdicts


def _verdict(
    state: State, inputs: Mapping[str, Sequence[Need]], verdicts: Mapping[int, Verdict]
) -> Verdict:
    if state == "open":
        return _open(inputs, verdicts)
    if state == "done":
        above = {verdicts[need.parent] for needs in inputs.values() for need in needs}
        return "doubtful" if "given" in above or above & _UNDECIDED else "done"
    return state


def _open(inputs: Mapping[str, Sequence[Need]], verdicts: Mapping[int, Verdict]) -> Verdict:
    undecided = False
    for needs in inputs.values():
        for need in needs:
            above = verdicts[need.parent]
            # Whether a member of a list that goes on will be in it is known when it has ended.
            if above in _UNDECIDED or (above == "given" and need.on_failure == "go_on"):
                undecided = True
    members = {
        name: [
            Member(verdicts[n.parent] not in ("ended", "hopeless"), n.label, n.on_failure)
            for n in needs
        ]
        for name, needs in inputs.items()
    }
    if survivors(members) is None:
        return "hopeless"
    return "later" if undecided else "given"
