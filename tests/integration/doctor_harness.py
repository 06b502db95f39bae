"""Checks of one workspace, one by one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.config import process_environ
from pm_kernel.doctor import Check, Doors, run_checks
from pm_kernel.doctor.examination import TABLE

from .db_harness import Terminal

#: Not in the user database, as in many containers.
BOB = 64802


@dataclass
class Patient:
    """A workspace to be looked at."""

    pm: Terminal

    @property
    def root(self) -> Path:
        return self.pm.root

    def look(self, name: str, **doors: Any) -> list[Check]:
        """Run the checks of one entry of the table."""
        table = [each for each in TABLE if each.name == name]
        assert table
        return run_checks(self.pm.settings, doors=Doors(**doors), table=table)

    def finds(self, name: str, state: str, told: str, **doors: Any) -> Check:
        """The one result that says ``told``; fails when there is none, or in another state."""
        found = self.look(name, **doors)
        matching = [check for check in found if told in check.told]
        assert len(matching) == 1, found
        assert matching[0].state == state, matching
        assert state == "ok" or matching[0].hint, matching
        return matching[0]

    def worst(self, name: str, **doors: Any) -> str:
        """The worst state in an entry."""
        states = {check.state for check in self.look(name, **doors)}
        return next(state for state in ("problem", "notice", "ok") if state in states)


def program(folder: Path, name: str, script: str) -> Path:
    """Put a program of the test's own into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def path_without(folder: Path, *names: str) -> str:
    """A PATH with everything that is on it now, but for these programs."""
    folder.mkdir()
    for place in reversed(process_environ()["PATH"].split(os.pathsep)):
        if not Path(place).is_dir():
            continue
        for each in Path(place).iterdir():
            link = folder / each.name
            if each.name not in names:
                link.unlink(missing_ok=True)
                link.symlink_to(each)
    return str(folder)


def as_user(uid: int, *command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parents[2]), *(p for p in sys.path if "site-packages" in p)]
            ),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environ,
        },
    )


def python_for(uid: int) -> str:
    """A Python that ``uid`` can run with this test's packages, or skip the test."""
    candidates: Sequence[str | None] = (
        sys.executable,
        shutil.which("python3", path="/usr/local/bin:/usr/bin"),
    )
    for candidate in candidates:
        if candidate is not None:
            try:
                answer = as_user(uid, candidate, "-c", "import pm_kernel.doctor")
            except PermissionError:
                continue
            if answer.returncode == 0:
                return candidate
    pytest.skip("no Python with these packages that another user can run")
