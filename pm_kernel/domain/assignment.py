"""Which planned runs a launch is given: what lacks a result and can have one now.

    done      has a valid completed run
    pending   an execution of it lives; nobody starts a second one beside it
    ended     it had its try, or cannot be made
    open      neither

An open planned run is *given* when each input it waits for has a result or is given too; *later*
when something it needs is pending or later, or when a list of it goes on without failed members and
some of them have not ended; *hopeless* when a needed member has ended without a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pm_kernel.domain.bindings import OnFailure
from pm_kernel.domain.survivors import Member, survivors

State = Literal["done", "pending", "ended", "open"]
Verdict = Literal["done", "pending", "ended", "given", "later", "hopeless"]


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
        verdicts[planned] = _open(inputs.get(planned, {}), verdicts) if state == "open" else state
    return verdicts


def _open(inputs: Mapping[str, Sequence[Need]], verdicts: Mapping[int, Verdict]) -> Verdict:
    undecided = False
    for needs in inputs.values():
        for need in needs:
            above = verdicts[need.parent]
            if above in ("pending", "later"):
                undecided = True
            elif above == "given" and need.on_failure == "go_on":
                # Whether it will be a member is known when it has ended.
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
