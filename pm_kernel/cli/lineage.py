"""``pm lineage N``: every run, parameter and file that made a result, or what was made of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pm_kernel.cli import run_text
from pm_kernel.cli.context import Context
from pm_kernel.cli.lineage_tree import tree_lines
from pm_kernel.cli.text import Line, clean
from pm_kernel.domain.lineage_forms import lineage_document, mermaid
from pm_kernel.origin import Origin, origin_of
from pm_kernel.store.lineage import ancestry, descendants
from pm_kernel.store.run_details import details_of

#: Runs shown unless more are asked for: more than a person reads, few enough to come at once.
_SHOWN = 1000
#: Other runs with the same content that are named.
_NAMED = 5


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    arguments = argparse.ArgumentParser(
        prog="pm lineage",
        description="Show how a result came to be: each run with its method version, sample, "
        "parameters (what was set, expected and arrived), inputs and outputs. Of a file, wherever "
        "it was copied to: the run that made this content is found by its checksum.",
        epilog="Also: --json. Bold values differ from their default, or were set and have none.",
    )
    arguments.add_argument(
        "run",
        metavar="RUN|FILE",
        help="number of a run, or the path of a file (./47 for a file 47)",
    )
    arguments.add_argument(
        "--down", action="store_true", help="what was made of it, instead of what made it"
    )
    arguments.add_argument("--mermaid", action="store_true", help="as a Mermaid flowchart")
    arguments.add_argument("--short", action="store_true", help="one line per run")
    arguments.add_argument(
        "--max", type=int, default=_SHOWN, metavar="N", help=f"runs at most (default {_SHOWN})"
    )
    return arguments


def main(argv: list[str], context: Context) -> int:
    """Show the lineage of a run, or of the run that made a file."""
    options = parser().parse_args(argv)
    found: dict[str, Any] = {}
    if options.run.isascii() and options.run.isdigit():
        run_id = int(options.run)
    else:
        origin = origin_of(context.settings, context.store, Path(options.run))
        if not origin.made:
            raise origin.missing()
        run_id = origin.made[0].run.run_id
        found = {"file": {"path": str(origin.file), **origin.to_document()}}
        for told in _found(origin):
            context.output.note(told)
    walk = descendants if options.down else ancestry
    graph = walk(context.store, run_id, max_runs=max(1, options.max))
    runs = [graph.runs[run_id] for run_id in graph.order]
    details = {}
    if not options.short:
        details = {each.run.run_id: each for each in details_of(context.store, runs)}
    if graph.truncated:
        context.output.note(
            f"the {len(graph.runs):,} nearest runs are shown; "
            f"--max {10 * len(graph.runs)} shows more"
        )
    if context.json:
        context.output.json({**lineage_document(graph, details), **found})
        return 0
    if options.mermaid:
        context.output.raw(mermaid(graph, details))
        return 0

    def block(run_id: int) -> tuple[Line, list[Line]]:
        known = details.get(run_id)
        lines = [] if known is None else list(run_text.body(known))
        return run_text.heading(graph.runs[run_id], context.now), lines

    context.output.lines(tree_lines(graph, block))
    return 0


def _found(origin: Origin) -> Iterator[str]:
    """Yield what a file is, and who else made the same."""
    name = clean(origin.file.name)
    first, *others = origin.made
    run = first.run
    what = f"output {clean(first.output)}" if first.output else clean(first.path)
    yield f"{name} is {what} of run {run.run_id} · {run.method} v{run.version}"
    place = origin.place
    if place is not None and place.state != "recorded":
        yield f"it lies in the directory of run {place.run.run_id}, which did not leave it so"
    if run.status != "completed":
        yield f"run {run.run_id} is {run.status}: what it left behind is no result"
    ids = list(dict.fromkeys(each.run.run_id for each in others if each.run.run_id != run.run_id))
    if ids:
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        named = ", ".join(f"run {each}" for each in ids[:_NAMED])
        yield f"the same content was made by {named}{more}"
