"""Words that several ``pm plan`` commands take."""

from __future__ import annotations

import argparse

#: What ``--rerun`` says of itself.
RERUN = (
    "run again although equal runs exist: a step, `all`, or part of the plan as in "
    "'sample=s1, branch=tight' (step, sample, branch; one is enough; names may stand in quotes)"
)


def add_rerun(parser: argparse.ArgumentParser) -> None:
    """Let a command take what is to run again; several times, each a part."""
    parser.add_argument("--rerun", action="append", metavar="WHAT", help=RERUN)
