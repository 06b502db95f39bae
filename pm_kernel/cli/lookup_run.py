"""``pm lookup_run --method M --sample S``: the newest completed run, for scripts. Starts bare."""

from __future__ import annotations

import os

from pm_kernel.cli.register_run import carried_out, read_options
from pm_kernel.running.recorder_call import UUID_NOTE, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(argv: list[str]) -> int:
    """Print the id of the newest completed run of a method; raises NotFound without one.

    In the directory of a task, or with ``--plan`` and ``--workspace``, the supervisor of its plan
    is asked; where none answers, and anywhere else, the database.
    """
    options = read_options(argv, {"method"}, frozenset({"sample", "workspace", "plan"}))
    workspace, recorder = _task()
    if "workspace" in options:
        # Asked elsewhere, it must be the same one. pathlib is slow to load.
        named = os.path.realpath(options["workspace"])
        if named != os.path.realpath(workspace or os.devnull):
            workspace, recorder = named, ""
    if "plan" in options and workspace:
        recorder = folder_of(workspace, options["plan"])
    request: dict[str, Any] = {
        "call": "lookup",
        # Empty: the one that this folder is in.
        "workspace": workspace,
        "method": options["method"],
        "sample": options.get("sample"),
    }
    return carried_out(request, recorder)


def _task() -> tuple[str, str]:
    """Return workspace and the supervisor's socket folder of the task that is here, if any."""
    try:
        with open(UUID_NOTE, encoding="utf-8", errors="surrogateescape") as stream:
            _uuid, workspace, recorder, *_ = [*stream.read().split("\n"), "", ""]
    except (OSError, ValueError):
        return "", ""
    return workspace, recorder
