"""Which output can feed which input: one rule for the check of a document and for suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pm_kernel.domain.catalogue import Catalogue, InputInfo, MethodVersionInfo
from pm_kernel.domain.names import shown

#: Inputs that take the output of a run or a step.
FED_BY_OUTPUTS = ("upstream", "file")


@dataclass(frozen=True, slots=True)
class Connection:
    """One end that a port may be linked to; ``reason`` says why it may not."""

    method: str
    module: str
    version: int
    #: The input or output there, and its declared type.
    name: str
    type: str
    reason: str | None


def wanted_type(declared: InputInfo) -> str | None:
    """Return the type of output that an input needs; None: any."""
    return declared.value_type


def fits_type(declared: InputInfo, output_type: str) -> bool:
    """Return whether an output of this type can feed an input."""
    wanted = wanted_type(declared)
    anything = wanted is None or (wanted == "file" and output_type != "directory")
    return anything or output_type == wanted


def mismatches(
    declared: InputInfo, *, module: str, output_type: str, output: str, owner: str
) -> Iterator[tuple[str, str]]:
    """Yield code and reason of everything that keeps an output from feeding an input.

    ``output`` and ``owner`` are how the sentences name the output and what it belongs to.
    """
    if declared.module is not None and module != declared.module:
        yield (
            "module_mismatch",
            f"it wants a result of module {shown(declared.module)}, but {owner} belongs to "
            f"{shown(module)}.",
        )
    if declared.type in FED_BY_OUTPUTS and not fits_type(declared, output_type):
        yield (
            "type_mismatch",
            f"it wants {_one(wanted_type(declared) or 'file')}, but {shown(output)} is "
            f"{_one(output_type)}.",
        )


def _one(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def sources_of(catalogue: Catalogue, declared: InputInfo) -> list[Connection]:
    """Return every output of every method's newest version, those that can feed an input first."""
    found = [
        Connection(
            info.method, info.module, info.version, name, output.type,
            _reason(declared, info, name, output.type),
        )
        for info in _newest(catalogue)
        for name, output in info.outputs.items()
    ]  # fmt: skip
    return _sorted(found)


def takers_of(catalogue: Catalogue, info: MethodVersionInfo, output: str) -> list[Connection]:
    """Return every input of every method's newest version, those that can take an output first."""
    output_type = info.outputs[output].type
    found = [
        Connection(
            taker.method, taker.module, taker.version, name, declared.type,
            _reason(declared, info, output, output_type),
        )
        for taker in _newest(catalogue)
        for name, declared in taker.inputs.items()
    ]  # fmt: skip
    return _sorted(found)


def _newest(catalogue: Catalogue) -> Iterator[MethodVersionInfo]:
    for versions in catalogue.methods.values():
        yield versions[max(versions)]


def _reason(
    declared: InputInfo, source: MethodVersionInfo, output: str, output_type: str
) -> str | None:
    if declared.type not in FED_BY_OUTPUTS:
        said = "a list of values" if declared.type == "list" else "a value"
        return f"it takes {said}, not the output of a step."
    reasons = mismatches(
        declared,
        module=source.module,
        output_type=output_type,
        output=f"{source.method}.{output}",
        owner=f"method {shown(source.method)}",
    )
    return next((reason for _, reason in reasons), None)


def _sorted(found: list[Connection]) -> list[Connection]:
    return sorted(found, key=lambda c: (c.reason is not None, c.module, c.method, c.name))
