"""``pm lineage N``: every run, parameter and file that made a result, or what was made of it."""

from __future__ import annotations

import argparse

from pm_kernel.cli import run_text
from pm_kernel.cli.context import Context
from pm_kernel.cli.lineage_tree import tree_lines
from pm_kernel.cli.text import Line
from pm_kernel.domain.lineage_forms import lineage_document, mermaid
from pm_kernel.store.lineage import ancestry, descendants
from pm_kernel.store.run_details import details_of

#: Runs shown unless more are asked for: more than a person reads, few enough to come at once.
_SHOWN = 1000


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    arguments = argparse.ArgumentParser(
        prog="pm lineage",
        description="Show how a result came to be: each run with its method version, sample, "
        "parameters (what was set, expected and arrived), inputs and outputs.",
        epilog="Also: --json. Bold values differ from their default.",
    )
    arguments.add_argument("run", type=int, metavar="RUN", help="number of a run")
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
    """Show the lineage of a run."""
    options = parser().parse_args(argv)
    walk = descendants if options.down else ancestry
    graph = walk(context.store, options.run, max_runs=max(1, options.max))
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
        context.output.json(lineage_document(graph, details))
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
