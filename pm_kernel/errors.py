"""The errors a user can meet, as one tree.

    PmError                         exit code 1
    ├── UsageError                  2   what was typed or sent does not fit
    ├── NotFound                    3   no such method, version, run, plan, workspace
    ├── Conflict                    4   it exists already, or somebody else changed it meanwhile
    ├── InvalidInput                5   a document, file, declaration or value is wrong
    │   └── Problems                    several at once, each with the step or file it concerns
    ├── DatabaseUnavailable         6   the database does not answer
    ├── EngineUnavailable           7   Java, Nextflow, ps, git or an interpreter does not work
    ├── StoreUnavailable            8   the run store cannot be written (full, read-only, foreign)
    ├── IntegrityError              9   an artifact is not what was recorded
    ├── RunFailed                  10   the method ended with an error
    └── Cancelled                 130   a person stopped it

Every message is a sentence a researcher can act on: the thing, the reason, the next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PmError(Exception):
    """Root of the tree; ``exit_code`` is what the terminal returns."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: The command or action that mends it, shown on a line of its own.
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  {self.hint}"


class UsageError(PmError):
    """What was typed does not fit the command."""

    exit_code = 2


class NotFound(PmError):
    """Something was named that does not exist."""

    exit_code = 3


class Conflict(PmError):
    """It exists already, or was changed by somebody else meanwhile."""

    exit_code = 4


class InvalidInput(PmError):
    """A document, a file, a declaration or a value is wrong."""

    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where; ``step`` and ``edge`` let a canvas point at it."""

    message: str
    step: str | None = None
    edge: str | None = None
    code: str = "invalid"
    #: "error" stops a submit, "notice" is only shown.
    severity: str = "error"


class Problems(InvalidInput):
    """Several problems at once."""

    def __init__(self, problems: Sequence[Problem], *, hint: str | None = None) -> None:
        super().__init__("\n".join(p.message for p in problems), hint=hint)
        self.problems = tuple(problems)


class DatabaseUnavailable(PmError):
    """The database does not answer."""

    exit_code = 6


class EngineUnavailable(PmError):
    """A program this needs is missing, too old or broken."""

    exit_code = 7


class StoreUnavailable(PmError):
    """The run store cannot be written."""

    exit_code = 8


class IntegrityError(PmError):
    """An artifact is not what was recorded."""

    exit_code = 9


class RunFailed(PmError):
    """The method ended with an error; its log has the traceback."""

    exit_code = 10


class Cancelled(PmError):
    """A person stopped it."""

    exit_code = 130
