"""Runs that ended without anybody noticing, and what they left in the store.

    .partial/<uuid>   being written; its row says running, and its process lives
    .dead/<uuid>      claimed by whoever settles it; gone a moment later

Where the record says running and the process is gone, any command that looks at plans settles it,
and sweeps away what a process left that never registered. A directory that neither a row nor a
process knows belongs to another database or another machine: nobody here will look after it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pm_kernel.database import running_url
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok
from pm_kernel.errors import PmError
from pm_kernel.running.process import Life, ProcessIdentity
from pm_kernel.store.engine import Store
from pm_kernel.store.launches import live_runs

#: A run makes its directory first and registers then, which may wait for a database for minutes.
#: Signs of life come every few seconds; some minutes without one are a long lunch of a file server.
QUIET_SECONDS = 600.0

_SETTLES = "pm plan list  (whatever looks at plans settles such runs)"


@dataclass(frozen=True)
class _Directory:
    """One directory of a run that has no final name."""

    folder: Path
    uuid: str
    #: When anything in it changed last, seconds since 1970.
    changed: float


def look(case: Case) -> Iterator[Check]:
    """Compare the record with the living processes and with the directories being written."""
    settings = case.workspace
    now = case.doors.now()
    directories = [
        each for place in (".partial", ".dead") for each in _directories(settings.runs_dir / place)
    ]
    try:
        store = Store(running_url(settings), pooled=False)
        rows = live_runs(store, settings.workspace_id)
    except PmError:
        # What is wrong with the database, its own check says.
        told = f"{_count(directories)} being written; whose they are, only the database knows"
        yield ok("unfinished runs", told if directories else "no directory is being written")
        return
    found = [*_dead(rows), *_silent(rows, now)]
    known = {row["uuid"] for row in rows}
    unknown = [each for each in directories if each.uuid not in known]
    found += _left_behind(unknown, settings.workspace_id, now)
    if not found:
        told = f"{len(rows)} running, each with its process" if rows else "none"
        yield ok("unfinished runs", told, running=len(rows))
    yield from found


def _dead(rows: Sequence[dict[str, Any]]) -> Iterator[Check]:
    dead = [row for row in rows if _life(row) is Life.GONE]
    if dead:
        first = f"run {dead[0]['run_id']} ({dead[0]['method']})"
        more = f" and {len(dead) - 1} more" if len(dead) > 1 else ""
        yield notice(
            "unfinished runs",
            f"{first}{more}: recorded as running, but the process is gone.",
            _SETTLES,
            runs=[row["run_id"] for row in dead],
        )


def _silent(rows: Sequence[dict[str, Any]], now: datetime) -> Iterator[Check]:
    for row in rows:
        beat = row["heartbeat_at"]
        if _life(row) is not Life.UNKNOWN or beat is None:
            continue
        if (now - beat).total_seconds() > QUIET_SECONDS:
            yield notice(
                "unfinished runs",
                f"run {row['run_id']} ({row['method']}): no sign of life since "
                f"{beat.astimezone():%Y-%m-%d %H:%M} from {row['host']}, which cannot be seen "
                "from here.",
                f"When that machine is gone: pm runs fail {row['run_id']}",
                runs=[row["run_id"]],
            )


def _left_behind(
    directories: Sequence[_Directory], workspace_id: str, now: datetime
) -> Iterator[Check]:
    """Directories that no row calls running: swept by the next command, or nobody's."""
    swept, strange = [], []
    for each in directories:
        lives = {_life_in(each.folder, "wrapper"), _life_in(each.folder, "runner")}
        if Life.ALIVE in lives:
            continue
        ours = _read(each.folder / ".pm" / "record.json").get("workspace", workspace_id)
        if _life_in(each.folder, "wrapper") is Life.GONE and ours == workspace_id:
            swept.append(each)
        elif now.timestamp() - each.changed > QUIET_SECONDS:
            strange.append(each)
    if swept:
        yield notice(
            "unfinished runs",
            f"{_count(swept)} left by processes that are gone.",
            _SETTLES,
            folders=[str(each.folder) for each in swept],
        )
    if strange:
        folders = [str(each.folder) for each in strange]
        age = now.timestamp() - max(each.changed for each in strange)
        shown = " ".join(map(shlex.quote, folders[:3])) + (" …" if len(folders) > 3 else "")
        yield notice(
            "unfinished runs",
            f"{_count(strange)} of runs that the database does not know as running, untouched for "
            f"{_duration(age)}.",
            f"When you need nothing in them: rm -r {shown}",
            folders=folders,
        )


def _directories(place: Path) -> Iterator[_Directory]:
    try:
        entries = sorted(place.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for folder in entries:
        signs = (folder, folder / ".pm", folder / ".pm" / "heartbeat", folder / "run.log")
        try:
            uuid = str(UUID(folder.name))
            changed = max(each.stat().st_mtime for each in signs if each.exists())
        except (ValueError, OSError):
            # Not a run's, or gone while it was looked at.
            continue
        yield _Directory(folder, uuid, changed)


def _life(row: dict[str, Any]) -> Life:
    """Whether the process lives that looks after a run."""
    if row["pid"] is None:
        return Life.UNKNOWN
    return ProcessIdentity(row["pid"], row["pid_start"], row["boot_id"], row["host"]).life()


def _life_in(folder: Path, who: str) -> Life | None:
    """Whether the process lives that a directory names; None where it names none.

    The wrapper makes the directory and registers the run; the runner runs the method.
    """
    facts = _read(folder / ".pm" / f"{who}.json")
    try:
        return ProcessIdentity(
            int(facts["pid"]), str(facts["start"]), str(facts["boot"]), str(facts["host"])
        ).life()
    except (KeyError, TypeError, ValueError):
        return None


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _count(found: Sequence[object]) -> str:
    return "1 directory" if len(found) == 1 else f"{len(found)} directories"


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 60:.0f} minutes"
