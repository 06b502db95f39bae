"""Reads Nextflow's trace file while it grows: one row per ended task, raw numbers, tab separated.

Only an observer's account: what a run became is decided by its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

Status = Literal["COMPLETED", "FAILED", "ABORTED", "CACHED"]


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One ended execution of a task; None where Nextflow wrote nothing."""

    task_id: int
    hash: str
    #: Process id, or the scheduler's id of it.
    native_id: str | None
    process: str
    planned_run_id: int
    status: Status
    #: None also when a local task was ended at its time limit.
    exit_code: int | None
    submitted: datetime | None
    started: datetime | None
    completed: datetime | None
    #: From submission to end, and of that the script's own time.
    duration_seconds: float | None
    realtime_seconds: float | None
    cpu_percent: float | None
    peak_rss_bytes: int | None
    attempt: int
    work_dir: str


class TraceReader:
    """Follows one trace file; a file that is not there yet has no rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._header: tuple[str, ...] | None = None

    def read(self) -> list[TraceRow]:
        """Return the rows that were completed since the last call, in the order of the file."""
        try:
            with open(self._path, "rb") as stream:
                if stream.seek(0, 2) < self._offset:
                    # Written anew.
                    self._offset, self._header = 0, None
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        rows = []
        for line in whole.decode("utf-8", errors="replace").split("\n"):
            if not line:
                continue
            fields = tuple(line.split("\t"))
            if self._header is None:
                self._header = fields
            elif len(fields) == len(self._header):
                rows.append(_row(dict(zip(self._header, fields, strict=True))))
        return rows


def _row(fields: Mapping[str, str]) -> TraceRow:
    return TraceRow(
        task_id=int(fields["task_id"]),
        hash=fields["hash"],
        native_id=_text(fields["native_id"]),
        process=fields["process"],
        planned_run_id=int(fields["tag"]),
        status=cast("Status", fields["status"]),
        exit_code=_whole(fields["exit"]),
        submitted=_moment(fields["submit"]),
        started=_moment(fields["start"]),
        completed=_moment(fields["complete"]),
        duration_seconds=_seconds(fields["duration"]),
        realtime_seconds=_seconds(fields["realtime"]),
        cpu_percent=_number(fields["%cpu"]),
        peak_rss_bytes=_whole(fields["peak_rss"]),
        attempt=int(fields["attempt"]),
        work_dir=fields["workdir"],
    )


def _text(field: str) -> str | None:
    return None if field in ("-", "") else field


def _number(field: str) -> float | None:
    text = _text(field)
    return None if text is None else float(text)


def _whole(field: str) -> int | None:
    number = _number(field)
    # Nextflow's own "not known" for an exit code is the largest 32-bit number.
    return None if number is None or number == 2**31 - 1 else int(number)


def _seconds(field: str) -> float | None:
    milliseconds = _number(field)
    return None if milliseconds is None else milliseconds / 1000


def _moment(field: str) -> datetime | None:
    seconds = _seconds(field)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
