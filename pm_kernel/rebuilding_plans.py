"""Reading plans and templates of a lost database again, from what the run store repeats of them.

A draft is looked at as of today: what it would reuse may be another run now. A plan that was
submitted gets the run tree that it had, under the same ids, and its runs; what became of it is what
its records add up to. Where nobody noted that it was submitted, it was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pm_kernel import mirror, planning
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.mirror import changes, read
from pm_kernel.artifacts.seal import META_NAME
from pm_kernel.config import Settings
from pm_kernel.domain.plans import OPEN
from pm_kernel.duplicates import SameImports
from pm_kernel.errors import PmError
from pm_kernel.mirror import PLAN, STATE, TREE
from pm_kernel.nextflow import owner
from pm_kernel.nextflow.launcher import LOG
from pm_kernel.running.process import Life
from pm_kernel.store import mirrored, numbering, plans, run_tree
from pm_kernel.store.engine import Connection, Store
from pm_kernel.store.mirrored import Missing

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
            mirror.keep_submitted(run_store, store, plan_id)


def read_templates(settings: Settings, store: Store, read_so_far: Read) -> None:
    """Add the templates that the database lacks; of one that was deleted there is no file."""
    folder = RunStore(settings.runs_dir).root / "templates"
    with store.reading() as connection:
        names = mirrored.template_names(connection)
    numbers = _numbers(folder, ".json")
    for number in numbers:
        if number in names:
            continue
        file = folder / f"{number}.json"
        try:
            document = read(file)
            assert document is not None
            if document["name"] in names.values():
                raise Missing(f"the name {document['name']!r}: another template has it")
            with store.transaction() as connection:
                mirrored.insert_template(connection, document)
            names[number] = document["name"]
            read_so_far.templates.append(document["name"])
        except (PmError, Missing) as error:
            read_so_far.problems.append(f"Template {file} cannot be read again: {error}.")
        except (OSError, ValueError, KeyError, TypeError) as error:
            read_so_far.problems.append(f"Template {file} cannot be read: {error!r}.")
    with store.transaction() as connection:
        highest = {"workflow_templates": max(numbers, default=0)}
        numbering.raise_ids(connection, run_id=0, plan_id=0, others=highest)


def read_plans(
    settings: Settings,
    store: Store,
    read_so_far: Read,
    same_imports: Callable[[Connection], SameImports],
) -> None:
    """Add the plans that the database lacks; what their runs say must be in it already."""
    run_store = RunStore(settings.runs_dir)
    ids = _numbers(run_store.root / "plans")
    with store.reading() as connection:
        known = mirrored.known_plans(connection, ids)
    lost = [each for each in ids if each not in known]
    found: list[_Lost] = []
    for plan_id in lost:
        try:
            plan = _read_lost(run_store, plan_id)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            read_so_far.problems.append(f"Plan {plan_id} cannot be read: {error!r}.")
            continue
        if plan is None:
            read_so_far.notices.append(
                f"Of plan {plan_id} nothing is kept but its folder and its runs."
            )
        else:
            found.append(plan)
    with store.transaction() as connection:
        # Whatever gets a new id now must not take one that is about to be read.
        numbering.raise_ids(
            connection,
            run_id=0,
            plan_id=max(ids, default=0),
            others={
                "planned_runs": max((run["id"] for p in found for run in p.runs), default=0),
                "plan_launches": max((x["id"] for p in found for x in p.launches), default=0),
            },
        )
    runs = _runs_of({plan.plan_id for plan in found if plan.tree is not None}, run_store)
    for plan in found:
        try:
            if plan.tree is None:
                _read_draft(settings, store, plan, same_imports, read_so_far)
            else:
                _read_submitted(settings, store, plan, runs.get(plan.plan_id, []))
            read_so_far.plans.append(plan.plan_id)
        except (PmError, Missing) as error:
            told = error.message if isinstance(error, PmError) else f"{error} is missing."
            read_so_far.problems.append(f"Plan {plan.plan_id} cannot be read again: {told}")
        except (ValueError, KeyError, TypeError) as error:
            read_so_far.problems.append(f"Plan {plan.plan_id} cannot be read: {error!r}.")


@dataclass(frozen=True)
class _Lost:
    """What the run store knows of a plan; without ``state`` and ``tree`` it is a draft."""

    plan_id: int
    document: dict[str, Any]
    state: dict[str, Any] | None
    tree: dict[str, Any] | None
    #: Numbers of the folders of its launches.
    folders: Sequence[int]

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [] if self.tree is None else self.tree["runs"]

    @property
    def launches(self) -> list[dict[str, Any]]:
        return [] if self.state is None else self.state["launches"]


def _read_lost(run_store: RunStore, plan_id: int) -> _Lost | None:
    folder = run_store.plan(plan_id)
    document = read(folder / PLAN)
    if document is None or "plan_id" not in document:
        return None
    state = read(folder / STATE)
    tree = read(folder / TREE) if state is not None else None
    if state is not None and tree is None:
        raise ValueError(f"{folder / TREE} is missing")
    return _Lost(plan_id, document, state, tree, _numbers(folder / "launches"))


def _read_draft(
    settings: Settings,
    store: Store,
    plan: _Lost,
    same_imports: Callable[[Connection], SameImports],
    read_so_far: Read,
) -> None:
    asked = planning.PlanInput.stored(plan.document["document"], plan.document["request"])
    shown = planning.preview(store, asked, same_imports)
    runs = [] if shown.errors else planning.new_planned_runs(shown)
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
) -> None:
    assert plan.state is not None
    assert plan.tree is not None
    run_store = RunStore(settings.runs_dir)
    supervisor = owner.read(run_store.plan(plan.plan_id))
    if supervisor is not None and supervisor.identity.life() is Life.ALIVE:
        raise Missing(f"the end of its supervisor, process {supervisor.identity.pid},")
    with store.transaction() as connection:
        planned = [run["id"] for run in plan.tree["runs"]]
        if mirrored.taken(connection, "planned_runs", planned):
            raise Missing("a free place for its run tree")
        if mirrored.taken(connection, "plan_launches", [each["id"] for each in plan.launches]):
            raise Missing("a free place for its launches")
        # What became of it is said last, by its records.
        begun = {**plan.state, "status": "submitted", "finished_at": None, "error": None}
        mirrored.insert_plan(connection, settings.workspace_id, plan.document, begun)
        mirrored.insert_launches(connection, plan.plan_id, _launches(run_store, plan))
        mirrored.insert_tree(connection, plan.plan_id, plan.tree)
        for run in runs:
            _link(connection, plan.plan_id, run)
        mirrored.take_results(connection, plan.plan_id, plan.state["asked"])
        status = plans.status_from_record(connection, plan.plan_id)
        ended = plan.state["status"] not in OPEN
        if status == "completed":
            error = None
        else:
            error = plan.state["error"] if ended else _LOST
        plans.set_status(connection, plan.plan_id, status, error=error)
        if ended and status == plan.state["status"]:
            mirrored.set_finished(connection, plan.plan_id, plan.state["finished_at"])


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


def _link(connection: Connection, plan_id: int, meta: dict[str, Any]) -> None:
    registered = meta["registered"]
    mirrored.link_run(
        connection,
        plan_id,
        (meta["run_id"], meta["uuid"]),
        (registered["planned"], registered["planned_key"]),
        registered.get("launch"),
    )


def _runs_of(plan_ids: set[int], run_store: RunStore) -> dict[int, list[dict[str, Any]]]:
    """Return what the directories of the runs of these plans say: plan -> in the order of ids."""
    found: dict[int, list[dict[str, Any]]] = {}
    for number in _numbers(run_store.root) if plan_ids else ():
        try:
            meta = json.loads((run_store.final(number) / META_NAME).read_bytes())
            plan_id = meta["registered"].get("plan_id")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Said where runs are read.
            continue
        if plan_id in plan_ids and meta["registered"].get("planned") is not None:
            found.setdefault(plan_id, []).append(meta)
    return found


def _numbers(folder: Path, suffix: str = "") -> list[int]:
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    numbers = (name.removesuffix(suffix) for name in names if name.endswith(suffix))
    return sorted(int(number) for number in numbers if number.isascii() and number.isdigit())
