"""``pm complete_run``: called by the generated pipeline after a task, whatever happened in it."""

from __future__ import annotations

import os

from pm_kernel.cli.register_run import carried_out, number, read_options
from pm_kernel.running.recorder_call import UUID_NOTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DONE = "done"


def main(argv: list[str]) -> int:
    """Seal and record the run of a task directory; 1 when its task must not count as done."""
    options = read_options(argv, {"task-dir", "exit"}, frozenset({"workspace", "limit"}))
    exit_code = number(options, "exit")
    task_dir = os.path.abspath(options["task-dir"])  # noqa: PTH100 - pathlib is slow to load
    uuid, workspace, recorder = _note(task_dir)
    if uuid == _DONE:
        # A completed run existed: nothing was executed here.
        return 0
    request: dict[str, Any] = {
        "call": "complete",
        "uuid": uuid,
        "task_dir": task_dir,
        "workspace": workspace,
        "exit": exit_code,
    }
    if exit_code != 0 and options.get("limit", "0") != "0":
        request["limit"] = number(options, "limit") / 1000
        request["age"] = _age(os.getppid())
    return carried_out(request, recorder)


def _age(pid: int) -> float | None:
    """Return for how many seconds a process has been there; None where that cannot be seen."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            started = int(stream.read().rpartition(")")[2].split()[19])
        with open("/proc/uptime", encoding="ascii") as stream:
            return float(stream.read().split()[0]) - started / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _note(task_dir: str) -> tuple[str, str, str]:
    """Return uuid, workspace and the supervisor's socket folder, as registering noted them."""
    try:
        with open(f"{task_dir}/{UUID_NOTE}", encoding="utf-8", errors="surrogateescape") as stream:
            uuid, workspace, recorder, *_ = [*stream.read().split("\n"), ""]
    except (FileNotFoundError, ValueError):
        from pm_kernel.errors import UsageError

        raise UsageError(f"Nothing was registered in {task_dir}.") from None
    return uuid, workspace, recorder
