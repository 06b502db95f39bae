"""``pm lookup_run --method M --sample S``: the newest completed run, for scripts. Starts bare."""

from __future__ import annotations

import sys
from pathlib import Path

from pm_kernel.cli.register_run import read_options
from pm_kernel.config import load_settings
from pm_kernel.database import running_url


def main(argv: list[str]) -> int:
    """Print the id of the newest completed run of a method; raises NotFound without one."""
    from pm_kernel.store.latest import latest_run

    options = read_options(argv, {"method"}, frozenset({"sample", "workspace"}))
    workspace = options.get("workspace")
    settings = load_settings(workspace=None if workspace is None else Path(workspace))
    run_id = latest_run(running_url(settings), options["method"], options.get("sample"))
    sys.stdout.write(f"{run_id}\n")
    return 0
