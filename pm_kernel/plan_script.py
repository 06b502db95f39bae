"""A plan as the Python that builds it, to go on from in a notebook."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pm_kernel.cli.text import clean
from pm_kernel.domain.bindings import (
    SAMPLE,
    Binding,
    FromColumn,
    FromFile,
    FromRun,
    FromStep,
    FromValue,
    Gather,
    gather_of,
)
from pm_kernel.domain.branches import Branch, Branches
from pm_kernel.domain.canonical import canonical
from pm_kernel.domain.pipeline import Pipeline, Step, parse_pipeline
from pm_kernel.domain.plan_request import PlanRequest, parse_request
from pm_kernel.domain.rerun import Rerun, names_step
from pm_kernel.open_workspace import Named, OpenWorkspace
from pm_kernel.planning import PlanInput
from pm_kernel.python_values import python_text, quoted
from pm_kernel.store import plans
from pm_kernel.store.engine import Store

#: Longer than this, and the members of a list or table stand on lines of their own.
_WIDTH = 96
_TAKEN = frozenset({"Pipeline", "grid", "p", "plan", "typed"})


def plan_as_python(plan_id: int, *, workspace: Named | None = None) -> str:
    """Return the Python that builds a plan: the same document, samples and wishes.

    Raises NotFound.
    """
    with OpenWorkspace.find(workspace).store() as store:
        return script_of(store, plan_id)


def script_of(store: Store, plan_id: int) -> str:
    """Return the same for somebody who has the database open. Raises NotFound."""
    plan = plans.get_plan(store, plan_id)
    given = PlanInput.stored(plan.document, plan.request)
    versions = {row.step: row.version for row in plans.planned_runs_of(store, plan_id)}
    told = ", ".join(f"{step} v{number}" for step, number in versions.items())
    note = (
        f"Plan {plan_id} of {plan.created_by}, {plan.created_at:%Y-%m-%d %H:%M} UTC, with {told}."
    )
    pipeline, _problems = parse_pipeline(given.document)
    request, _problems = parse_request(given.request)
    return plan_script(
        pipeline,
        request,
        given.base,
        name=plan.name,
        notes=plan.notes,
        metadata=plan.metadata,
        note=note,
    )


def plan_script(
    pipeline: Pipeline,
    request: PlanRequest,
    base: Path,
    *,
    name: str,
    notes: str = "",
    metadata: Mapping[str, Any] | None = None,
    note: str = "",
) -> str:
    """Return the Python for a pipeline and a request without problems."""
    variables = _variables(pipeline)
    used = {parent for parents in pipeline.parents.values() for parent in parents}
    described = {"description": quoted(pipeline.description)} if pipeline.description else {}
    blocks = [_call("p = Pipeline", [quoted(pipeline.name)], described)]
    for step in pipeline.topology.order:
        call = f"{variables[step]} = p.step" if step in used else "p.step"
        blocks.append(_step(call, pipeline.steps[step], variables))
    asked = _asked(request, base, pipeline)
    asked |= {"name": quoted(name)} if name != pipeline.name else {}
    asked |= {"notes": quoted(notes)} if notes else {}
    asked |= {"metadata": _literal(dict(metadata))} if metadata else {}
    blocks.append(f"{_call('plan = p.plan', [], asked)}\nplan.preview()")
    body = "\n\n".join(blocks)
    names = ["Pipeline", *(each for each in ("grid", "typed") if f"{each}(" in body)]
    head = f"# {clean(note)}\n" if note else ""
    return f"{head}from pm_kernel import {', '.join(names)}\n\n{body}\n"


def _step(call: str, step: Step, variables: Mapping[str, str]) -> str:
    given = {"method": quoted(step.method)}
    if step.version != "latest":
        given["version"] = str(step.version)
    if step.inputs:
        given["inputs"] = _table(
            {name: _binding(each, variables) for name, each in step.inputs.items()}
        )
    if step.params:
        given["params"] = _values(step.params)
    if step.branches.members:
        given["branches"] = _branches(step.branches)
    if step.branch_group is not None:
        given["branch_group"] = quoted(step.branch_group)
    if resources := step.resources.to_document():
        given["resources"] = _literal(resources)
    if step.title is not None:
        given["title"] = quoted(step.title)
    return _call(call, [quoted(step.name)], given)


def _binding(binding: Binding, variables: Mapping[str, str]) -> str:
    match binding:
        case FromStep(step, output):
            source = f"{variables[step]}[{quoted(output)}]"
        case FromColumn(column):
            source = f"p.column({quoted(column)})"
        case FromValue(text):
            source = python_text(text)
        case FromFile(path):
            source = f"p.file({quoted(path)})"
        case FromRun(run_id, output):
            source = f"p.run({run_id}, {quoted(output)})"
    gather = gather_of(binding)
    return source if gather is None else source + _gather(gather)


def _gather(gather: Gather) -> str:
    given = [f"over={_names(gather.over)}"]
    given += [f"by={_names(gather.by)}"] if gather.by else []
    given += [f"on_failure={quoted(gather.on_failure)}"] if gather.on_failure != "wait" else []
    return f".gather({', '.join(given)})"


def _branches(branches: Branches) -> str:
    if branches.grid:
        axes = {name: _list(map(python_text, values)) for name, values in branches.grid}
        return f"grid({_table(axes)})"
    members = branches.members
    if not branches.named:
        return _list(_values(each.params) for each in members)
    if [each.name for each in members] == ["grid"]:
        # As a table it would be read as a grid.
        return _list(map(_named, members))
    return _table({each.name: _values(each.params) for each in members})


def _named(branch: Branch) -> str:
    return f'{{"name": {quoted(branch.name)}, "params": {_values(branch.params)}}}'


def _asked(request: PlanRequest, base: Path, pipeline: Pipeline) -> dict[str, str]:
    given: dict[str, str] = {}
    rows = request.samples.rows
    only_names = request.samples.columns == (SAMPLE,)
    if only_names and rows:
        given["samples"] = _list(quoted(row[SAMPLE]) for row in rows)
    elif rows:
        cells = ({column: quoted(cell) for column, cell in row.items()} for row in rows)
        given["samples"] = _list(map(_table, cells))
    if request.until:
        given["until"] = _names(request.until)
    if request.branches:
        given["branches"] = _table({n: _branches(each) for n, each in request.branches.items()})
    if request.branch_groups:
        given["branch_groups"] = _literal(dict(request.branch_groups))
    if request.excluded:
        given["excluded"] = _list(_literal(dict(each)) for each in request.excluded)
    if again := _again(request.rerun):
        given["rerun"] = again[0] if len(again) == 1 else _list(again)
    if request.rerun.keys:
        given["rerun_keys"] = _list(map(quoted, sorted(request.rerun.keys)))
    if not only_names or _has_relative_files(pipeline):
        given["base"] = quoted(str(base))
    return given


def _again(rerun: Rerun) -> list[str]:
    """Return what runs again; a step whose name would be read as a part is said as one."""
    steps = sorted(rerun.steps)
    plain = [step for step in steps if names_step(step)]
    parts = [{"step": step} for step in steps if step not in plain]
    every = [*parts, *(part.to_document() for part in rerun.parts)]
    return [*map(quoted, ["all"] * rerun.everything + plain), *map(_literal, every)]


def _has_relative_files(pipeline: Pipeline) -> bool:
    bindings = (each for step in pipeline.steps.values() for each in step.inputs.values())
    return any(isinstance(b, FromFile) and not Path(b.path).is_absolute() for b in bindings)


def _variables(pipeline: Pipeline) -> dict[str, str]:
    """Return a variable for each step, from its name as far as Python allows."""
    found: dict[str, str] = {}
    for step in pipeline.topology.order:
        plain = unicodedata.normalize("NFKD", step).encode("ascii", "ignore").decode("ascii")
        name = re.sub(r"\W+", "_", plain).strip("_").lower()
        if not name.isidentifier() or keyword.iskeyword(name) or name in _TAKEN:
            name = f"step_{name}".rstrip("_")
        number, base = 1, name
        while name in found.values():
            number += 1
            name = f"{base}_{number}"
        found[step] = name
    return found


def _names(names: Iterable[str]) -> str:
    every = list(names)
    return quoted(every[0]) if len(every) == 1 else _list(map(quoted, every))


def _values(params: Mapping[str, str]) -> str:
    return _table({name: python_text(text) for name, text in params.items()})


def _literal(value: Any) -> str:
    match value:
        case dict():
            return _table({name: _literal(each) for name, each in value.items()})
        case list() | tuple():
            return _list(map(_literal, value))
        case _:
            return python_text(canonical(value))


def _table(items: Mapping[str, str]) -> str:
    return _folded("{", [f"{quoted(name)}: {source}" for name, source in items.items()], "}")


def _list(items: Iterable[str]) -> str:
    return _folded("[", list(items), "]")


def _call(call: str, first: list[str], given: Mapping[str, str]) -> str:
    parts = [*first, *(f"{name}={source}" for name, source in given.items())]
    return _folded(f"{call}(", parts, ")", _WIDTH)


def _folded(begin: str, parts: list[str], end: str, width: int = _WIDTH - 16) -> str:
    """Return the parts on one line, or on a line each where that is too long for one."""
    line = f"{begin}{', '.join(parts)}{end}"
    if len(line) <= width and "\n" not in line:
        return line
    # Inside brackets Python does not mind how far a line is indented; texts hold no line breaks.
    indented = "".join(f"    {part.replace(chr(10), chr(10) + '    ')},\n" for part in parts)
    return f"{begin}\n{indented}{end}"
