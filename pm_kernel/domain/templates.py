"""Saved pipelines: a document under a name, from which plans are made.

A plan keeps the document it was made from; what becomes of the template later does not reach it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Template:
    """One saved pipeline."""

    template_id: int
    name: str
    #: The pipeline document.
    document: Mapping[str, Any]
    #: sha256 of what would be run, as plans note it: layout, titles and name do not count.
    content_hash: str
    created_at: datetime
    updated_at: datetime
    created_by: str

    @property
    def revision(self) -> str:
        """sha256 of all that was saved, layout included: what somebody else's saving changes."""
        text = json.dumps([self.name, self.document], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def template_document(template: Template) -> dict[str, Any]:
    """Return a template as lists show it, as plain JSON values."""
    steps = template.document.get("steps", {})
    return {
        "name": template.name,
        "description": template.document.get("description", ""),
        "methods": [step.get("method", "") for step in steps.values()],
        "content_hash": template.content_hash,
        "revision": template.revision,
        "created_at": template.created_at.isoformat(),
        "updated_at": template.updated_at.isoformat(),
        "created_by": template.created_by,
    }
