"""``pm log N``: what a run printed, whole or followed while it is written.

In a pipe the bytes are those of ``run.log``. On a screen they are decoded, and nothing in them is
obeyed but colours and carriage returns, with which progress bars are drawn.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.run_log import RunLog, text_lines, texts
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import run_number
from pm_kernel.cli.text import clean
from pm_kernel.domain.loglines import LEVELS, parse_log
from pm_kernel.domain.runs import Run, said
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store.logs import log_entries
from pm_kernel.store.runs import get_run

#: Colours and nothing else (SGR sequences), carriage returns, tabs and line feeds may pass.
_HARMLESS = re.compile("(\x1b\\[[0-9;]*m|[\t\r\n])")
_RESET = "\x1b[0m"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    arguments = argparse.ArgumentParser(
        prog="pm log",
        description="Show what a run printed. Also: --json, as entries.",
    )
    arguments.add_argument("run", type=run_number, metavar="RUN", help="number of a run")
    arguments.add_argument(
        "-f", "--follow", action="store_true", help="go on until the run has ended"
    )
    arguments.add_argument(
        "--level",
        type=str.upper,
        choices=LEVELS,
        help="entries of Python's logging of at least this level, with what belongs to them",
    )
    arguments.add_argument(
        "--grep", metavar="PATTERN", help="only lines (with --level: entries) in which it occurs"
    )
    return arguments


def main(argv: list[str], context: Context) -> int:
    """Show the log of a run."""
    options = parser().parse_args(argv)
    pattern = _pattern(options.grep)
    run = get_run(context.store, options.run)
    log = RunLog(RunStore(run.workspace_root / ".runs"), run.run_id, run.uuid)

    def ended() -> bool:
        return get_run(context.store, run.run_id).ended

    following = options.follow and not run.ended
    if following and run.state == "silent":
        context.output.note(f"run {run.run_id}: {said(run, context.now)}")
    chunks = log.chunks(ended=ended if following else None)
    if not following and not log.exists():
        _from_record(context, run, options.level, pattern)
    elif context.json or options.level is not None:
        entries = _chosen(parse_log(text_lines(chunks)), options.level, pattern)
        _show_entries(context, entries)
    elif pattern is not None:
        _show_text(context, (f"{each}\n" for each in text_lines(chunks) if pattern.search(each)))
    elif context.output.screen:
        _show_text(context, texts(chunks))
    else:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
    if options.follow and not context.json:
        run = get_run(context.store, run.run_id)
        context.output.note(f"run {run.run_id}: {said(run, context.now)}")
    return 0


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise InvalidInput(
            f"--grep {text!r} is no regular expression: {error}.",
            hint="A dot, bracket or star that is meant as such needs a backslash before it.",
        ) from error


def _chosen(
    entries: Iterable[dict[str, Any]], level: str | None, pattern: re.Pattern[str] | None
) -> Iterator[dict[str, Any]]:
    wanted = LEVELS[LEVELS.index(level) :] if level else None
    for entry in entries:
        if wanted is not None and entry["level"] not in wanted:
            continue
        if pattern is None or pattern.search(entry["message"]):
            yield entry


def _show_entries(context: Context, entries: Iterable[dict[str, Any]]) -> None:
    if context.json:
        context.output.json(list(entries))
        return
    for entry in entries:
        _show_text(context, [f"{entry['line']}: {entry['level']} {entry['message']}\n"])


def _show_text(context: Context, texts: Iterable[str]) -> None:
    screen = context.output.screen
    for text in texts:
        sys.stdout.write(harmless(text) if screen else text)
        sys.stdout.flush()
    if screen:
        sys.stdout.write(_RESET)


def harmless(text: str) -> str:
    """Return a log's text for a screen: colours, tabs and line ends pass, the rest is escaped."""
    parts = _HARMLESS.split(text)
    return "".join(part if n % 2 else clean(part) for n, part in enumerate(parts))


def _from_record(
    context: Context, run: Run, level: str | None, pattern: re.Pattern[str] | None
) -> None:
    """Show the entries in the database, where the file is not: on another machine, or removed."""
    kept = log_entries(context.store, run.run_id, limit=100_000)
    if not kept and not run.ended:
        context.output.note(f"run {run.run_id} has printed nothing yet")
        return
    if not kept:
        raise NotFound(
            f"The log of run {run.run_id} is not here, and the database has no entries of it.",
            hint=f"Its directory was in {run.workspace_root} on {run.host}.",
        )
    context.output.note(
        f"run.log is not here (it was in {run.workspace_root} on {run.host}); "
        "these are the entries in the database"
    )
    entries = (
        {"level": each.level, "message": each.message, "time": None, "line": each.line}
        for each in kept
    )
    _show_entries(context, _chosen(entries, level, pattern))
