"""``pm doctor``: check everything this needs, and say what mends it."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pm_kernel.cli.context import Context
from pm_kernel.cli.output import width_of
from pm_kernel.cli.text import Line, Span, clean, line
from pm_kernel.doctor import CHECK_MARKS, Check, diagnose

#: Names under way that fit beside the count.
_SHOWN = 3


def main(argv: list[str], context: Context) -> int:
    """Check the machine and the workspace; 0 when nothing is wrong, else 1."""
    arguments = argparse.ArgumentParser(
        prog="pm doctor",
        description="Check everything this needs, and say what mends it. Changes nothing.",
    )
    arguments.add_argument("--fetch", action="store_true", help="fetch Nextflow now (31 MB)")
    options = arguments.parse_args(argv)
    with _progress(shown=sys.stderr.isatty() and not context.json) as (tell, fetching):
        checks = diagnose(
            context.named_workspace, fetch=options.fetch, fetching=fetching, progress=tell
        )
    problems = sum(check.state == "problem" for check in checks)
    notices = sum(check.state == "notice" for check in checks)
    if context.json:
        context.output.json(
            {
                "ok": problems == 0,
                "problems": problems,
                "notices": notices,
                "checks": [check.document() for check in checks],
            }
        )
    else:
        context.output.lines([*check_lines(checks), line(), _sum(len(checks), problems, notices)])
    return 1 if problems else 0


def check_lines(checks: Sequence[Check]) -> Iterator[Line]:
    """Show checks, one line each, with the command that mends what is wrong below."""
    width = max((width_of(check.name) for check in checks), default=0)
    for check in checks:
        mark = CHECK_MARKS[check.state]
        name = check.name + " " * (width - width_of(check.name))
        told = check.told.splitlines() or [""]
        yield line(Span(mark.glyph, mark.token), f" {name}  ", Span(told[0], strong=_bad(check)))
        indent = " " * (width + 4)
        for more in told[1:]:
            yield line(indent, more)
        for hint in (check.hint or "").splitlines():
            yield line(indent, Span(f"→ {hint}", "brand" if _bad(check) else "neutral"))


def _bad(check: Check) -> bool:
    return check.state != "ok"


def _sum(total: int, problems: int, notices: int) -> Line:
    def counted(number: int, noun: str) -> str:
        return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

    mark = CHECK_MARKS["problem" if problems else "notice" if notices else "ok"]
    said = [counted(problems, "problem")] if problems else []
    said += [counted(notices, "notice")] if notices else []
    passed = total - problems - notices
    told = ", ".join([*said, f"{passed} fine"]) if said else f"All {total} checks are fine"
    return line(Span(mark.glyph, mark.token), f" {told}.")


@contextmanager
def _progress(
    *, shown: bool
) -> Iterator[tuple[Callable[[int, int, Sequence[str]], None], Callable[[int, int, str], None]]]:
    """Rewrite one line of standard error while checks run; nothing stays of it."""
    last = ""

    def write(text: str) -> None:
        nonlocal last
        if shown and text != last:
            # A line that wraps could not be taken back.
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{clean(text)[:width]}")
            sys.stderr.flush()
            last = text

    def tell(done: int, total: int, waiting: Sequence[str]) -> None:
        more = " …" if len(waiting) > _SHOWN else ""
        write(f"checking, {done} of {total}: {', '.join(waiting[:_SHOWN])}{more}")

    def fetching(done: int, total: int, name: str) -> None:
        write(f"fetching Nextflow, {done} of {total}: {name}")

    try:
        yield tell, fetching
    finally:
        write("")
