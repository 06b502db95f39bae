"""Saving pipelines under a name, so that nobody's work is overwritten unseen.

Whoever changes a template says which revision was seen; where it is another one by now, somebody
else has saved meanwhile, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes
from pm_kernel.config import Settings
from pm_kernel.domain.names import name_fault, shown
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.templates import Template
from pm_kernel.errors import Conflict, InvalidInput, Problems
from pm_kernel.mirror import forget_template, keep_template
from pm_kernel.store import templates
from pm_kernel.store.engine import Connection, Store


@dataclass(frozen=True)
class SavedTemplate:
    """A template as it is now; ``created`` and ``changed`` say what that took."""

    template: Template
    created: bool
    changed: bool


def list_templates(store: Store) -> list[Template]:
    """Return all templates by name."""
    with store.reading() as connection:
        return templates.list_templates(connection)


def get_template(store: Store, name: str) -> Template:
    """Return a template. Raises NotFound."""
    with store.reading() as connection:
        return templates.get_template(connection, name)


def save_template(
    store: Store,
    settings: Settings,
    name: str,
    document: Mapping[str, Any],
    *,
    expected: str | None,
) -> SavedTemplate:
    """Save a pipeline under a name. It may be unfinished, but must be readable.

    ``expected`` is the revision that is to be replaced; None: there is none of that name yet, or
    just this one, so that a save whose answer was lost can be repeated.
    Raises Problems where the document cannot be read, InvalidInput for a name that cannot be,
    NotFound where the template was deleted meanwhile, Conflict where it was changed, and
    StoreUnavailable when the run store, which keeps it too, cannot be written.
    """
    pipeline = _readable(name, document)
    written = pipeline.to_document()
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        if expected is None:
            there = templates.find_template(connection, name)
            if there is not None and there.document == written:
                # Saved before, by somebody who never heard so: an answer can be lost.
                return SavedTemplate(there, created=False, changed=False)
            _refuse_taken(connection, name)
            made = templates.create_template(
                connection, name, written, pipeline.content_hash, settings.user
            )
            keep_template(kept, connection, run_store, made.template_id, new=True)
            return SavedTemplate(made, created=True, changed=True)
        there = templates.get_template(connection, name, locked=True)
        if there.document == written:
            return SavedTemplate(there, created=False, changed=False)
        before = _expected(connection, name, expected)
        after = templates.change_template(
            connection, before.template_id, definition=written, content_hash=pipeline.content_hash
        )
        keep_template(kept, connection, run_store, after.template_id)
    return SavedTemplate(after, created=False, changed=True)


def rename_template(
    store: Store, settings: Settings, name: str, new_name: str, *, expected: str
) -> Template:
    """Give a template another name. Raises as ``save_template`` does."""
    _check_name(new_name)
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        before = _expected(connection, name, expected)
        if new_name == name:
            return before
        _refuse_taken(connection, new_name)
        document = {**before.document, "name": new_name}
        after = templates.change_template(
            connection, before.template_id, name=new_name, definition=document
        )
        keep_template(kept, connection, run_store, after.template_id)
    return after


def delete_template(store: Store, settings: Settings, name: str, *, expected: str) -> None:
    """Delete a template; plans that were made from it keep their pipeline.

    Raises NotFound, Conflict where it was changed meanwhile, and StoreUnavailable.
    """
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        template_id = _expected(connection, name, expected).template_id
        templates.delete_template(connection, template_id)
        forget_template(kept, connection, run_store, template_id)


def _readable(name: str, document: Mapping[str, Any]) -> Pipeline:
    _check_name(name)
    pipeline, problems = parse_pipeline({**document, "name": name})
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise Problems(errors)
    return pipeline


def _check_name(name: str) -> None:
    fault = name_fault(name)
    if fault is not None:
        raise InvalidInput(f"The name of a template {fault}: {shown(name)}.")


def _refuse_taken(connection: Connection, name: str) -> None:
    if templates.find_template(connection, name) is not None:
        raise Conflict(
            f"There is a template {shown(name)} already.",
            hint="Save it under another name, or open that one and change it.",
        )


def _expected(connection: Connection, name: str, revision: str) -> Template:
    found = templates.get_template(connection, name, locked=True)
    if found.revision != revision:
        raise Conflict(
            f"Template {shown(name)} was changed by somebody else meanwhile.",
            hint="Open it again to see what is different, or save yours under another name.",
        )
    return found
