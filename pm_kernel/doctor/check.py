"""The result of one check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from pm_kernel.domain.marks import Mark
from pm_kernel.errors import PmError

#: A problem keeps something from working; a notice is worth knowing.
State = Literal["ok", "notice", "problem"]

CHECK_MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "ok": Mark("ok", "●", "success", "ok"),
        "notice": Mark("notice", "⚠", "warn", "notice"),
        "problem": Mark("problem", "✕", "error", "problem"),
    }
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    #: What was looked at, as it is shown: "run store".
    name: str
    state: State
    #: A sentence: what was found.
    told: str
    #: The command or action that mends it.
    hint: str | None = None
    #: Facts for programs; plain values that JSON knows.
    details: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "name": self.name,
            "state": self.state,
            "told": self.told,
            "hint": self.hint,
            "details": dict(self.details),
        }


def ok(name: str, told: str, hint: str | None = None, **details: Any) -> Check:
    """Say that something is as it should be."""
    return Check(name, "ok", told, hint, details)


def notice(name: str, told: str, hint: str | None = None, **details: Any) -> Check:
    """Say something that is worth knowing and stops nothing."""
    return Check(name, "notice", told, hint, details)


def problem(name: str, told: str, hint: str | None = None, **details: Any) -> Check:
    """Say that something does not work."""
    return Check(name, "problem", told, hint, details)


def failed(name: str, error: Exception) -> Check:
    """Say what a check ran into: our own errors are the answer, others are its own failure."""
    if isinstance(error, PmError):
        return problem(name, error.message, error.hint)
    lines = str(error).splitlines()
    told = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return problem(
        name,
        f"It could not be looked at: {told}.",
        "This is a mistake of the check or something it did not expect; please report it.",
        error=told,
    )
