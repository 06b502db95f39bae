"""A plan as a file, to be kept beside a paper and submitted again.

TOML or JSON: the pipeline document (or the name of its file), the samples (or the name of a sample
sheet), and whatever else a plan is asked for. File names are meant from the file's own folder;
those of data from ``base``, where that is given.

    name = "cohort"
    pipeline = "pipeline.json"          # or a [pipeline] table
    sheet = "samples.csv"               # or samples = ["s1", "s2"]
    until = ["filter"]
    [branches.filter]
    grid = { "gate.dna_norm_max" = ["1.3", "2.0"] }
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pm_kernel.domain.names import text_fault
from pm_kernel.errors import InvalidInput
from pm_kernel.planning import PlanInput

_OWN_KEYS = frozenset({"name", "notes", "metadata", "pipeline", "sheet", "base"})


@dataclass(frozen=True)
class PlanFile:
    """What a plan file says."""

    plan: PlanInput
    name: str
    notes: str
    metadata: Mapping[str, Any]


def read_plan_file(path: Path) -> PlanFile:
    """Read a plan file, and the files that it names.

    A file that is a pipeline document itself is taken as a plan without samples. Raises
    InvalidInput when it cannot be read; what is wrong in the plan is found by the preview.
    """
    document = read_table(path)
    folder = path.resolve().parent
    if "steps" in document:
        document = {"pipeline": document}
    pipeline = document.get("pipeline")
    if isinstance(pipeline, str):
        pipeline = read_table(folder / pipeline)
    if not isinstance(pipeline, dict):
        raise InvalidInput(
            f"{path} has no pipeline: a [pipeline] table, or the name of its file.",
            hint="`pm template show NAME` prints a saved pipeline as such a table.",
        )
    request = {key: value for key, value in document.items() if key not in _OWN_KEYS}
    if "sheet" in document:
        if "samples" in request:
            raise InvalidInput(f"{path} gives both samples and a sheet; one of them is enough.")
        request["samples"] = {"sheet": read_sheet(folder / _text(path, document, "sheet"))}
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        raise InvalidInput(f"{path}: 'metadata' is a table, not {metadata!r}.")
    return PlanFile(
        plan=PlanInput(pipeline, request, folder / _text(path, document, "base")),
        name=str(document.get("name") or pipeline.get("name") or path.stem),
        notes=_text(path, document, "notes"),
        metadata=metadata,
    )


def read_sheet(path: Path) -> str:
    """Read a sample sheet's text. Raises InvalidInput."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The sample sheet {path} is not UTF-8 text ({error}).",
            hint="Save it as CSV in UTF-8.",
        ) from error
    except (OSError, ValueError) as error:
        raise InvalidInput(f"The sample sheet {path} cannot be read: {_reason(error)}.") from error


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML or JSON file that holds a table. Raises InvalidInput."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text: {error}.") from error
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {_reason(error)}.") from error
    kind = "JSON" if path.suffix == ".json" else "TOML"
    try:
        document = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except ValueError as error:
        raise InvalidInput(f"{path} is not readable {kind}: {error}.") from error
    except RecursionError:
        raise InvalidInput(
            f"{path} is not readable {kind}: there are too many tables and lists in each other."
        ) from None
    if not isinstance(document, dict):
        raise InvalidInput(f"{path} must hold a table.")
    for place, value in _dates(document):
        raise InvalidInput(
            f"{path}: {place} is a date or time, which JSON has no word for.",
            hint=f'Write it as text, in quotes: "{value.isoformat()}".',
        )
    return document


def _dates(document: Mapping[str, Any]) -> Iterator[tuple[str, date | time]]:
    pending: list[tuple[str, Any]] = list(document.items())
    while pending:
        place, value = pending.pop()
        if isinstance(value, date | datetime | time):
            yield place, value
        elif isinstance(value, dict):
            pending += [(f"{place}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list):
            pending += [(place, each) for each in value]


def _text(path: Path, document: Mapping[str, Any], key: str) -> str:
    value = document.get(key, "")
    if not isinstance(value, str):
        raise InvalidInput(f"{path}: {key!r} is text, not {value!r}.")
    fault = text_fault(value)
    if fault is not None:
        raise InvalidInput(f"{path}: {key!r} cannot be used: the text {fault}.")
    return value


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
