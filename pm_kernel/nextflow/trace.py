"""Reads in Nextflow's log, while it grows, which tasks have ended, and whether it is stuck.

Only an observer's account: what a run became is decided by its record. Nextflow's own trace file
would say the same, and more that the runner measures by itself; but where it is asked for, every
task is wrapped in a shell that starts thirty small programs to collect its figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# ... Task completed > TaskHandler[id: 2; name: S01_A (7); status: COMPLETED; exit: 6; error: -;
# workDir: /store/…/work/06/cb37], on a cluster with the job before and two times after it.
_ENDED = re.compile(
    rb"Task completed > TaskHandler\[(?:.*?\bname: \S+ \((?P<planned>\d+)\);)?.*?"
    rb"\bexit: (?P<exit>\d+|-); error: (?P<error>.*?); workDir: (?P<work_dir>.+?)"
    rb"(?: started: \S+; exited: [^;]*; )?\]$"
)
#: The same words begin what Nextflow says of a task that it starts, and starts once more.
_MOVED = (b"ubmitted process > ", b"Task completed > ")
#: What it says of its tasks on this machine every five minutes, where it has any.
_IDLE = b"!! executor local > No more task to compute"
_WAITING = b"%% executor local > tasks in the submission queue: "


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One ended execution of a task."""

    #: None where the task is not called by it.
    planned_run_id: int | None
    status: Literal["COMPLETED", "FAILED"]
    #: None where Nextflow knows none: ended at its time limit, or lost by its scheduler.
    exit_code: int | None
    work_dir: str


class TraceReader:
    """Follows the log of one Nextflow; one that is not there yet has no rows."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._said: set[bytes] = set()

    @property
    def stuck(self) -> bool:
        """Whether Nextflow last said that tasks wait to be started, and that none of them runs.

        It counts processors that are free in two threads at once, and may so lose some for good
        (nextflow-io/nextflow#7597): a task that wants them all is then never started.
        """
        return len(self._said) == 2

    def read(self) -> list[TraceRow]:
        """Return the tasks that ended since the last call, in the order of the log."""
        try:
            with open(self._log, "rb") as stream:
                if stream.seek(0, 2) < self._offset:
                    # Written anew.
                    self._offset = 0
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = whole.split(b"\n")
        for line in lines:
            if any(words in line for words in _MOVED):
                self._said.clear()
            self._said.update(words for words in (_IDLE, _WAITING) if words in line)
        found = (_ENDED.search(line) for line in lines)
        return [_row(match) for match in found if match is not None]


def _row(match: re.Match[bytes]) -> TraceRow:
    succeeded = match["exit"] == b"0" and match["error"] == b"-"
    return TraceRow(
        planned_run_id=None if match["planned"] is None else int(match["planned"]),
        status="COMPLETED" if succeeded else "FAILED",
        exit_code=None if match["exit"] == b"-" else int(match["exit"]),
        work_dir=match["work_dir"].decode("utf-8", errors="surrogateescape"),
    )
