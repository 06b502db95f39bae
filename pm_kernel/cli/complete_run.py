"""``pm complete_run``: called by the generated pipeline after a task, whatever happened in it."""

from __future__ import annotations

import sys
from pathlib import Path

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.cli.register_run import number, read_options
from pm_kernel.config import load_settings
from pm_kernel.database import running_url
from pm_kernel.errors import Conflict, UsageError
from pm_kernel.running.complete import complete, read_json
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.running.register import DONE, RECORD_NOTE, RUN_ID_NOTE, UUID_NOTE


def main(argv: list[str]) -> int:
    """Seal and record the run of a task directory; 1 when its task must not count as done."""
    options = read_options(argv, {"task-dir", "exit"}, frozenset({"workspace"}))
    exit_code = number(options, "exit")
    task_dir = Path(options["task-dir"])
    try:
        note = (task_dir / UUID_NOTE).read_text(encoding="utf-8", errors="surrogateescape")
        uuid, workspace = note.split("\n")[:2]
    except (FileNotFoundError, ValueError):
        raise UsageError(f"Nothing was registered in {task_dir}.") from None
    if uuid == DONE:
        # A completed run existed: nothing was executed here.
        return 0
    settings = load_settings(workspace=Path(workspace))
    store = RunStore(settings.runs_dir)
    recorder = DirectRecorder(lambda: running_url(settings), patience=settings.database_patience)
    folder = store.partial(uuid)
    # The method may have emptied its output_dir.
    record = read_json(folder / ".pm" / "record.json") or read_json(task_dir / RECORD_NOTE)
    if record is None or not folder.is_dir():
        return _ended_before(store, recorder, task_dir, uuid)
    try:
        ended = complete(store, recorder, record, folder, exit_code=exit_code)
    except Conflict as conflict:
        if folder.is_dir():
            raise
        sys.stderr.write(f"pm: {conflict.message}\n")
        return _ended_before(store, recorder, task_dir, uuid)
    if ended.error is not None:
        sys.stderr.write(f"pm: run {ended.run_id} {ended.status}: {ended.error}\n")
    # The script's own exit code fails the task already; a broken promise must fail it too.
    return 1 if ended.status != "completed" and exit_code == 0 else 0


def _ended_before(store: RunStore, recorder: DirectRecorder, task_dir: Path, uuid: str) -> int:
    from pm_kernel.running import settle

    try:
        run_id = int((task_dir / RUN_ID_NOTE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        raise UsageError(f"Nothing was registered in {task_dir}.") from None
    status = settle.record_ended(store, recorder, run_id, uuid) or "failed"
    sys.stderr.write(f"pm: run {run_id} was ended before: {status}\n")
    return 0 if status == "completed" else 1
