"""Reading in Nextflow's log, while it is written, which tasks have ended, and if it is stuck."""

from __future__ import annotations

from pathlib import Path

from pm_kernel.nextflow.trace import TraceReader, TraceRow

BEFORE = (
    "Nov-25 22:10:34.690 [Task monitor] DEBUG n.processor.TaskPollingMonitor - Task completed > "
)
DONE = (
    f"{BEFORE}TaskHandler[id: 5; name: S03_C (4); status: COMPLETED; exit: 0; error: -; "
    "workDir: /data/a b; [x]/work/00/1f3cf5]\n"
)
FAILED = DONE.replace("exit: 0", "exit: 6")
LIMIT = (
    f"{BEFORE}TaskHandler[id: 2; name: S03_C (7); status: COMPLETED; exit: -; "
    "error: nextflow.exception.ProcessTimeoutException: Process exceeded running time limit (3s); "
    "workDir: /w]\n"
)
#: Another host's, under the control of a scheduler.
JOB = (
    f"{BEFORE}TaskHandler[jobId: 12; id: 1; name: S01_A (9); status: COMPLETED; exit: 1; error: -; "
    "workDir: /store/work/ab/cdef started: 1795255799006; exited: 2026-11-21T10:09:59Z; ]\n"
)
LOST = JOB.replace("exit: 1;", "exit: -;").replace("exited: 2026-11-21T10:09:59Z", "exited: -")
OTHERS = (
    "Nov-25 22:10:30.012 [Task submitter] DEBUG n.executor.local.LocalTaskHandler - Launch cmd "
    "line: /bin/bash -ue .command.run\n"
    "Nov-25 22:10:34.733 [main] INFO  n.processor.TaskProcessor - [ab/0493dd] NOTE: Process "
    "`S01_A (1)` terminated with an error exit status (6) -- Error is ignored\n"
    f"{BEFORE.replace('Task completed', 'Task submitted')}TaskHandler[id: 5; name: S03_C (4)]\n"
)


def rows(tmp_path: Path, text: str) -> list[TraceRow]:
    log = tmp_path / "nextflow.log"
    log.write_text(text)
    return TraceReader(log).read()


def test_a_row_tells_what_nextflow_saw(tmp_path: Path) -> None:
    assert rows(tmp_path, OTHERS + DONE + OTHERS) == [
        TraceRow(4, "COMPLETED", 0, "/data/a b; [x]/work/00/1f3cf5")
    ]
    assert rows(tmp_path, FAILED) == [TraceRow(4, "FAILED", 6, "/data/a b; [x]/work/00/1f3cf5")]


def test_a_task_that_was_ended_at_its_time_limit_has_failed_without_an_exit_code(
    tmp_path: Path,
) -> None:
    assert rows(tmp_path, LIMIT) == [TraceRow(7, "FAILED", None, "/w")]


def test_of_a_task_with_another_name_it_is_known_where_it_worked(tmp_path: Path) -> None:
    renamed = DONE.replace("name: S03_C (4)", "name: lab:S03_C").replace("COMPLETED", "SUCCEEDED")
    assert rows(tmp_path, renamed) == [
        TraceRow(None, "COMPLETED", 0, "/data/a b; [x]/work/00/1f3cf5")
    ]


def test_a_schedulers_task_is_told_of_in_other_words(tmp_path: Path) -> None:
    assert rows(tmp_path, JOB + LOST) == [
        TraceRow(9, "FAILED", 1, "/store/work/ab/cdef"),
        TraceRow(9, "FAILED", None, "/store/work/ab/cdef"),
    ]


def test_rows_come_once_and_only_when_they_are_whole(tmp_path: Path) -> None:
    log = tmp_path / "nextflow.log"
    reader = TraceReader(log)
    assert reader.read() == []
    text = OTHERS + DONE + LIMIT
    seen = []
    for end in range(0, len(text) + 1, 7):
        log.write_text(text[:end])
        seen += [row.planned_run_id for row in reader.read()]
    log.write_text(text)
    seen += [row.planned_run_id for row in reader.read()]
    assert seen == [4, 7]
    assert reader.read() == []


def test_a_log_that_is_written_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "nextflow.log"
    log.write_text(OTHERS + DONE + LIMIT)
    reader = TraceReader(log)
    assert len(reader.read()) == 2
    log.write_text(LIMIT)
    assert [row.planned_run_id for row in reader.read()] == [7]


def test_it_is_stuck_where_tasks_wait_and_none_runs_and_nothing_has_moved_since(
    tmp_path: Path,
) -> None:
    monitor = "Nov-26 19:41:32.222 [Task monitor] DEBUG n.processor.TaskPollingMonitor - "
    idle = f"{monitor}!! executor local > No more task to compute -- The following nodes are …\n"
    running = f"{monitor}!! executor local > tasks to be completed: 2 -- submitted tasks are …\n"
    waiting = f"{monitor}%% executor local > tasks in the submission queue: 2 -- tasks to be …\n"
    elsewhere = (idle + waiting).replace("executor local", "executor slurm")
    submitted = (
        "Nov-26 19:36:34.888 [Task submitter] INFO  nextflow.Session - [0f/a32290] "
        "Submitted process > S02_B (13)\n"
    )
    again = submitted.replace("Submitted", "Re-submitted")
    log = tmp_path / "nextflow.log"
    for text, stuck in {
        DONE + idle: False,
        submitted + running + waiting: False,
        elsewhere: False,
        submitted + DONE + idle + OTHERS + waiting: True,
        idle + submitted + waiting: False,
        idle + waiting + again: False,
        idle + waiting + DONE: False,
    }.items():
        log.write_text(text)
        reader = TraceReader(log)
        reader.read()
        assert reader.stuck is stuck, text
