"""``pm run METHOD``: one step, directly, with its log as it is written."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import IO, Any

from pm_kernel import direct_run
from pm_kernel.cli.context import Context
from pm_kernel.config import Settings
from pm_kernel.direct_execution import carry_out
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import InvalidInput, RunFailed
from pm_kernel.running.complete import Ended
from pm_kernel.running.direct import Interrupts
from pm_kernel.running.register import NotStarted


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    arguments = argparse.ArgumentParser(
        prog="pm run",
        description="Run one method directly and record it like any other run.",
        epilog="Example: pm run segment --sample s1 --input image=file:s1.png "
        "--set segment_nuclei.sigma=2.0",
    )
    arguments.add_argument("method", help="name of a registered method")
    arguments.add_argument("--version", type=int, help="version number; default: the latest")
    arguments.add_argument(
        "--sample",
        help="which sample the data is of; default: that of the runs that all of it comes from",
    )
    arguments.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FUNCTION.PARAM=VALUE",
        help="enforce a parameter",
    )
    arguments.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="run:47/table, file:PATH, @list.json or a value; again for each member of a list",
    )
    arguments.add_argument("--name", help="name of this run's plan")
    arguments.add_argument("--notes", default="", help="free text kept with the run's plan")
    arguments.add_argument(
        "--metadata", action="append", default=[], metavar="KEY=VALUE", help="kept with the run"
    )
    again = arguments.add_mutually_exclusive_group()
    again.add_argument("--rerun", action="store_true", help="run although an equal run exists")
    again.add_argument("--reuse", action="store_true", help="take an equal run without asking")
    arguments.add_argument("-q", "--quiet", action="store_true", help="do not show the log")
    return arguments


def main(argv: list[str], context: Context) -> int:
    """Run a method; the run id goes to stdout, the log to stderr."""
    options = parser().parse_args(argv)
    settings, store = context.settings, context.store
    request = direct_run.DirectRequest(
        method=options.method,
        version=options.version,
        sample=options.sample,
        params=dict(_pair(text, "--set") for text in options.set),
        inputs=[_input(text) for text in options.input],
        name=options.name,
        notes=options.notes,
        metadata=dict(_pair(text, "--metadata") for text in options.metadata),
        rerun=options.rerun,
        base=Path.cwd(),
    )
    matching = same_imports(settings)
    direct = direct_run.prepare(store, request, matching)
    if options.version is None and not context.json:
        _tell_edits(settings, direct)
    if direct.reuse_run_id is not None:
        if options.reuse or context.json or not _ask_rerun(direct.equal):
            return _report(context, direct.reuse_run_id, "reused")
        request = direct_run.with_rerun(request)
        direct = direct_run.prepare(store, request, matching)
    tail = _Tail(quiet=options.quiet or context.json)
    interrupts = Interrupts()
    try:
        with interrupts:
            ended = carry_out(
                settings,
                store,
                request,
                direct,
                matching,
                interrupts,
                on_registered=tail.open,
                on_tick=tail.show,
                on_stopping=lambda: _say("stopping …"),
            )
            tail.show()
    except NotStarted as stopped:
        _report(context, stopped.run_id, "failed", str(stopped.cause))
        raise stopped.cause from None
    finally:
        tail.close()
    return _finished(context, ended)


def _tell_edits(settings: Settings, direct: direct_run.DirectPlan) -> None:
    # Git is asked; what tasks and quick commands import does without.
    from pm_kernel.registration.unregistered import edits_left_out

    steps = direct.shown.expanded.steps.values()
    for told in edits_left_out(settings, [s.version for s in steps if s.version is not None]):
        _say(told)


def _say(message: str) -> None:
    # A closed terminal must not keep a run from being ended.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"pm: {message}\n")
        sys.stderr.flush()


def _finished(context: Context, ended: Ended) -> int:
    _report(context, ended.run_id, ended.status, ended.error)
    if ended.status == "cancelled":
        return 130
    if ended.status == "failed" and not context.json:
        raise RunFailed(
            f"Run {ended.run_id} failed: {ended.error}",
            hint=f"`pm log {ended.run_id}` shows its whole log.",
        )
    return RunFailed.exit_code if ended.status == "failed" else 0


def _report(context: Context, run_id: int, status: str, error: str | None = None) -> int:
    if context.json:
        print(json.dumps({"run_id": run_id, "status": status, "error": error}))
    else:
        print(run_id)
        # Of one that failed the error says more, and where its log is.
        made = "" if status == "failed" else f"; `pm lineage {run_id}` shows how it was made"
        _say(f"run {run_id} {status}{made}")
    return 0


def _ask_rerun(told: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        sys.stderr.write(f"pm: {told} It is reused; --rerun runs again.\n")
        return False
    sys.stderr.write(f"{told}\n[S]kip and reuse it, or [r]un again? ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower().startswith("r")


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidInput(f"{option} takes NAME=VALUE, not {text!r}.")
    return name.strip(), value


def _input(text: str) -> tuple[str, str]:
    name, value = _pair(text, "--input")
    if not value.startswith("@"):
        return name, value
    path = Path(value[1:])
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"--input {name}: {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"--input {name}: {path} is not JSON: {error}.") from error
    if not isinstance(document, list):
        raise InvalidInput(f"--input {name}: {path} must hold a JSON list.")
    return name, repr(document)


class _Tail:
    """Shows a log while it grows, through its rename to the final directory."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._path: Path | None = None
        self._stream: IO[bytes] | None = None

    def open(self, run_id: int, path: Path) -> None:
        self._path = path
        if not self._quiet:
            _say(f"run {run_id} started")

    def show(self) -> None:
        if self._quiet or self._path is None:
            return
        if self._stream is None:
            try:
                self._stream = self._path.open("rb")
            except FileNotFoundError:
                return
        while chunk := self._stream.read(1 << 16):
            try:
                os.write(2, chunk)
            except OSError:
                # Nobody looks any more; the log is in the run.
                self._quiet = True
                return

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
