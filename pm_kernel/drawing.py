"""What a person who draws a pipeline asks at every stroke: is it right, what fits here?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pm_kernel.domain import connecting
from pm_kernel.domain.catalogue import InputInfo, MethodVersionInfo
from pm_kernel.domain.connecting import Connection
from pm_kernel.domain.expansion import expand
from pm_kernel.domain.names import shown
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.plan import ExpandedPlan
from pm_kernel.domain.plan_request import parse_request
from pm_kernel.domain.values import typed_input, typed_value
from pm_kernel.errors import InvalidInput, NotFound, Problem
from pm_kernel.planning import PlanInput
from pm_kernel.store.candidates import Candidates, candidates
from pm_kernel.store.catalogue import read_catalogue
from pm_kernel.store.engine import Store


@dataclass(frozen=True)
class Checked:
    """A document and what is wrong with it; nothing was asked about earlier runs or files."""

    pipeline: Pipeline
    expanded: ExpandedPlan
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class CheckedValue:
    """A text as it would be stored (canonical), or why it does not fit."""

    name: str
    value: str | None
    problem: str | None


def check(store: Store, plan: PlanInput) -> Checked:
    """Return everything that is wrong with a document by itself, and how many runs it makes.

    Reads the registry only, so it can be asked at every edit; a preview looks further.
    """
    pipeline, problems = parse_pipeline(plan.document)
    request, more = parse_request(plan.request)
    names = {step.method for step in pipeline.steps.values() if step.method}
    with store.reading() as connection:
        catalogue = read_catalogue(connection, names)
        if names - set(catalogue.methods):
            # Which names there are is part of what is said.
            catalogue = read_catalogue(connection)
    expanded = expand(pipeline, request, catalogue)
    return Checked(pipeline, expanded, (*problems, *more, *expanded.problems))


def check_values(
    info: MethodVersionInfo, params: Mapping[str, str], inputs: Mapping[str, str]
) -> tuple[list[CheckedValue], list[CheckedValue]]:
    """Type texts for parameters and for inputs that take values, as a version declares them."""

    def checked(name: str, typed: Callable[[], str]) -> CheckedValue:
        try:
            return CheckedValue(name, typed(), None)
        except InvalidInput as error:
            return CheckedValue(name, None, str(error))

    def param(name: str, text: str) -> str:
        declared = info.params.get(name)
        if declared is None:
            raise InvalidInput(f"{info.method} v{info.version} has no parameter {shown(name)}.")
        return typed_value(name, declared, text)

    def value(name: str, text: str) -> str:
        return typed_input(name, _input(info, name), text)

    return (
        [checked(n, lambda n=n, t=t: param(n, t)) for n, t in params.items()],  # type: ignore[misc]
        [checked(n, lambda n=n, t=t: value(n, t)) for n, t in inputs.items()],  # type: ignore[misc]
    )


def version_info(store: Store, method: str, version: int | None) -> MethodVersionInfo:
    """Return what a version declares, the latest where none is named. Raises NotFound."""
    with store.reading() as connection:
        catalogue = read_catalogue(connection, [method])
    info = catalogue.resolve(method, version or "latest")
    if info is None:
        told = f" in version {version}" if method in catalogue.methods else ""
        raise NotFound(
            f"There is no method {shown(method)}{told}.", hint="`pm method list` shows the methods."
        )
    return info


def sources(store: Store, method: str, version: int | None, name: str) -> list[Connection]:
    """Return the outputs that an input could be linked to, and why the others could not."""
    declared = _input(version_info(store, method, version), name)
    with store.reading() as connection:
        return connecting.sources_of(read_catalogue(connection), declared)


def takers(store: Store, method: str, version: int | None, name: str) -> list[Connection]:
    """Return the inputs that an output could be linked to, and why the others could not."""
    info = version_info(store, method, version)
    if name not in info.outputs:
        raise NotFound(f"{method} v{info.version} has no output {shown(name)}.")
    with store.reading() as connection:
        return connecting.takers_of(read_catalogue(connection), info, name)


def earlier_results(
    store: Store,
    method: str,
    version: int | None,
    name: str,
    *,
    source: str | None = None,
    sample: str | None = None,
    limit: int = 50,
    before: int | None = None,
) -> Candidates:
    """Return outputs of completed runs that an input can take, newest first.

    ``source`` is the method they should come from.
    """
    declared = _input(version_info(store, method, version), name)
    if declared.type not in connecting.FED_BY_OUTPUTS:
        raise InvalidInput(f"Input {shown(name)} of {method} takes a value, not a result.")
    return candidates(store, declared, method=source, sample=sample, limit=limit, before=before)


def _input(info: MethodVersionInfo, name: str) -> InputInfo:
    declared = info.inputs.get(name)
    if declared is None:
        raise NotFound(f"{info.method} v{info.version} has no input {shown(name)}.")
    return declared
