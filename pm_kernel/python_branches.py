"""Parameters and branches as somebody writes them in Python, in the form that a document has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pm_kernel.domain.names import shown
from pm_kernel.errors import InvalidInput
from pm_kernel.python_values import value_text


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of the values of some parameters."""

    axes: Mapping[str, Iterable[object]]


#: What ``branches=`` takes: sets of values by name, a list of them, or a ``grid``.
BranchValues = Mapping[str, Mapping[str, object]] | Sequence[Mapping[str, object]] | Grid


def grid(axes: Mapping[str, Iterable[object]]) -> Grid:
    """Return branches for every combination: ``grid({"gate.k": [3, 5], "gate.sigma": [1.0]})``.

    Values may be any iterable, such as ``range(5)`` or ``numpy.linspace(0, 1, 5)``.
    """
    return Grid(axes)


def mapping_of(given: object, place: str) -> Mapping[Any, Any]:
    """Return what must be a table; ``place`` begins the message where it is none (InvalidInput)."""
    if not isinstance(given, Mapping):
        raise InvalidInput(f"{place} must be a table of names and values, not {given!r}.")
    return given


def params_document(params: Mapping[str, object] | None, place: str) -> dict[str, str]:
    """Return ``function.param`` -> text. Raises InvalidInput for what is no table of values."""
    return {
        name: value_text(value, f"{place}, parameter {shown(str(name))}")
        for name, value in mapping_of(params or {}, f"{place}: params").items()
    }


def branches_document(given: BranchValues | None, place: str) -> Any:
    """Return branches as a document has them: lists, whose order is kept wherever it is stored."""
    if given is None:
        return None
    if isinstance(given, Mapping) and set(given) == {"grid"}:
        # As a file says it.
        given = Grid(given["grid"])  # type: ignore[arg-type]
    if isinstance(given, Grid):
        axes = mapping_of(given.axes, f"{place}: grid")
        return {"grid": {name: _axis(name, each, place) for name, each in axes.items()}}
    if isinstance(given, Mapping):
        return [
            {"name": name, "params": params_document(each, f"{place}, branch {shown(str(name))}")}
            for name, each in given.items()
        ]
    listed: Any = given
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        raise InvalidInput(
            f"{place}: branches are sets of values by name, a list of them, or a grid, "
            f"not {given!r}."
        )
    return [_branch(each, f"{place}, branch {n}") for n, each in enumerate(listed, 1)]


def _branch(given: Mapping[str, object], place: str) -> dict[str, Any]:
    given = mapping_of(given, place)
    if "name" in given and set(given) <= {"name", "params"}:
        params: Any = given.get("params")
        return {"name": given["name"], "params": params_document(params, place)}
    return params_document(given, place)


def _axis(name: str, values: Iterable[object], place: str) -> list[str]:
    place = f"{place}, grid of {shown(str(name))}"
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise InvalidInput(f"{place}: it takes a list of values to try, not {values!r}.")
    return [value_text(each, place) for each in values]
