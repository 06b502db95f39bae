"""``pm rebuild``: read a lost database again from the methods repository and the run store."""

from __future__ import annotations

import argparse
import sys

from pm_kernel.cli.context import Context
from pm_kernel.errors import IntegrityError
from pm_kernel.rebuilding import rebuild


def main(argv: list[str], context: Context) -> int:
    """Add all that the database lacks; 9 when something could not be read."""
    argparse.ArgumentParser(
        prog="pm rebuild",
        description="Add to the database what the methods repository and the run store have and it "
        "lacks: after it was lost, or restored from an older backup. A plan that went on after "
        "that backup, or a run that was running then, is brought to what became of it; nothing "
        "else is changed.",
    ).parse_args(argv)

    def told(done: int, total: int) -> None:
        if sys.stderr.isatty() and (done == total or done % 50 == 0):
            sys.stderr.write(f"\rpm: {done} of {total} run directories")
            if done == total:
                sys.stderr.write("\n")

    rebuilt = rebuild(context.settings, context.store, told=told)
    if context.json:
        context.output.json(
            {
                "versions": list(rebuilt.versions),
                "runs": list(rebuilt.runs),
                "plans": list(rebuilt.plans),
                "templates": list(rebuilt.templates),
                "notices": list(rebuilt.notices),
                "problems": list(rebuilt.problems),
            }
        )
    else:
        context.output.text(
            f"{len(rebuilt.versions)} versions, {len(rebuilt.runs)} runs, "
            f"{len(rebuilt.plans)} plans and {len(rebuilt.templates)} templates were read again."
        )
        for told_of in (*rebuilt.notices, *rebuilt.problems):
            context.output.note(told_of)
    return IntegrityError.exit_code if rebuilt.problems else 0
