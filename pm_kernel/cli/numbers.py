"""Numbers of plans and runs, as a person types them after a command."""

from __future__ import annotations

import argparse
import shlex


def plan_number(text: str) -> int:
    """Return the number of a plan; argparse tells what it says of anything else."""
    if text.endswith((".toml", ".json")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is a file, and this takes the number of a plan: `pm plan create "
            f"{shlex.quote(text)}` "
            "makes a draft of it and tells its number"
        )
    return _number(text, "plan", "pm plan list")


def run_number(text: str) -> int:
    """Return the number of a run; argparse tells what it says of anything else."""
    return _number(text, "run", "pm runs")


def _number(text: str, what: str, command: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of a {what}; `{command}` shows them"
        ) from None
