"""Which process looks after a plan: noted beside its launches, by whoever starts it and by itself.

Between its start and the moment when it has the plan's lock, this note is what tells others that
somebody is about to own the plan.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.artifacts.layout import writing
from pm_kernel.running.process import ProcessIdentity

NOTE = "supervisor.json"


@dataclass(frozen=True)
class Owner:
    """A supervisor, and the epoch that it was started for."""

    identity: ProcessIdentity
    epoch: int


def write(folder: Path, identity: ProcessIdentity | None, epoch: int) -> None:
    """Note the supervisor of a plan in the plan's folder; nothing where it ended at once.

    Raises StoreUnavailable when the run store cannot be written.
    """
    if identity is None:
        return
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # The starter and the supervisor itself may write at the same time.
        draft = folder / f"{NOTE}.{os.getpid()}"
        draft.write_text(json.dumps({**vars(identity), "epoch": epoch}), encoding="utf-8")
        draft.replace(folder / NOTE)


def read(folder: Path) -> Owner | None:
    """Return the supervisor that was noted last; None where none was."""
    try:
        facts = json.loads((folder / NOTE).read_bytes())
        epoch = int(facts.pop("epoch"))
        return Owner(ProcessIdentity(**facts), epoch)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
