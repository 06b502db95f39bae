"""Methods as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pm_kernel.cli.output import Column, Output
from pm_kernel.cli.text import Span, line
from pm_kernel.domain.methods import Declaration, Method, MethodInput, ParamDef, Version
from pm_kernel.domain.quantities import ago_text
from pm_kernel.registration import Examined
from pm_kernel.scan import ScannedFunction
from pm_kernel.store.registry import MethodListing

_SHORT_COMMIT = 10

_SCANNED = (
    Column("function"),
    Column("line", right=True),
    Column("parameter"),
    Column("type"),
    Column("default"),
    Column("calls pass"),
    Column("", elastic=True),
)
_PARAMS = (
    Column("tracked"),
    Column("file"),
    Column("parameter"),
    Column("type"),
    Column("default"),
    Column("calls pass"),
    Column("", elastic=True),
)


def show_scan(output: Output, examined: Examined) -> None:
    """Write the functions of each file, then what would be declared, then what is wrong."""
    scan = examined.scan
    tracked = {(each.file, each.qualname) for each in examined.declaration.tracked}
    for file in dict.fromkeys(each.file for each in scan.functions):
        output.lines([line(Span(file, strong=True))])
        functions = [each for each in scan.functions if each.file == file]
        output.table(
            _SCANNED,
            [row for each in functions for row in _scanned(each, (file, each.qualname) in tracked)],
        )
        output.text("")
    if scan.entry is not None and scan.entry.kind == "script":
        output.lines([line(Span(f"{scan.entry.file} (command line)", strong=True))])
        options = [
            ("", "", each.option or each.name, *_values(each), "") for each in scan.entry.params
        ]
        output.table(_SCANNED, options)
        output.text("")
    said = "declared in method.toml" if examined.declared else "suggested by the code"
    output.lines([line(Span(said.capitalize(), strong=True))])
    show_declaration(output, examined.declaration)
    for problem in examined.problems:
        token = "error" if problem.severity == "error" else "warn"
        output.lines([line(Span(problem.message, token))])


def _scanned(function: ScannedFunction, tracked: bool) -> Iterator[tuple[str | Span, ...]]:
    note: str | Span = Span("tracked", "brand") if tracked else ""
    if function.blocked is not None:
        note = Span(f"cannot be tracked: {function.blocked}", "neutral")
    first: tuple[str, str] = (function.qualname, str(function.line))
    if not function.params:
        yield (*first, "", "", "", "", note)
    for param in function.params:
        yield (*first, param.name, *_values(param), note)
        first, note = ("", ""), ""


def _values(param: ParamDef) -> tuple[str, str, str]:
    passed = "(computed)" if param.computed else param.call_site or ""
    default = param.default if param.default is not None else param.default_source
    return param.type, default, passed


def show_declaration(output: Output, declaration: Declaration) -> None:
    """Write tracked functions with their parameters, inputs and outputs."""
    rows: list[tuple[str | Span, ...]] = []
    for tracked in declaration.tracked:
        where = (tracked.function, tracked.file)
        if not tracked.params:
            rows.append((*where, "", "", "", "", ""))
        for param in tracked.params:
            rows.append((*where, param.name, *_values(param), param.doc))
            where = ("", "")
    if rows:
        output.table(_PARAMS, rows)
    for given in declaration.inputs:
        output.text(f"input   {given.name}: {_input(given)}")
    for made in declaration.outputs:
        output.text(
            f"output  {made.name}: {made.path} ({made.type}{'' if made.required else ', optional'})"
        )


def _input(given: MethodInput) -> str:
    parts: list[str] = [given.type]
    parts += [f"of module {given.module}"] if given.module else []
    parts += [given.value_type] if given.value_type else []
    parts += ["gathered"] if given.gather else []
    parts += [] if given.required else ["optional"]
    return ", ".join(parts) + (f" - {given.description}" if given.description else "")


def listing_document(listing: MethodListing) -> dict[str, Any]:
    """A row of the list as JSON."""
    latest = listing.latest
    return {
        "method": listing.method.name,
        "module": listing.method.module,
        "description": listing.method.description,
        "versions": listing.version_count,
        "latest": None if latest is None else latest.version,
        "commit": None if latest is None else latest.git_commit_hash,
        "created_at": None if latest is None else latest.created_at.isoformat(),
        "parameters": []
        if latest is None
        else [name for name, _ in latest.declaration.parameters()],
    }


def show_list(output: Output, listed: Sequence[MethodListing], now: datetime) -> None:
    """Write one line for each method."""
    columns = (
        Column("module"),
        Column("method"),
        Column("latest"),
        Column("registered"),
        Column("parameters", right=True),
        Column("description", elastic=True),
    )
    output.table(columns, (_listed(each, output, now) for each in listed))


def _listed(each: MethodListing, output: Output, now: datetime) -> tuple[str, ...]:
    latest = each.latest
    return (
        each.method.module,
        each.method.name,
        "" if latest is None else f"v{latest.version}",
        "" if latest is None else _time(latest.created_at, output, now),
        "" if latest is None else str(sum(1 for _ in latest.declaration.parameters())),
        each.method.description.partition("\n")[0],
    )


def _time(then: datetime, output: Output, now: datetime) -> str:
    then = then.astimezone(now.tzinfo)
    return ago_text(then, now) if output.screen else then.isoformat(timespec="seconds")


def show_method(
    output: Output, method: Method, version: Version, versions: Sequence[Version], now: datetime
) -> None:
    """Write a method with all its versions, and one of them with what it declares."""
    output.lines([line(Span(method.name, strong=True), f" (module {method.module})")])
    if method.description:
        output.text(method.description)
    output.text("")
    columns = (
        Column("version"),
        Column("registered"),
        Column("by"),
        Column("commit"),
        Column("what changed", elastic=True),
    )
    output.table(
        columns,
        (
            (
                f"v{each.version}",
                _time(each.created_at, output, now),
                each.created_by,
                each.git_commit_hash[:_SHORT_COMMIT],
                each.description.partition("\n")[0],
            )
            for each in versions
        ),
    )
    output.text("")
    output.lines([line(Span(f"v{version.version}", strong=True), f"  {version.git_commit_hash}")])
    if version.pixi_lock_hash is not None:
        output.text(f"pixi.lock {version.pixi_lock_hash}")
    show_declaration(output, version.declaration)
