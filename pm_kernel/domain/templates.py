"""Saved pipelines: a document under a name, from which plans are made.

A plan keeps the document it was made from; what becomes of the template later does not reach it.
Whatever content a template had is a version of it, and stays to be looked at and taken again.
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
    updated_by: str
    #: Its newest version: one more with every content_hash that it had.
    version: int
    #: What somebody said of that version.
    note: str

    @property
    def revision(self) -> str:
        """sha256 of all that was saved, layout included: what somebody else's saving changes."""
        text = json.dumps([self.name, self.document], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """What a template is, or was: the document with one content."""

    version: int
    document: Mapping[str, Any]
    content_hash: str
    note: str
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True)
class StepChanges:
    """By which steps a pipeline differs from the one before it; titles do not count."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def newest_version(template: Template) -> TemplateVersion:
    """Return what a template is now as one of its versions."""
    return TemplateVersion(
        template.version,
        template.document,
        template.content_hash,
        template.note,
        template.updated_at,
        template.updated_by,
    )


def step_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> StepChanges:
    """Compare two pipeline documents, step by step."""
    old, new = (
        {
            name: {key: value for key, value in step.items() if key != "title"}
            for name, step in document.get("steps", {}).items()
        }
        for document in (before, after)
    )
    return StepChanges(
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        tuple(name for name in new if name in old and new[name] != old[name]),
    )


def version_facts(version: TemplateVersion) -> dict[str, Any]:
    """Return what is known of a version but for its document, as plain JSON values."""
    return {
        "version": version.version,
        "content_hash": version.content_hash,
        "note": version.note,
        "saved_at": version.saved_at.isoformat(),
        "saved_by": version.saved_by,
    }


def version_document(version: TemplateVersion, changes: StepChanges) -> dict[str, Any]:
    """Return a version as lists show it, as plain JSON values."""
    return {
        **version_facts(version),
        "steps": len(version.document.get("steps", {})),
        "added": list(changes.added),
        "removed": list(changes.removed),
        "changed": list(changes.changed),
    }


def template_document(template: Template) -> dict[str, Any]:
    """Return a template as lists show it, as plain JSON values."""
    steps = template.document.get("steps", {})
    return {
        "name": template.name,
        "description": template.document.get("description", ""),
        "methods": [step.get("method", "") for step in steps.values()],
        "content_hash": template.content_hash,
        "version": template.version,
        "note": template.note,
        "revision": template.revision,
        "created_at": template.created_at.isoformat(),
        "updated_at": template.updated_at.isoformat(),
        "created_by": template.created_by,
        "updated_by": template.updated_by,
    }
