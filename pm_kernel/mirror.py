"""What only the database would have, repeated in the run store: drafts, run trees, templates.

    .runs/plans/<id>/plan.json       what the plan is asked for, from its first moment on
    .runs/plans/<id>/tree.json.gz    its run tree, once it is submitted
    .runs/plans/<id>/state.json      what became of it since, and its launches
    .runs/templates/<id>.json        a template
    .runs/templates/<id>.v<n>.json   an earlier version of it

``plan.json`` and templates change in the transaction that changes the database: where they cannot
be written, nothing is changed. ``state.json`` follows what happened, which cannot be refused any
more; so it may be older than the database. It is newer where the database was restored from a
backup: then it is not written over before ``rebuilding`` has read it. Nor is a template, where it
was saved or renamed there since, nor a draft that was changed. A change of a draft and a renaming
have no time of their own: so a file also says what it was before (``formerly``): a template, by
which names it was called since it was saved last, and a draft, by what digests (``digest_of``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pm_kernel.artifacts import mirror
from pm_kernel.artifacts.layout import RunStore, numbers_in, writing
from pm_kernel.artifacts.mirror import Changes
from pm_kernel.config import workspace_id_at
from pm_kernel.domain.names import shown
from pm_kernel.domain.plan_progress import progress_of
from pm_kernel.errors import Conflict, StoreUnavailable
from pm_kernel.store import mirrored, workspaces
from pm_kernel.store.engine import Connection, Store

PLAN, TREE, STATE = "plan.json", "tree.json.gz", "state.json"
#: A backup is rarely as many changes of one draft old.
_MOST_DIGESTS = 200


def template_file(store: RunStore, template_id: int) -> Path:
    """Return where a template is repeated."""
    return store.root / "templates" / f"{template_id}.json"


def version_file(store: RunStore, template_id: int, version: int) -> Path:
    """Return where an earlier version of a template is repeated."""
    return store.root / "templates" / f"{template_id}.v{version}.json"


def keep_plan(
    changes: Changes,
    connection: Connection,
    store: RunStore,
    plan_id: int,
    *,
    new: bool = False,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Repeat what a plan is asked for; in the transaction that changes it.

    ``before`` is what the database had of it (``mirrored.read_plan``); None, the same.
    Raises StoreUnavailable, and Conflict where its number is taken by a plan that this database
    does not know, or where the run store knows that it is no draft any more, or was changed later.
    """
    file = store.plan(plan_id) / PLAN
    if new and file.exists():
        raise _lost("plan", plan_id)
    document = mirrored.read_plan(connection, plan_id)
    # Once: a plan over very many samples is a large file, and a draft is kept with each change.
    kept = _kept_plan(store, plan_id)
    _refuse_another(kept, document)
    if file.exists() and (file.parent / STATE).exists() and mirrored.is_draft(connection, plan_id):
        raise Conflict(
            f"Plan {plan_id} was submitted before this database was restored from a backup that "
            "has it as a draft.",
            hint="`pm rebuild` reads what became of it.",
        )
    formerly = _former_digests(file, kept, before or document, document)
    changes.write(file, {**document, "formerly": formerly} if formerly else document)


def digest_of(plan: Mapping[str, Any]) -> str:
    """Return what tells what a plan is asked for from what it was asked for before."""
    facts = [plan[name] for name in mirrored.PLAN if name not in mirrored.TIMES]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("ascii")).hexdigest()


def is_newer_draft(kept: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether a file has a draft as it was changed after what the database has, ``document``."""
    return digest_of(document) in kept.get("formerly", ())


def _former_digests(
    file: Path,
    kept: Mapping[str, Any] | None,
    before: Mapping[str, Any],
    document: Mapping[str, Any],
) -> list[str]:
    """Return what a draft was, as its file knows, which has ``kept``.

    Raises Conflict where that has it as it became later than ``before``, unless just that is done
    again.
    """
    if kept is None:
        return []
    try:
        was, becomes = digest_of(kept), digest_of(document)
        is_lost = is_newer_draft(kept, before) and was != becomes
        known = dict.fromkeys((*kept.get("formerly", ()), was))
    except mirror.UNREADABLE:
        return []
    if is_lost:
        raise Conflict(
            f"{file} has draft {document['plan_id']} as it was changed later than this database "
            "knows: it was restored from a backup, or a change was killed.",
            hint="`pm rebuild` reads it; then repeat this.",
        )
    return [each for each in known if each != becomes][-_MOST_DIGESTS:]


def keep_template(
    changes: Changes,
    connection: Connection,
    store: RunStore,
    template_id: int,
    *,
    new: bool = False,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Repeat a template; in the transaction that changes it.

    ``before`` is what the database had of it (``mirrored.read_template``); None, the same.
    Raises StoreUnavailable, and Conflict where a run store has it as it became later than the
    database knew, or, if it is ``new``, one of its number.
    """
    file = template_file(store, template_id)
    if new and file.exists():
        raise _lost("template", template_id)
    document = mirrored.read_template(connection, template_id)
    others = _elsewhere(connection, store)
    formerly = [
        name
        for each in (*others, store)
        for name in _former_names(template_file(each, template_id), before or document, document)
    ]
    # First what it was: a template that was left by a kill has all that it came from beside it.
    numbers = mirrored.earlier_numbers(connection, template_id)
    for version in numbers:
        earlier = version_file(store, template_id, version)
        # They do not change any more; another workspace may have kept them until now. Only in the
        # place of the last one may something lie that was never that version: a save was killed.
        if version == numbers[-1] or not earlier.exists():
            changes.write(earlier, mirrored.read_template_version(connection, template_id, version))
    if formerly:
        document["formerly"] = list(dict.fromkeys(formerly))
    changes.write(file, document)
    _forget_elsewhere(changes, others, template_id)


def forget_template(
    changes: Changes, connection: Connection, store: RunStore, template_id: int
) -> None:
    """Let a template that is deleted not come back. Raises StoreUnavailable."""
    with writing(store.root):
        earlier = _version_files(store, template_id)
    for file in earlier:
        changes.remove(file)
    changes.remove(template_file(store, template_id))
    _forget_elsewhere(changes, _elsewhere(connection, store), template_id)


def _forget_elsewhere(changes: Changes, others: Iterable[RunStore], template_id: int) -> None:
    """Templates belong to all workspaces of a database: only the newest word on one is kept."""
    for there in others:
        with suppress(OSError):
            for file in _version_files(there, template_id):
                changes.forget(file)
        changes.forget(template_file(there, template_id))


def _elsewhere(connection: Connection, store: RunStore) -> list[RunStore]:
    """Return the run stores of the other workspaces of a database."""
    return [
        RunStore(root / ".runs")
        for workspace_id, root in workspaces.roots(connection).items()
        # In that folder another one may be by now, with templates of another database.
        if root / ".runs" != store.root and workspace_id_at(root) == workspace_id
    ]


def _version_files(store: RunStore, template_id: int) -> list[Path]:
    """Return all that is there of earlier versions, also what the database does not know."""
    return list((store.root / "templates").glob(f"{template_id}.v*.json"))


def is_newer(kept: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether a file has a version of a template as it was drawn, noted or called later.

    ``document`` is how the database has that version.
    """
    there, here = _saved_at(kept), _saved_at(document)
    return there > here or (there == here and document["name"] in kept.get("formerly", ()))


def _saved_at(document: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(document["updated_at"])


def _former_names(file: Path, before: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Return what a template was called since it was saved last, as a run store knows.

    Raises Conflict where that has the template as it became later than ``before``, unless just
    that is done again.
    """
    try:
        kept = mirror.read(file)
        # What was written before templates had versions says none.
        if kept is None or "version" not in kept:
            return []
        there, here = int(kept["version"]), before["version"]
        another = there == here and kept["content_hash"] != before["content_hash"]
        is_ahead = there > here or another or (there == here and is_newer(kept, before))
        is_again = there == document["version"] and all(
            kept[part] == document[part] for part in ("name", "note", "definition")
        )
        names = [name for name in (*kept.get("formerly", ()), kept["name"])
                 if name != document["name"]]  # fmt: skip
        is_same_save = there == document["version"] and _saved_at(kept) == _saved_at(document)
    except mirror.UNREADABLE:
        return []
    if is_ahead and not is_again:
        template = f"template {shown(before['name'])}"
        if there > here or another:
            what = f"a version {there} of {template} that this database does not know"
        else:
            what = f"{template} as it was saved or renamed later than this database knows"
        raise Conflict(
            f"{file} has {what}: it was restored from a backup, or a save was killed.",
            hint="`pm rebuild` in that workspace reads it; then repeat this.",
        )
    return names if is_same_save else []


def keep_submitted(run_store: RunStore, store: Store, plan_id: int) -> None:
    """Repeat the run tree of a plan that was submitted, and how it is now.

    Raises StoreUnavailable, and Conflict where its number is taken by another plan, or where the
    run store knows more of it than this database.
    """
    folder = run_store.plan(plan_id)
    with store.reading() as connection:
        document = mirrored.read_plan(connection, plan_id)
        state = mirrored.read_state(connection, plan_id)
        _refuse_another(_kept_plan(run_store, plan_id), document)
        if is_ahead(run_store, plan_id, state):
            raise gone_on(plan_id)
        mirror.write(run_store.root, folder / PLAN, document)
        # Also where there is one: planned runs may have new ids since.
        mirror.write(run_store.root, folder / TREE, mirrored.read_tree(connection, plan_id))
        mirror.write(run_store.root, folder / STATE, state)


def follow_state(run_store: RunStore, store: Store, plan_id: int) -> None:
    """Repeat how a plan is now, where that can be written: it has happened in any case."""
    with store.reading() as connection:
        document = mirrored.read_plan(connection, plan_id)
        state = mirrored.read_state(connection, plan_id)
    folder = run_store.plan(plan_id)
    # Of a plan that came from nowhere of ours (an exported folder) there is nothing to go with.
    if not (folder / TREE).exists() or another(run_store, document) is not None:
        return
    if is_ahead(run_store, plan_id, state):
        return
    try:
        mirror.write(run_store.root, folder / STATE, state)
    except (StoreUnavailable, OSError):
        # What is there is older; the records of the runs say the rest.
        return


def is_ahead(run_store: RunStore, plan_id: int, state: Mapping[str, Any]) -> bool:
    """Whether the run store knows of more of a plan than ``state``, how the database has it."""
    folder = run_store.plan(plan_id)
    here = progress_of(state)
    if max(numbers_in(folder / "launches"), default=0) > here.launch:
        return True
    try:
        noted = mirror.read(folder / STATE)
        return noted is not None and progress_of(noted) > here
    except mirror.UNREADABLE:
        return False


def gone_on(plan_id: int) -> Conflict:
    """What to raise where somebody goes on with a plan of which the run store knows more."""
    return Conflict(
        f"Plan {plan_id} went on after the backup that this database was restored from.",
        hint="`pm rebuild` reads what became of it; then repeat this.",
    )


def another(run_store: RunStore, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the plan that the run store has under the number of a plan of the database.

    None where it is the same one, or nothing that can be read.
    """
    kept = _kept_plan(run_store, document["plan_id"])
    return kept if _is_another(kept, document) else None


def _kept_plan(run_store: RunStore, plan_id: int) -> dict[str, Any] | None:
    """Return the plan that the run store has under a number, None where none can be read."""
    try:
        return mirror.read(run_store.plan(plan_id) / PLAN)
    except mirror.UNREADABLE:
        return None


def _is_another(kept: Mapping[str, Any] | None, document: Mapping[str, Any]) -> bool:
    return kept is not None and any(
        kept.get(each) != document[each] for each in ("kind", "created_at")
    )


def _refuse_another(kept: Mapping[str, Any] | None, document: Mapping[str, Any]) -> None:
    if _is_another(kept, document):
        raise Conflict(
            f"The run store has another plan {document['plan_id']}, which this database lost "
            "before it gave out that number again.",
            hint="Make a new plan of it: `pm plan create`.",
        )


def _lost(kind: str, number: int) -> Conflict:
    return Conflict(
        f"The run store has a {kind} {number} that this database does not know: it was lost, or "
        "restored from a backup.",
        hint="`pm rebuild` reads again what is missing; then repeat this.",
    )
