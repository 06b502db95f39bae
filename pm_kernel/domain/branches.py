"""Several parameter sets at one step: named, listed, or the product of a grid.

    {"tight": {"gate.dna_norm_max": "1.3"}, …}                       by name (ordered by name)
    [{"name": "tight", "params": {"gate.dna_norm_max": "1.3"}}, …]   by name, in this order
    [{"gate.dna_norm_max": "1.3"}, …]                                listed; names are derived
    {"grid": {"gate.dna_norm_max": ["1.3", "2.0"], "gate.k": ["5"]}} every combination

A table of names is ordered by name because databases do not keep the order of keys; who wants
another order writes a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any, TypeVar

from pm_kernel.domain.faults import Faults, as_mapping
from pm_kernel.domain.names import (
    MAX_NAME,
    distinct,
    listed,
    name_fault,
    natural,
    shown,
    text_fault,
)

#: More branches at one step than this is a mistake in a grid, not an experiment.
MAX_BRANCHES = 10_000

#: The one branch of a step that has none.
DEFAULT_BRANCH = "default"

_Given = TypeVar("_Given")


@dataclass(frozen=True, slots=True)
class Branch:
    """One parameter set; values are canonical text."""

    name: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branches:
    """All parameter sets of one step, in order; empty where the step does not branch."""

    members: tuple[Branch, ...] = ()
    #: Names were given by a person, not derived from the parameters.
    named: bool = False
    #: The grid they came from, kept so that a form can show it again: (parameter, values).
    grid: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def to_document(self) -> Any:
        """The form that a document stores; order survives, whatever stores it."""
        if self.grid:
            return {"grid": {name: list(values) for name, values in self.grid}}
        if self.named:
            return [{"name": each.name, "params": dict(each.params)} for each in self.members]
        return [dict(each.params) for each in self.members]


def parse_branches(raw: object, faults: Faults) -> Branches:
    """Branches in any of the four forms; what is wrong becomes a problem and is left out."""
    if raw is None:
        return Branches()
    if isinstance(raw, Mapping):
        if set(raw) == {"grid"}:
            return _grid(as_mapping(raw["grid"], "grid", faults), faults)
        table = as_mapping(raw, "branches", faults)
        pairs = [(name, table[name]) for name in sorted(table, key=lambda key: (natural(key), key))]
        return _named(pairs, faults)
    if isinstance(raw, list | tuple):
        if raw and all(isinstance(each, Mapping) and _is_named(each) for each in raw):
            return _named([(each["name"], each.get("params")) for each in raw], faults)
        return _listed(raw, faults)
    faults.add("'branches' must be a table of names, a list, or a grid.", code="wrong_type")
    return Branches()


def parse_params(raw: object, what: str, faults: Faults) -> dict[str, str]:
    """``function.param`` -> canonical text, sorted by name."""
    kept: dict[str, str] = {}
    for name, value in sorted(as_mapping(raw, what, faults).items()):
        if name_fault(name) is not None:
            faults.add(f"the name of a parameter {name_fault(name)}: {shown(name)}.", "parameter")
        elif not isinstance(value, str) or not value:
            faults.add(
                f"parameter {shown(name)} must be written as text, so that 1, 1.0 and '1' stay "
                f"apart, not {shown(repr(value))}.",
                "parameter",
            )
        elif (fault := text_fault(value)) is not None:
            faults.add(f"the value of parameter {shown(name)} {fault}.", "parameter")
        else:
            kept[name] = value
    return kept


def _is_named(each: Mapping[Any, Any]) -> bool:
    return "name" in each and set(each) <= {"name", "params"}


def _named(pairs: Sequence[tuple[object, object]], faults: Faults) -> Branches:
    members: list[Branch] = []
    for name, params in _within_limit(pairs, faults):
        fault = name_fault(name) if isinstance(name, str) else "is not text"
        if fault is not None or not isinstance(name, str):
            faults.add(f"the name of a branch {fault}: {shown(str(name))}.", code="name")
        elif any(name == each.name for each in members):
            faults.add(f"two branches are called {shown(name)}.", code="duplicate_branch")
        else:
            members.append(Branch(name, parse_params(params, f"branch {name}", faults)))
    return Branches(tuple(members), named=bool(members))


def _listed(raw: Sequence[object], faults: Faults) -> Branches:
    sets = [parse_params(each, "branch", faults) for each in _within_limit(raw, faults)]
    return Branches(tuple(map(Branch, branch_names(sets), sets)))


def _grid(raw: Mapping[str, Any], faults: Faults) -> Branches:
    axes: list[tuple[str, tuple[str, ...]]] = []
    for name in sorted(raw):
        values = [raw[name]] if isinstance(raw[name], str) else raw[name]
        if not isinstance(values, list | tuple) or not values:
            faults.add(f"the grid needs a list of values for {shown(name)}.", code="grid")
            continue
        kept = [parse_params({name: value}, "grid", faults).get(name) for value in values]
        if texts := tuple(value for value in kept if value is not None):
            axes.append((name, texts))
    count = prod(len(values) for _, values in axes)
    if not axes:
        if not raw:
            faults.add("the grid is empty; give parameters with values to try.", code="grid")
        return Branches()
    if count > MAX_BRANCHES:
        sizes = " × ".join(str(len(values)) for _, values in axes)
        faults.add(
            f"the grid has {sizes} = {count:,} branches, the limit is {MAX_BRANCHES:,}; try fewer "
            "values.",
            code="too_many",
        )
        return Branches()
    names = [name for name, _ in axes]
    sets = [dict(zip(names, values, strict=True)) for values in product(*(v for _, v in axes))]
    return Branches(tuple(map(Branch, branch_names(sets), sets)), grid=tuple(axes))


def _within_limit(given: Sequence[_Given], faults: Faults) -> Sequence[_Given]:
    if len(given) > MAX_BRANCHES:
        faults.add(
            f"{len(given):,} branches are given, the limit is {MAX_BRANCHES:,}.", code="too_many"
        )
    return given[:MAX_BRANCHES]


def branch_names(sets: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Readable, distinct and repeatable names: ``dna_norm_max=1.3, k=5``.

    The function is left out where the parameter's own name tells it apart within these sets.
    """
    every = sorted({name for params in sets for name in params})
    short = [name.rpartition(".")[2] for name in every]
    label = {
        name: name if short.count(tail) > 1 else tail
        for name, tail in zip(every, short, strict=True)
    }
    return distinct(
        [
            _fitting(", ".join(f"{label[name]}={params[name]}" for name in sorted(params)))
            for params in sets
        ]
    )


def _fitting(name: str) -> str:
    """A derived name made fit to be one: values may be long or hold anything."""
    if not name:
        return DEFAULT_BRANCH
    if name_fault(name) is None and len(name) <= MAX_NAME - 10:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{shown(name, 120)[1:-1].strip()} {digest}"


def equal_branches(keys: Sequence[tuple[str, object]]) -> str | None:
    """The sentence for branches that set the same values, or None; pairs of (name, what is set)."""
    seen: dict[object, list[str]] = {}
    for name, what in keys:
        seen.setdefault(what, []).append(name)
    twins = [names for names in seen.values() if len(names) > 1]
    if not twins:
        return None
    return f"branches {listed(twins[0])} set the same values; remove all but one of them."
