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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        request["samples"] = {"sheet": read_sheet(folder / str(document["sheet"]))}
    return PlanFile(
        plan=PlanInput(pipeline, request, folder / str(document.get("base", ""))),
        name=str(document.get("name") or pipeline.get("name") or path.stem),
        notes=str(document.get("notes", "")),
        metadata=dict(document.get("metadata", {})),
    )


def read_sheet(path: Path) -> str:
    """Read a sample sheet's text. Raises InvalidInput."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"The sample sheet {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The sample sheet {path} is not UTF-8 text ({error}).",
            hint="Save it as CSV in UTF-8.",
        ) from error


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML or JSON file that holds a table. Raises InvalidInput."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 text: {error}.") from error
    try:
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise InvalidInput(f"{path} is not readable {kind}: {error}.") from error
    if not isinstance(document, dict):
        raise InvalidInput(f"{path} must hold a table.")
    return document
