"""What the checks ask of the machine; replaced in tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pm_kernel.embedded.host import file_system
from pm_kernel.nextflow.java import AskJava, ask_java
from pm_kernel.store.server import ServerFacts, inspect, utc_now


class Finished(NamedTuple):
    """How a program ended."""

    code: int
    output: str


def run_program(
    command: Sequence[str], environ: Mapping[str, str], timeout: float
) -> Finished | None:
    """Run a program to its end; None when it cannot be started or does not end in time."""
    try:
        answer = subprocess.run(
            list(command),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Finished(answer.returncode, answer.stdout)


@dataclass(frozen=True)
class Doors:
    """Every way out of the checks that a test may want to hold."""

    run: Callable[[Sequence[str], Mapping[str, str], float], Finished | None] = run_program
    now: Callable[[], datetime] = utc_now
    statvfs: Callable[[Path], os.statvfs_result] = os.statvfs
    #: Type of the file system that a path lies on, "" when it cannot be told.
    file_system: Callable[[Path], str] = file_system
    ask_java: AskJava = ask_java
    #: Asks the server behind an address about itself.
    inspect: Callable[[str], ServerFacts] = inspect
