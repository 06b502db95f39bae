"""Reading a lost database again: versions from the methods repository, the rest from the run store.

What the database has stays, what it lacks is added; a plan that went on after the backup that was
restored, and a run that ended after it, is brought to what became of it. Of runs there is all in
their directories; drafts, plans and templates are repeated beside them (``mirror``). The plan of
one task around a direct run is not: its run says what there was to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.artifacts import mirror, seal
from pm_kernel.artifacts.layout import HIGHEST, RunStore
from pm_kernel.config import Settings
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import PmError
from pm_kernel.rebuilding.found import Found
from pm_kernel.rebuilding.plans import read_plans
from pm_kernel.rebuilding.repeating import keep_missing
from pm_kernel.rebuilding.templates import read_templates
from pm_kernel.rebuilding.versions import Lacking, read_versions
from pm_kernel.registration import Repaired
from pm_kernel.running.orphans import settle_orphans
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.running.settle import record_ended
from pm_kernel.store import launches, numbering
from pm_kernel.store.engine import DATABASE_ERRORS, Store, libpq_url


@dataclass(frozen=True)
class Rebuilt:
    """What was read as the database lacked it, or had it as it was earlier, and what was not."""

    versions: tuple[str, ...]
    runs: tuple[int, ...]
    plans: tuple[int, ...]
    templates: tuple[str, ...]
    #: What the methods repository had to say, and what is as it is.
    notices: tuple[str, ...]
    #: Sentences about what stays unread; its directory is untouched.
    problems: tuple[str, ...]


def rebuild(
    settings: Settings, store: Store, *, told: Callable[[int, int], None] = lambda _d, _t: None
) -> Rebuilt:
    """Add what git and the run store know and the database does not; may be repeated."""
    found = Found()
    problems = found.problems
    repaired = read_versions(settings, store, found)
    run_store = RunStore(settings.runs_dir)
    recorder = DirectRecorder(libpq_url(store.url))
    # What nobody ended gets its directory.
    settle_orphans(settings, store, recorder)
    folders = sorted(_run_folders(run_store.root), key=lambda folder: int(folder.name))
    problems += [
        f"{folder} has a number that no run can have."
        for folder in folders
        if int(folder.name) > HIGHEST
    ]
    folders = [folder for folder in folders if int(folder.name) <= HIGHEST]
    ids = [int(folder.name) for folder in folders]
    with store.transaction() as connection:
        known = numbering.known_runs(connection, ids)
        # New runs must not take the number of a directory that is there.
        numbering.raise_ids(connection, {"runs": max(ids, default=0)})
    # What a backup calls running has ended, on whatever host: a final name is of a whole directory.
    known -= {
        run["run_id"]
        for run in launches.live_runs(store, settings.workspace_id)
        if seal.is_of(run_store.final(run["run_id"]), run["uuid"])
    }
    read: list[int] = []
    #: The plans of which runs were read.
    came: set[int] = set()
    lacking = Lacking(store)
    # In the order of their ids: a run's inputs come from runs with lower ones.
    for done, folder in enumerate(folders, 1):
        run_id = int(folder.name)
        if run_id not in known:
            try:
                meta = json.loads((folder / seal.META_NAME).read_bytes())
                if not lacking.holds_back(run_id, meta["registered"]):
                    record_ended(run_store, recorder, run_id, meta["uuid"])
                    read.append(run_id)
                    came.add(meta["registered"].get("plan_id"))
            except PmError as error:
                problems.append(error.message)
            except (*mirror.UNREADABLE, *DATABASE_ERRORS) as error:
                problems.append(f"Run directory {folder.name} cannot be read: {error}.")
        told(done, len(folders))
    problems += lacking.sentences(settings, looked=repaired is not None)
    read_templates(settings, store, found)
    read_plans(settings, store, found, same_imports(settings), came)
    try:
        keep_missing(settings, store)
    except PmError as error:
        problems.append(error.message)
    repaired = repaired or Repaired()
    return Rebuilt(
        tuple(f"{each.method} v{each.version}" for each in repaired.adopted),
        tuple(read),
        tuple(found.plans),
        tuple(found.templates),
        (*repaired.notices, *found.notices),
        tuple(found.problems),
    )


def _run_folders(root: Path) -> Iterator[Path]:
    for folder in root.iterdir():
        if (
            folder.name.isascii()
            and folder.name.isdigit()
            and len(folder.name) >= 8
            and folder.is_dir()
        ):
            yield folder
