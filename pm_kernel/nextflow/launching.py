"""One launch of a plan, from its planned runs to a running Nextflow."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow import launcher
from pm_kernel.nextflow.command import find_nextflow
from pm_kernel.nextflow.compile import compile_launch
from pm_kernel.nextflow.ir import Commands, Limits
from pm_kernel.nextflow.render import TRACE, render
from pm_kernel.nextflow.trace import TraceReader

_TOLD_LINES = 12


def start_launch(
    settings: Settings, launch: Launch, plan: Plan, directory: Path
) -> launcher.NextflowProcess:
    """Write a launch's files and start Nextflow on them.

    Raises EngineUnavailable when Java or Nextflow is missing or cannot be started.
    """
    command = find_nextflow(
        settings.environ, settings.cache_dir, own=settings.nextflow, mirror=settings.maven_mirror
    )
    pipeline, _problems = parse_pipeline(plan.document)
    site_config = settings.root / "nextflow.config"
    spec = compile_launch(
        pipeline,
        launch,
        Commands((pm_command(),), str(settings.root), settings.before_script),
        limits=machine_limits(),
        max_tasks=settings.max_tasks,
        site_config=str(site_config) if site_config.is_file() else None,
    )
    launcher.write_launch(directory, render(spec))
    return launcher.start(
        command, directory, settings.environ, run_name=f"plan-{plan.plan_id}-{launch.number}"
    )


def registration_failure(directory: Path) -> str:
    """Return what the first task of a launch said when it could not register its run."""
    for row in TraceReader(directory / TRACE).read():
        try:
            text = (Path(row.work_dir) / ".command.err").read_text(
                encoding="utf-8", errors="replace"
            )
        except OSError:
            continue
        if text.strip():
            return f"No task could register its run: {text.strip()[-2000:]}"
    return f"No task could register its run; see {directory / launcher.LOG}."


def launch_failure(directory: Path, exit_code: int | None) -> str | None:
    """Return why Nextflow itself failed, in its own words; None where it did not."""
    if exit_code == 0:
        return None
    try:
        text = (directory / launcher.OUTPUT).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = ""
    lines = [line for line in text.splitlines() if line.strip()]
    start = next((n for n, line in enumerate(lines) if "ERROR" in line), len(lines) - 5)
    told = "\n".join(lines[max(0, start) :][:_TOLD_LINES])
    return (
        f"Nextflow ended with exit code {exit_code}.\n{told}\nIts log: {directory / launcher.LOG}"
    )


def session_of(directory: Path) -> str | None:
    """Return Nextflow's session id of a launch."""
    session = launcher.read_session(directory)
    return None if session is None else session.session_id


def machine_limits() -> Limits:
    """Return what local tasks share."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Limits(cpus=os.cpu_count() or 1, memory_bytes=pages)


def pm_command() -> str:
    """Return the absolute path of the ``pm`` of this installation."""
    path = Path(sys.executable).parent / "pm"
    if not path.is_file():
        raise EngineUnavailable(
            f"The `pm` command is not beside {sys.executable}.",
            hint="Install the product with `pip install research-process-manager`.",
        )
    return str(path)
