"""What is different between two plans, part by part, in words of the plan itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a plan before and after, as text; None where it is not there."""

    #: Where it stands, from the outside in: ("steps", "gate", "params", "gate.threshold").
    place: tuple[str, ...]
    before: str | None
    after: str | None


def plan_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs between two plans as plain data, in the order of the first.

    A list of named tables (branches) is compared by its names, what has no parts as its text.
    """
    old, new = dict(_parts(before, ())), dict(_parts(after, ()))
    return tuple(
        Change(place, old.get(place), new.get(place))
        for place in dict.fromkeys((*old, *new))
        if old.get(place) != new.get(place)
    )


def _parts(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _parts(each, (*place, key))
    elif isinstance(value, list) and value and all(map(_is_named, value)):
        yield place, ", ".join(each["name"] for each in value)
        for each in value:
            yield from _parts(each.get("params") or {}, (*place, each["name"]))
    elif isinstance(value, str) and (value or place[:1] == ("samples",)):
        # A sample that has nothing but its name is there all the same.
        yield place, value
    elif value not in (None, "", {}, [], False):
        yield place, json.dumps(value, ensure_ascii=False)


def _is_named(each: object) -> bool:
    return isinstance(each, Mapping) and isinstance(each.get("name"), str)
