"""A pipeline written in Python: the same document that a file or the canvas holds.

    from pm_kernel import Pipeline, grid

    p = Pipeline("cohort")
    seg = p.step("segment", method="segment", inputs={"image": p.column("image")},
                 params={"segment.sigma": 2.0})
    gate = p.step("gate", method="gate", inputs={"nuclei": seg["nuclei"]},
                  branches=grid({"gate.threshold": [0.3, 0.5]}))
    p.step("summary", method="summary", inputs={"tables": gate["cells"].gather(over="sample")})
    plan = p.plan(sheet="samples.csv")

Values are Python values. What can be told without the registered methods is told at once, with the
step and the input; the rest is found by the plan's preview.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pm_kernel.domain.bindings import (
    Binding,
    FromColumn,
    FromFile,
    FromRun,
    FromStep,
    FromValue,
    Gather,
    OnFailure,
    binding_document,
)
from pm_kernel.domain.catalogue import VersionSelector
from pm_kernel.domain.names import shown
from pm_kernel.domain.pipeline import FORMAT, Step, parse_pipeline
from pm_kernel.domain.pipeline import Pipeline as Document
from pm_kernel.errors import Conflict, InvalidInput, NotFound, Problem, Problems
from pm_kernel.located import located
from pm_kernel.python_branches import (
    BranchValues,
    branches_document,
    mapping_of,
    params_document,
)
from pm_kernel.python_values import value_text

if TYPE_CHECKING:
    from pm_kernel.open_workspace import Named
    from pm_kernel.plan_handle import Plan

Names = str | Iterable[str]

#: What ``rerun=`` takes: steps by name, and parts of the run tree.
Again = str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input gets its data; made by a step's output, ``column``, ``file`` and ``run``."""

    binding: Binding
    #: The pipeline whose step it belongs to; None where it belongs to none.
    pipeline: Pipeline | None = None

    def gather(
        self, *, over: Names = "sample", by: Names = (), on_failure: OnFailure = "wait"
    ) -> Source:
        """Return the list of these instead of one at a time, with its members in a stable order.

        ``over`` is ``sample``, or the steps whose branches are collected; ``by`` names columns of
        the sample sheet that keep lists apart; ``on_failure`` says what happens when a member
        failed: ``wait`` for all of them, or ``go_on`` without it.
        """
        gather = Gather(_names(over), _names(by), on_failure)
        if not isinstance(self.binding, FromStep | FromColumn):
            raise InvalidInput(
                "Only the output of a step and a column of the sample sheet can be gathered."
            )
        return replace(self, binding=replace(self.binding, gather=gather))


@dataclass(frozen=True, slots=True, eq=False)
class StepHandle:
    """A step of a pipeline; ``step["nuclei"]`` is its output of that name, for other steps."""

    name: str
    pipeline: Pipeline

    def __getitem__(self, output: str) -> Source:
        if not isinstance(output, str) or not output or "." in output:
            raise InvalidInput(f"Step {shown(self.name)}: {output!r} cannot name an output.")
        return Source(FromStep(self.name, output), self.pipeline)

    def __repr__(self) -> str:
        return f"<step {shown(self.name)} of {shown(self.pipeline.name)}>"


class Pipeline:
    """Steps and where their data comes from, written in Python.

    ``workspace`` is the folder that plans are made in; without it, it is found as ``pm`` finds it
    (``PM_WORKSPACE``, else upwards from the current folder) when a plan first needs it.
    """

    def __init__(self, name: str, *, description: str = "", workspace: Named | None = None) -> None:
        self._document = _parsed({"format": FORMAT, "name": name, "description": description})
        self._workspace = workspace

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any] | str | Path, *, workspace: Named | None = None
    ) -> Pipeline:
        """Read a pipeline document: a table, JSON or TOML text, or the ``Path`` of such a file.

        Raises Problems with everything that is wrong in it.
        """
        made = cls("", workspace=workspace)
        made._document = _parsed(_table(document))
        return made

    @property
    def name(self) -> str:
        """What plans are called unless they are given a name."""
        return self._document.name

    @property
    def document(self) -> dict[str, Any]:
        """The pipeline document as plain data."""
        return self._document.to_document()

    def to_json(self) -> str:
        """Return the document as JSON; the same pipeline gives the same text."""
        return self._document.to_json()

    def to_toml(self) -> str:
        """Return the document as TOML: a file that ``pm plan create`` reads."""
        import tomli_w

        return tomli_w.dumps(self.document)

    # --- steps ------------------------------------------------------------------------------------

    def step(
        self,
        name: str,
        *,
        method: str,
        version: VersionSelector = "latest",
        inputs: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        branches: BranchValues | None = None,
        branch_group: str | None = None,
        resources: Mapping[str, object] | None = None,
        title: str | None = None,
        replace: bool = False,
    ) -> StepHandle:
        """Add a step; returns it, to take its outputs from.

        ``inputs`` maps names to what comes in: ``other["output"]``, ``p.column(…)``,
        ``p.file(…)`` or a ``Path``, ``p.run(…)``, or a value as it is. ``params`` maps
        ``function.param`` to values; only these are enforced. ``branches`` are several sets of
        parameters to try: by name, listed, or a ``grid``; steps with the same ``branch_group``
        branch together. ``resources`` are cpus, memory (``"2 GB"``), time (``"1h"``), queue,
        retries, container and directives.

        The same step again is no change, so that a cell can be run twice; a different one of the
        same name raises Conflict unless ``replace`` is true. Raises Problems for what is wrong.
        """
        if not isinstance(name, str):
            raise InvalidInput(f"The name of a step is text, not {name!r}.")
        raw = {
            "method": method,
            "version": version,
            "title": title,
            "params": params_document(params, f"Step {shown(name)}"),
            "branch_group": branch_group,
            "branches": branches_document(branches, f"Step {shown(name)}"),
            "resources": _resources(resources, f"Step {shown(name)}"),
            "inputs": {
                key: self._input(name, key, each)
                for key, each in mapping_of(inputs or {}, f"Step {shown(name)}: inputs").items()
            },
        }
        made = _parsed({"format": FORMAT, "steps": {name: raw}}).steps[name]
        before = self._document.steps.get(name)
        if before is not None and before != made and not replace:
            raise Conflict(
                f"Pipeline {shown(self.name)} has another step {shown(name)} already.",
                hint="Choose another name, or say `replace=True` to put this one in its place.",
            )
        self._put({**self._document.steps, name: made})
        return StepHandle(name, self)

    def remove(self, name: str) -> None:
        """Take a step away; what needed it is found by the preview. Raises NotFound."""
        self[name]
        self._put({key: step for key, step in self._document.steps.items() if key != name})

    def __getitem__(self, name: str) -> StepHandle:
        if name not in self._document.steps:
            known = ", ".join(map(shown, self._document.steps)) or "none yet"
            raise NotFound(
                f"Pipeline {shown(self.name)} has no step {shown(str(name))}; it has {known}."
            )
        return StepHandle(name, self)

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, each behind those that it needs."""
        return tuple(self._document.topology.order)

    # --- where data comes from --------------------------------------------------------------------

    def column(self, name: str) -> Source:
        """Return a column of the sample sheet: each sample's own cell goes in."""
        return Source(FromColumn(name))

    def file(self, path: str | Path) -> Source:
        """Return a file; it is copied into the run. Relative paths are meant from here, or from
        where ``plan(base=…)`` says."""
        return Source(FromFile(str(path)))

    def run(self, run_id: int, output: str) -> Source:
        """Return an output of a run that exists already."""
        return Source(FromRun(run_id, output))

    # --- plans ------------------------------------------------------------------------------------

    def plan(
        self,
        *,
        samples: Sequence[str] | Sequence[Mapping[str, str]] | None = None,
        sheet: object = None,
        name: str | None = None,
        notes: str = "",
        metadata: Mapping[str, Any] | None = None,
        until: Names = (),
        branches: Mapping[str, BranchValues] | None = None,
        branch_groups: Mapping[str, str | None] | None = None,
        excluded: Mapping[str, str] | Sequence[Mapping[str, str]] = (),
        rerun: Again = (),
        rerun_keys: Names = (),
        base: str | Path | None = None,
    ) -> Plan:
        """Return a plan of this pipeline as it is now; nothing is stored before it is submitted.

        ``samples`` are names, or a table per sample; ``sheet`` is the path of a sample sheet (CSV)
        or a data frame, with a column ``sample``. ``until`` names the steps whose results are
        wanted, ``branches`` replaces those of some steps, ``excluded`` leaves out combinations
        (``{"sample": "s1", "gate": "tight"}``), ``rerun`` names what is run although equal runs
        exist: steps, ``"all"``, or parts of the run tree by ``step``, ``sample`` or ``branch``
        (``{"sample": "s1", "branch": "tight"}``). Relative file names are meant from ``base``:
        without it from the sheet's folder, else from the current one.

        Raises Problems for what is wrong in it, InvalidInput for a sheet that cannot be read.
        """
        from pm_kernel.plan_handle import Plan
        from pm_kernel.plan_wishes import wishes

        request, folder = wishes(
            samples=samples,
            sheet=sheet,
            until=_names(until),
            branches={
                step: branches_document(each, f"branches of step {shown(step)}")
                for step, each in (branches or {}).items()
            },
            branch_groups=branch_groups or {},
            excluded=[excluded] if isinstance(excluded, Mapping) else excluded,
            rerun=[rerun] if isinstance(rerun, str | Mapping) else rerun,
            rerun_keys=_names(rerun_keys),
        )
        document = self._document
        if base is None:
            # The document's own files are meant from here, whatever folder the sheet lies in.
            document = located(document, Path.cwd())
        return Plan.new(
            document,
            request,
            folder if base is None else Path(base).resolve(),
            name=name or self.name or "plan",
            notes=notes,
            metadata=metadata or {},
            workspace=self._workspace,
        )

    def __repr__(self) -> str:
        return f"<Pipeline {shown(self.name)}: {' → '.join(self.steps) or 'no steps yet'}>"

    def _put(self, steps: Mapping[str, Step]) -> None:
        self._document = replace(self._document, steps=dict(sorted(steps.items())))

    def _input(self, step: str, name: str, given: object) -> dict[str, Any]:
        place = f"Step {shown(step)}, input {shown(str(name))}"
        if isinstance(given, StepHandle):
            raise InvalidInput(
                f"{place}: say which output of step {shown(given.name)} is meant.",
                hint=f'As in `{{"{name}": handle["output"]}}`.',
            )
        if isinstance(given, Source):
            if given.pipeline is not None and given.pipeline is not self:
                raise InvalidInput(
                    f"{place}: it takes an output of a step of another pipeline, "
                    f"{shown(given.pipeline.name)}.",
                    hint="To use a result that exists already, name its run: `p.run(47, 'table')`.",
                )
            return binding_document(given.binding)
        if given is None:
            raise InvalidInput(f"{place} is None; leave it out where nothing goes in.")
        if isinstance(given, Path):
            return binding_document(FromFile(str(given)))
        return binding_document(FromValue(value_text(given, place)))


def _parsed(raw: Mapping[str, Any]) -> Document:
    document, problems = parse_pipeline(raw)
    errors = [_placed(each) for each in problems if each.severity == "error"]
    if errors:
        raise Problems(errors)
    return document


def _placed(problem: Problem) -> Problem:
    """Name the input that a problem concerns; a canvas has the link for that."""
    if problem.step is None or problem.edge is None:
        return problem
    lead = f"Step {shown(problem.step)}: "
    name = problem.edge.removeprefix(f"{problem.step}.")
    rest = problem.message.removeprefix(lead)
    return replace(problem, message=f"{lead[:-2]}, input {shown(name)}: {rest}")


def _table(document: Mapping[str, Any] | str | Path) -> Mapping[str, Any]:
    if isinstance(document, Mapping):
        return document
    if isinstance(document, Path):
        from pm_kernel.plan_file import read_table

        return read_table(document)
    try:
        is_json = document.lstrip().startswith("{")
        read: Any = json.loads(document) if is_json else tomllib.loads(document)
    except ValueError as error:
        raise InvalidInput(f"The pipeline document cannot be read: {error}.") from error
    return {} if not isinstance(read, dict) else read


def _resources(given: Mapping[str, object] | None, place: str) -> dict[str, Any]:
    """Return resources as a document has them; whole numbers of numpy count as Python's own."""
    table = mapping_of(given or {}, f"{place}: resources")
    return {key: _whole(each) for key, each in table.items()}


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, Integral):
        return value
    return int(value)


def _names(given: Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
