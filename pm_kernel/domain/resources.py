"""What a step asks of the machine it runs on: processors, memory, time, queue, container."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any

from pm_kernel.domain.faults import Faults, as_mapping
from pm_kernel.domain.names import name_fault, shown

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]?B)")
_UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DIRECTIVE = re.compile(r"[a-z][A-Za-z0-9]{0,63}")

Directive = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Resources:
    """One step's wishes; None means that the site's default holds."""

    cpus: int | None = None
    #: As written, for example ``2 GB``.
    memory: str | None = None
    #: As written, for example ``1h`` or ``1h 30m``: a run that takes longer is ended.
    time: str | None = None
    queue: str | None = None
    #: How often a failed run is tried again at once.
    retries: int = 0
    container: str | None = None
    #: Further Nextflow directives by name.
    directives: dict[str, Directive] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int | None:
        """Memory in bytes; units are powers of 1024, as Nextflow reads them."""
        match = _MEMORY.fullmatch(self.memory or "")
        return None if match is None else int(float(match[1]) * _UNITS[match[2]])

    @property
    def seconds(self) -> float | None:
        """Time limit in seconds."""
        if self.time is None:
            return None
        return sum(float(number) * _SECONDS[unit] for number, unit in _SPAN.findall(self.time))

    def to_document(self) -> dict[str, Any]:
        """Only what differs from the default, so that TOML (which has no null) can hold it."""
        written: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value not in (None, {}, 0):
                written[each.name] = value
        return written


def parse_resources(raw: object, faults: Faults) -> Resources:
    """The resources of one step; whatever is wrong becomes a problem and the default instead."""
    given = as_mapping(raw, "resources", faults)
    faults.unknown_keys(given, {each.name for each in fields(Resources)}, "resources")
    return Resources(
        cpus=_whole(given, "cpus", 1, faults),
        memory=_written(given, "memory", _memory_fault, faults),
        time=_written(given, "time", _time_fault, faults),
        queue=_written(given, "queue", name_fault, faults),
        retries=_whole(given, "retries", 0, faults) or 0,
        container=_written(given, "container", name_fault, faults),
        directives=_directives(given.get("directives"), faults),
    )


def _whole(given: dict[str, Any], key: str, least: int, faults: Faults) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        faults.add(f"'{key}' must be a whole number, {least} or more, not {shown(repr(value))}.")
        return None
    return value


def _written(given: dict[str, Any], key: str, fault_of: Any, faults: Faults) -> str | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        faults.add(f"'{key}' must be text, not {shown(repr(value))}.")
        return None
    fault = fault_of(value)
    if fault is not None:
        faults.add(f"'{key}' {fault}: {shown(value)}.")
        return None
    return value


def _memory_fault(text: str) -> str | None:
    match = _MEMORY.fullmatch(text)
    if match is None:
        return "must be a number with a unit, as in '2 GB'"
    return None if float(match[1]) > 0 else "must be more than nothing"


def _time_fault(text: str) -> str | None:
    if not re.fullmatch(rf"(?:{_SPAN.pattern}\s*)+", text):
        return "must be a span of time, as in '1h 30m'"
    return None


def _directives(raw: object, faults: Faults) -> dict[str, Directive]:
    kept: dict[str, Directive] = {}
    for name, value in as_mapping(raw, "directives", faults).items():
        if not _DIRECTIVE.fullmatch(name):
            faults.add(f"{shown(name)} cannot be the name of a Nextflow directive.")
        elif not isinstance(value, str | int | float | bool):
            faults.add(f"Directive {shown(name)} must be text, a number or a yes/no.")
        else:
            kept[name] = value
    return kept
