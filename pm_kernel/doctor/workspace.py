"""The workspace's folders and the file that configures them."""

from __future__ import annotations

import os
import shlex
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pm_kernel.config import CONFIG_NAME
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok, problem
from pm_kernel.nextflow.launcher import folder_fault

#: Room that is needed below the run store: plans/N/launches/N/work/xx/HASH/code/ and a user's file.
_PATH_ROOM = 600
#: Outputs and methods may have names of any length that the disk allows; most allow this.
_NAME_LENGTH = 255


def look(case: Case) -> Iterator[Check]:
    """Look at the folders, who may read the file, and whether the path is one that works."""
    settings = case.workspace
    root = settings.root
    wrong = list(_faults(root, settings.runs_dir, settings.methods_dir))
    yield from wrong
    if not any(check.state == "problem" for check in wrong):
        yield ok(
            "workspace",
            str(root),
            root=str(root),
            workspace_id=settings.workspace_id,
            named_by="PM_WORKSPACE" if case.environ.get("PM_WORKSPACE") else "folder",
        )


def _faults(root: Path, runs: Path, methods: Path) -> Iterator[Check]:
    fault = folder_fault(runs)
    if fault is not None:
        yield problem("workspace", fault, "Move the workspace to a folder with a plainer name.")
    missing = [folder.name for folder in (methods, runs) if not folder.is_dir()]
    if missing:
        yield problem(
            "workspace",
            f"{root} has no folder {' and no folder '.join(missing)}.",
            f"pm init {shlex.quote(str(root))}  (adds what is missing, changes nothing else)",
            missing=missing,
        )
    if (private := _secret_is_open(root / CONFIG_NAME)) is not None:
        yield notice(
            "workspace",
            f"{root / CONFIG_NAME} holds the password of the database, and {private} can read it.",
            f"chmod 600 {shlex.quote(str(root / CONFIG_NAME))}",
        )
    room = os.pathconf(root, "PC_PATH_MAX") - len(os.fsencode(runs))
    if room < _PATH_ROOM:
        yield notice(
            "workspace",
            f"The path of the workspace leaves {max(0, room)} characters for what lies in it; "
            f"runs need up to {_PATH_ROOM}.",
            "Move the workspace up, to a shorter path.",
        )
    longest = os.pathconf(root, "PC_NAME_MAX")
    if longest < _NAME_LENGTH:
        yield notice(
            "workspace",
            f"File names on this disk end at {longest} bytes; outputs with longer names fail.",
            "An encrypted home folder does that; another disk does not.",
            name_max=longest,
        )


def _secret_is_open(file: Path) -> str | None:
    """Return who else can read a password in the file; None when nobody can or there is none."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if not mode & 0o044:
        return None
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    database = document.get("database")
    url = database.get("url") if isinstance(database, dict) else None
    if not isinstance(url, str):
        return None
    from pm_kernel.store.server import holds_password

    if not holds_password(url):
        return None
    return "everybody" if mode & 0o004 else "your group"
