"""Reading plans and templates of a lost database again, from what the run store repeats of them.

A draft is looked at as of today: what it would reuse may be another run now. A plan that was
submitted gets the run tree that it had, under the same ids, and its runs; what became of it is what
its records add up to. Where nobody noted that it was submitted, it was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pm_kernel import mirror, planning
from pm_kernel.artifacts.layout import HIGHEST, RunStore, numbers_in
from pm_kernel.artifacts.mirror import UNREADABLE, changes, read
from pm_kernel.artifacts.seal import META_NAME
from pm_kernel.config import Settings
from pm_kernel.domain.plans import OPEN
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import Conflict, PmError
from pm_kernel.mirror import PLAN, STATE, TREE
from pm_kernel.nextflow import owner
from pm_kernel.nextflow.launcher import LOG
from pm_kernel.planned_rows import new_planned_runs
from pm_kernel.running.process import Life
from pm_kernel.store import mirrored, numbering, plans, run_tree
from pm_kernel.store.engine import DATABASE_ERRORS, Connection, Store
from pm_kernel.store.mirrored import Known, Missing

_LOST = "Its end was not noted before the database was lost; resume runs what is missing."


@dataclass
class Read:
    """What was read: ids of plans, names of templates, and sentences about what was not."""

    plans: list[int] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def keep_missing(settings: Settings, store: Store) -> None:
    """Repeat in the run store what of this database is not there: it may be older than that rule.

    Raises StoreUnavailable.
    """
    run_store = RunStore(settings.runs_dir)
    with changes(run_store.root) as kept, store.transaction() as connection:
        known = mirrored.plan_ids(connection, settings.workspace_id)
        for plan_id, status in known.items():
            if status == "draft" and not (run_store.plan(plan_id) / PLAN).exists():
                mirror.keep_plan(kept, connection, run_store, plan_id)
        for template_id in mirrored.template_names(connection):
            if not mirror.template_file(run_store, template_id).exists():
                mirror.keep_template(kept, connection, run_store, template_id)
    for plan_id, status in known.items():
        submitted = status != "draft" and status not in OPEN
        if submitted and not (run_store.plan(plan_id) / TREE).exists():
            # Another plan of that number, which was lost, keeps its place.
            with suppress(Conflict):
                mirror.keep_submitted(run_store, store, plan_id)


def read_templates(settings: Settings, store: Store, read_so_far: Read) -> None:
    """Add the templates that the database lacks; of one that was deleted there is no file.

    The newest come first: where a kill left one that was never saved, it takes no name from them.
    """
    run_store = RunStore(settings.runs_dir)
    folder = run_store.root / "templates"
    with store.reading() as connection:
        names = mirrored.template_names(connection)
    numbers = _numbers(folder, read_so_far, ".json")
    found: list[tuple[datetime, int, Path, dict[str, Any]]] = []
    for number in numbers:
        if number not in names:
            file = folder / f"{number}.json"
            try:
                document = _numbered(file, "template_id", number)
                assert document is not None
                changed = datetime.fromisoformat(document["updated_at"])
                assert changed.tzinfo is not None
                found.append((changed, number, file, document))
            except UNREADABLE as error:
                read_so_far.problems.append(f"Template {file} cannot be read: {error!r}.")
    for _, number, file, document in sorted(found, key=lambda each: each[:2], reverse=True):
        try:
            if document["name"] in names.values():
                raise Missing(f"the name {document['name']!r}: another template has it")
            with store.transaction() as connection:
                mirrored.insert_template(connection, document)
                _read_versions(run_store, connection, document, read_so_far)
            names[number] = document["name"]
            read_so_far.templates.append(document["name"])
        except (PmError, Missing) as error:
            read_so_far.problems.append(f"Template {file} cannot be read again: {error}.")
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            read_so_far.problems.append(f"Template {file} cannot be read: {error!r}.")
    with store.transaction() as connection:
        numbering.raise_ids(connection, {"workflow_templates": max(numbers, default=0)})


def _read_versions(
    run_store: RunStore, connection: Connection, template: Mapping[str, Any], read_so_far: Read
) -> None:
    """Add what a template was before; one that cannot be read is told, and keeps no other away."""
    number = template["template_id"]
    for version in range(1, int(template.get("version", 1))):
        file = mirror.version_file(run_store, number, version)
        try:
            document = read(file)
            if document is None:
                raise ValueError("there is no such file")
            if (document["template_id"], document["version"]) != (number, version):
                raise ValueError("it says that it is another one")
            with connection.begin_nested():
                mirrored.insert_template_version(connection, document)
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            read_so_far.problems.append(
                f"Version {version} of template {template['name']}, {file}, cannot be read: "
                f"{error!r}."
            )


def read_plans(
    settings: Settings,
    store: Store,
    read_so_far: Read,
    same_imports: Callable[[Connection], SameImports],
) -> None:
    """Add the plans that the database lacks, or has as the drafts that they were before.

    What their runs say must be in it already.
    """
    run_store = RunStore(settings.runs_dir)
    ids = _numbers(run_store.root / "plans", read_so_far)
    with store.reading() as connection:
        known = mirrored.known_plans(connection, ids)
    found: list[_Lost] = []
    for plan_id in ids:
        try:
            plan = _read_lost(settings, plan_id, known.get(plan_id))
        except _Another as another:
            read_so_far.problems.append(str(another))
            continue
        except UNREADABLE as error:
            read_so_far.problems.append(f"Plan {plan_id} cannot be read: {error!r}.")
            continue
        if plan is not None:
            found.append(plan)
        elif plan_id not in known:
            read_so_far.notices.append(
                f"Of plan {plan_id} nothing is kept but its folder and its runs."
            )
    with store.transaction() as connection:
        # Whatever gets a new id now must not take one that is about to be read.
        numbering.raise_ids(
            connection,
            {
                "execution_plans": max(ids, default=0),
                "planned_runs": max((run["id"] for p in found for run in p.runs), default=0),
                "plan_launches": max((x["id"] for p in found for x in p.launches), default=0),
            },
        )
    runs = _runs_of({plan.plan_id for plan in found if plan.tree is not None}, run_store)
    for plan in found:
        moved = False
        try:
            if plan.tree is None:
                _read_draft(settings, store, plan, same_imports, read_so_far)
            else:
                moved = _read_submitted(settings, store, plan, runs.get(plan.plan_id, []))
            read_so_far.plans.append(plan.plan_id)
        except (PmError, Missing) as error:
            told = error.message if isinstance(error, PmError) else f"{error} is missing."
            read_so_far.problems.append(f"Plan {plan.plan_id} cannot be read again: {told}")
        except (*UNREADABLE, *DATABASE_ERRORS) as error:
            read_so_far.problems.append(f"Plan {plan.plan_id} cannot be read: {error!r}.")
        if moved:
            try:
                mirror.keep_submitted(run_store, store, plan.plan_id)
            except PmError as error:
                read_so_far.problems.append(f"Plan {plan.plan_id}: {error.message}")


@dataclass(frozen=True)
class _Lost:
    """What the run store knows of a plan; without ``state`` and ``tree`` it is a draft."""

    plan_id: int
    document: dict[str, Any]
    state: dict[str, Any] | None
    tree: dict[str, Any] | None
    #: Numbers of the folders of its launches.
    folders: Sequence[int]
    #: The database has it as a draft.
    draft: bool

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [] if self.tree is None else self.tree["runs"]

    @property
    def launches(self) -> list[dict[str, Any]]:
        return [] if self.state is None else self.state["launches"]


class _Another(Exception):
    """Under the number of a plan the database has another; the text says so."""


def _read_lost(settings: Settings, plan_id: int, known: Known | None) -> _Lost | None:
    """Return what is to be read; None where there is nothing, or the database has it already."""
    folder = RunStore(settings.runs_dir).plan(plan_id)
    document = _numbered(folder / PLAN, "plan_id", plan_id)
    if document is None:
        return None
    if known is not None and (document["kind"], document["created_at"]) != (
        known.kind,
        known.created_at,
    ):
        raise _Another(
            f"Plan {plan_id} of the run store ({document['name']!r}, of {document['created_at']}) "
            f"is another than plan {plan_id} of the database, which was given that number before "
            f"this one was read again. It stays as it is, in {folder}."
        )
    ours = str(UUID(settings.workspace_id))
    if known is not None and (known.status, known.workspace) != ("draft", ours):
        return None
    state = read(folder / STATE)
    if state is None:
        return None if known else _Lost(plan_id, document, None, None, (), draft=False)
    tree = read(folder / TREE)
    if tree is None:
        raise ValueError(f"{folder / TREE} is missing")
    launches = [each for each in numbers_in(folder / "launches") if each <= HIGHEST]
    lost = _Lost(plan_id, document, state, tree, launches, draft=known is not None)
    ids = [each["id"] for each in (*lost.runs, *lost.launches)]
    if not all(type(each) is int and 0 < each <= HIGHEST for each in ids):
        raise ValueError("an id in it is none")
    return lost


def _numbered(file: Path, name: str, number: int) -> dict[str, Any] | None:
    """Return a document that says which number it has; None where there is none."""
    document = read(file)
    # A plan folder may hold a file of that name that somebody else wrote.
    if document is None or name not in document:
        return None
    if document[name] != number or type(document[name]) is not int:
        raise ValueError(f"{file} says that it is number {document[name]!r}")
    return document


def _read_draft(
    settings: Settings,
    store: Store,
    plan: _Lost,
    same_imports: Callable[[Connection], SameImports],
    read_so_far: Read,
) -> None:
    asked = planning.PlanInput.stored(plan.document["document"], plan.document["request"])
    shown = planning.preview(store, asked, same_imports)
    runs = [] if shown.errors else new_planned_runs(shown)
    with store.transaction() as connection:
        mirrored.insert_plan(connection, settings.workspace_id, plan.document)
        run_tree.store_planned_runs(connection, plan.plan_id, runs)
    if shown.errors:
        read_so_far.notices.append(
            f"Draft {plan.plan_id} is there again; `pm plan preview {plan.plan_id}` says what is "
            "wrong with it now."
        )


def _read_submitted(
    settings: Settings, store: Store, plan: _Lost, runs: Sequence[dict[str, Any]]
) -> bool:
    """Read a plan with its tree and its runs; True where they have other ids than before."""
    assert plan.state is not None
    assert plan.tree is not None
    run_store = RunStore(settings.runs_dir)
    supervisor = owner.read(run_store.plan(plan.plan_id))
    if supervisor is not None and supervisor.identity.life() is Life.ALIVE:
        raise Missing(f"the end of its supervisor, process {supervisor.identity.pid},")
    with store.transaction() as connection:
        if plan.draft:
            mirrored.remove_draft(connection, plan.plan_id)
        # Others may have been given the ids that it had, before it was read again.
        places, launches = (
            mirrored.places(connection, table, [each["id"] for each in rows])
            for table, rows in (("planned_runs", plan.runs), ("plan_launches", plan.launches))
        )
        state = mirrored.moved_state(plan.state, places, launches)
        # What became of it is said last, by its records.
        begun = {**state, "status": "submitted", "finished_at": None, "error": None}
        mirrored.insert_plan(connection, settings.workspace_id, plan.document, begun)
        moved = replace(plan, state=state)
        mirrored.insert_launches(connection, plan.plan_id, _launches(run_store, moved))
        mirrored.insert_tree(connection, plan.plan_id, mirrored.moved_tree(plan.tree, places))
        for run in runs:
            _link(connection, plan.plan_id, run, places, launches)
        mirrored.take_results(connection, plan.plan_id, state["asked"])
        status = plans.status_from_record(connection, plan.plan_id)
        ended = plan.state["status"] not in OPEN
        if status == "completed":
            error = None
        else:
            error = plan.state["error"] if ended else _LOST
        plans.set_status(connection, plan.plan_id, status, error=error)
        if ended and status == plan.state["status"]:
            mirrored.set_finished(connection, plan.plan_id, plan.state["finished_at"])
    return any(old != new for old, new in (*places.items(), *launches.items()))


def _launches(run_store: RunStore, plan: _Lost) -> Iterator[dict[str, Any]]:
    """Yield the launches as noted, and those of which only a folder is left, which none takes."""
    assert plan.state is not None
    yield from plan.launches
    noted = {launch["number"] for launch in plan.launches}
    for number in plan.folders:
        if number not in noted:
            folder = run_store.plan(plan.plan_id) / "launches" / str(number)
            yield {
                "number": number,
                "epoch": plan.state["epoch"],
                "directory": str(folder),
                "started_at": _written(folder / "pipeline.nf", folder),
                "finished_at": _written(folder / LOG, folder),
                "error": "Nothing is known of it but its folder.",
            }


def _written(*files: Path) -> str:
    file = next(each for each in files if each.exists())
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat()


def _link(
    connection: Connection,
    plan_id: int,
    meta: dict[str, Any],
    places: Mapping[int, int],
    launches: Mapping[int, int],
) -> None:
    registered = meta["registered"]
    planned, launch = registered["planned"], registered.get("launch")
    mirrored.link_run(
        connection,
        plan_id,
        (meta["run_id"], meta["uuid"]),
        (places.get(planned, planned), registered["planned_key"]),
        launches.get(launch, launch),
    )


def _runs_of(plan_ids: set[int], run_store: RunStore) -> dict[int, list[dict[str, Any]]]:
    """Return what the directories of the runs of these plans say: plan -> in the order of ids."""
    found: dict[int, list[dict[str, Any]]] = {}
    for number in numbers_in(run_store.root) if plan_ids else ():
        try:
            meta = json.loads((run_store.final(number) / META_NAME).read_bytes())
            if _is_of_a_plan(meta, plan_ids):
                found.setdefault(meta["registered"]["plan_id"], []).append(meta)
        except UNREADABLE:
            # Said where runs are read.
            continue
    return found


def _is_of_a_plan(meta: dict[str, Any], plan_ids: set[int]) -> bool:
    registered = meta["registered"]
    numbers = [meta["run_id"], *(registered.get(each) for each in ("plan_id", "planned", "launch"))]
    if not all(type(each) is int for each in numbers) or registered["plan_id"] not in plan_ids:
        return False
    # A direct run has a plan of one task, which may have got the number of one that was lost.
    return Path(registered.get("work_dir") or "").parent.name != ".work"


def _numbers(folder: Path, read_so_far: Read, suffix: str = "") -> list[int]:
    """Return the numbers of what lies in a folder; one that nothing can have is a problem."""
    found = numbers_in(folder, suffix)
    read_so_far.problems += [
        f"{folder / f'{each}{suffix}'} has a number that nothing can have."
        for each in found
        if not 0 < each <= HIGHEST
    ]
    return [each for each in found if 0 < each <= HIGHEST]
