"""How a run's process ended, in a sentence that a researcher can act on."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long a task may take, in seconds, and how old it was when it had ended (None: unknown).

    What ends it at its limit counts from no earlier than its first process.
    """

    seconds: float
    age: float | None


def failure(
    exit_code: int | None, report: dict[str, Any] | None, limit: TimeLimit | None = None
) -> str | None:
    """Return why a run did not complete; None: its method returned.

    ``exit_code`` is the runner's as a shell or as Python gives it (137 or -9 for SIGKILL), None
    where it was never started; ``report`` is what the runner wrote at its very end.
    """
    if report is not None and report.get("outcome") == "raised":
        error = report.get("error") or {}
        kind, message = error.get("type", "Error"), error.get("message")
        place = error.get("traceback_last_user_line")
        said = f"{kind}: {message}" if message else str(kind)
        return f"{said} ({place})" if place else said
    if exit_code == 0 and report is not None and not report["exit_code"]:
        return None
    if exit_code is None:
        return "It was never started."
    number = -exit_code if exit_code < 0 else exit_code - 128
    if limit is not None and number in (signal.SIGTERM, signal.SIGUSR2):
        return _stopped(number, limit)
    if number in _SIGNALS:
        return _SIGNALS[number]
    if exit_code == 0:
        return "Its process ended without finishing run(); os._exit() or a killed parent do that."
    if exit_code < 0:
        return f"It was ended by signal {number} ({signal.strsignal(number) or 'unknown'})."
    said = ((report or {}).get("error") or {}).get("message") or ""
    if said and said != f"exit code {exit_code}":
        return f"It ended with exit code {exit_code}: {said}"
    return f"It ended with exit code {exit_code}."


def _stopped(number: int, limit: TimeLimit) -> str:
    from pm_kernel.domain.quantities import duration_text, limit_text

    most = limit_text(limit.seconds)
    if number == signal.SIGUSR2:
        # Nextflow has SLURM send this some seconds before it ends a job.
        return f"It was stopped by its scheduler (signal 12) at its time limit of {most}."
    if limit.age is None:
        return f"It was stopped (signal 15): its time limit of {most}, or somebody ended it."
    if limit.age >= limit.seconds:
        return f"It was stopped after its time limit of {most} (signal 15)."
    after = duration_text(limit.age)
    return f"It was stopped from outside (signal 15) after {after}; its time limit is {most}."


_SIGNALS = {
    2: "It was interrupted (signal 2).",
    6: "It gave itself up (signal 6, abort), as C and C++ code does after an error.",
    7: "It crashed (signal 7, bus error).",
    8: "It crashed (signal 8, arithmetic error).",
    9: "It was killed (signal 9), as happens when memory runs out.",
    11: "It crashed (signal 11, segmentation fault).",
    12: "It was stopped by its scheduler (signal 12), as happens at the time limit.",
    15: "It was stopped from outside (signal 15): a time limit, or somebody ended it.",
    24: "It used up the processor time it was allowed (signal 24).",
    25: "It wrote a larger file than it was allowed (signal 25).",
}
