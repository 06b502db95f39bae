"""Templates that a database lacks, or a backup has as they were, read from what repeats them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import UNREADABLE, read
from pm_kernel.config import Settings
from pm_kernel.errors import Conflict, PmError
from pm_kernel.mirror import is_newer, version_file
from pm_kernel.rebuilding.found import Found, numbered
from pm_kernel.store import mirrored, numbering, reading_again
from pm_kernel.store.engine import DATABASE_ERRORS, Connection, Store
from pm_kernel.store.reading_again import Missing


def read_templates(settings: Settings, store: Store, found: Found) -> None:
    """Add the templates that the database lacks; of one that was deleted there is no file.

    The newest come first: where a kill left one that was never saved, it takes no name from them.
    One that the run store has as it was saved or renamed later becomes that.
    """
    run_store = RunStore(settings.runs_dir)
    folder = run_store.root / "templates"
    with store.reading() as connection:
        names = mirrored.template_names(connection)
    numbers = found.numbers(folder, ".json")
    lacking: list[tuple[datetime, int, Path, dict[str, Any]]] = []
    for number in numbers:
        file = folder / f"{number}.json"
        try:
            document = read(file)
            if document is None:
                # Another workspace has it since.
                continue
            assert numbered(document, file, "template_id", number)
            if number in names:
                _bring_forward(store, run_store, document, names, found)
                continue
            changed = datetime.fromisoformat(document["updated_at"])
            assert changed.tzinfo is not None
            lacking.append((changed, number, file, document))
        except (PmError, Missing) as error:
            found.problems.append(f"Template {file} cannot be read again: {error}.")
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            found.problems.append(f"Template {file} cannot be read: {error!r}.")
    for _, number, file, document in sorted(lacking, key=lambda each: each[:2], reverse=True):
        try:
            _refuse_taken(document, names)
            with store.transaction() as connection:
                reading_again.insert_template(connection, document)
                _read_versions(run_store, connection, document, found)
            names[number] = document["name"]
            found.templates.append(document["name"])
        except (PmError, Missing) as error:
            found.problems.append(f"Template {file} cannot be read again: {error}.")
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            found.problems.append(f"Template {file} cannot be read: {error!r}.")
    with store.transaction() as connection:
        numbering.raise_ids(connection, {"workflow_templates": max(numbers, default=0)})


def _bring_forward(
    store: Store,
    run_store: RunStore,
    document: Mapping[str, Any],
    names: dict[int, str],
    found: Found,
) -> None:
    """Let a template of the database be as the run store has it, where that is newer.

    Raises Missing and Conflict where that cannot be, with nothing changed.
    """
    # What was written before templates had versions says none.
    number, there = document["template_id"], int(document.get("version", 0))
    with store.transaction() as connection:
        here = mirrored.read_template(connection, number, locked=True)
        last = here["version"]
        if there < last:
            return
        was = document if there == last else read(version_file(run_store, number, last))
        if was is None or was["content_hash"] != here["content_hash"]:
            raise Conflict(
                f"version {last} of it is another in the database. It stays as it is there, and is "
                "saved again once this file is put aside"
            )
        if there == last and not is_newer(document, here):
            return
        if document["name"] != here["name"]:
            _refuse_taken(document, names)
        known = mirrored.earlier_numbers(connection, number)
        reading_again.update_template(connection, document)
        _read_versions(run_store, connection, document, found, known)
    names[number] = document["name"]
    found.templates.append(document["name"])


def _refuse_taken(document: Mapping[str, Any], names: Mapping[int, str]) -> None:
    if document["name"] in names.values():
        raise Missing(f"the name {document['name']!r}: another template has it")


def _read_versions(
    run_store: RunStore,
    connection: Connection,
    template: Mapping[str, Any],
    found: Found,
    known: Container[int] = (),
) -> None:
    """Add what a template was before, but for what is ``known``.

    One that cannot be read is told, and keeps no other away.
    """
    number = template["template_id"]
    for version in range(1, int(template.get("version", 1))):
        if version in known:
            continue
        file = version_file(run_store, number, version)
        try:
            document = read(file)
            if document is None:
                raise ValueError("there is no such file")
            if (document["template_id"], document["version"]) != (number, version):
                raise ValueError("it says that it is another one")
            with connection.begin_nested():
                reading_again.insert_template_version(connection, document)
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            found.problems.append(
                f"Version {version} of template {template['name']}, {file}, cannot be read: "
                f"{error!r}."
            )
