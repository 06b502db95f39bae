"""What people write about a plan beside what it runs: its name, notes and metadata."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pm_kernel.domain.names import name_fault, shown, text_fault
from pm_kernel.errors import InvalidInput

#: Tables and lists inside each other: what reads JSON does not go on for ever.
_DEEPEST = 100


def check_labels(name: str, notes: str, metadata: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what could not be shown, stored, or read back as it was."""
    for what, text in (("name", name), ("notes", notes)):
        if not isinstance(text, str):
            raise InvalidInput(f"The {what} of a plan must be text, not {text!r}.")
    if not isinstance(metadata, Mapping):
        raise InvalidInput(f"The metadata of a plan must be a table, not {metadata!r}.")
    fault = name_fault(name)
    if fault is not None:
        raise InvalidInput(f"The name of a plan {fault}: {shown(name)}.")
    fault = text_fault(notes)
    if fault is not None:
        raise InvalidInput(f"The notes of a plan cannot be stored: the text {fault}.")
    for each in _leaves(dict(metadata)):
        fault = text_fault(each) if isinstance(each, str) else None
        if isinstance(each, float) and not math.isfinite(each):
            fault = f"holds {each}, which JSON has no word for"
        elif not isinstance(each, str | int | float | None):
            fault = f"holds {each!r}, which is to be written as text"
        if fault is not None:
            raise InvalidInput(f"The metadata of a plan cannot be stored: it {fault}.")


def _leaves(value: Any, depth: int = 0) -> Iterator[Any]:
    if depth > _DEEPEST:
        raise InvalidInput(
            "The metadata of a plan cannot be stored: there are too many tables and lists in each "
            "other."
        )
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _leaves(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, depth + 1)
    else:
        yield value
