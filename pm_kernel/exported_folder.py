"""What stands in an exported folder about its plan: ``plan.json``, and nothing of it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.planning import PlanInput

PLAN = "plan.json"
#: Raised by one with each change that an older program would misread.
FORMAT = 1


@dataclass(frozen=True)
class ExportedPlan:
    """The plan of an exported folder; versions are numbers, so that it stays the same plan."""

    export_id: str
    workspace_id: str
    #: Where the workspace was then.
    workspace: str
    plan: PlanInput
    name: str
    notes: str
    metadata: Mapping[str, Any]
    #: What it was made from, in words.
    source: str
    #: Key, step, sample and branch of each planned run, in the order of the plan: task 1, 2, …
    runs: tuple[Mapping[str, Any], ...]

    def to_json(self) -> str:
        """Return the text of ``plan.json``."""
        return (
            json.dumps(
                {
                    "format": FORMAT,
                    "export": self.export_id,
                    "workspace": self.workspace,
                    "workspace_id": self.workspace_id,
                    "source": self.source,
                    "name": self.name,
                    "notes": self.notes,
                    "metadata": dict(self.metadata),
                    "pipeline": self.plan.document,
                    "request": self.plan.stored_request(),
                    "runs": [dict(run) for run in self.runs],
                },
                indent=1,
                ensure_ascii=False,
            )
            + "\n"
        )


def read_exported(folder: Path) -> ExportedPlan:
    """Read the plan of an exported folder. Raises NotFound and InvalidInput."""
    path = folder / PLAN
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise InvalidInput(
                f"{path} was written by another version of this program.",
                hint="Export the plan again with `pm plan export`.",
            )
        return ExportedPlan(
            export_id=document["export"],
            workspace_id=document["workspace_id"],
            workspace=document["workspace"],
            plan=PlanInput.stored(document["pipeline"], document["request"]),
            name=document["name"],
            notes=document["notes"],
            metadata=document["metadata"],
            source=document["source"],
            runs=tuple(document["runs"]),
        )
    except FileNotFoundError:
        raise NotFound(
            f"There is no {PLAN} in {folder}.", hint="It belongs beside pipeline.nf."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} cannot be read: {error}.", hint="Export the plan again with `pm plan export`."
        ) from error
