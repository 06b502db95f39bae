"""``pm register_run``: called by the generated pipeline before a task. Starts as bare as it can."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pm_kernel.config import Settings, load_settings
from pm_kernel.database import running_url
from pm_kernel.errors import UsageError
from pm_kernel.running.process import identify
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.running.register import NotStarted, register

_COMMON = {"attempt", "workspace", "task-dir"}
_PLANNED = {"planned", "launch"}
_EXPORTED = {"export", "folder", "task", "session", "run-name", "head"}
_JOB_VARIABLES = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")


def main(argv: list[str]) -> int:
    """Register a planned run; the run id goes to stdout.

    A task of an exported folder does not know which one it is; that is found out first.
    """
    exported = "--export" in argv
    options = read_options(argv, _COMMON | (_EXPORTED if exported else _PLANNED))
    attempt = number(options, "attempt")
    settings = load_settings(workspace=Path(options["workspace"]))
    recorder = DirectRecorder(lambda: running_url(settings), patience=settings.database_patience)
    # Nextflow's wrapper script: it lives as long as the task does, and runs afterScript.
    wrapper = identify(os.getppid())
    if wrapper is None:
        raise UsageError("The process that called `pm register_run` is gone.")
    if exported:
        planned, launch = _placed(settings, recorder, options)
    else:
        planned, launch = number(options, "planned"), number(options, "launch")
    jobs = (settings.environ.get(name) for name in _JOB_VARIABLES)
    try:
        registered = register(
            settings,
            recorder,
            planned=planned,
            launch=launch,
            attempt=attempt,
            task_dir=Path(options["task-dir"]).absolute(),
            wrapper=wrapper,
            scheduler_job_id=next((job for job in jobs if job), None),
        )
    except NotStarted as stopped:
        sys.stderr.write(f"pm: run {stopped.run_id} failed before it started\n")
        raise stopped.cause from None
    sys.stdout.write(f"{registered.run_id}\n")
    return 0


def _placed(
    settings: Settings, recorder: DirectRecorder, options: dict[str, str]
) -> tuple[int, int]:
    from pm_kernel.exported import Call, place

    return place(
        settings,
        recorder,
        Call(
            export_id=options["export"],
            folder=Path(options["folder"]),
            task=number(options, "task"),
            session=options["session"],
            run_name=options["run-name"],
            head=number(options, "head"),
        ),
    )


def read_options(
    argv: list[str], names: set[str], optional: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Read ``--name value`` pairs; every name but the optional must be there. Raises UsageError."""
    options: dict[str, str] = {}
    for flag, value in zip(argv[::2], argv[1::2], strict=False):
        name = flag.removeprefix("--")
        if name not in names | optional or not flag.startswith("--"):
            raise UsageError(f"Unknown option {flag!r}; expected {_listed(names | optional)}.")
        options[name] = value
    missing = names - options.keys()
    if missing or len(argv) % 2:
        raise UsageError(f"Missing {_listed(missing) or 'a value'}.")
    return options


def number(options: dict[str, str], name: str) -> int:
    """Return an option that is a whole number. Raises UsageError."""
    try:
        return int(options[name])
    except ValueError:
        raise UsageError(f"--{name} takes a number, not {options[name]!r}.") from None


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(f"--{name}" for name in sorted(names))
