"""What ``pm`` says about itself, from the table of commands."""

from __future__ import annotations

from pm_kernel.cli.main import COMMANDS
from pm_kernel.errors import UsageError

_HEAD = """\
usage: pm [-w DIR] [--json] [--debug] COMMAND …

Runs methods, records how every result was made, and shows it.
"""
_TAIL = """
  -w, --workspace DIR   the workspace; default: PM_WORKSPACE, else the one around this folder
  --json                the answer as JSON
  --debug               errors with their traceback
  --version             the version of this program
  -h, --help            this, or the help of a command: pm COMMAND --help
"""


def without_command(words: list[str], asked: bool) -> int:
    """Answer words that name no command: help, or what was probably meant.

    Raises UsageError where neither help was asked for nor nothing was typed.
    """
    group = f"{words[0]} " if words else ""
    inside = {name: about for name, (_, about) in COMMANDS.items() if name.startswith(group)}
    if words and not inside:
        raise UsageError(f"pm has no command {words[0]!r}.", hint=_nearest(words[0], COMMANDS))
    if words and len(words) > 1 and words[1] not in ("-h", "--help"):
        typed = " ".join(words[:2])
        raise UsageError(f"pm has no command {typed!r}.", hint=_nearest(typed, inside))
    if words and not (asked or len(words) > 1):
        names = ", ".join(name.removeprefix(group) for name in inside)
        raise UsageError(f"`pm {words[0]}` needs one of: {names}.")
    print(f"usage: pm {group}…\n" if words else _HEAD)
    width = max(len(name) for name in inside)
    for name, about in inside.items():
        print(f"  {name:<{width}}  {about}")
    if not words:
        print(_TAIL, end="")
    return 0


def _nearest(typed: str, names: object) -> str:
    from difflib import get_close_matches

    assert isinstance(names, dict)
    first = [name.split()[0] for name in names]
    near = get_close_matches(typed, [*names, *first], n=1, cutoff=0.6)
    if near:
        return f"Did you mean `pm {near[0]}`?"
    return "`pm --help` shows what there is."
