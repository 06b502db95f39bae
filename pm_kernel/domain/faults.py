"""Collecting what is wrong with a document instead of stopping at the first fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pm_kernel.domain.names import listed, shown
from pm_kernel.errors import Problem


@dataclass
class Faults:
    """Problems found so far, each stamped with the step and link being read.

    ``at`` gives a view that writes into the same list, so that a parser deep down need not know
    where it is.
    """

    found: list[Problem] = field(default_factory=list)
    step: str | None = None
    edge: str | None = None

    def at(self, step: str | None, edge: str | None = None) -> Faults:
        """The same list, for another place."""
        return Faults(self.found, step, edge)

    def add(self, message: str, code: str = "invalid", severity: str = "error") -> None:
        """Note one problem; the sentence is led by the step it concerns."""
        place = "" if self.step is None else f"Step {shown(self.step)}: "
        self.found.append(Problem(place + message, self.step, self.edge, code, severity))

    def unknown_keys(self, given: Mapping[str, Any], known: Iterable[str], what: str) -> None:
        """Note every key that nothing reads: most are typing mistakes."""
        allowed = sorted(known)
        for key in sorted(set(given) - set(allowed)):
            self.add(f"{what} has no {shown(key)}{suggestion(key, allowed)}", code="unknown_key")


def suggestion(name: str, known: Iterable[str], *, otherwise: str = "It knows") -> str:
    """The rest of a sentence: what was probably meant, else what there is."""
    every = list(known)
    close = get_close_matches(name, every, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {shown(close[0])}?"
    return f". {otherwise}: {listed(every, 12)}." if every else "."


def as_mapping(raw: object, what: str, faults: Faults) -> dict[str, Any]:
    """``raw`` as a mapping with text keys; absent is empty, anything else is a problem too."""
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        faults.add(f"'{what}' must be a table of names and values.", code="wrong_type")
        return {}
    strange = [key for key in raw if not isinstance(key, str)]
    if strange:
        faults.add(f"'{what}' has keys that are not text.", code="wrong_type")
    return {key: value for key, value in raw.items() if isinstance(key, str)}


def names_of(raw: object, what: str, faults: Faults) -> tuple[str, ...]:
    """``raw`` as a list of names, each once; one name is a list of it, absent is empty."""
    every = () if raw is None else (raw,) if isinstance(raw, str) else raw
    if isinstance(every, list | tuple) and all(isinstance(each, str) for each in every):
        return tuple(dict.fromkeys(every))
    faults.add(f"'{what}' must be a list of names.", code="wrong_type")
    return ()
