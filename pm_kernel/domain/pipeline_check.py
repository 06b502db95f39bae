"""What is wrong with a pipeline, given the registered methods: findings name step and link."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pm_kernel.domain.bindings import (
    SAMPLE,
    Binding,
    FromColumn,
    FromFile,
    FromRun,
    FromStep,
    FromValue,
    gather_of,
)
from pm_kernel.domain.catalogue import Catalogue, InputInfo, MethodVersionInfo
from pm_kernel.domain.connecting import mismatches
from pm_kernel.domain.faults import Faults, suggestion
from pm_kernel.domain.names import listed, shown
from pm_kernel.domain.pipeline import Pipeline, Step
from pm_kernel.domain.values import typed_input, typed_value
from pm_kernel.errors import InvalidInput, Problem

#: Declared type of an input -> the bindings that can feed it, and how the sentence names them.
_FITTING: Mapping[str, tuple[tuple[type[Binding], ...], str]] = {
    "upstream": ((FromStep, FromColumn, FromRun), "the output of a step or of an earlier run"),
    "file": ((FromStep, FromColumn, FromFile, FromRun), "a file or the output of a step"),
    "value": ((FromColumn, FromValue), "a value or a column of the sample sheet"),
    "list": ((FromColumn, FromValue), "a list of values or a gathered column"),
}


def check_pipeline(
    pipeline: Pipeline,
    catalogue: Catalogue,
    *,
    columns: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Every problem of ``pipeline``; ``columns`` of a sample sheet fill inputs of the same name.

    What depends on the samples and branches of a plan (what a gather can collect) is found by
    ``expand``.
    """
    faults = Faults()
    for cycle in pipeline.topology.cycles:
        way = " → ".join(shown(step) for step in (*cycle, cycle[0]))
        faults.at(cycle[0]).add(
            f"the links {way} form a cycle, so none of these steps can begin; remove one of them.",
            code="cycle",
        )
    _check_dimensions(pipeline, faults)
    for name, step in pipeline.steps.items():
        here = faults.at(name)
        info = catalogue.resolve(step.method, step.version) if step.method else None
        if info is None:
            _unknown_method(step, catalogue, here)
        else:
            for output in info.withheld:
                here.add(
                    f"module {info.module} promises an output {shown(output)}, which {info.method} "
                    f"v{info.version} does not declare: its runs break the contract and fail. "
                    "Declare it in a new version, or change the contract of the module.",
                    code="contract",
                    severity="notice",
                )
            check_params(info, step.params, here)
            for branch in step.branches.members:
                check_params(info, branch.params, here)
        _check_inputs(pipeline, step, info, catalogue, columns, faults)
    return tuple(faults.found)


def bound_inputs(
    step: Step, info: MethodVersionInfo | None, columns: Collection[str]
) -> dict[str, Binding]:
    """The step's bindings, with the sheet's columns filling declared inputs of the same name.

    A step that gathers is not filled: a column would silently make one run per sample of it.
    """
    bound = dict(step.inputs)
    if info is None or any(gather_of(binding) for binding in bound.values()):
        return bound
    for name in info.inputs:
        if name not in bound and name in columns:
            bound[name] = FromColumn(name)
    return dict(sorted(bound.items()))


def check_params(info: MethodVersionInfo, params: Mapping[str, str], faults: Faults) -> None:
    """Note parameters that the version does not track, and values that do not fit."""
    for name, text in params.items():
        declared = info.params.get(name)
        if declared is None:
            tails = [known for known in info.params if known.rpartition(".")[2] == name]
            meant = (
                f"; did you mean {shown(tails[0])}?"
                if len(tails) == 1
                else suggestion(name, info.params, otherwise="It tracks")
            )
            faults.add(
                f"{info.method} v{info.version} has no parameter {shown(name)}{meant}",
                code="unknown_parameter",
            )
        else:
            try:
                typed_value(name, declared, text)
            except InvalidInput as error:
                faults.add(str(error), code="value")


def _unknown_method(step: Step, catalogue: Catalogue, faults: Faults) -> None:
    if not step.method:
        faults.add("it has no method yet; choose one.", code="unknown_method")
        return
    versions = catalogue.methods.get(step.method)
    if versions:
        faults.add(
            f"{step.method} has no version {step.version}; its newest is v{max(versions)}.",
            code="unknown_version",
        )
    else:
        faults.add(
            f"no method is called {shown(step.method)}"
            f"{suggestion(step.method, catalogue.methods, otherwise='Registered are')}",
            code="unknown_method",
        )


def _check_dimensions(pipeline: Pipeline, faults: Faults) -> None:
    """Steps, branch groups and ``by`` columns share one set of names, or ``over`` is ambiguous."""
    for name, step in pipeline.steps.items():
        if step.branch_group is not None and step.branch_group in pipeline.steps:
            faults.at(name).add(
                f"its branch group has the name of step {shown(step.branch_group)}; choose "
                "another.",
                code="ambiguous_name",
            )
    taken = set(pipeline.steps) | {s.branch_group for s in pipeline.steps.values()}
    for name, input_name, binding in _gathering(pipeline):
        gather = gather_of(binding)
        for column in gather.by if gather else ():
            if column in taken:
                faults.at(name, f"{name}.{input_name}").add(
                    f"{shown(column)} is a column here and the name of a step or branch group "
                    "elsewhere; rename one of them.",
                    code="ambiguous_name",
                )


def _gathering(pipeline: Pipeline) -> Iterator[tuple[str, str, Binding]]:
    for name, step in pipeline.steps.items():
        for input_name, binding in step.inputs.items():
            if gather_of(binding) is not None:
                yield name, input_name, binding


def _check_inputs(
    pipeline: Pipeline,
    step: Step,
    info: MethodVersionInfo | None,
    catalogue: Catalogue,
    columns: Collection[str],
    faults: Faults,
) -> None:
    bound = bound_inputs(step, info, columns)
    for name, binding in bound.items():
        link = faults.at(step.name, f"{step.name}.{name}")
        declared = None if info is None else info.inputs.get(name)
        if info is not None and declared is None:
            told = suggestion(name, info.inputs, otherwise="It takes")
            link.add(
                f"{info.method} v{info.version} has no input {shown(name)}{told}", "unknown_input"
            )
        if isinstance(binding, FromStep):
            _check_source(pipeline, step, binding, declared, catalogue, link)
        if declared is not None:
            _check_fit(name, binding, declared, link)
        _check_gather(pipeline, binding, link)
    for name, declared in info.inputs.items() if info is not None else ():
        if declared.required and name not in bound:
            faults.at(step.name, f"{step.name}.{name}").add(
                f"input {shown(name)} is not connected.", code="missing_input"
            )


def _check_source(
    pipeline: Pipeline,
    step: Step,
    binding: FromStep,
    declared: InputInfo | None,
    catalogue: Catalogue,
    link: Faults,
) -> None:
    source = pipeline.steps.get(binding.step)
    if source is None:
        told = suggestion(binding.step, (n for n in pipeline.steps if n != step.name))
        link.add(f"no step is called {shown(binding.step)}{told}", code="unknown_step")
        return
    info = catalogue.resolve(source.method, source.version) if source.method else None
    if info is None:
        return  # said where that step stands
    output = info.outputs.get(binding.output)
    if output is None:
        told = suggestion(binding.output, info.outputs, otherwise="Its outputs are")
        link.add(
            f"step {shown(binding.step)} has no output {shown(binding.output)}{told}",
            "unknown_output",
        )
        return
    if declared is None:
        return
    for code, reason in mismatches(
        declared,
        module=info.module,
        output_type=output.type,
        output=f"{binding.step}.{binding.output}",
        owner=f"step {shown(binding.step)}",
    ):
        link.add(reason, code=code)


def _check_fit(name: str, binding: Binding, declared: InputInfo, link: Faults) -> None:
    fitting = _FITTING.get(declared.type)
    if fitting is not None and not isinstance(binding, fitting[0]):
        link.add(f"input {shown(name)} needs {fitting[1]}.", code="binding_mismatch")
        return
    if isinstance(binding, FromValue):
        try:
            typed_input(name, declared, binding.text)
        except InvalidInput as error:
            link.add(str(error), code="value")
    gathered = gather_of(binding) is not None
    if declared.gather and not gathered and isinstance(binding, FromStep | FromColumn):
        link.add(
            f"input {shown(name)} expects a gathered list; say what it gathers over "
            "(the samples, or the branches of a step).",
            code="gather_expected",
        )
    if gathered and not declared.gather and declared.type != "list":
        link.add(
            f"input {shown(name)} takes one thing, but this link gathers a list; do not gather, "
            "or use a method that expects a list.",
            code="gather_unexpected",
        )


def _check_gather(pipeline: Pipeline, binding: Binding, link: Faults) -> None:
    gather = gather_of(binding)
    if gather is None:
        return
    by_columns = {
        column
        for _, _, each in _gathering(pipeline)
        for column in getattr(gather_of(each), "by", ())
    }
    groups = {each.branch_group for each in pipeline.steps.values() if each.branch_group}
    known = {SAMPLE, *pipeline.steps, *groups, *by_columns}
    unknown = [name for name in gather.over if name not in known]
    if unknown:
        link.add(
            f"it gathers over {listed(unknown)}, which is neither 'sample' nor a step; "
            f"a column can be gathered over where an earlier step gathered by it.",
            code="unknown_dimension",
        )
    if isinstance(binding, FromColumn) and SAMPLE not in gather.over:
        link.add("a column of the sample sheet can only be gathered over samples.", "gather")
