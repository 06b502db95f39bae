"""``pm runs``: finds runs, newest first."""

from __future__ import annotations

import argparse
from dataclasses import fields

from pm_kernel.cli import run_show, run_text
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_number, run_number
from pm_kernel.cli.output import Column
from pm_kernel.cli.text import Line, Span, line
from pm_kernel.domain.marks import run_mark
from pm_kernel.domain.quantities import ago_text, duration_text, parse_since
from pm_kernel.domain.run_documents import run_document
from pm_kernel.domain.runs import Run, RunFilter, said
from pm_kernel.errors import InvalidInput
from pm_kernel.store.runs import find_runs, unknown_name

_COLUMNS = (
    Column("run", right=True),
    Column("method"),
    Column("sample"),
    Column("branch"),
    Column("plan", right=True),
    Column("started"),
    Column("took", right=True),
    Column("state", elastic=True),
)
#: Of the comma-separated form: all fields that are one value.
_TITLES = [each.name for each in fields(Run) if each.name not in ("notices", "workspace_root")]


def parser() -> argparse.ArgumentParser:
    """Describe the command line of the list."""
    arguments = argparse.ArgumentParser(
        prog="pm runs",
        description="Find runs, newest first.",
        epilog="Also: --json. `pm runs show N` tells everything about one run, `pm lineage N` how "
        "it came to be, `pm runs fail N --reason …` ends one on a machine that was lost.",
    )
    arguments.add_argument(
        "--status",
        action="append",
        default=[],
        metavar="STATE",
        help="running, completed, failed, cancelled, silent (no sign of life), altered, tainted; "
        "several may be given",
    )
    arguments.add_argument("--method", metavar="NAME", help="NAME or NAME/vN")
    arguments.add_argument("--module", metavar="NAME")
    arguments.add_argument("--sample", metavar="NAME")
    arguments.add_argument(
        "--plan", type=plan_number, metavar="N", help="with the runs that it reused"
    )
    arguments.add_argument("--step", metavar="NAME", help="of the plan; else of any")
    arguments.add_argument("--since", metavar="TIME", help="2h, 3d, yesterday or a date")
    arguments.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE")
    arguments.add_argument("--log", metavar="TEXT", help="text somewhere in the log")
    arguments.add_argument("--limit", type=int, default=50, metavar="N", help="default 50")
    arguments.add_argument(
        "--before", type=run_number, metavar="RUN", help="runs older than this one"
    )
    arguments.add_argument("--csv", action="store_true", help="as comma-separated values")
    return arguments


def main(argv: list[str], context: Context) -> int:
    """List the runs that fit."""
    if argv and argv[0].isdigit():
        return run_show.main(argv, context)
    options = parser().parse_args(argv)
    criteria = _criteria(options, context)
    limit = max(1, options.limit)
    page = find_runs(context.store, criteria, limit=limit, before=options.before)
    if not page.runs and (unknown := unknown_name(context.store, criteria)) is not None:
        raise unknown
    if context.json:
        runs = [run_document(run) for run in page.runs]
        told = {"runs": runs, "before": page.before, "unsearched": page.unsearched}
        context.output.json(told)
    elif options.csv:
        documents = (run_document(run) for run in page.runs)
        context.output.csv(_TITLES, ([each[key] for key in _TITLES] for each in documents))
    elif page.runs:
        context.output.table(_COLUMNS, (_row(run, context) for run in page.runs))
    elif not page.unsearched:
        context.output.note("no runs fit" if criteria != RunFilter() else "there are no runs yet")
    if page.unsearched and not context.json:
        context.output.note(
            f"the logs of runs older than {page.before} were not searched; "
            f"--before {page.before} goes on there"
        )
    elif page.before is not None and not context.json:
        context.output.note(f"there are more; --before {page.before} goes on, or raise --limit")
    return 0


def _criteria(options: argparse.Namespace, context: Context) -> RunFilter:
    method, version = options.method, None
    if method and "/v" in method:
        method, _, number = method.rpartition("/v")
        if not number.isdigit():
            raise InvalidInput(f"--method takes NAME or NAME/vN, not {options.method!r}.")
        version = int(number)
    return RunFilter(
        states=frozenset(state for text in options.status for state in text.split(",")),
        method=method,
        version=version,
        module=options.module,
        sample=options.sample,
        plan_id=options.plan,
        step=options.step,
        since=None if options.since is None else parse_since(options.since, context.now),
        metadata=dict(_pair(text) for text in options.metadata),
        log=options.log,
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidInput(f"--metadata takes KEY=VALUE, not {text!r}.")
    return key, value


def _row(run: Run, context: Context) -> tuple[str | Span | Line, ...]:
    now = context.now
    # A person reads how long ago, a program the time itself.
    started = run.started_at.astimezone(now.tzinfo)
    return (
        str(run.run_id),
        f"{run.method} v{run.version}",
        run.sample or "",
        run.branch,
        "" if run.plan_id is None else str(run.plan_id),
        ago_text(started, now) if context.output.screen else started.isoformat(timespec="seconds"),
        duration_text(run.seconds(now)) if run.ended else "",
        line(run_text.glyph(run), " ", Span(said(run, now), run_mark(run.state).token)),
    )
