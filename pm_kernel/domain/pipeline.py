"""The pipeline document: what the canvas draws, templates store and plans are made from.

    {"format": 1, "name": "cohort", "description": "",
     "steps": {"filter": {"method": "quality_filter", "version": "latest", "title": null,
                          "params": {"filter_cells.min_area": "30"},
                          "branch_group": null, "branches": …, "resources": {…}, "inputs": {…}}},
     "layout": {}}

Reading never raises for what is wrong in a document: it returns what could be understood, and the
problems. ``layout`` is kept untouched and means nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pm_kernel.domain.bindings import SAMPLE, Binding, FromStep, binding_document, parse_binding
from pm_kernel.domain.branches import Branches, parse_branches, parse_params
from pm_kernel.domain.catalogue import VersionSelector
from pm_kernel.domain.faults import Faults, as_mapping
from pm_kernel.domain.names import name_fault, shown, text_fault
from pm_kernel.domain.resources import Resources, parse_resources
from pm_kernel.domain.topology import Topology, arrange
from pm_kernel.errors import Problem

#: Raised by one with each change that an older program would misread.
FORMAT = 1

_STEP_KEYS = {
    "method",
    "version",
    "title",
    "params",
    "branch_group",
    "branches",
    "resources",
    "inputs",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the pipeline: a method version with its settings and where its data comes from."""

    name: str
    method: str
    version: VersionSelector = "latest"
    #: What the canvas shows instead of the name; no meaning.
    title: str | None = None
    #: ``function.param`` -> canonical text; only what is set here is enforced.
    params: Mapping[str, str] = field(default_factory=dict)
    #: Steps with the same group branch together: first with first, second with second.
    branch_group: str | None = None
    branches: Branches = field(default_factory=Branches)
    resources: Resources = field(default_factory=Resources)
    inputs: Mapping[str, Binding] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """Only what was said, so that TOML (which has no null) can hold it."""
        written: dict[str, Any] = {
            "method": self.method,
            "version": self.version,
            "title": self.title,
            "params": dict(self.params),
            "branch_group": self.branch_group,
            "branches": self.branches.to_document(),
            "resources": self.resources.to_document(),
            "inputs": {name: binding_document(each) for name, each in self.inputs.items()},
        }
        return {key: value for key, value in written.items() if value not in (None, {}, [])}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps by name (in the order of their names) and the drawing that goes with them."""

    name: str = ""
    description: str = ""
    steps: Mapping[str, Step] = field(default_factory=dict)
    layout: Mapping[str, Any] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """The document as plain data."""
        return {
            "format": FORMAT,
            "name": self.name,
            "description": self.description,
            "steps": {name: step.to_document() for name, step in self.steps.items()},
            "layout": dict(self.layout),
        }

    def to_json(self) -> str:
        """The document as text: the same pipeline always gives the same bytes."""
        return json.dumps(self.to_document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    @property
    def content_hash(self) -> str:
        """sha256 of what would be run: layout, titles, name and description do not count."""
        steps = {name: step.to_document() for name, step in self.steps.items()}
        for step in steps.values():
            step.pop("title", None)
        text = json.dumps({"format": FORMAT, "steps": steps}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def parents(self) -> dict[str, frozenset[str]]:
        """step -> the steps it takes results from (named ones, whether they exist or not)."""
        return {
            name: frozenset(
                each.step for each in step.inputs.values() if isinstance(each, FromStep)
            )
            for name, step in self.steps.items()
        }

    @property
    def topology(self) -> Topology:
        """The steps in order, and the cycles."""
        return arrange(self.parents)


def read_pipeline(text: str) -> tuple[Pipeline, tuple[Problem, ...]]:
    """A pipeline from JSON text; text that is no JSON is a problem like any other."""
    faults = Faults()

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        # A key given twice would silently lose the first of two steps.
        found = dict(items)
        if len(found) != len(items):
            twice = next(key for key, _ in items if sum(key == k for k, _ in items) > 1)
            faults.add(f"{shown(twice)} stands twice in the same table.", code="duplicate_key")
        return found

    try:
        raw = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        faults.add(f"the pipeline document is not readable JSON: {error}.", code="json")
        return Pipeline(), tuple(faults.found)
    pipeline, problems = parse_pipeline(raw)
    return pipeline, (*faults.found, *problems)


def parse_pipeline(raw: object) -> tuple[Pipeline, tuple[Problem, ...]]:
    """A pipeline from plain data (JSON or TOML, already read), with everything wrong in it.

    What needs the registered methods is looked at by ``check_pipeline``.
    """
    faults = Faults()
    if not isinstance(raw, Mapping):
        faults.add("A pipeline document is a table with 'format' and 'steps'.", code="wrong_type")
        return Pipeline(), tuple(faults.found)
    given = as_mapping(raw, "pipeline", faults)
    if not _format_known(given.get("format"), faults):
        return Pipeline(), tuple(faults.found)
    known = {"format", "name", "description", "steps", "layout"}
    faults.unknown_keys(given, known, "A pipeline")
    steps: dict[str, Step] = {}
    for name, each in sorted(as_mapping(given.get("steps"), "steps", faults).items()):
        fault = name_fault(name)
        if fault is not None:
            faults.add(f"The name of a step {fault}: {shown(name)}.", code="name")
        elif name == SAMPLE:
            faults.add(
                f"A step cannot be called '{SAMPLE}': that word means the samples. Rename it.",
                code="name",
            )
        else:
            steps[name] = _step(name, each, faults.at(name))
    pipeline = Pipeline(
        name=_text(given, "name", faults, fault_of=name_fault),
        description=_text(given, "description", faults, fault_of=text_fault),
        steps=steps,
        layout=_layout(given.get("layout"), faults),
    )
    return pipeline, tuple(faults.found)


def _layout(raw: object, faults: Faults) -> dict[str, Any]:
    """The drawing, untouched, as long as a database can hold it."""
    layout = as_mapping(raw, "layout", faults)
    try:
        text = json.dumps(layout, allow_nan=False, ensure_ascii=False)
        fault = text_fault(text) or ("holds a NUL character" if "\\u0000" in text else None)
    except (ValueError, TypeError, RecursionError):
        fault = "holds something that JSON cannot express"
    if fault is None:
        return layout
    faults.add(f"'layout' {fault}; the steps will be arranged anew.", "layout", "notice")
    return {}


def _format_known(number: object, faults: Faults) -> bool:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        faults.add(f'A pipeline document begins with "format": {FORMAT}.', code="format")
        return False
    if number > FORMAT:
        faults.add(
            f"This pipeline was written by a newer program (format {number}, this one reads up to "
            f"{FORMAT}); update the Research Process Manager to open it.",
            code="newer_format",
        )
        return False
    return True


def _step(name: str, raw: object, faults: Faults) -> Step:
    given = as_mapping(raw, name, faults)
    faults.unknown_keys(given, _STEP_KEYS, "a step")
    inputs: dict[str, Binding] = {}
    for input_name, each in sorted(as_mapping(given.get("inputs"), "inputs", faults).items()):
        link = faults.at(name, f"{name}.{input_name}")
        fault = name_fault(input_name)
        if fault is not None:
            link.add(f"the name of an input {fault}: {shown(input_name)}.", code="name")
        elif (binding := parse_binding(each, link)) is not None:
            inputs[input_name] = binding
    method = _text(given, "method", faults, fault_of=name_fault)
    group = _text(given, "branch_group", faults, fault_of=name_fault) or None
    if group == SAMPLE:
        faults.add(f"a branch group cannot be called '{SAMPLE}'.", code="name")
        group = None
    return Step(
        name=name,
        method=method,
        version=_version(given.get("version", "latest"), faults),
        title=_text(given, "title", faults, fault_of=name_fault) or None,
        params=parse_params(given.get("params"), "params", faults),
        branch_group=group,
        branches=parse_branches(given.get("branches"), faults),
        resources=parse_resources(given.get("resources"), faults),
        inputs=inputs,
    )


def _version(raw: object, faults: Faults) -> VersionSelector:
    if raw is None or raw == "latest":
        return "latest"
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
        faults.add(f"'version' is a number or \"latest\", not {shown(repr(raw))}.", code="version")
        return "latest"
    return raw


def _text(
    given: Mapping[str, Any], key: str, faults: Faults, *, fault_of: Callable[[str], str | None]
) -> str:
    value = given.get(key)
    if value is None or value == "":
        return ""
    fault = fault_of(value) if isinstance(value, str) else "is not text"
    if fault is None and isinstance(value, str):
        return value
    faults.add(f"'{key}' {fault}.", code="name" if isinstance(value, str) else "wrong_type")
    return ""
