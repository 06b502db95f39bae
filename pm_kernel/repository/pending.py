"""Registrations under way, as small files: what the next command finds after a kill.

A file is written before the branch moves and removed when the version's row is in the database and
the index follows. So the gaps between git, tag, index and database are looked for where something
really stopped, and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from pm_kernel.repository.locks import make_folder
from pm_kernel.repository.place import Place


@dataclass(frozen=True, slots=True)
class Pending:
    """One registration that has begun."""

    #: Its own name: two may try the same version at once.
    key: str
    module: str
    method: str
    version: int
    commit: str
    #: The commit holds the module's file as well.
    with_module: bool = False
    #: The index holds the new content.
    refreshed: bool = False
    #: The version's row is in the database.
    recorded: bool = False

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.method}-v{self.version}-{self.key}.json"


def note(place: Place, pending: Pending) -> None:
    """Write or replace the file; atomic, so that a kill leaves the old one or the new one."""
    folder = _folder(place)
    make_folder(folder)
    draft = folder / f".{uuid4().hex}"
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(asdict(pending), stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(folder / pending.name)


def settle(place: Place, pending: Pending) -> None:
    """Remove the file when nothing is left to do, otherwise keep it up to date."""
    if pending.refreshed and pending.recorded:
        (_folder(place) / pending.name).unlink(missing_ok=True)
    else:
        note(place, pending)


def forget(place: Place, pending: Pending) -> None:
    """Remove the file of a registration that never reached the branch."""
    (_folder(place) / pending.name).unlink(missing_ok=True)


def again(place: Place, pending: Pending) -> Pending | None:
    """The same registration as it stands now; None: it has ended."""
    return _read(_folder(place) / pending.name)


def every(place: Place) -> Iterator[Pending]:
    """All registrations that have begun and not ended."""
    folder = _folder(place)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        found = _read(path)
        if found is not None:
            yield found


def sweep(place: Place) -> None:
    """Remove drafts that a kill left an hour ago or earlier."""
    for draft in _folder(place).glob(".*"):
        with contextlib.suppress(FileNotFoundError):
            if draft.stat().st_mtime < time.time() - 3600:
                draft.unlink()


def _read(path: Path) -> Pending | None:
    try:
        return Pending(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _folder(place: Place) -> Path:
    return place.own_dir / "pending"
