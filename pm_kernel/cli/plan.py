"""``pm plan …``: make, look at, run and follow plans."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pm_kernel import drafts, planning, submission
from pm_kernel.cli import plan_view
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_number, plan_or_file
from pm_kernel.cli.output import Cell, Column, styled
from pm_kernel.cli.plan_options import add_rerun
from pm_kernel.cli.plan_progress import FAILURES, progress_lines
from pm_kernel.cli.text import Span
from pm_kernel.domain.marks import plan_mark
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plans import OPEN, Plan
from pm_kernel.domain.rerun import rerun_of_words
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import Cancelled, Conflict, RunFailed
from pm_kernel.nextflow.machine import machine_limits
from pm_kernel.nextflow.places import Places
from pm_kernel.nextflow.site import SiteCheck, shared_with
from pm_kernel.plan_file import PlanFile, read_plan_file, read_sheet
from pm_kernel.store import plans
from pm_kernel.store.planned_pages import ended_short, page_of_plan

#: Seconds between two looks at a plan that is watched.
_LOOK = 0.5


def create(argv: list[str], context: Context) -> int:
    """Store a draft made from a file and show what it would run."""
    arguments = _parser("create", "Make a draft from a plan file or a pipeline document.")
    arguments.add_argument("file", type=Path, help="plan file or pipeline document, TOML or JSON")
    arguments.add_argument("--name", help="name of the plan; default: what the file says")
    samples = arguments.add_mutually_exclusive_group()
    samples.add_argument("--samples", metavar="A,B,…", help="sample names")
    samples.add_argument("--sheet", type=Path, help="sample sheet (CSV) with a column `sample`")
    arguments.add_argument("--until", action="append", metavar="STEP", help="only what this needs")
    add_rerun(arguments)
    arguments.add_argument("--notes", help="free text kept with the plan")
    arguments.add_argument("--submit", action="store_true", help="run it right away")
    options = arguments.parse_args(argv)
    file = read_plan_file(options.file)
    plan = _asked(file, options)
    shown = _preview(context, plan).asked_now()
    plan_id = planning.store_plan(
        context.store,
        context.settings,
        plan,
        shown,
        name=options.name or file.name,
        notes=options.notes or file.notes,
        metadata=file.metadata,
    )
    if context.json and options.submit:
        # The answer is the plan when it has ended.
        return submit([str(plan_id)], context)
    if context.json:
        document = plan_view.plan_document(plans.get_plan(context.store, plan_id))
        context.output.json({**document, "preview": plan_view.preview_document(shown)})
    else:
        context.output.lines(plan_view.preview_lines(shown))
        if not options.submit:
            context.output.note(f"plan {plan_id} is a draft; `pm plan submit {plan_id}` runs it")
    if options.submit:
        return submit([str(plan_id)], context)
    return 0


def preview(argv: list[str], context: Context) -> int:
    """Show every run that a draft would make or reuse now, or that a plan file would."""
    arguments = _parser("preview", "Show every run that a plan would make or reuse now.")
    arguments.add_argument("plan", type=plan_or_file, help="plan id, or a plan file")
    add_rerun(arguments)
    options = arguments.parse_args(argv)
    if isinstance(options.plan, int):
        stored = plans.get_plan(context.store, options.plan)
        plan = planning.PlanInput.stored(stored.document, stored.request)
    else:
        stored = None
        plan = read_plan_file(options.plan).plan
    if options.rerun:
        # Only looked at: a draft stays as it is.
        plan = replace(plan, request={**plan.request, "rerun": rerun_of_words(options.rerun)})
    shown = _preview(context, plan)
    if options.rerun or stored is None:
        shown = shown.asked_now()
    if context.json:
        context.output.json(plan_view.preview_document(shown))
    else:
        context.output.lines(plan_view.preview_lines(shown))
    return 5 if shown.errors else 0


def submit(argv: list[str], context: Context) -> int:
    """Run a draft; follows it unless told otherwise."""
    arguments = _parser("submit", "Run a draft through Nextflow.")
    arguments.add_argument("plan", type=plan_number, help="plan id")
    arguments.add_argument("--yes", action="store_true", help="also if it changed since previewed")
    add_rerun(arguments)
    arguments.add_argument("--no-watch", action="store_true", help="return at once")
    options = arguments.parse_args(argv)
    accept = (lambda _told: True) if options.yes else _ask
    if options.rerun:
        before = drafts.read_draft(context.store, options.plan)
        after = drafts.with_request(before, rerun=rerun_of_words(options.rerun))
        # The change stores a tree of today: what changed since the preview is asked before it.
        planning.ask_of_changes(context.store, options.plan, _preview(context, before.plan), accept)
        imports = same_imports(context.settings)
        drafts.change_draft(context.settings, context.store, options.plan, before, after, imports)
    _tell_of_others(context, options.plan)
    submission.submit(
        context.settings,
        context.store,
        options.plan,
        same_imports(context.settings),
        accept=accept,
    )
    return follow(context, options.plan, watch=not options.no_watch)


def _tell_of_others(context: Context, plan_id: int) -> None:
    """Say which other plans have a part of this machine just now."""
    machine = machine_limits()
    holders = Places(context.settings.state_dir, machine.cpus).holders()
    pipeline, _problems = parse_pipeline(plans.get_plan(context.store, plan_id).document)
    if told := shared_with(context.settings, pipeline, machine, holders):
        context.output.note(told)


def resume(argv: list[str], context: Context) -> int:
    """Run what has no valid result yet."""
    arguments = _parser("resume", "Run what has no valid completed run yet.")
    arguments.add_argument("plan", type=plan_number, help="plan id")
    arguments.add_argument("--no-watch", action="store_true", help="return at once")
    options = arguments.parse_args(argv)
    missing = submission.resume(context.settings, context.store, options.plan)
    if missing == 0:
        context.output.note(f"plan {options.plan} is complete: nothing to run")
        return 0
    return follow(context, options.plan, watch=not options.no_watch)


def cancel(argv: list[str], context: Context) -> int:
    """Stop a running plan."""
    arguments = _parser("cancel", "Stop a plan; its living runs end as cancelled.")
    arguments.add_argument("plan", type=plan_number, help="plan id")
    options = arguments.parse_args(argv)
    plans.get_plan(context.store, options.plan)
    context.output.note(f"stopping plan {options.plan} …")
    plan = submission.cancel(context.settings, context.store, options.plan)
    _show(context, plan)
    return 0


def watch(argv: list[str], context: Context) -> int:
    """Follow a plan until it ends."""
    arguments = _parser("watch", "Follow a plan until it ends; Ctrl-C only stops watching.")
    arguments.add_argument("plan", type=plan_number, help="plan id")
    options = arguments.parse_args(argv)
    return follow(context, options.plan, watch=True)


def status(argv: list[str], context: Context) -> int:
    """Say how far a plan is."""
    arguments = _parser("status", "Say how far a plan is.")
    arguments.add_argument("plan", type=plan_number, help="plan id")
    options = arguments.parse_args(argv)
    submission.settle_unowned(context.settings, context.store)
    return show_plan(context, options.plan)


def show(argv: list[str], context: Context) -> int:
    """Show a plan with every planned run."""
    arguments = _parser("show", "Show a plan with every planned run.")
    arguments.add_argument("plan", type=plan_number, help="plan id")
    options = arguments.parse_args(argv)
    submission.settle_unowned(context.settings, context.store)
    plan = plans.get_plan(context.store, options.plan)
    rows = plans.planned_runs_of(context.store, options.plan)
    if context.json:
        document = plan_view.plan_document(plan, rows)
        context.output.json({**document, "document": plan.document, "request": plan.request})
        return 0
    context.output.lines([plan_view.summary_line(plan)])
    if plan.error:
        context.output.lines([(Span(f"  {text}", "error"),) for text in _told(plan)])
    context.output.lines(plan_view.tree_lines(rows))
    return 0


def list_plans(argv: list[str], context: Context) -> int:
    """List the plans, newest first."""
    arguments = _parser("list", "List the plans, newest first.")
    arguments.add_argument("--limit", type=int, default=30, help="how many; default 30")
    arguments.add_argument("--all", action="store_true", help="direct runs too")
    options = arguments.parse_args(argv)
    submission.settle_unowned(context.settings, context.store)
    kinds = ("plan", "run", "export") if options.all else ("plan", "export")
    found = plans.list_plans(context.store, limit=max(1, options.limit), kinds=kinds)
    if context.json:
        context.output.json([plan_view.plan_document(plan) for plan in found])
        return 0
    columns = [
        Column("plan", right=True),
        Column("status"),
        Column("name", elastic=True),
        Column("runs"),
        Column("created"),
        Column("by"),
    ]
    rows: list[list[Cell]] = []
    for plan in found:
        mark = plan_mark(plan.status)
        rows.append(
            [
                str(plan.plan_id),
                (Span(f"{mark.glyph} {mark.said}", mark.token),),
                plan.name,
                plan_view.counts_text(plan.counts),
                plan.created_at.astimezone().strftime("%Y-%m-%d %H:%M"),
                plan.created_by,
            ]
        )
    if rows:
        context.output.table(columns, rows)
    else:
        context.output.note("no plans yet; `pm plan create FILE` makes one, `pm demo` shows how")
    return 0


def show_plan(context: Context, plan_id: int) -> int:
    """Show how far a plan is."""
    _show(context, plans.get_plan(context.store, plan_id))
    return 0


def follow(context: Context, plan_id: int, *, watch: bool = True) -> int:
    """Follow a plan to its end and say how it ended; raises RunFailed or Cancelled.

    Interrupted, it only stops to look, and says so.
    """
    if not watch:
        return show_plan(context, plan_id)
    try:
        plan = _watch(context, plan_id)
    except KeyboardInterrupt:
        context.output.note(
            f"plan {plan_id} goes on; `pm plan watch {plan_id}` follows it again, "
            f"`pm plan cancel {plan_id}` stops it"
        )
        return 130
    if context.json:
        rows = plans.planned_runs_of(context.store, plan_id)
        context.output.json(plan_view.plan_document(plan, rows))
    else:
        context.output.lines([plan_view.summary_line(plan)])
        _show_failures(context, plan)
    if plan.status == "completed":
        return 0
    if plan.status == "cancelled":
        raise Cancelled(f"Plan {plan_id} was cancelled.")
    hint = f"`pm log RUN` shows a log, `pm plan resume {plan_id}` runs what is missing."
    told = "\n".join(_told(plan)) or "some of its runs failed"
    raise RunFailed(f"Plan {plan_id} is {plan_mark(plan.status).said}: {told}", hint=hint)


def _watch(context: Context, plan_id: int) -> Plan:
    """Show progress until the plan has ended: live on a screen, by changes elsewhere."""
    if sys.stderr.isatty() and not context.json:
        from rich.console import Console, Group
        from rich.live import Live

        with Live(console=Console(stderr=True), refresh_per_second=4, transient=True) as live:
            while True:
                plan = plans.get_plan(context.store, plan_id)
                # Not the whole tree, which may be large, twice a second.
                counts = plans.counts_of_steps(context.store, plan_id)
                failed = page_of_plan(context.store, plan_id, states=("failed",), limit=FAILURES)
                lines = progress_lines(plan, counts, failed, live.console.width, datetime.now(UTC))
                live.update(Group(*(styled(each) for each in lines)))
                if _ended(context, plan):
                    return plan
                time.sleep(_LOOK)
    before = None
    while True:
        plan = plans.get_plan(context.store, plan_id)
        now = plan_view.counts_text(plan.counts)
        if now != before and not context.json:
            context.output.note(f"plan {plan_id} {plan.status}: {now}")
            before = now
        if _ended(context, plan):
            return plan
        time.sleep(_LOOK)


def _ended(context: Context, plan: Plan) -> bool:
    if plan.status == "draft":
        raise Conflict(
            f"Plan {plan.plan_id} is a draft; nothing runs.",
            hint=f"Submit it with `pm plan submit {plan.plan_id}`.",
        )
    if plan.status in OPEN:
        # A supervisor that died leaves the plan to whoever looks.
        submission.settle_unowned(context.settings, context.store)
    return plan.status not in OPEN


def _preview(context: Context, plan: planning.PlanInput) -> planning.Preview:
    from pm_kernel.registration.unregistered import edits_left_out

    settings, check = context.settings, SiteCheck(context.settings)
    shown = planning.preview(context.store, plan, same_imports(settings), check=check)
    # By method: several steps may take one, and one that names its version means it.
    latest = {
        each.version.method: each.version
        for each in shown.expanded.steps.values()
        if each.version is not None and each.step.version == "latest"
    }
    for told in [] if context.json else edits_left_out(settings, latest.values()):
        context.output.note(told)
    return shown


def _asked(file: PlanFile, options: argparse.Namespace) -> planning.PlanInput:
    request = dict(file.plan.request)
    base = file.plan.base
    if options.samples is not None:
        request["samples"] = [name.strip() for name in options.samples.split(",") if name.strip()]
    if options.sheet is not None:
        request["samples"] = {"sheet": read_sheet(options.sheet)}
        base = options.sheet.resolve().parent
    if options.until:
        request["until"] = options.until
    if options.rerun:
        request["rerun"] = rerun_of_words(options.rerun)
    return planning.PlanInput(file.plan.document, request, base)


def _show(context: Context, plan: Plan) -> None:
    if context.json:
        context.output.json(plan_view.plan_document(plan))
        return
    counts = plans.counts_of_steps(context.store, plan.plan_id)
    context.output.lines([plan_view.summary_line(plan), *plan_view.step_lines(counts)])
    _show_failures(context, plan)


def _show_failures(context: Context, plan: Plan) -> None:
    failed = ended_short(context.store, plan.plan_id).rows
    context.output.lines(plan_view.failure_lines(failed, plan.counts.get("blocked", 0)))
    context.output.lines(plan_view.again_lines(plan))


def _told(plan: Plan) -> list[str]:
    return (plan.error or "").strip().splitlines()


def _ask(difference: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(
        f"It changed since it was previewed: {difference}\nRun it as it is now? [y/N] "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower().startswith("y")


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"pm plan {command}", description=description)
