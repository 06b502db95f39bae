"""Saving pipelines under a name, so that nobody's work is overwritten unseen.

Whoever changes a template says which revision was seen; where it is another one by now, somebody
else has saved meanwhile, and nothing is changed. What a template was before it was changed is kept
as a version of it, wherever its content was another: how it is drawn and what its steps are titled
makes no version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes
from pm_kernel.config import Settings
from pm_kernel.domain.names import name_fault, shown, text_fault
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.templates import (
    StepChanges,
    Template,
    TemplateVersion,
    newest_version,
    step_changes,
)
from pm_kernel.errors import Conflict, InvalidInput, NotFound, Problems
from pm_kernel.mirror import forget_template, keep_template
from pm_kernel.store import mirrored, templates
from pm_kernel.store.engine import Connection, Store

#: A note is a sentence or a few.
MOST_NOTE = 2000
#: Fewer characters of a hash name nothing for long.
_LEAST_HASH = 4
_HASH = re.compile(rf"[0-9a-f]{{{_LEAST_HASH},64}}")


@dataclass(frozen=True)
class Versions:
    """Versions of a template, the newest first, each with what it changed."""

    template: Template
    versions: tuple[tuple[TemplateVersion, StepChanges], ...]
    #: The number below which there are more; None, these are the first.
    before: int | None


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


def list_versions(
    store: Store, name: str, *, limit: int = 50, before: int | None = None
) -> Versions:
    """Return versions of a template, with what each changed of the one before. Raises NotFound."""
    with store.reading() as connection:
        template = templates.get_template(connection, name)
        below = template.version + 1 if before is None else before
        # One more is what the last of them is compared with.
        found = templates.earlier_versions(
            connection, template.template_id, before=below, limit=limit + 1
        )
    if before is None:
        found = [newest_version(template), *found[:limit]]
    nothing: Mapping[str, Any] = {}
    return Versions(
        template,
        tuple(
            (each, step_changes(nothing if older is None else older.document, each.document))
            for each, older in zip(found[:limit], [*found[1:], None], strict=False)
        ),
        found[limit - 1].version if len(found) > limit else None,
    )


def get_version(store: Store, name: str, which: str) -> tuple[Template, TemplateVersion]:
    """Return a version by its number or by how its hash begins, under the template's name of now.

    Of several with one content, the newest. Raises NotFound, and InvalidInput where ``which`` is
    neither, or begins more than one hash.
    """
    with store.reading() as connection:
        template = templates.get_template(connection, name)
        newest = newest_version(template)
        number = int(which) if which.isascii() and which.isdigit() and len(which) < 9 else None
        found: list[TemplateVersion] = []
        if number is not None:
            found = [newest] if number == newest.version else []
            found += templates.find_earlier(
                connection, template.template_id, version=number, hash_start=None
            )
        if not found and _HASH.fullmatch(which):
            found = [newest] if newest.content_hash.startswith(which) else []
            found += templates.find_earlier(
                connection, template.template_id, version=None, hash_start=which
            )
    if not found and number is None and not _HASH.fullmatch(which):
        raise InvalidInput(
            f"{shown(which)} is no version: say its number, or at least {_LEAST_HASH} characters "
            "of its hash."
        )
    if not found:
        raise NotFound(
            f"Template {shown(name)} has no version {shown(which)}.",
            hint="`pm template versions` shows them.",
        )
    if len({each.content_hash for each in found}) > 1:
        raise InvalidInput(f"More than one version of {shown(name)} begins with {which}.")
    version = replace(found[0], document={**found[0].document, "name": template.name})
    return template, version


def save_template(
    store: Store,
    settings: Settings,
    name: str,
    document: Mapping[str, Any],
    *,
    expected: str | None,
    note: str | None = None,
) -> SavedTemplate:
    """Save a pipeline under a name. It may be unfinished, but must be readable.

    What was there stays as an earlier version, if its content was another. ``note`` says what is
    new; without it, a new version has none, and the same one keeps what it had.

    ``expected`` is the revision that is to be replaced; None: there is none of that name yet, or
    just this one, so that a save whose answer was lost can be repeated.
    Raises Problems where the document cannot be read, InvalidInput for a name that cannot be,
    NotFound where the template was deleted meanwhile, Conflict where it was changed, and
    StoreUnavailable when the run store, which keeps it too, cannot be written.
    """
    pipeline = _readable(name, document)
    _check_note(note)
    written = pipeline.to_document()
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        if expected is None:
            there = templates.find_template(connection, name, locked=True)
            if there is not None and there.document == written:
                # Saved before, by somebody who never heard so: an answer can be lost. Where it was
                # the database's, what repeats it was put back.
                keep_template(kept, connection, run_store, there.template_id)
                return SavedTemplate(there, created=False, changed=False)
            _refuse_taken(connection, name)
            made = templates.create_template(
                connection,
                name,
                written,
                pipeline.content_hash,
                note=note or "",
                created_by=settings.user,
            )
            keep_template(kept, connection, run_store, made.template_id, new=True)
            return SavedTemplate(made, created=True, changed=True)
        there = templates.get_template(connection, name, locked=True)
        if there.document == written and note in (None, there.note):
            keep_template(kept, connection, run_store, there.template_id)
            return SavedTemplate(there, created=False, changed=False)
        before = _expected(connection, name, expected)
        was = mirrored.read_template(connection, before.template_id)
        is_new = before.content_hash != pipeline.content_hash
        if is_new:
            templates.keep_version(connection, before)
        after = templates.change_template(
            connection,
            before.template_id,
            definition=written,
            content_hash=pipeline.content_hash,
            version=before.version + is_new,
            note=note if note is not None else "" if is_new else before.note,
            updated_by=settings.user,
        )
        keep_template(kept, connection, run_store, after.template_id, before=was)
    return SavedTemplate(after, created=False, changed=True)


def rename_template(
    store: Store, settings: Settings, name: str, new_name: str, *, expected: str
) -> Template:
    """Give a template another name; who saved it stays. Raises as ``save_template`` does."""
    _check_name(new_name)
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        before = _expected(connection, name, expected)
        if new_name == name:
            return before
        _refuse_taken(connection, new_name)
        was = mirrored.read_template(connection, before.template_id)
        document = {**before.document, "name": new_name}
        after = templates.change_template(
            connection,
            before.template_id,
            name=new_name,
            definition=document,
        )
        keep_template(kept, connection, run_store, after.template_id, before=was)
    return after


def delete_template(store: Store, settings: Settings, name: str, *, expected: str) -> None:
    """Delete a template; plans that were made from it keep their pipeline.

    Raises NotFound, Conflict where it was changed meanwhile, and StoreUnavailable.
    """
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        template_id = _expected(connection, name, expected).template_id
        forget_template(kept, connection, run_store, template_id)
        templates.delete_template(connection, template_id)


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


def _check_note(note: str | None) -> None:
    fault = None if note is None else text_fault(note)
    if fault is not None:
        raise InvalidInput(f"The note {fault}.")
    if note is not None and len(note) > MOST_NOTE:
        raise InvalidInput(f"The note is longer than {MOST_NOTE} characters.")


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
