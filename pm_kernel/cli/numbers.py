"""Numbers of plans and runs, as a person types them after a command."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from pm_kernel.artifacts.layout import HIGHEST


def plan_number(text: str) -> int:
    """Return the number of a plan; argparse tells what it says of anything else."""
    if text.endswith((".toml", ".json")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is a file, and this takes the number of a plan: `pm plan create "
            f"{shlex.quote(text)}` "
            "makes a draft of it and tells its number"
        )
    return _number(text, "plan", "pm plan list")


def plan_or_file(text: str) -> int | Path:
    """Return the number of a plan, or else the path of a plan file."""
    return plan_number(text) if text.isascii() and text.isdigit() else Path(text)


def run_number(text: str) -> int:
    """Return the number of a run; argparse tells what it says of anything else."""
    return _number(text, "run", "pm runs")


def _number(text: str, what: str, command: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= HIGHEST:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of a {what}; `{command}` shows them")
