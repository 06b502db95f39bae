"""``pm plan retry``: run failed parts of a plan again, or a branch that has results."""

from __future__ import annotations

import argparse

from pm_kernel import retrying
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_number, run_number
from pm_kernel.cli.plan import follow, show_plan
from pm_kernel.errors import UsageError


def retry(argv: list[str], context: Context) -> int:
    """Begin a launch of what failed and was chosen; follows it unless told otherwise."""
    parser = argparse.ArgumentParser(
        prog="pm plan retry",
        description="Run what failed once more, and what waits for it: all of it, or what is "
        "chosen. The rest of the plan stays as it is; `pm plan resume` runs everything that has "
        "no result. While the plan runs, it begins by itself when the running launch has ended.",
    )
    parser.add_argument("plan", type=plan_number, help="plan id")
    parser.add_argument("--step", help="only runs of this step")
    parser.add_argument("--sample", help="only runs of this sample")
    parser.add_argument("--branch", help="only runs of this branch, as `pm plan show` has it")
    parser.add_argument("--run", type=run_number, metavar="N", help="only what run N was made for")
    parser.add_argument(
        "--again",
        action="store_true",
        help="run the chosen ones although they have results, and everything below them",
    )
    parser.add_argument(
        "--take-back",
        action="store_true",
        help="forget what was asked for before the running launch ended: all of it, or the chosen",
    )
    parser.add_argument("--no-watch", action="store_true", help="return at once")
    options = parser.parse_args(argv)
    choice = retrying.Choice(options.step, options.sample, options.run, options.branch)
    if options.take_back:
        if options.again:
            raise UsageError("--again and --take-back say the opposite of each other.")
        number = retrying.take_back(context.settings, context.store, options.plan, choice)
        context.output.note(f"plan {options.plan}: taken back for {_runs(number)}")
        return show_plan(context, options.plan)
    begun = retrying.retry(
        context.settings, context.store, options.plan, choice, again=options.again
    )
    when = "when the launch that runs now has ended" if begun.queued else "now"
    told = f"{_runs(begun.chosen)} once more"
    if others := begun.runs - begun.chosen:
        told += f", and {others} more that {'goes' if others == 1 else 'go'} with "
        told += "it" if begun.chosen == 1 else "them"
    context.output.note(f"plan {options.plan}: {told}, {when}")
    return follow(context, options.plan, watch=not options.no_watch)


def _runs(number: int) -> str:
    return "1 planned run" if number == 1 else f"{number} planned runs"
