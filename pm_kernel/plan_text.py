"""A plan as the text of a plan file, to be edited or kept; ``read_plan_file`` reads it back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from pm_kernel.domain.bindings import SAMPLE
from pm_kernel.plan_file import PlanFile


def plan_text(file: PlanFile) -> tuple[str, str]:
    """Return the text, and the ending of its file's name.

    TOML where it can say everything; it has no word for "none", which a step that is taken out of
    its branch group needs, and which metadata may hold.
    """
    document = plan_table(file)
    if _says_none(document):
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n", ".json"
    import tomli_w

    return tomli_w.dumps(document, multiline_strings=True), ".toml"


def _says_none(document: Any) -> bool:
    if isinstance(document, Mapping):
        return any(_says_none(each) for each in document.values())
    if isinstance(document, list | tuple):
        return any(_says_none(each) for each in document)
    return document is None


def plan_table(file: PlanFile) -> dict[str, Any]:
    """Return a plan as the table that a plan file holds: only what is said."""
    request = {key: value for key, value in file.plan.request.items() if key != "samples"}
    rerun = {key: value for key, value in (request.pop("rerun", None) or {}).items() if value}
    table = {
        "name": file.name,
        "notes": file.notes,
        "metadata": dict(file.metadata),
        "base": str(file.plan.base),
        "samples": _samples(file.plan.request.get("samples")),
        "rerun": rerun,
        **request,
        "pipeline": file.plan.document,
    }
    return {key: value for key, value in table.items() if value not in (None, "", [], {})}


def _samples(samples: Any) -> Any:
    """Return a list of names as it is, and any other form as a sheet: CSV is what people edit."""
    if not isinstance(samples, Mapping) or "rows" not in samples:
        return samples
    rows = samples["rows"]
    columns = samples.get("columns") or list(dict.fromkeys(key for row in rows for key in row))
    if columns == [SAMPLE]:
        return [row[SAMPLE] for row in rows]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return {"sheet": stream.getvalue()}
