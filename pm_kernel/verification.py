"""Comparing artifacts with what was recorded of them, and noting what was found.

Two tiers: *quick* looks at each file's size, times and inode and reads what was touched; *full*
reads every byte. A verdict always says which one it was, and stays in the record.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.manifest import (
    UNLISTED,
    Difference,
    check_entries,
    hash_files,
    out_of_reach,
    read_manifest,
)
from pm_kernel.config import Settings
from pm_kernel.errors import Conflict, IntegrityError, NotFound, StoreUnavailable
from pm_kernel.store import integrity
from pm_kernel.store.engine import Store

Tier = Literal["quick", "full"]


@dataclass(frozen=True)
class Verdict:
    """What became of one run's artifacts."""

    run_id: int
    tier: Tier
    differences: tuple[Difference, ...]
    #: Why nothing could be compared; then nothing vouches for the run.
    problem: str | None = None
    #: Why this user, or this disk, could not read it: nothing is known then, and nothing noted.
    unread: str | None = None

    @property
    def clean(self) -> bool:
        """Whether everything is as it was recorded."""
        return not self.differences and self.problem is None and self.unread is None

    @property
    def altered(self) -> bool:
        """Whether something is not as it was recorded."""
        return not self.clean and self.unread is None


def verify(
    settings: Settings,
    store: Store,
    run_ids: Sequence[int],
    *,
    tier: Tier,
    told: Callable[[Verdict], None] = lambda _verdict: None,
) -> list[Verdict]:
    """Check ended runs of this workspace, one by one, and note each verdict.

    Of a run that cannot be read nothing is noted: that is no word on what it holds. Raises NotFound
    where there is no such run, Conflict where one has not ended.
    """
    run_store = RunStore(settings.runs_dir)
    with store.reading() as connection:
        where = integrity.whereabouts(connection, run_ids)
        recorded = integrity.recorded_outputs(connection, run_ids)
    for run_id in run_ids:
        if run_id not in where:
            raise NotFound(f"There is no run {run_id}.", hint="`pm runs` shows the newest runs.")
        if where[run_id][0] == "running":
            raise Conflict(f"Run {run_id} has not ended; verify it when it has.")
    verdicts = []
    for run_id in run_ids:
        folder = run_store.final(run_id)
        _, workspace, root = where[run_id]
        try:
            if workspace != settings.workspace_id:
                raise StoreUnavailable(f"It is of the workspace {root}; verify it there.")
            if not folder.exists() and not run_store.is_there():
                raise StoreUnavailable(
                    f"{run_store.root} is not the run store that it was written to. Is its disk "
                    "mounted?"
                )
            verdict = _check(folder, run_id, tier, recorded.get(run_id, {}))
        except StoreUnavailable as error:
            verdict = Verdict(run_id, tier, (), unread=error.message)
        except OSError as error:
            verdict = Verdict(run_id, tier, (), unread=out_of_reach(folder, error).message)
        else:
            _note(store, verdict, settings.user)
        verdicts.append(verdict)
        told(verdict)
    return verdicts


def _note(store: Store, verdict: Verdict, user: str) -> None:
    with store.transaction() as connection:
        integrity.note_verified(
            connection,
            verdict.run_id,
            tier=verdict.tier,
            clean=verdict.clean,
            details={
                "problem": verdict.problem,
                "differences": [vars(each) for each in verdict.differences],
            },
            created_by=user,
        )


def _check(folder: Path, run_id: int, tier: Tier, recorded: dict[str, str]) -> Verdict:
    try:
        manifest = read_manifest(folder)
    except IntegrityError as error:
        return Verdict(run_id, tier, (), error.message)
    # The database remembers the checksum of each single-file output: a manifest that was rewritten
    # together with its file is found out.
    forged = [
        Difference(path, "changed", checksum, manifest[path].sha256)
        for path, checksum in recorded.items()
        if path in manifest and manifest[path].sha256 != checksum
    ]
    differences = [*forged, *check_entries(folder, manifest.values())]
    if tier == "full":
        seen = {difference.path for difference in differences}
        present = [path for path in manifest if path not in seen]
        hashes = hash_files(folder, present)
        differences += [
            Difference(path, "changed", manifest[path].sha256, digest)
            for path, digest in hashes.items()
            if digest != manifest[path].sha256
        ]
    known = set(manifest)
    differences += [Difference(path, "added") for path in _present(folder) if path not in known]
    return Verdict(run_id, tier, tuple(differences))


def _present(folder: Path) -> Iterator[str]:
    """Yield every file there is; nothing is touched, no mode changed."""

    def failed(error: OSError) -> None:
        raise error

    for base, _folders, files in os.walk(folder, onerror=failed):
        for name in files:
            path = (Path(base) / name).relative_to(folder).as_posix()
            if path not in UNLISTED:
                yield path
