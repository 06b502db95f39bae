"""Where an input of a step gets its data: five kinds, one of them chosen per input.

    {"from": "segment.nuclei"}                   output of another step
    {"from": "segment.nuclei", "gather": {…}}    a list of them, gathered over samples or branches
    {"column": "image"}                          a column of the sample sheet (may be gathered too)
    {"value": "5"}                               a value, as canonical text
    {"file": "/data/features.txt"}               a file
    {"run": 47, "output": "table"}               an output of a run that exists already

A gathering binding names what it gathers ``over`` (``sample``, steps whose branches differ, or
columns), ``by`` which sheet columns the lists are kept apart, and what it does when a member
failed: ``wait`` for all of them, the default, or ``go_on`` without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pm_kernel.domain.faults import Faults, as_mapping
from pm_kernel.domain.names import name_fault, shown

#: The dimension every sample sheet has.
SAMPLE = "sample"

OnFailure = Literal["wait", "go_on"]


@dataclass(frozen=True, slots=True)
class Gather:
    """Collect one list per group instead of one result per run; names are sorted and distinct."""

    over: tuple[str, ...]
    by: tuple[str, ...] = ()
    on_failure: OnFailure = "wait"


@dataclass(frozen=True, slots=True)
class FromStep:
    """An output of another step."""

    step: str
    output: str
    gather: Gather | None = None


@dataclass(frozen=True, slots=True)
class FromColumn:
    """The cell of a sample-sheet column; gathered, the aligned list of cells."""

    column: str
    gather: Gather | None = None


@dataclass(frozen=True, slots=True)
class FromValue:
    """A value, as canonical text."""

    text: str


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file, copied into the run directory when the run starts."""

    path: str


@dataclass(frozen=True, slots=True)
class FromRun:
    """An output of a run that exists already."""

    run_id: int
    output: str


Binding = FromStep | FromColumn | FromValue | FromFile | FromRun

#: The key that tells the kind -> the other keys allowed beside it.
_KINDS: Mapping[str, frozenset[str]] = {
    "from": frozenset({"gather"}),
    "column": frozenset({"gather"}),
    "value": frozenset(),
    "file": frozenset(),
    "run": frozenset({"output"}),
}


def gather_of(binding: Binding) -> Gather | None:
    """How ``binding`` gathers, None where it does not."""
    return binding.gather if isinstance(binding, FromStep | FromColumn) else None


def parse_binding(raw: object, faults: Faults) -> Binding | None:
    """One binding, or None (and problems) where nothing sensible is meant."""
    if not isinstance(raw, Mapping):
        faults.add('an input is written as a table such as {"from": "step.output"}.', "wrong_type")
        return None
    given = as_mapping(raw, "input", faults)
    kinds = [kind for kind in _KINDS if kind in given]
    if len(kinds) != 1:
        told = "nothing" if not kinds else " and ".join(f"'{kind}'" for kind in kinds)
        faults.add(
            "an input takes its data from exactly one of from, column, value, file or run; it has "
            f"{told}.",
            "binding",
        )
        return None
    kind = kinds[0]
    faults.unknown_keys(given, _KINDS[kind] | {kind}, f"an input with '{kind}'")
    readers: dict[str, Callable[[dict[str, Any], Faults], Binding | None]] = {
        "from": _from_step,
        "column": _from_column,
        "value": _from_value,
        "file": _from_file,
        "run": _from_run,
    }
    return readers[kind](given, faults)


def binding_document(binding: Binding) -> dict[str, Any]:
    """The same binding as it stands in a document."""
    match binding:
        case FromStep(step, output, gather):
            return {"from": f"{step}.{output}"} | _gather_document(gather)
        case FromColumn(column, gather):
            return {"column": column} | _gather_document(gather)
        case FromValue(text):
            return {"value": text}
        case FromFile(path):
            return {"file": path}
        case FromRun(run_id, output):
            return {"run": run_id, "output": output}


def _gather_document(gather: Gather | None) -> dict[str, Any]:
    if gather is None:
        return {}
    written: dict[str, Any] = {"over": list(gather.over)}
    if gather.by:
        written["by"] = list(gather.by)
    if gather.on_failure != "wait":
        written["on_failure"] = gather.on_failure
    return {"gather": written}


def _from_step(given: dict[str, Any], faults: Faults) -> Binding | None:
    source = given["from"]
    # A step's name may contain dots, an output's name does not.
    step, dot, output = source.rpartition(".") if isinstance(source, str) else ("", "", "")
    if not dot or not step or not output:
        faults.add(
            "'from' names a step and its output, as in 'segment.nuclei', not "
            f"{shown(str(source))}.",
            "binding",
        )
        return None
    return FromStep(step, output, _gather(given.get("gather"), faults))


def _from_column(given: dict[str, Any], faults: Faults) -> Binding | None:
    column = given["column"]
    fault = name_fault(column) if isinstance(column, str) else "is not text"
    if fault is not None:
        faults.add(f"the name of a sample-sheet column {fault}: {shown(str(column))}.", "binding")
        return None
    return FromColumn(column, _gather(given.get("gather"), faults))


def _from_value(given: dict[str, Any], faults: Faults) -> Binding | None:
    value = given["value"]
    if not isinstance(value, str) or not value:
        faults.add(
            "a value is written as text, so that 1, 1.0 and '1' stay apart: "
            f'"5" or "\'five\'", not {shown(repr(value))}.',
            "binding",
        )
        return None
    return FromValue(value)


def _from_file(given: dict[str, Any], faults: Faults) -> Binding | None:
    path = given["file"]
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        faults.add(f"'file' must be a path, not {shown(repr(path))}.", "binding")
        return None
    return FromFile(path)


def _from_run(given: dict[str, Any], faults: Faults) -> Binding | None:
    run, output = given["run"], given.get("output")
    if isinstance(run, bool) or not isinstance(run, int) or run < 1:
        faults.add(f"'run' must be the number of a run, not {shown(repr(run))}.", "binding")
        return None
    if not isinstance(output, str) or name_fault(output) is not None:
        faults.add(
            f'say which output of run {run} is meant: {{"run": {run}, "output": …}}.', "binding"
        )
        return None
    return FromRun(run, output)


def _gather(raw: object, faults: Faults) -> Gather | None:
    if raw is None:
        return None
    given = as_mapping(raw, "gather", faults)
    faults.unknown_keys(given, {"over", "by", "on_failure"}, "'gather'")
    over, by = (_names(given.get(key), key, faults) for key in ("over", "by"))
    if not over:
        faults.add(
            "'gather' must say what it gathers over: \"sample\", or the steps whose branches it "
            "collects.",
            "gather",
        )
        return None
    if SAMPLE in by:
        faults.add(
            "'by' takes columns of the sample sheet; by sample nothing is gathered.", "gather"
        )
        by = tuple(name for name in by if name != SAMPLE)
    on_failure: OnFailure = "go_on" if given.get("on_failure") == "go_on" else "wait"
    if given.get("on_failure", "wait") not in ("wait", "go_on"):
        faults.add(
            '\'on_failure\' is "wait" (for every member) or "go_on" (without those that failed).'
        )
    return Gather(over, by, on_failure)


def _names(raw: object, key: str, faults: Faults) -> tuple[str, ...]:
    if raw is None:
        return ()
    every = [raw] if isinstance(raw, str) else raw
    if not isinstance(every, list | tuple) or not all(isinstance(name, str) for name in every):
        faults.add(f"'{key}' must be a list of names.", "wrong_type")
        return ()
    return tuple(sorted(set(every)))
