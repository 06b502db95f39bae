"""Reading the trace while Nextflow writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pm_kernel.nextflow.render import TRACE_FIELDS
from pm_kernel.nextflow.trace import TraceReader, TraceRow

HEADER = "\t".join(TRACE_FIELDS) + "\n"
DONE = (
    "5\t00/1f3cf5\t27936\tS03_C\t4\tS03_C (4)\tCOMPLETED\t0\t1795255798930\t1795255799006\t"
    "1795255799056\t126\t32\t25.5\t3289088\t1\t/data/a b/work/00/1f3cf5\n"
)
LIMIT = (
    "2\t66/41dab8\t-\tS03_C\t7\tS03_C (7)\tFAILED\t-\t1795255798285\t-\t-\t3053\t-\t-\t-\t2\t/w\n"
)


def test_a_row_tells_what_nextflow_saw_in_plain_units(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text(HEADER + DONE)
    assert TraceReader(trace).read() == [
        TraceRow(
            task_id=5,
            hash="00/1f3cf5",
            native_id="27936",
            process="S03_C",
            planned_run_id=4,
            status="COMPLETED",
            exit_code=0,
            submitted=datetime(2026, 11, 21, 10, 9, 58, 930000, tzinfo=UTC),
            started=datetime(2026, 11, 21, 10, 9, 59, 6000, tzinfo=UTC),
            completed=datetime(2026, 11, 21, 10, 9, 59, 56000, tzinfo=UTC),
            duration_seconds=0.126,
            realtime_seconds=0.032,
            cpu_percent=25.5,
            peak_rss_bytes=3289088,
            attempt=1,
            work_dir="/data/a b/work/00/1f3cf5",
        )
    ]


def test_what_nextflow_does_not_know_is_none(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text(HEADER + LIMIT)
    (row,) = TraceReader(trace).read()
    assert (row.native_id, row.exit_code, row.started, row.realtime_seconds) == (None,) * 4
    assert (row.status, row.attempt) == ("FAILED", 2)


def test_rows_come_once_and_only_when_they_are_whole(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    reader = TraceReader(trace)
    assert reader.read() == []
    text = HEADER + DONE + LIMIT
    seen = []
    for end in range(0, len(text) + 1, 7):
        trace.write_text(text[:end])
        seen += [row.planned_run_id for row in reader.read()]
    trace.write_text(text)
    seen += [row.planned_run_id for row in reader.read()]
    assert seen == [4, 7]
    assert reader.read() == []


def test_a_trace_that_is_written_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text(HEADER + DONE + LIMIT)
    reader = TraceReader(trace)
    assert len(reader.read()) == 2
    trace.write_text(HEADER + LIMIT)
    assert [row.planned_run_id for row in reader.read()] == [7]
