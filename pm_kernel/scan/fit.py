"""Does the code fit its declaration: is what is declared there, and does it get all it needs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pm_kernel.domain.methods import (
    ENTRY_FILE,
    ENTRY_FUNCTION,
    LABELS_SUFFIX,
    OUTPUT_ARGUMENT,
    Declaration,
    ParamDef,
    TrackedFunction,
)
from pm_kernel.errors import Problem, Problems
from pm_kernel.scan.model import Entry, MethodScan, ScannedFunction

#: How a script may call its only output, or the folder for results.
_SCRIPT_OUTPUT = frozenset({"output", "out", "o", "output_path", "output_file"})
_SCRIPT_FOLDER = frozenset({OUTPUT_ARGUMENT, "out_dir", "outdir", "output_folder"})


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What each argument of ``run()``, or each option of a script, is for."""

    #: Declared inputs that it takes.
    inputs: tuple[str, ...] = ()
    #: Gathered inputs whose labels it takes as well (``tables_labels``).
    labels: tuple[str, ...] = ()
    #: The argument that receives the folder for results; None: it takes none.
    output_dir: str | None = None
    #: Script options that receive the path of a declared output: option name -> output.
    outputs: tuple[tuple[str, str], ...] = ()
    #: All others: parameters of the function ``run``.
    params: tuple[ParamDef, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """A declaration with its parameters filled in, and what is wrong with it."""

    declaration: Declaration
    arguments: RunArguments
    problems: tuple[Problem, ...]

    def checked(self) -> Declaration:
        """The declaration; raises Problems where something is wrong."""
        errors = [each for each in self.problems if each.severity == "error"]
        if errors:
            raise Problems(errors)
        return self.declaration


def fit(scan: MethodScan, declaration: Declaration) -> Fit:
    """Fill in what follows from the files: parameters, documented time; say what does not fit."""
    problems = [Problem(str(each), code="source") for each in scan.errors()]
    arguments = RunArguments()
    if scan.entry is not None:
        arguments, unfit = classify(scan.entry, declaration)
        problems += unfit
        if scan.entry.kind != declaration.entry:
            now = "has a function run()" if scan.entry.kind == "function" else "is a script"
            problems.append(
                Problem(
                    f"{ENTRY_FILE} {now}, but the declaration says entry = "
                    f"{declaration.entry!r}. Declare entry = {scan.entry.kind!r}.",
                    code="entry",
                )
            )
    tracked: list[TrackedFunction] = []
    for function in declaration.tracked:
        params, wrong = _tracked_params(scan, function, arguments)
        problems += wrong
        tracked.append(replace(function, params=params, ordinal=len(tracked)))
    fitted = replace(declaration, tracked=tuple(tracked), documented_seconds=scan.critical_seconds)
    return Fit(fitted, arguments, tuple(problems))


def classify(entry: Entry, declaration: Declaration) -> tuple[RunArguments, list[Problem]]:
    """Sort the arguments of ``run()`` into inputs, labels, folder for results and parameters."""
    inputs = {each.name: each for each in declaration.inputs}
    gathered = {f"{name}{LABELS_SUFFIX}": name for name, each in inputs.items() if each.gather}
    outputs = _script_outputs(declaration) if entry.kind == "script" else {}
    folders = _SCRIPT_FOLDER if entry.kind == "script" else {OUTPUT_ARGUMENT}
    taken: list[str] = []
    labels: list[str] = []
    paths: list[tuple[str, str]] = []
    params: list[ParamDef] = []
    problems: list[Problem] = []
    folder: str | None = None
    for param in entry.params:
        if param.kind in ("var_positional", "var_keyword"):
            continue
        if param.name in inputs:
            taken.append(param.name)
            if param.required and not inputs[param.name].required:
                problems.append(_optional_without_default(entry, param))
        elif param.name in gathered:
            labels.append(gathered[param.name])
        elif param.name in folders:
            folder = param.name
        elif param.name in outputs:
            paths.append((param.name, outputs[param.name]))
        else:
            params.append(param)
            if param.required:
                problems.append(_undeclared(entry, param, inputs))
    if not any(param.kind == "var_keyword" for param in entry.params):
        missing = [name for name in inputs if name not in taken]
        problems += [_not_taken(entry, name) for name in missing]
    arguments = RunArguments(tuple(taken), tuple(labels), folder, tuple(paths), tuple(params))
    return arguments, problems


def _script_outputs(declaration: Declaration) -> dict[str, str]:
    outputs = {each.name: each.name for each in declaration.outputs}
    if len(declaration.outputs) == 1:
        only = declaration.outputs[0].name
        outputs.update((name, only) for name in _SCRIPT_OUTPUT)
    return outputs


def _said(entry: Entry, param: ParamDef) -> str:
    if entry.kind == "script":
        return f"{entry.file}: option {param.option or param.name}"
    return f"{entry.file}: argument {param.name} of run()"


def _undeclared(entry: Entry, param: ParamDef, inputs: Iterable[str]) -> Problem:
    return Problem(
        f"{_said(entry, param)} has no default and is no declared input"
        f"{_suggestion(param.name, inputs)}. Declare it as an input, or give it a default.",
        code="undeclared_argument",
    )


def _optional_without_default(entry: Entry, param: ParamDef) -> Problem:
    return Problem(
        f"{_said(entry, param)} is an optional input and needs a default, for example None.",
        code="optional_input",
    )


def _not_taken(entry: Entry, name: str) -> Problem:
    what = "run() has no argument" if entry.kind == "function" else "the script has no option"
    near = _suggestion(name, [param.name for param in entry.params])
    return Problem(f"{entry.file}: input {name!r} is declared, but {what} of that name{near}.",
                   code="input_not_taken")  # fmt: skip


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _tracked_params(
    scan: MethodScan, tracked: TrackedFunction, arguments: RunArguments
) -> tuple[tuple[ParamDef, ...], list[Problem]]:
    is_entry = _is_entry(scan, tracked)
    if is_entry and scan.entry is not None and scan.entry.kind == "script":
        available, recorded = scan.entry.params, arguments.params
    else:
        function = scan.function(tracked.file, tracked.qualname)
        if function is None:
            return (), [_not_found(scan, tracked)]
        if function.blocked is not None:
            said = f"{tracked.file}: {tracked.qualname} cannot be tracked: it {function.blocked}"
            return (), [Problem(said, code="untrackable")]
        available, recorded = function.params, _recorded(function, arguments, is_entry)
    if tracked.selected is not None:
        return _selected(tracked, available)
    if not recorded:
        said = f"{tracked.file}: {tracked.qualname} has no settings to record, only data."
        return (), [Problem(said, code="no_params", severity="notice")]
    return tuple(recorded), []


def _is_entry(scan: MethodScan, tracked: TrackedFunction) -> bool:
    return (
        scan.entry is not None
        and tracked.file == scan.entry.file
        and tracked.qualname == ENTRY_FUNCTION
    )


def _recorded(
    function: ScannedFunction, arguments: RunArguments, is_entry: bool
) -> tuple[ParamDef, ...]:
    return arguments.params if is_entry else function.recorded()


def _selected(
    tracked: TrackedFunction, available: tuple[ParamDef, ...]
) -> tuple[tuple[ParamDef, ...], list[Problem]]:
    by_name = {param.name: param for param in available if not param.kind.startswith("var_")}
    unknown = [name for name in tracked.selected or () if name not in by_name]
    problems = [
        Problem(
            f"{tracked.file}: {tracked.qualname} has no parameter {name!r}"
            f"{_suggestion(name, by_name)}.",
            code="unknown_param",
        )
        for name in unknown
    ]
    return tuple(by_name[name] for name in tracked.selected or () if name in by_name), problems


def _not_found(scan: MethodScan, tracked: TrackedFunction) -> Problem:
    if tracked.file not in scan.files:
        said = f"{tracked.qualname} is tracked in {tracked.file}, which is not in the folder."
        return Problem(said, code="unknown_file")
    names = [each.qualname for each in scan.functions if each.file == tracked.file]
    elsewhere = [each.file for each in scan.functions if each.qualname == tracked.qualname]
    near = f" It is in {elsewhere[0]}." if elsewhere else ""
    return Problem(
        f"{tracked.file} has no function {tracked.qualname}"
        f"{_suggestion(tracked.qualname, names)}.{near}",
        code="unknown_function",
    )
