"""Which settings of a site would take the place of ours, or cannot work; looked at in a preview."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pm_kernel.errors import Problem
from pm_kernel.nextflow.config import ENGINES, OTHER_ENGINES, SiteConfig
from pm_kernel.nextflow.ir import Limits, ProcessSpec

#: Executors of the fetched Nextflow that run tasks on a shared file system.
SHARED_EXECUTORS = ("local", "slurm", "pbspro", "pbs", "lsf", "sge")
#: Executors that need a plug-in, which only a person's own Nextflow fetches.
PLUGIN_EXECUTORS = ("awsbatch", "azurebatch", "google-batch", "k8s")
_PLUGIN_SCOPES = frozenset({"fusion", "tower", "wave"})

#: Ours hold them: a selector that sets one breaks the record of every run it matches.
_RECORDING = ("afterScript", "beforeScript", "errorStrategy", "maxRetries", "scratch", "tag")
#: Nobody may set them: they skip or regroup tasks.
_NEVER = {
    "storeDir": "it would skip runs without a record",
    "array": "runs are not submitted as arrays",
}
#: Defaults of a site that ours replace silently, and what that means.
_LOST = {
    "beforeScript": "Put its text under [nextflow] before_script in pm.toml: it runs before ours.",
    "afterScript": "Make it a trap in [nextflow] before_script in pm.toml, or leave it out.",
}
_OWN_NEXTFLOW = "Name a nextflow of your own with [nextflow] command in pm.toml."
_UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


def config_problems(
    config: SiteConfig,
    processes: Sequence[ProcessSpec],
    *,
    fetched: bool,
    machine: Limits | None = None,
) -> tuple[Problem, ...]:
    """Return what in a site's configuration stands in the way of these processes.

    ``fetched`` says that the pinned Nextflow runs them, which has no plug-ins. ``machine`` is what
    local tasks share. Problems of one step carry its id.
    """
    problems = [*_default_problems(config), *_engine_problems(config, fetched)]
    for process in processes:
        problems += _selector_problems(config, process)
        problems += _executor_problems(config, process, fetched)
        if machine is not None and config.executor(process) == "local":
            problems += _size_problems(config, process, machine)
    return tuple(problems)


def _default_problems(config: SiteConfig) -> list[Problem]:
    problems = []
    for name in _RECORDING:
        if name in _LOST and name in config.process:
            problems.append(_problem(f"process.{name} would be lost. {_LOST[name]}"))
        elif name in config.process:
            problems.append(_notice(f"process.{name} does not apply to plans."))
    for name, reason in _NEVER.items():
        if name in config.process:
            problems.append(_problem(f"process.{name} cannot be used: {reason}."))
    return problems


def _engine_problems(config: SiteConfig, fetched: bool) -> list[Problem]:
    problems = [
        _problem(f"the container engine {name} is not supported; {', '.join(ENGINES)} are.")
        for name in OTHER_ENGINES
        if name in config.enabled
    ]
    options = config.process.get("containerOptions")
    if config.engine is not None and isinstance(options, str) and options.startswith("{"):
        message = "process.containerOptions must be plain text: ours are added to it."
        problems.append(_problem(message))
    if fetched:
        wanted = [*config.plugins, *sorted(config.enabled & _PLUGIN_SCOPES)]
        problems += [
            _problem(f"{name} needs a plug-in, which the fetched Nextflow lacks. {_OWN_NEXTFLOW}")
            for name in wanted
        ]
    return problems


def _selector_problems(config: SiteConfig, process: ProcessSpec) -> list[Problem]:
    problems = []
    for key, settings in config.selectors(process):
        for name in (*_RECORDING, *_NEVER):
            if name in settings:
                message = (
                    f"'{key}' sets {name}, by which the runs of this step are recorded. Leave this "
                    "step out of the selector, or the setting out of it."
                )
                problems.append(_problem(message, process))
        if config.engine is not None and "containerOptions" in settings:
            message = (
                f"'{key}' sets containerOptions, in place of our mounts. Put them into "
                f"{config.engine}.runOptions."
            )
            problems.append(_problem(message, process))
    return problems


def _executor_problems(config: SiteConfig, process: ProcessSpec, fetched: bool) -> list[Problem]:
    name = config.executor(process)
    if name not in PLUGIN_EXECUTORS:
        return []
    if fetched:
        message = (
            f"the executor {name} needs a plug-in, which the fetched Nextflow lacks. "
            f"{_OWN_NEXTFLOW}"
        )
        return [_problem(message, process)]
    message = (
        f"the executor {name} runs all of a task inside its image, which then needs `pm`, the "
        "database and the run store; this is not tested."
    )
    return [_notice(message, process)]


def _size_problems(config: SiteConfig, process: ProcessSpec, machine: Limits) -> list[Problem]:
    problems = []
    cpus = config.effective(process, "cpus")
    if isinstance(cpus, int) and cpus > machine.cpus:
        problems.append(_too_big(process, f"{cpus} cpus", str(machine.cpus)))
    memory = _bytes(config.effective(process, "memory"))
    if memory is not None and memory > machine.memory_bytes:
        wanted, there = (f"{size / 2**30:.1f} GB" for size in (memory, machine.memory_bytes))
        problems.append(_too_big(process, f"{wanted} of memory", there))
    return problems


def _too_big(process: ProcessSpec, wanted: str, there: str) -> Problem:
    return Problem(
        f"Step {process.step_id!r} asks for {wanted}; this machine has {there}. Ask for less, or "
        "name an executor that has more in nextflow.config.",
        step=process.step_id,
        code="resources",
    )


def _bytes(memory: Any) -> int | None:
    if isinstance(memory, Mapping):
        return int(memory["bytes"]) if "bytes" in memory else None
    match = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?B)\s*", str(memory), re.IGNORECASE)
    return int(float(match[1]) * _UNITS[match[2].upper()]) if match else None


def _problem(
    message: str, process: ProcessSpec | None = None, *, severity: str = "error"
) -> Problem:
    return Problem(
        f"nextflow.config: {message}",
        step=None if process is None else process.step_id,
        code="nextflow_config",
        severity=severity,
    )


def _notice(message: str, process: ProcessSpec | None = None) -> Problem:
    return _problem(message, process, severity="notice")
