"""A method's source, scanned as a whole."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from pm_kernel.domain.methods import ENTRY_FILE, ENTRY_FUNCTION
from pm_kernel.scan.calls import collect
from pm_kernel.scan.command_line import command_line, is_command_line
from pm_kernel.scan.functions import parameters, scanned_functions
from pm_kernel.scan.imports import local_names, scanned_imports, shadowing
from pm_kernel.scan.model import Entry, MethodScan, ScannedFunction, SourceProblem
from pm_kernel.scan.names import Project
from pm_kernel.scan.reads import read_as_paths
from pm_kernel.scan.source import Source, parse_sources
from pm_kernel.scan.workflow_document import critical_seconds
from pm_kernel.scan.written import written_paths

_MAX_LITERAL = 200
_MAX_LITERALS = 20_000


def scan_method(files: Mapping[str, bytes], *, names: Iterable[str] = ()) -> MethodScan:
    """Read the source of a method; nothing of it is imported or executed, nothing raises.

    ``files`` maps relative posix paths to content; only ``.py`` files are parsed, and of workflow
    documents the CRITICAL lines. ``names`` adds files of the method that were not read (data).
    What cannot be parsed is in ``problems``.
    """
    sources, problems = parse_sources(files)
    critical, unread = critical_seconds(files)
    project = Project(sources)
    every_name = tuple(sorted({*files, *names}))
    entry, missing = _entry(project, files)
    evidence = collect(project, entry_is_script=entry is not None and entry.kind == "script")
    functions = [
        # run() is called by us: what other code passes to it is no expectation.
        function if _is_entry(function, entry) else evidence.applied(function)
        for module in project.by_path.values()
        for function in scanned_functions(project, module)
    ]
    local = local_names(every_name)
    return MethodScan(
        files=every_name,
        functions=tuple(functions),
        entry=entry,
        imports=tuple(
            found
            for module in project.by_path.values()
            for found in scanned_imports(project, module, local)
        ),
        calls=tuple(sorted(evidence.calls, key=lambda each: (each.file, each.line, each.target))),
        written=written_paths(project),
        problems=(*problems, *missing, *shadowing(every_name), *unread),
        literals=_literals(sources),
        critical_seconds=critical,
    )


def _entry(
    project: Project, files: Mapping[str, bytes]
) -> tuple[Entry | None, list[SourceProblem]]:
    module = project.by_path.get(ENTRY_FILE)
    if module is None:
        if ENTRY_FILE in files:
            return None, []  # it is there and could not be parsed: said already
        said = f"is missing; a method begins with {ENTRY_FILE}, which has a function run()."
        return None, [SourceProblem(ENTRY_FILE, None, said)]
    definition = project.find(module, [ENTRY_FUNCTION])
    if definition is not None and not isinstance(definition.node, ast.ClassDef):
        origin = project.by_path[definition.path]
        entry = Entry(
            "function",
            definition.path,
            definition.node.lineno,
            tuple(parameters(project, origin, definition)),
            read_as_paths(project, definition),
        )
        return entry, _entry_problems(definition.node, definition.path)
    if is_command_line(module):
        return Entry("script", ENTRY_FILE, 1, command_line(project, module)), []
    return None, [
        SourceProblem(
            ENTRY_FILE,
            None,
            "has neither a function run() nor a command line; "
            "put the analysis into run(…, output_dir).",
        )
    ]


def _entry_problems(node: ast.FunctionDef | ast.AsyncFunctionDef, path: str) -> list[SourceProblem]:
    if isinstance(node, ast.AsyncFunctionDef):
        said = "run() is async; make it a plain function that calls asyncio.run()."
        return [SourceProblem(path, node.lineno, said)]
    if node.args.posonlyargs:
        said = "run() takes arguments by position only; remove the `/`: inputs are passed by name."
        return [SourceProblem(path, node.lineno, said)]
    return []


def _is_entry(function: ScannedFunction, entry: Entry | None) -> bool:
    return (
        entry is not None
        and function.file == entry.file
        and function.qualname == ENTRY_FUNCTION
        and function.line == entry.line
    )


def _literals(sources: Sequence[Source]) -> frozenset[str]:
    found: set[str] = set()
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if 0 < len(text) <= _MAX_LITERAL and "\n" not in text:
                    found.add(text)
                    if len(found) >= _MAX_LITERALS:
                        return frozenset(found)
    return frozenset(found)
