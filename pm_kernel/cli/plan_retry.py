"""``pm plan retry``: run failed parts of a plan again, or a branch that has results."""

from __future__ import annotations

import argparse

from pm_kernel import retrying
from pm_kernel.cli.context import Context
from pm_kernel.cli.plan import follow


def retry(argv: list[str], context: Context) -> int:
    """Begin a launch of what failed and was chosen; follows it unless told otherwise."""
    parser = argparse.ArgumentParser(
        prog="pm plan retry",
        description="Run what failed once more, and what waits for it: all of it, or what is "
        "chosen. The rest of the plan stays as it is; `pm plan resume` runs everything that has "
        "no result.",
    )
    parser.add_argument("plan", type=int, help="plan id")
    parser.add_argument("--step", help="only runs of this step")
    parser.add_argument("--sample", help="only runs of this sample")
    parser.add_argument("--branch", help="only runs of this branch, as `pm plan show` has it")
    parser.add_argument("--run", type=int, metavar="N", help="only what run N was made for")
    parser.add_argument(
        "--again",
        action="store_true",
        help="run the chosen ones although they have results, and everything below them",
    )
    parser.add_argument("--no-watch", action="store_true", help="return at once")
    options = parser.parse_args(argv)
    begun = retrying.retry(
        context.settings,
        context.store,
        options.plan,
        retrying.Choice(options.step, options.sample, options.run, options.branch),
        again=options.again,
    )
    what = "1 planned run" if begun.runs == 1 else f"{begun.runs} planned runs"
    when = "after the launch that is running" if begun.queued else "now"
    context.output.note(f"plan {options.plan}: {what} once more, {when}")
    return follow(context, options.plan, watch=not options.no_watch)
