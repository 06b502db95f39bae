"""What a scan found: frozen, plain, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pm_kernel.domain.methods import EntryKind, ParamDef

Origin = Literal["stdlib", "local", "external"]


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Something in a file that a person should know; no ``line`` where it concerns all of it."""

    file: str
    line: int | None
    message: str
    #: "error": the file was not read. "notice": it was.
    severity: Literal["error", "notice"] = "error"

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class ScannedFunction:
    """One function of the method, nested ones and methods of classes included."""

    qualname: str
    file: str
    line: int
    end_line: int
    #: First line of the docstring.
    doc: str
    params: tuple[ParamDef, ...]
    returns: str = ""
    is_async: bool = False
    #: Why it cannot be tracked ("is a lambda…", goes on after its name); None: it can.
    blocked: str | None = None

    @property
    def trackable(self) -> bool:
        """Whether calls of it can be recorded."""
        return self.blocked is None

    def recorded(self) -> tuple[ParamDef, ...]:
        """The parameters recorded unless a person chooses others: settings, not data.

        A setting has a default, is passed as a literal somewhere, or is annotated as a scalar.
        """
        return tuple(param for param in self.params if _is_setting(param))


def _is_setting(param: ParamDef) -> bool:
    if param.kind in ("var_positional", "var_keyword"):
        return False
    scalar = param.type in ("int", "float", "bool") or "Literal[" in param.type
    return not param.required or param.call_site is not None or scalar


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call of one of the method's own functions."""

    file: str
    line: int
    target_file: str
    target: str


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module: as written, and its top-level name."""

    name: str
    top: str
    file: str
    line: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a run begins: ``run()``, or the command line of ``run.py``."""

    kind: EntryKind
    file: str
    line: int
    #: Arguments of ``run()``, or options of the command line.
    params: tuple[ParamDef, ...]
    #: Arguments of ``run()`` that the code opens or reads.
    read_as_paths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MethodScan:
    """Everything the source of a method tells without running it."""

    #: Names of all files of the method, also of those that are no Python.
    files: tuple[str, ...]
    functions: tuple[ScannedFunction, ...]
    entry: Entry | None
    imports: tuple[Import, ...]
    calls: tuple[CallSite, ...]
    #: Results the code seems to write below ``output_dir``: path -> line in ``file:line`` form.
    written: tuple[tuple[str, str], ...]
    problems: tuple[SourceProblem, ...]
    #: Short text constants: what the code may read by name.
    literals: frozenset[str]
    #: What its workflow documents say that a run takes; None: nothing.
    critical_seconds: float | None = None

    def function(self, file: str, qualname: str) -> ScannedFunction | None:
        """The function of that name in that file."""
        for function in self.functions:
            if function.file == file and function.qualname == qualname:
                return function
        return None

    def packages(self) -> tuple[str, ...]:
        """Top-level names of modules that must come from the environment, sorted."""
        return tuple(sorted({each.top for each in self.imports if each.origin == "external"}))

    def errors(self) -> tuple[SourceProblem, ...]:
        """Problems that keep the method from being registered."""
        return tuple(each for each in self.problems if each.severity == "error")
