"""What made a file: asked by somebody who holds one and does not know where it came from.

A file is known by its content: its sha256 is that of an output of the run that made it, wherever it
was copied to since. A file that lies in the directory of a run is known by its place as well, and
whether it still is what the run left there.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.manifest import (
    MANIFEST_NAME,
    UNLISTED,
    FileEntry,
    hash_file,
    read_manifest,
)
from pm_kernel.artifacts.outputs import select
from pm_kernel.config import Settings
from pm_kernel.domain.names import shown
from pm_kernel.domain.run_documents import run_document
from pm_kernel.domain.runs import Run
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import IntegrityError, InvalidInput, NotFound, StoreUnavailable
from pm_kernel.store.engine import Store
from pm_kernel.store.integrity import recorded_outputs
from pm_kernel.store.origins import OutputAt, inputs_with, outputs_holding, outputs_of, outputs_with
from pm_kernel.store.reuse import invalid_runs
from pm_kernel.store.runs import get_runs

#: Outputs of several files that are looked into, and seconds in which that is done.
_MOST, _SECONDS = 20_000, 10.0
#: The states of completed runs, the one first that says most of where a content came from.
_TRUST = {"completed": 0, "tainted": 1, "altered": 2}
#: Runs that are told of at most: a file that is the same in all of them, as an empty one, says
#: little by being in one.
TOLD = 100

#: Whether a file in a run's directory is what the run left there, was changed since, was put there
#: by somebody else, or is a part of the record itself.
State = Literal["recorded", "altered", "added", "own"]


@dataclass(frozen=True)
class Made:
    """A run that made this content: as which output, and where in its directory."""

    run: Run
    #: None: it is no output, as the log of a run.
    output: str | None
    path: str


@dataclass(frozen=True)
class Read:
    """A run that read this content as an input, and where the file was then."""

    run: Run
    input: str
    path: str | None


@dataclass(frozen=True)
class Place:
    """The run in whose directory a file lies, and what it is there."""

    run: Run
    path: str
    state: State


@dataclass(frozen=True)
class Origin:
    """What is known of a file."""

    file: Path
    size: int
    checksum: str
    #: The run that it lies with first, then those that completed and are intact, then those that
    #: were altered since or read what was, then those that failed; the newest first in each.
    made: tuple[Made, ...]
    #: Looked for where no run made it.
    read: tuple[Read, ...]
    place: Place | None
    #: False: older runs with folders of files were not looked into.
    searched: bool = True

    def missing(self) -> NotFound | IntegrityError:
        """Say why no run is named. To be asked where ``made`` is empty."""
        name = shown(self.file.name)
        if self.place is not None and self.place.state in ("altered", "added"):
            run_id, altered = self.place.run.run_id, self.place.state == "altered"
            what = "was altered since" if altered else "was put there by somebody else"
            return IntegrityError(
                f"{name} lies in the directory of run {run_id}, but is not what that run left "
                f"there: it {what}.",
                hint=f"`pm verify {run_id}` says what else was.",
            )
        if self.place is not None:
            return NotFound(
                f"{name} is a part of the record of run {self.place.run.run_id}, no result.",
                hint=f"`pm lineage {self.place.run.run_id}` shows how that run came to be.",
            )
        some = "" if self.searched else " that was looked into"
        hint = (
            "Every byte counts: a file that was opened and saved again, or converted, is another "
            "content."
        )
        if self.read:
            runs = [f"run {each.run.run_id} ({each.run.method})" for each in self.read[:3]]
            more = f" and {len(self.read) - 3} more" if len(self.read) > 3 else ""
            hint = (
                f"It was read as an input, by {', '.join(runs)}{more}: "
                f"`pm lineage {self.read[0].run.run_id} --down` shows what was made of it."
            )
        return NotFound(f"No run{some} made a file with the content of {name}.", hint=hint)

    def to_document(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "size": self.size,
            "checksum": self.checksum,
            "made": [
                {"run": run_document(each.run), "output": each.output, "path": each.path}
                for each in self.made
            ],
            "read": [
                {"run": run_document(each.run), "input": each.input, "path": each.path}
                for each in self.read
            ],
            "place": None
            if self.place is None
            else {
                "run_id": self.place.run.run_id,
                "path": self.place.path,
                "state": self.place.state,
            },
            "searched": self.searched,
        }


def origin_of(
    settings: Settings,
    store: Store,
    file: Path,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Origin:
    """Find the runs that made the content of a file. Raises NotFound and InvalidInput."""
    where = _plain_file(file)
    try:
        size, checksum = where.stat().st_size, hash_file(where)
    except OSError as error:
        raise NotFound(f"{shown(str(file))} cannot be read: {error.strerror}.") from error
    place, entry = _place(settings, store, where, checksum)
    if size == 0 and place is None:
        raise InvalidInput(
            f"{shown(str(file))} is empty: its content says nothing of where it came from."
        )
    outputs = outputs_with(store, checksum, size)
    searched = True
    if not outputs and entry is None:
        deadline = clock() + _SECONDS
        inside = _inside(store, checksum, size, lambda: clock() > deadline)
        found = list(inside)
        searched = None not in found
        outputs = [each for each in found if each is not None]
    outputs = _most_trusted(store, outputs)[:TOLD]
    runs = {run.run_id: run for run in get_runs(store, {each.run_id for each in outputs})}
    made = [Made(runs[each.run_id], each.output, each.path) for each in outputs]
    made.sort(key=lambda each: (_TRUST.get(each.run.state, len(_TRUST)), -each.run.run_id))
    if place is not None and entry is not None and place.state == "recorded":
        here = Made(place.run, _output_at(store, place.run.run_id, entry), place.path)
        made = [here, *(each for each in made if each.run.run_id != place.run.run_id)]
    read = () if made else tuple(_readers(store, checksum))
    return Origin(file, size, checksum, tuple(made), read, place, searched)


def _plain_file(file: Path) -> Path:
    try:
        where = file.resolve(strict=True)
        mode = where.stat().st_mode
    except (OSError, RuntimeError) as error:
        raise NotFound(
            f"There is no file {shown(str(file))}.",
            hint="Runs are named by their number, files by their path.",
        ) from error
    if stat.S_ISDIR(mode):
        raise InvalidInput(
            f"{shown(str(file))} is a folder.", hint="Ask for one of the files in it."
        )
    if not stat.S_ISREG(mode):
        raise InvalidInput(f"{shown(str(file))} is no plain file.")
    if not os.access(where, os.R_OK):
        raise InvalidInput(f"{shown(str(file))} may not be read by you.")
    return where


def _place(
    settings: Settings, store: Store, where: Path, checksum: str
) -> tuple[Place | None, FileEntry | None]:
    """Return where in a run's directory a file lies, and what was recorded of it there."""
    folder = settings.runs_dir.resolve()
    if not where.is_relative_to(folder):
        return None, None
    first, *rest = where.relative_to(folder).parts
    if not rest or not first.isdecimal() or RunStore(folder).final(int(first)).name != first:
        return None, None
    known = get_runs(store, [int(first)])
    if not known or known[0].workspace_root.resolve() != settings.root.resolve():
        return None, None
    (run,), path = known, "/".join(rest)
    if rest[0] in UNLISTED:
        return Place(run, path, "own"), None
    try:
        entry = read_manifest(folder / first).get(path)
    except IntegrityError:
        entry = None
    if entry is None:
        return Place(run, path, "added"), None
    # The database remembers single files too: a manifest that was rewritten is found out.
    with store.reading() as connection:
        remembered = recorded_outputs(connection, [run.run_id]).get(run.run_id, {})
    sums = {entry.sha256, remembered.get(storable_text(path), entry.sha256)}
    return Place(run, path, "recorded" if sums == {checksum} else "altered"), entry


def _inside(
    store: Store, checksum: str, size: int, late: Callable[[], bool]
) -> Iterator[OutputAt | None]:
    """Yield the files with this content inside outputs of several files; None: it became late.

    The database has one checksum for all of them, so this reads manifests, where they are.
    """
    outputs = outputs_holding(store, size, most=_MOST)
    roots = {run.run_id: run for run in get_runs(store, {each.run_id for each in outputs})}
    needle = f'"{checksum}"'.encode()
    if len(outputs) == _MOST:
        yield None
    for each in outputs:
        if late():
            yield None
            return
        run = roots[each.run_id]
        folder = RunStore(run.workspace_root / ".runs").final(run.run_id)
        try:
            if needle not in (folder / MANIFEST_NAME).read_bytes():
                continue
            entries = read_manifest(folder)
        except (OSError, IntegrityError, StoreUnavailable):
            continue
        for entry in select(each.path, entries.values()):
            if entry.sha256 == checksum:
                yield OutputAt(each.run_id, each.output, storable_text(entry.path))


def _most_trusted(store: Store, outputs: list[OutputAt]) -> list[OutputAt]:
    """Put what runs made that did not complete, or were altered since, behind the others."""
    with store.reading() as connection:
        invalid = invalid_runs(connection, {each.run_id for each in outputs})
    return sorted(outputs, key=lambda each: each.run_id in invalid)


def _output_at(store: Store, run_id: int, entry: FileEntry) -> str | None:
    return next(
        (each.output for each in outputs_of(store, run_id) if select(each.path, [entry])), None
    )


def _readers(store: Store, checksum: str) -> Iterator[Read]:
    found = inputs_with(store, checksum)[:TOLD]
    runs = {run.run_id: run for run in get_runs(store, {each.run_id for each in found})}
    for each in found:
        yield Read(runs[each.run_id], each.input, each.path)
