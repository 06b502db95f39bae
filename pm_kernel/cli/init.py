"""``pm init DIR``: make a workspace."""

from __future__ import annotations

import argparse
from pathlib import Path

from pm_kernel.cli.context import Context
from pm_kernel.database import open_store
from pm_kernel.workspace import init_workspace


def main(argv: list[str], context: Context) -> int:
    """Make a workspace, or add what one lacks, and start its database."""
    arguments = argparse.ArgumentParser(
        prog="pm init", description="Make a workspace, or add what one lacks."
    )
    arguments.add_argument("folder", nargs="?", type=Path, help="where; default: this folder")
    options = arguments.parse_args(argv)
    settings = init_workspace(options.folder or context.named_workspace or Path())
    open_store(settings).close()
    if context.json:
        context.output.json({"workspace": str(settings.root), "id": settings.workspace_id})
        return 0
    context.output.text(str(settings.root))
    context.output.note("the workspace is ready; next: `pm method register DIR --module NAME`")
    context.output.note("`pm demo` shows everything on real images, `pm doctor` checks the machine")
    return 0
