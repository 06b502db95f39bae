"""``pm demo``: a workspace with real images and methods, run, and its lineage told."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from pm_kernel import planning, submission
from pm_kernel.cli import lineage, plan_view
from pm_kernel.cli.context import Context
from pm_kernel.cli.plan import follow
from pm_kernel.cli.text import Span, line
from pm_kernel.config import Settings
from pm_kernel.demo import loading
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import RunFailed
from pm_kernel.nextflow.command import find_nextflow
from pm_kernel.store import plans
from pm_kernel.workspace import init_workspace

FOLDER = "demo-workspace"
_FINAL_STEP = "positive_fraction"


def main(argv: list[str], context: Context) -> int:
    """Make the demo workspace, run its plan, tell how a figure came to be."""
    arguments = argparse.ArgumentParser(
        prog="pm demo",
        description="Make a workspace with example methods on a real image, run their pipeline "
        "through Nextflow, and show how its final figure came to be. Run again, it reuses.",
    )
    arguments.add_argument(
        "folder", nargs="?", type=Path, help=f"where; default: ./{FOLDER}, or the workspace of -w"
    )
    options = arguments.parse_args(argv)
    folder = (options.folder or context.named_workspace or Path(FOLDER)).resolve()
    init_workspace(folder)
    with Context(workspace=str(folder), json=context.json) as demo:
        return _run(demo)


def _run(context: Context) -> int:
    settings = context.settings
    _title(context, 1, f"The workspace {settings.root}")
    _title(context, 2, "Four fields of view of a stained section, as samples")
    sheet = loading.load_samples(settings)
    context.output.note(f"cut into {sheet.parent}")
    _title(context, 3, "Five methods, registered: code, tracked functions and parameters")

    def told(loaded: loading.Loaded) -> None:
        version = loaded.version
        tracked = ", ".join(each.function for each in version.declaration.tracked)
        state = "registered" if loaded.created else "unchanged"
        context.output.note(f"{version.method} v{version.version} {state}; tracks {tracked}")

    loading.load_methods(settings, context.store, told)
    _title(context, 4, "Nextflow")
    command = find_nextflow(
        settings.environ,
        settings.cache_dir,
        own=settings.nextflow,
        mirror=settings.maven_mirror,
        progress=_progress(context),
    )
    context.output.note(f"Nextflow {command.version} is ready")
    _title(context, 5, "The plan: every run it makes or reuses")
    matching = same_imports(settings)
    plan = loading.demo_plan(settings, sheet)
    shown = planning.preview(context.store, plan, matching)
    if not context.json:
        context.output.lines(plan_view.preview_lines(shown))
    plan_id = planning.store_plan(
        context.store, settings, plan, shown, name=shown.pipeline.name, notes="the demo"
    )
    if shown.counts.run:
        _title(context, 6, f"Running {shown.counts.run} runs through Nextflow")
    else:
        _title(context, 6, "Nothing to run: every result is there and still what it was")
    submission.submit(settings, context.store, plan_id, matching)
    if code := follow(context, plan_id):
        return code
    return _tell_lineage(context, plan_id)


def _tell_lineage(context: Context, plan_id: int) -> int:
    rows = plans.planned_runs_of(context.store, plan_id)
    finals = [row for row in rows if row.step == _FINAL_STEP and row.run_id is not None]
    if not finals:
        raise RunFailed(f"Plan {plan_id} has no final result.")
    final = finals[-1]
    _title(context, 7, f"How the figure of run {final.run_id} came to be")
    code = lineage.main([str(final.run_id)], context)
    if not context.json:
        run = f"{final.run_id:08d}"
        workspace = context.settings.root
        context.output.lines(
            [
                line(""),
                line(Span("The figure  ", strong=True), f"{workspace}/.runs/{run}/figure_3.png"),
                line(Span("Ask more    ", strong=True), _way_to(context.settings), ", then:"),
                line("              pm runs              every run"),
                line("              pm lineage 1 --down  what came out of run 1"),
                line("              pm plan list         the plans"),
                line(Span("In the Lab  ", strong=True), "make lab, or: pm lab"),
            ]
        )
    return code


def _title(context: Context, number: int, text: str) -> None:
    if not context.json:
        sys.stderr.flush()
        context.output.lines([line(""), line(Span(f"{number}  {text}", "brand", strong=True))])
        sys.stdout.flush()


def _progress(context: Context):  # type: ignore[no-untyped-def]
    last = [0]

    def told(done: int, total: int, _name: str) -> None:
        # A line per tenth: the first time it is 31 MB.
        if done == total or done - last[0] >= max(1, total // 10):
            last[0] = done
            context.output.note(f"fetched {done} of {total} files")

    return told


def _way_to(settings: Settings) -> str:
    """Say what to type before ``pm`` works in the workspace."""
    steps = [f"cd {shlex.quote(_shown(settings.root))}"]
    environment = Path(sys.prefix)
    if sys.prefix != sys.base_prefix and settings.environ.get("VIRTUAL_ENV") != sys.prefix:
        # Started by its path, or by make: in the person's own shell there is no pm yet.
        steps.insert(0, f"source {shlex.quote(_shown(environment))}/bin/activate")
    return " && ".join(steps)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
