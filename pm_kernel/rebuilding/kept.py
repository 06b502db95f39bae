"""What the run store has of one plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pm_kernel.artifacts.layout import HIGHEST, RunStore, numbers_in
from pm_kernel.artifacts.mirror import read
from pm_kernel.config import Settings
from pm_kernel.domain.plan_progress import progress_of
from pm_kernel.mirror import PLAN, STATE, TREE
from pm_kernel.nextflow.launcher import LOG
from pm_kernel.rebuilding.found import numbered
from pm_kernel.store.mirrored import Known

#: The database has it not at all, as the draft that it was, or as it was after it was submitted.
Here = Literal["not", "draft", "earlier"]


@dataclass(frozen=True)
class Kept:
    """What the run store knows of a plan; without ``state`` and ``tree`` it is a draft."""

    plan_id: int
    document: dict[str, Any]
    state: dict[str, Any] | None
    tree: dict[str, Any] | None
    #: Numbers of the folders of its launches.
    folders: Sequence[int]
    here: Here

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The planned runs of its tree."""
        return [] if self.tree is None else self.tree["runs"]

    @property
    def launches(self) -> list[dict[str, Any]]:
        """Its launches, as far as they were noted."""
        return [] if self.state is None else self.state["launches"]


class AnotherPlan(Exception):
    """Under the number of a plan the database has another; the text says so."""


def read_kept(
    settings: Settings, plan_id: int, known: Known | None, *, looked_at: bool
) -> Kept | None:
    """Return what is to be read; None where there is nothing, or the database has all of it.

    ``looked_at``: also where the database seems to have come as far. Raises AnotherPlan, and what
    reading a damaged document raises.
    """
    folder = RunStore(settings.runs_dir).plan(plan_id)
    document = read(folder / PLAN)
    if not numbered(document, folder / PLAN, "plan_id", plan_id):
        return None
    assert document is not None
    if known is not None and not known.is_of(document):
        raise AnotherPlan(
            f"Plan {plan_id} of the run store ({document['name']!r}, of {document['created_at']}) "
            f"is another than plan {plan_id} of the database, which was given that number before "
            f"this one was read again. It stays as it is, in {folder}."
        )
    if known is not None and known.workspace != str(UUID(settings.workspace_id)):
        return None
    state = read(folder / STATE)
    if state is None:
        if known is None:
            return Kept(plan_id, document, None, None, (), "not")
        # Whether it was changed since is seen where the database's is looked at.
        is_changed = known.status == "draft" and "formerly" in document
        return Kept(plan_id, document, None, None, (), "draft") if is_changed else None
    here: Here = "not" if known is None else "draft" if known.status == "draft" else "earlier"
    folders = [each for each in numbers_in(folder / "launches") if each <= HIGHEST]
    if here == "earlier" and not looked_at:
        assert known is not None
        reached = progress_of(state)
        newer = reached > known.progress or max(folders, default=0) > known.progress.launch
        if not newer and not wanted_again(state):
            return None
    tree = read(folder / TREE)
    if tree is None:
        raise ValueError(f"{folder / TREE} is missing")
    kept = Kept(plan_id, document, state, tree, folders, here)
    ids = [each["id"] for each in (*kept.runs, *kept.launches)]
    if not all(type(each) is int and 0 < each <= HIGHEST for each in ids):
        raise ValueError("an id in it is none")
    return kept


def wanted_again(state: dict[str, Any]) -> dict[int, int | None]:
    """Return the planned runs that were wanted again when a state was noted: id -> their result."""
    asked = state["asked"]
    return {each["id"]: each["again_of"] for each in asked if each["again_by"] is not None}


def without_row(
    run_store: RunStore, plan: Kept, numbers: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Yield launches of which only a folder is left; ``numbers`` are those that have rows."""
    assert plan.state is not None
    for number in plan.folders:
        if number not in numbers:
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
