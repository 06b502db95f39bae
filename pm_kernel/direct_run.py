"""One step executed directly: `pm run`, and "run this step" in the Lab.

It is a plan of one planned run, made, looked at and recorded like any other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pm_kernel import planning
from pm_kernel.config import Settings
from pm_kernel.domain import sample_labels
from pm_kernel.domain.bindings import SAMPLE, FromFile, FromRun
from pm_kernel.domain.catalogue import InputInfo, MethodVersionInfo
from pm_kernel.domain.faults import suggestion
from pm_kernel.domain.plans import Launch
from pm_kernel.domain.samples import parse_cell
from pm_kernel.domain.storable import storable, storable_text
from pm_kernel.domain.values import typed_input, typed_value
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import Cancelled, InvalidInput, NotFound, PmError, Problem, Problems
from pm_kernel.running.process import identify
from pm_kernel.store import launches, plans, reuse
from pm_kernel.store.catalogue import read_catalogue
from pm_kernel.store.engine import Connection, Store


@dataclass(frozen=True)
class DirectRequest:
    """What to run. Texts are as a person typed them; they are typed by what the method declares."""

    method: str
    version: int | None = None
    sample: str | None = None
    #: ``function.param`` -> text
    params: Mapping[str, str] = field(default_factory=dict)
    #: (input, text): ``run:47/table``, ``file:PATH``, or a value; an input that gathers may come
    #: several times.
    inputs: Sequence[tuple[str, str]] = ()
    name: str | None = None
    notes: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    rerun: bool = False
    #: Relative file names are meant from here.
    base: Path = Path("/")


@dataclass(frozen=True)
class DirectPlan:
    """A direct run before it starts: what would happen, and the run that already answers it."""

    plan: planning.PlanInput
    shown: planning.Preview
    reuse_run_id: int | None
    #: Which sample its run is of: what was asked for, else that of the runs its data comes from.
    sample: str | None

    @property
    def equal(self) -> str:
        """Say which run answers it already, and what that rests on."""
        (decision,) = self.shown.decisions.values()
        return f"Run {self.reuse_run_id} is equal: {decision.reason.partition(': ')[2]}."


def prepare(
    store: Store, request: DirectRequest, same_imports: Callable[[Connection], SameImports]
) -> DirectPlan:
    """Check a request and look for an equal run.

    Raises NotFound for an unknown method or version, InvalidInput for values that do not fit, and
    Problems for everything that is wrong at once.
    """
    request = _storable(request)
    with store.reading() as connection:
        catalogue = read_catalogue(connection, [request.method])
        info = catalogue.resolve(request.method, request.version or "latest")
        if info is None:
            versions = catalogue.methods.get(request.method, {})
            raise _unknown(versions, request, read_catalogue(connection).methods)
    plan = _plan_input(request, info)
    shown = planning.preview(store, plan, same_imports)
    if shown.errors:
        raise Problems([_as_given(problem, info) for problem in shown.errors])
    decisions = list(shown.decisions.values())
    if len(decisions) != 1:
        raise InvalidInput(f"This request makes {len(decisions)} runs; `pm run` executes one.")
    return DirectPlan(plan, shown, decisions[0].run_id, _sample(store, request, shown))


def open_direct(
    settings: Settings,
    store: Store,
    request: DirectRequest,
    direct: DirectPlan,
    same_imports: Callable[[Connection], SameImports],
) -> Launch:
    """Store and submit the plan of one run; returns its launch, to be executed."""
    request = _storable(request)
    plan_id = planning.store_plan(
        store,
        settings,
        direct.plan,
        direct.shown,
        name=request.name or f"pm run {request.method}",
        kind="run",
        notes=request.notes,
        metadata=request.metadata,
        sample=direct.sample,
    )
    epoch = planning.submit(store, plan_id, same_imports, user=settings.user, sample=direct.sample)
    owner = identify(os.getpid())
    with store.transaction() as connection:
        launch = launches.open_launch(connection, plan_id, epoch)
        if owner is not None:
            # Whether anybody will still register its run, should this process die first.
            launches.note_launch(
                connection,
                launch.launch_id,
                host=owner.host,
                pid=owner.pid,
                pid_start=owner.start,
                boot_id=owner.boot,
            )
        plans.set_status(connection, plan_id, "running")
    return launch


def close_direct(store: Store, launch: Launch, error: BaseException) -> None:
    """Close the plan of a direct run that came to no run, because of ``error``."""
    cancelled = isinstance(error, Cancelled | KeyboardInterrupt)
    reason = error.message if isinstance(error, PmError) else str(error) or type(error).__name__
    with store.transaction() as connection:
        if launch.plan_id in dict(plans.direct_without_run(connection)):
            status = "cancelled" if cancelled else "failed"
            plans.set_status(connection, launch.plan_id, status, error=reason)


def with_rerun(request: DirectRequest) -> DirectRequest:
    """Return the same request, to run although an equal run exists."""
    return replace(request, rerun=True)


def _storable(request: DirectRequest) -> DirectRequest:
    """Return a request whose texts can be kept; what was typed may be no valid text.

    Raises InvalidInput for names of files that are none: under another name they are not there.
    """
    for name, text in request.inputs:
        if text.startswith("file:") and storable_text(text) != text:
            raise InvalidInput(
                f"Input {name!r}: the name of the file {storable_text(text[5:])} is no valid "
                "text (UTF-8), and could not be recorded.",
                hint="Give the file another name, or a link with another name.",
            )
    return replace(
        request,
        method=storable_text(request.method),
        sample=request.sample or None,
        params={name: storable_text(text) for name, text in request.params.items()},
        inputs=[(storable_text(name), storable_text(text)) for name, text in request.inputs],
        name=None if request.name is None else storable_text(request.name),
        notes=storable_text(request.notes),
        metadata=storable(dict(request.metadata)),
    )


def _sample(store: Store, request: DirectRequest, shown: planning.Preview) -> str | None:
    """Return which sample the run is of. Raises InvalidInput when its data is of others only."""
    (run,) = shown.expanded.runs
    sources = sample_labels.only_runs(run)
    with store.reading() as connection:
        samples = reuse.samples_of(connection, sources)
    if request.sample is None:
        return sample_labels.common_sample(sources, samples)
    if found := sample_labels.others(request.sample, sources, samples):
        of = " or ".join(dict.fromkeys(map(repr, found.values())))
        raise InvalidInput(
            f"This run is not of {request.sample!r}: all its data comes from "
            f"{sample_labels.told(found)}.",
            hint=f"Leave the sample away, or name {of}; or take a run of {request.sample!r}.",
        )
    return request.sample


def _as_given(problem: Problem, info: MethodVersionInfo) -> Problem:
    """Return a problem in the words of somebody who draws nothing."""
    if problem.code != "missing_input" or problem.edge is None:
        return problem
    name = problem.edge.removeprefix(f"{info.method}.")
    takes = {"upstream": "the output of a run: {}=run:47/table", "file": "a file: {}=file:PATH"}
    wanted = takes.get(info.inputs[name].type, "a value: {}=VALUE").format(name)
    return replace(problem, message=f"{info.method} needs its input {name!r}, {wanted}")


def _unknown(
    versions: Mapping[int, object], request: DirectRequest, known: Iterable[str]
) -> NotFound:
    if versions:
        known = ", ".join(f"v{number}" for number in sorted(versions))
        return NotFound(
            f"Method {request.method!r} has no version {request.version}; it has {known}."
        )
    return NotFound(
        f"There is no method {request.method!r}{suggestion(request.method, known)}",
        hint="`pm method list` shows the methods.",
    )


def _plan_input(request: DirectRequest, info: MethodVersionInfo) -> planning.PlanInput:
    given: dict[str, list[str]] = {}
    for name, text in request.inputs:
        if name not in info.inputs:
            known = ", ".join(info.inputs) or "none"
            raise InvalidInput(f"{info.method} has no input {name!r}; its inputs: {known}.")
        given.setdefault(name, []).append(text)
    rows: list[dict[str, str]] = [{SAMPLE: request.sample}] if request.sample else []
    bindings: dict[str, Any] = {}
    for name, texts in given.items():
        declared = info.inputs[name]
        if declared.gather and declared.type in ("upstream", "file"):
            rows = _gathered(rows, name, texts)
            bindings[name] = {"column": name, "gather": {"over": [SAMPLE]}}
        elif len(texts) > 1:
            raise InvalidInput(f"Input {name!r} takes one value, {len(texts)} were given.")
        else:
            bindings[name] = _binding(name, declared, texts[0])
    step = {
        "method": info.method,
        "version": info.version,
        "params": _params(request, info),
        "inputs": bindings,
    }
    columns = list(dict.fromkeys(key for row in rows for key in row))
    document = {"format": 1, "name": request.name or info.method, "steps": {info.method: step}}
    asked: dict[str, Any] = {"rerun": {"all": request.rerun}}
    if rows:
        asked["samples"] = {"columns": columns, "rows": rows}
    return planning.PlanInput(document, asked, request.base)


def _params(request: DirectRequest, info: MethodVersionInfo) -> dict[str, str]:
    params = {}
    for name, text in request.params.items():
        declared = info.params.get(name)
        if declared is None:
            known = ", ".join(info.params) or "none"
            raise InvalidInput(f"{info.method} tracks no parameter {name!r}; it tracks: {known}.")
        params[name] = typed_value(name, declared, text)
    return params


def _binding(name: str, declared: InputInfo, text: str) -> dict[str, Any]:
    cell = parse_cell(text)
    if isinstance(cell, FromRun):
        return {"run": cell.run_id, "output": cell.output}
    if isinstance(cell, FromFile):
        return {"file": cell.path}
    if declared.type == "file":
        return {"file": cell}
    if declared.type == "upstream":
        raise InvalidInput(
            f"Input {name!r} takes the output of a run, as in {name}=run:47/table, not {text!r}."
        )
    return {"value": typed_input(name, declared, text)}


def _gathered(rows: list[dict[str, str]], name: str, texts: list[str]) -> list[dict[str, str]]:
    if len(rows) > 1 and len(rows) != len(texts):
        raise InvalidInput(
            f"Gathered inputs must have the same number of members; {name!r} has {len(texts)}, "
            f"another has {len(rows)}."
        )
    if len(rows) <= 1:
        rows = [{SAMPLE: f"member {n}"} for n in range(1, len(texts) + 1)]
    return [{**row, name: text} for row, text in zip(rows, texts, strict=True)]
