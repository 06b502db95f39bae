"""What a method declares: as asked for, else as it declared before, else as the code suggests."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Protocol, TypeVar

from pm_kernel.domain.methods import (
    ENTRY_FUNCTION,
    Declaration,
    MethodInput,
    TrackedFunction,
)
from pm_kernel.errors import InvalidInput, Problem, Problems
from pm_kernel.registration.naming import check_name
from pm_kernel.registration.request import RegistrationRequest, Tracking
from pm_kernel.running.trackable import check_trackable
from pm_kernel.scan import Fit, MethodScan, fit, propose


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Item = TypeVar("_Item", bound=_Named)


def identity(
    request: RegistrationRequest, declared: Declaration | None, place: tuple[str, str] | None
) -> tuple[str, str]:
    """Return module and method name; ``place`` is where the folder lies inside the workspace.

    Raises InvalidInput where a name cannot be used, where no module is named, and where a folder of
    the workspace is to be another method than its place says.
    """
    given = request.declaration
    module = request.module or (given.module if given else None) or (place[0] if place else None)
    module = module or (declared.module if declared else None)
    name = request.name or (given.name if given else None) or (place[1] if place else None)
    name = name or (declared.name if declared else None)
    of_folder = not name
    name = name or request.folder.resolve().name
    if not module:
        raise InvalidInput(
            f"Which module does {name} belong to? Nothing says so.",
            hint="Name one: --module MODULE; `pm module list` shows those that are there.",
        )
    check_name("module", module)
    check_name("method", name, of_folder=of_folder)
    if place is not None and place != (module, name):
        raise InvalidInput(
            f"{request.folder} is the method {place[1]} of module {place[0]}; it cannot be "
            f"registered as {name} of module {module}.",
            hint="Copy the folder out of the workspace first: the copy can get another name.",
        )
    return module, name


def decide(
    scan: MethodScan,
    request: RegistrationRequest,
    declared: Declaration | None,
    module: str,
    name: str,
) -> Declaration:
    """Return the declaration, without parameters; raises Problems where a name is not there."""
    if request.declaration is not None:
        chosen = request.declaration
    elif declared is not None:
        chosen = _changed(scan, request, declared)
    else:
        chosen = _suggested(scan, request, module, name)
    if request.description is not None:
        chosen = replace(chosen, description=request.description)
    entry = scan.entry.kind if scan.entry is not None else chosen.entry
    return replace(chosen, name=name, module=module, entry=entry)


def _changed(scan: MethodScan, request: RegistrationRequest, declared: Declaration) -> Declaration:
    kept = _without_tracked(declared.tracked, request.drop_tracked)
    inputs = _without(declared.inputs, request.drop_inputs, "input")
    outputs = _without(declared.outputs, request.drop_outputs, "output")
    return replace(
        declared,
        tracked=_tracked(scan, kept, request.tracked),
        inputs=_inputs(inputs, request.inputs),
        outputs=_merged(outputs, request.outputs),
    )


def _suggested(
    scan: MethodScan, request: RegistrationRequest, module: str, name: str
) -> Declaration:
    proposal = propose(scan, PurePath(name), module)
    tracked = () if request.tracked else _without_tracked(proposal.tracked, request.drop_tracked)
    outputs = () if request.outputs else _without(proposal.outputs, request.drop_outputs, "output")
    inputs = _without(proposal.inputs, request.drop_inputs, "input")
    return replace(
        proposal,
        tracked=_tracked(scan, tracked, request.tracked),
        inputs=_inputs(inputs, request.inputs),
        outputs=_merged(outputs, request.outputs),
    )


def _without(items: Sequence[_Item], names: Iterable[str], what: str) -> tuple[_Item, ...]:
    dropped = set(names)
    if unknown := dropped - {each.name for each in items}:
        raise InvalidInput(f"There is no {what} {sorted(unknown)[0]!r} to drop.")
    return tuple(each for each in items if each.name not in dropped)


def _without_tracked(
    tracked: Sequence[TrackedFunction], names: Iterable[str]
) -> tuple[TrackedFunction, ...]:
    dropped = set(names)
    known = {each.function for each in tracked} | {each.qualname for each in tracked}
    if unknown := dropped - known:
        raise InvalidInput(f"{sorted(unknown)[0]} is not tracked, so it cannot be dropped.")
    return tuple(each for each in tracked if not {each.function, each.qualname} & dropped)


def _merged(items: Sequence[_Item], new: Iterable[_Item]) -> tuple[_Item, ...]:
    by_name = {each.name: each for each in items}
    by_name.update((each.name, each) for each in new)
    return tuple(by_name.values())


def _inputs(items: Sequence[MethodInput], new: Iterable[MethodInput]) -> tuple[MethodInput, ...]:
    said = {each.name: each.description for each in items}
    return _merged(
        items,
        [replace(each, description=each.description or said.get(each.name, "")) for each in new],
    )


def _tracked(
    scan: MethodScan, kept: Sequence[TrackedFunction], new: Iterable[Tracking]
) -> tuple[TrackedFunction, ...]:
    tracked = list(kept)
    for each in new:
        file = each.file or _file_of(scan, each.qualname)
        place = next(
            (n for n, t in enumerate(tracked) if (t.file, t.qualname) == (file, each.qualname)),
            None,
        )
        if place is not None:
            if each.selected is not None:
                tracked[place] = replace(tracked[place], selected=each.selected)
            continue
        taken = {t.function for t in tracked}
        name = each.qualname
        if name in taken:
            name = f"{file.removesuffix('.py').replace('/', '.')}.{name}"
        tracked.append(
            TrackedFunction(name, each.qualname, file, len(tracked), selected=each.selected)
        )
    return tuple(replace(each, ordinal=n) for n, each in enumerate(tracked))


def _file_of(scan: MethodScan, qualname: str) -> str:
    if qualname == ENTRY_FUNCTION and scan.entry is not None:
        return scan.entry.file
    files = sorted({each.file for each in scan.functions if each.qualname == qualname})
    if len(files) == 1:
        return files[0]
    if files:
        raise InvalidInput(
            f"{' and '.join(files)} both have a function {qualname}.",
            hint=f"Say which: --track {files[0]}:{qualname}",
        )
    unread = scan.errors()
    if unread:
        # It may well stand there.
        raise InvalidInput(
            str(unread[0]),
            hint=f"No other file of the method has a function {qualname}; mend this one first.",
        )
    names = {each.qualname: each.file for each in scan.functions}
    near = difflib.get_close_matches(qualname, names, n=1)
    raise InvalidInput(
        f"No file of the method has a function {qualname}.",
        hint=f"Did you mean --track {names[near[0]]}:{near[0]} ?"
        if near
        else "`pm method scan DIR` shows the functions that are there.",
    )


def checked(scan: MethodScan, declaration: Declaration, sources: Mapping[str, bytes]) -> Fit:
    """Fit a declaration to the code; problems include functions whose calls cannot be followed."""
    fitted = fit(scan, declaration)
    # What is missing from a file that nobody could read is no second problem.
    unread = tuple(f"{each.file} " for each in scan.errors())
    problems = [
        each
        for each in fitted.problems
        if each.code != "unknown_function" or not each.message.startswith(unread)
    ]
    for file in dict.fromkeys(each.file for each in declaration.tracked):
        if file not in sources or f"{file} " in unread:
            continue
        names = [
            each.qualname
            for each in declaration.tracked
            if each.file == file and not _is_command_line(scan, each)
        ]
        for refusal in check_trackable(sources[file], names):
            said = any(
                each.message.startswith(f"{file}: {refusal.qualname} ")
                or each.code in ("unknown_function", "source")
                for each in problems
            )
            if not said:
                line = "" if refusal.line is None else f":{refusal.line}"
                problems.append(
                    Problem(
                        f"{file}{line}: {refusal.qualname} cannot be tracked: it "
                        f"{refusal.reason}. {refusal.suggestion}",
                        code="untrackable",
                    )
                )
    return replace(fitted, problems=tuple(problems))


def _is_command_line(scan: MethodScan, tracked: TrackedFunction) -> bool:
    return (
        scan.entry is not None
        and scan.entry.kind == "script"
        and tracked.file == scan.entry.file
        and tracked.qualname == ENTRY_FUNCTION
    )


def refuse(problems: Iterable[Problem], where: str) -> None:
    """Raise Problems where one of them is an error."""
    errors = [each for each in problems if each.severity == "error"]
    if errors:
        raise Problems(
            errors, hint=f"Nothing was registered. `pm method scan {where}` shows what is there."
        )
