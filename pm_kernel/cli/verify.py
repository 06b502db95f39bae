"""``pm verify``: are the artifacts still what was recorded?"""

from __future__ import annotations

import argparse

from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_number, run_number
from pm_kernel.cli.text import Span, clean, line
from pm_kernel.domain.marks import run_mark
from pm_kernel.errors import IntegrityError, StoreUnavailable
from pm_kernel.store import integrity
from pm_kernel.store.lineage import ancestry
from pm_kernel.verification import Tier, Verdict, verify


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    arguments = argparse.ArgumentParser(
        prog="pm verify",
        description="Compare artifacts with their checksums. Quick: what the file system says was "
        "touched is read again. --full reads every byte, as before a publication.",
    )
    arguments.add_argument(
        "runs", nargs="*", type=run_number, metavar="RUN", help="default: all runs"
    )
    arguments.add_argument(
        "--plan", type=plan_number, help="the runs that this plan's results rest on"
    )
    arguments.add_argument("--full", action="store_true", help="read every byte")
    arguments.add_argument(
        "--lineage", action="store_true", help="with RUN: also everything above it"
    )
    return arguments


def main(argv: list[str], context: Context) -> int:
    """Verify runs; 9 when something was altered, 8 when something could not be read."""
    options = parser().parse_args(argv)
    run_ids = list(options.runs)
    if options.lineage:
        above = [ancestry(context.store, run_id).order for run_id in options.runs]
        run_ids = sorted({run_id for order in above for run_id in order})
    if not run_ids:
        with context.store.reading() as connection:
            run_ids = integrity.ended_runs(connection, context.settings.workspace_id, options.plan)
    tier: Tier = "full" if options.full else "quick"

    def told(verdict: Verdict) -> None:
        if not context.json and not verdict.clean:
            context.output.lines(_lines(verdict))

    verdicts = verify(context.settings, context.store, run_ids, tier=tier, told=told)
    bad = [verdict for verdict in verdicts if verdict.altered]
    unread = [verdict for verdict in verdicts if verdict.unread is not None]
    if context.json:
        context.output.json(
            [
                {
                    "run_id": verdict.run_id,
                    "tier": verdict.tier,
                    "clean": verdict.clean,
                    "problem": verdict.problem,
                    "unread": verdict.unread,
                    "differences": [vars(each) for each in verdict.differences],
                }
                for verdict in verdicts
            ]
        )
        if bad:
            return IntegrityError.exit_code
        return StoreUnavailable.exit_code if unread else 0
    could_not = f"{len(unread)} of {len(verdicts)} runs could not be read"
    if bad:
        also = f"; {could_not}" if unread else ""
        raise IntegrityError(
            f"{len(bad)} of {len(verdicts)} runs are not what was recorded ({tier} check){also}.",
            hint="Re-run those steps; their results and what was made of them are marked.",
        )
    if unread:
        raise StoreUnavailable(
            f"{could_not}, and nothing is noted of them; the others are what was recorded "
            f"({tier} check).",
            hint="What is said of each names what is in the way: its disk, its workspace, or that "
            "it is another user's, who can run `pm verify`.",
        )
    context.output.text(f"{len(verdicts)} runs are what was recorded ({tier} check).")
    return 0


def _lines(verdict: Verdict) -> list[tuple[Span, ...]]:
    if verdict.unread is not None:
        return [line(Span(f"? run {verdict.run_id}", "info", strong=True)),
                line(f"    {clean(verdict.unread)}")]  # fmt: skip
    mark = run_mark("altered")
    lines = [line(Span(f"{mark.glyph} run {verdict.run_id}", mark.token, strong=True))]
    if verdict.problem:
        lines.append(line(f"    {verdict.problem}"))
    for each in verdict.differences[:20]:
        told = f"    {clean(each.path)}: {each.kind}"
        if each.expected and each.actual:
            told += f"\n      expected sha256:{each.expected}\n      found    sha256:{each.actual}"
        lines.extend(line(text) for text in told.split("\n"))
    if len(verdict.differences) > 20:
        lines.append(line(f"    … and {len(verdict.differences) - 20} more files"))
    return lines
