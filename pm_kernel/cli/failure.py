"""How an error ends a command: one sentence, the next step, and an exit code of its class."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import datetime
from pathlib import Path

from pm_kernel.cli.text import clean
from pm_kernel.config import default_state_dir
from pm_kernel.errors import PmError


def report(error: Exception, *, debug: bool) -> int:
    """Tell standard error what went wrong; returns the exit code."""
    if isinstance(error, PmError):
        if debug:
            _say(traceback.format_exception(error))
        sys.stderr.write(told(error.message or type(error).__name__, error.hint))
        return error.exit_code
    whole = traceback.format_exception(error)
    said = f"pm: an unexpected error, {type(error).__name__}: {_first_line(error)}\n"
    place = None if debug else _keep(whole)
    if place is None:
        _say(whole)
        _say([said])
    else:
        _say([said, f"  Its traceback is in {place}; `pm --debug …` shows it here.\n"])
    return PmError.exit_code


def told(message: str, hint: str | None) -> str:
    """Return what is printed of an error that is one of ours."""
    lines = message.splitlines() or [""]
    lines += [] if hint is None else [f"  {line}" for line in hint.splitlines()]
    return "".join(f"{clean(line)}\n" for line in [f"pm: {lines[0]}", *lines[1:]])


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "no more is known")


def _keep(lines: list[str]) -> Path | None:
    """Write a traceback where only its user can read it; None where nothing can be written."""
    folder = default_state_dir() / "errors"
    path = folder / f"{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"pm {' '.join(sys.argv[1:])}\n")
            stream.writelines(lines)
    except OSError:
        return None
    return path


def _say(lines: list[str]) -> None:
    text = "".join(lines)
    sys.stderr.write("".join(f"{clean(line)}\n" for line in text.splitlines()))
