"""``pm plan export``: a plan as a folder that plain Nextflow runs."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from pm_kernel import export as exporting
from pm_kernel.cli import plan_view
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_or_file
from pm_kernel.environment_match import same_imports
from pm_kernel.plan_file import read_plan_file


def export(argv: list[str], context: Context) -> int:
    """Write a stored plan, or a plan file, as a folder; its path goes to stdout."""
    parser = argparse.ArgumentParser(
        prog="pm plan export",
        description="Write a plan as a folder that `nextflow run pipeline.nf` executes in this "
        "workspace, as a plan of its own; nothing is run now.",
    )
    parser.add_argument("plan", type=plan_or_file, help="plan id, or a plan file")
    parser.add_argument("folder", type=Path, help="a folder that is new or empty")
    options = parser.parse_args(argv)
    versions = None
    if isinstance(options.plan, int):
        file, versions = exporting.from_plan(context.store, options.plan)
        source = f"plan {options.plan}"
    else:
        file, source = read_plan_file(options.plan), str(options.plan.resolve())
    exported = exporting.export_plan(
        context.settings,
        context.store,
        file,
        options.folder,
        same_imports(context.settings),
        versions=versions,
        source=source,
    )
    if context.json:
        context.output.json(
            {
                "folder": str(exported.folder),
                "export_id": exported.export_id,
                "preview": plan_view.preview_document(exported.shown),
            }
        )
        return 0
    context.output.text(str(exported.folder))
    counts = exported.shown.counts
    told = (
        f"{counts.total} runs; started now, it would execute {counts.run} and reuse {counts.reuse}"
    )
    context.output.note(told)
    pipeline = shlex.quote(str(exported.folder / "pipeline.nf"))
    context.output.note(f"`nextflow run {pipeline}` starts it, with -resume after a failure")
    return 0
