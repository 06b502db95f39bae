"""``pm plan edit``: change a draft and see what is different."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pm_kernel import drafts
from pm_kernel.cli import plan_view
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import plan_number
from pm_kernel.cli.plan_options import RERUN
from pm_kernel.cli.text import Line, Span, line
from pm_kernel.domain.plan_changes import Change
from pm_kernel.domain.rerun import rerun_of_words
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import EngineUnavailable, InvalidInput, PmError, UsageError
from pm_kernel.plan_file import PlanFile, read_plan_file, read_sheet
from pm_kernel.plan_text import plan_text
from pm_kernel.store import plans

#: Changes shown one by one; a new sample sheet has more than anybody reads.
_SHOWN = 30


def edit(argv: list[str], context: Context) -> int:
    """Change a draft, look at it again and say what is different."""
    options = _options(argv)
    before = drafts.read_draft(context.store, options.plan)
    after = _asked(before, options)
    kept = None
    if options.editor:
        kept, after = _edited(context, options.plan, after)
    elif options.file is not None:
        after = read_plan_file(options.file)
    if not drafts.differences(before, after):
        context.output.note(f"plan {options.plan} is as it was")
        return 0
    try:
        edited = drafts.change_draft(
            context.settings,
            context.store,
            options.plan,
            before,
            after,
            same_imports(context.settings),
        )
    except PmError as error:
        if kept is not None:
            error.hint = _kept(options.plan, kept)
        raise
    if kept is not None:
        _forget(kept)
    _show(context, options.plan, edited)
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="pm plan edit",
        description="Change a draft. It is looked at again; where something is wrong with it then, "
        "it stays as it was.",
    )
    parser.add_argument("plan", type=plan_number, help="plan id")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STEP.FUNCTION.PARAM=VALUE",
        help="set a parameter of a step",
    )
    parser.add_argument(
        "--unset",
        action="append",
        default=[],
        metavar="STEP.FUNCTION.PARAM",
        help="set it no longer",
    )
    samples = parser.add_mutually_exclusive_group()
    samples.add_argument("--samples", metavar="A,B,…", help="other samples, by name")
    samples.add_argument("--sheet", type=Path, help="another sample sheet (CSV)")
    parser.add_argument(
        "--until", action="append", metavar="STEP", help="only what this needs; `all`: everything"
    )
    parser.add_argument(
        "--rerun",
        action="append",
        metavar="WHAT",
        help=f"in place of what was asked so far: {RERUN}; `none`: nothing",
    )
    parser.add_argument("--name", help="another name")
    parser.add_argument("--notes", help="other notes")
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument("--editor", action="store_true", help="open it in $VISUAL or $EDITOR")
    whole.add_argument("--file", type=Path, help="take all of it from this plan file")
    options = parser.parse_args(argv)
    if not any(value for name, value in vars(options).items() if name != "plan"):
        raise UsageError("Say what to change.", hint="`pm plan edit --help` shows what there is.")
    if options.file is not None and any(
        value for name, value in vars(options).items() if name not in ("plan", "file", "editor")
    ):
        raise UsageError("--file gives the whole plan; nothing else can be changed beside it.")
    return options


def _asked(file: PlanFile, options: argparse.Namespace) -> PlanFile:
    file = drafts.with_params(file, dict(map(_pair, options.set)), options.unset)
    if options.samples is not None:
        names = [name.strip() for name in options.samples.split(",") if name.strip()]
        file = drafts.with_request(file, samples=names)
    if options.sheet is not None:
        folder = options.sheet.resolve().parent
        file = drafts.with_sheet(file, read_sheet(options.sheet), folder)
    if options.until:
        file = drafts.with_request(file, until=[] if "all" in options.until else options.until)
    if options.rerun:
        words = [word for word in options.rerun if word != "none"]
        file = drafts.with_request(file, rerun=rerun_of_words(words))
    name = file.name if options.name is None else options.name
    notes = file.notes if options.notes is None else options.notes
    return replace(file, name=name, notes=notes)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set takes STEP.FUNCTION.PARAM=VALUE, not {text!r}.")
    return name.strip(), value


def _edited(context: Context, plan_id: int, file: PlanFile) -> tuple[Path | None, PlanFile]:
    """Let somebody edit the plan as a file; returns where that is kept, and what it says now."""
    text, ending = plan_text(file)
    path = Path(tempfile.mkdtemp(prefix="pm-plan-")) / f"plan-{plan_id}{ending}"
    path.write_text(text, encoding="utf-8")
    environ = context.settings.environ
    editor = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run(
            [*shlex.split(editor), str(path)], env=dict(environ), check=False
        ).returncode
    except (OSError, ValueError) as error:
        raise EngineUnavailable(
            f"The editor {editor!r} cannot be started: {error}.",
            hint="Name another one in the variable EDITOR.",
        ) from error
    if code != 0:
        raise EngineUnavailable(
            f"The editor {editor!r} ended with exit code {code}; the draft is as it was.",
            hint=_kept(plan_id, path),
        )
    if path.read_text(encoding="utf-8", errors="replace") == text:
        _forget(path)
        return None, file
    try:
        return path, read_plan_file(path)
    except InvalidInput as error:
        error.hint = _kept(plan_id, path)
        raise


def _forget(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


def _kept(plan_id: int, path: Path) -> str:
    return (
        f"The draft is as it was. What you wrote is in {path}; mend it, then "
        f"`pm plan edit {plan_id} --file {shlex.quote(str(path))}`."
    )


def _show(context: Context, plan_id: int, edited: drafts.Edited) -> None:
    if context.json:
        document = plan_view.plan_document(plans.get_plan(context.store, plan_id))
        document["changes"] = [
            {"place": list(each.place), "before": each.before, "after": each.after}
            for each in edited.changes
        ]
        document["preview"] = plan_view.preview_document(edited.shown)
        context.output.json(document)
        return
    context.output.lines(_change_lines(edited.changes))
    if edited.added or edited.removed:
        told = f"{edited.added} planned runs more, {edited.removed} no longer"
        context.output.lines([line(Span(told, "neutral"))])
    context.output.lines(plan_view.preview_lines(edited.shown))


def _change_lines(changes: Sequence[Change]) -> Iterator[Line]:
    for each in changes[:_SHOWN]:
        place = " · ".join(part for part in each.place if part != "steps")
        before = "–" if each.before is None else each.before or "there"
        after = "–" if each.after is None else each.after or "there"
        yield line(Span(f"{place}  ", strong=True), Span(before, "neutral"), f" → {after}")
    if len(changes) > _SHOWN:
        yield line(Span(f"… and {len(changes) - _SHOWN} more changes", "neutral"))
