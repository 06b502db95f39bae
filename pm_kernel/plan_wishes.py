"""What is asked of a plan, given as Python values: checked, and as a document has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pm_kernel.domain.plan_request import parse_request
from pm_kernel.domain.rerun import rerun_of_words
from pm_kernel.errors import InvalidInput, Problems
from pm_kernel.plan_file import read_sheet


def wishes(
    *,
    samples: Sequence[str] | Sequence[Mapping[str, object]] | None,
    sheet: object,
    branches: Mapping[str, Any],
    branch_groups: Mapping[str, str | None],
    until: Sequence[str],
    excluded: Sequence[Mapping[str, str]],
    rerun: Iterable[str | Mapping[str, Any]],
    rerun_keys: Sequence[str],
) -> tuple[dict[str, Any], Path]:
    """Return the request, and the folder that relative file names in it are meant from.

    Raises InvalidInput for samples that cannot be read, Problems for everything wrong at once.
    """
    if samples is not None and sheet is not None:
        raise InvalidInput("Both samples and a sheet are given; one of them is enough.")
    folder = Path.cwd()
    raw: dict[str, Any] = {
        "branches": dict(branches),
        "branch_groups": dict(branch_groups),
        "until": list(until),
        "excluded": [dict(each) if isinstance(each, Mapping) else each for each in excluded],
        "rerun": {**rerun_of_words(rerun), "keys": list(rerun_keys)},
    }
    if sheet is not None:
        text, folder = _sheet(sheet, folder)
        raw["samples"] = {"sheet": text}
    elif samples is not None:
        raw["samples"] = _samples(samples)
    request, problems = parse_request(raw)
    errors = [each for each in problems if each.severity == "error"]
    if errors:
        raise Problems(errors)
    return request.to_document(), folder


def _sheet(sheet: object, folder: Path) -> tuple[str, Path]:
    if isinstance(sheet, str | PathLike):
        path = Path(sheet)
        return read_sheet(path), path.resolve().parent
    written = getattr(sheet, "to_csv", None)
    if written is None:
        raise InvalidInput(f"A sample sheet is a file or a data frame, not {sheet!r}.")
    return str(written(index=False)), folder


def _samples(samples: Sequence[str] | Sequence[Mapping[str, object]]) -> Any:
    if isinstance(samples, str):
        raise InvalidInput(f"Samples are a list of names, as in [{samples!r}].")
    every = list(samples)
    if not any(isinstance(each, Mapping) for each in every):
        return [str(each) for each in every]
    return {
        "rows": [
            {column: _cell(cell) for column, cell in each.items()}
            if isinstance(each, Mapping)
            else each
            for each in every
        ]
    }


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return str(fspath(cell) if isinstance(cell, PathLike) else cell)
