"""One launch of a plan, from its planned runs to a running Nextflow."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pm_kernel.artifacts.layout import writing
from pm_kernel.config import Settings
from pm_kernel.domain.pipeline import Pipeline, parse_pipeline
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow import launcher
from pm_kernel.nextflow.compile import compile_launch, process_specs
from pm_kernel.nextflow.config import SiteConfig
from pm_kernel.nextflow.ir import Commands, LaunchSpec
from pm_kernel.nextflow.machine import machine_limits
from pm_kernel.nextflow.places import Held, Places
from pm_kernel.nextflow.render import render
from pm_kernel.nextflow.site import site_config, site_file, site_nextflow
from pm_kernel.nextflow.trace import TraceReader

__all__ = ["launch_spec", "machine_limits", "pm_command", "start_launch", "task_command"]

#: Not imported: it is another process's main file.
_TASK = Path(__file__).parents[1] / "cli" / "task.py"
#: Read by the shell of a task, which asks for what that process would do.
SHELL = _TASK.with_suffix(".sh")
_TOLD_LINES = 12
#: Nextflow looks at its local tasks ten times a second, so the place of one that has ended stays
#: empty for a twentieth: as long as a short task takes.
_POLL_MS = 20
#: Of the task that is told, when none could register.
_TOLD_CHARACTERS = 2000


def start_launch(
    settings: Settings,
    launch: Launch,
    plan: Plan,
    directory: Path,
    *,
    roots: Sequence[str] = (),
) -> launcher.NextflowProcess:
    """Write a launch's files and start Nextflow on them.

    ``roots`` are the workspaces that its inputs come from, for containers. Raises EngineUnavailable
    when Java or Nextflow is missing or cannot be started, StoreUnavailable when the run store
    cannot be written.
    """
    command = site_nextflow(settings)
    pipeline, _problems = parse_pipeline(plan.document)
    config = site_config(settings, command)
    spec = launch_spec(settings, pipeline, launch, config=config, roots=roots)
    with writing(settings.runs_dir):
        launcher.write_launch(directory, render(spec))
        return launcher.start(
            command,
            directory,
            settings.environ,
            run_name=f"plan-{plan.plan_id}-{launch.number}",
            profile=settings.nextflow_profile,
        )


def launch_spec(
    settings: Settings,
    pipeline: Pipeline,
    launch: Launch,
    *,
    config: SiteConfig | None = None,
    roots: Sequence[str] = (),
) -> LaunchSpec:
    """Return what a launch consists of in this workspace, on this machine.

    ``config`` is the site's resolved configuration (default: it is resolved now).
    """
    config = site_config(settings) if config is None else config
    file = site_file(settings)
    processes = process_specs(pipeline, (step for _, step in launch.tasks))
    stores = dict.fromkeys([str(settings.runs_dir), *(f"{root}/.runs" for root in roots)])
    return compile_launch(
        pipeline,
        launch,
        Commands(task_command(), str(settings.root), settings.before_script, asking=str(SHELL)),
        containers=config.containers(tuple(stores), uid=os.getuid(), gid=os.getgid()),
        images=config.images(processes),
        limits=machine_limits(),
        elsewhere=config.elsewhere(processes),
        max_tasks=settings.max_tasks,
        poll_ms=None if config.paces_local else _POLL_MS,
        site_config=None if file is None else str(file),
    )


@dataclass(frozen=True)
class Share:
    """What a launch has of this machine: places, and the settings that keep it to them."""

    settings: Settings
    held: Held
    #: Places that one task takes at most.
    each: int


def share_of(settings: Settings, launch: Launch, plan: Plan, places: Places) -> Share:
    """Take the places that the local tasks of a launch can use, as far as they are left.

    Where a person says how many tasks run at once, or all that can be used was there, the settings
    are as they were; else the launch keeps to its places, or to its equal share where that is more.
    """
    pipeline, _problems = parse_pipeline(plan.document)
    config = site_config(settings)
    processes = process_specs(pipeline, (step for _, step in launch.tasks))
    elsewhere = config.elsewhere(processes)
    cpus = {p.step_id: config.cpus(p) for p in processes if p.name not in elsewhere}
    tasks = [cpus[step] for _, step in launch.tasks if step in cpus]
    if not tasks:
        return Share(settings, Held([], 0), 1)
    each = max(tasks)
    most = min(sum(tasks), places.total)
    if settings.max_tasks is not None:
        most = min(most, settings.max_tasks * each)
    held = places.take(most, plan.plan_id, settings.root)
    if settings.max_tasks is None and held.number < most and not held.whole and config.can_queue:
        # Large tasks among small ones do not hold those back: Nextflow adds up processors itself.
        narrowed = max(1, held.share // min(tasks))
        settings = replace(settings, max_tasks=min(narrowed, config.local_queue or narrowed))
    return Share(settings, held, each)


def registration_failure(directory: Path) -> str:
    """Return what the first task of a launch said when it could not register its run."""
    for row in TraceReader(directory / launcher.LOG).read():
        text = _said(Path(row.work_dir))
        if text.strip():
            return f"No task could register its run: {text.strip()[-_TOLD_CHARACTERS:]}"
    return f"No task could register its run; see {directory / launcher.LOG}."


def _said(work_dir: Path) -> str:
    """What a task said; before its script is started, only in the log of its wrapper."""
    for name in (".command.err", ".command.log"):
        try:
            text = (work_dir / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if text.strip():
            return text
    return ""


def launch_failure(directory: Path, exit_code: int | None) -> str | None:
    """Return why Nextflow itself failed, in its own words; None where it did not."""
    if exit_code == 0:
        return None
    log = f"Its log: {directory / launcher.LOG}"
    if exit_code is None or exit_code < 0 or exit_code > 128:
        signal = "" if exit_code is None else f" (signal {abs(exit_code) % 128})"
        return f"Nextflow was killed{signal}.\n{log}"
    try:
        text = (directory / launcher.OUTPUT).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = ""
    lines = [line for line in text.splitlines() if line.strip()]
    start = next((n for n, line in enumerate(lines) if "ERROR" in line), len(lines) - 5)
    told = "\n".join(lines[max(0, start) :][:_TOLD_LINES])
    return f"Nextflow ended with exit code {exit_code}.\n{told}\n{log}"


def session_of(directory: Path) -> str | None:
    """Return Nextflow's session id of a launch."""
    session = launcher.read_session(directory)
    return None if session is None else session.session_id


def task_command() -> tuple[str, ...]:
    """Return what the tasks of a plan call: ``pm`` for the commands of tasks, quick to start."""
    return sys.executable, "-S", str(_TASK)


def pm_command() -> str:
    """Return the absolute path of the ``pm`` of this installation."""
    path = Path(sys.executable).parent / "pm"
    if not path.is_file():
        raise EngineUnavailable(
            f"The `pm` command is not beside {sys.executable}.",
            hint="Install the product with `pip install research-process-manager`.",
        )
    return str(path)
