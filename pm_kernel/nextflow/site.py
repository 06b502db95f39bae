"""The site that plans run on: its Nextflow, its configuration, its machine; looked at in a preview.

What would fail a launch, or keep its runs from being recorded, is a problem before anything begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.domain.pipeline import Pipeline
from pm_kernel.errors import EngineUnavailable, InvalidInput, Problem
from pm_kernel.nextflow.command import NextflowCommand, find_nextflow
from pm_kernel.nextflow.compile import process_specs
from pm_kernel.nextflow.config import SiteConfig, resolve_config
from pm_kernel.nextflow.directives import directive_faults
from pm_kernel.nextflow.install import fetched
from pm_kernel.nextflow.ir import Limits, ProcessSpec
from pm_kernel.nextflow.launcher import folder_fault
from pm_kernel.nextflow.machine import machine_limits
from pm_kernel.nextflow.overrides import config_problems
from pm_kernel.nextflow.places import Holder
from pm_kernel.running import scheduler
from pm_kernel.running.process import host_name

#: Plans that a sentence names.
_NAMED = 4


def site_file(settings: Settings) -> Path | None:
    """Return the workspace's own ``nextflow.config``, None where it has none."""
    path = settings.root / "nextflow.config"
    return path if path.is_file() else None


def site_nextflow(settings: Settings) -> NextflowCommand:
    """Return the Nextflow that runs plans here, fetched on first use. Raises EngineUnavailable."""
    return find_nextflow(
        settings.environ, settings.cache_dir, own=settings.nextflow, mirror=settings.maven_mirror
    )


def nextflow_fetched(settings: Settings) -> tuple[int, int] | None:
    """Return how many files of the pinned Nextflow are there, of how many; None for one's own."""
    return None if settings.nextflow is not None else fetched(settings.cache_dir)


def site_config(settings: Settings, command: NextflowCommand | None = None) -> SiteConfig:
    """Return what the site's configuration comes to; asking costs seconds, and is remembered.

    Raises InvalidInput when it is wrong, EngineUnavailable when Nextflow is missing or silent.
    """
    file = site_file(settings)
    if file is None and settings.nextflow is None:
        # A fetched Nextflow has no configuration of a person's.
        return SiteConfig({})
    command = site_nextflow(settings) if command is None else command
    return resolve_config(
        command,
        file,
        settings.environ,
        settings.cache_dir,
        profile=settings.nextflow_profile,
    )


def shared_with(
    settings: Settings, pipeline: Pipeline, machine: Limits, holders: Sequence[Holder]
) -> str:
    """Say which plans share this machine with one of this pipeline; empty where none matters."""
    if not holders or settings.max_tasks is not None:
        return ""
    try:
        config = site_config(settings)
    except (EngineUnavailable, InvalidInput):
        # Whoever needs it says what is wrong with it.
        return ""
    processes = process_specs(pipeline, pipeline.steps)
    if len(config.elsewhere(processes)) == len(processes):
        return ""
    left = max(0, machine.cpus - sum(each.places for each in holders))
    named = [
        f"plan {each.plan_id}"
        + ("" if each.workspace == str(settings.root) else f" of {each.workspace}")
        for each in holders
    ]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return (
        f"This machine is shared with {', '.join(named[:_NAMED])}{more}: {left} of its "
        f"{machine.cpus} processors are left. This plan takes those, or its equal share."
    )


class SiteCheck:
    """Says what the site has against a pipeline; asks Nextflow only where it has a configuration.

    One instance serves any number of previews.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        machine: Limits | None = None,
        nodes: Callable[[Mapping[str, str]], frozenset[str] | None] = scheduler.nodes,
    ) -> None:
        self._settings = settings
        self._machine = machine
        self._nodes = nodes

    def __call__(self, pipeline: Pipeline, steps: Iterable[str]) -> Sequence[Problem]:
        """Return the problems of these steps of a pipeline, each with the step it concerns."""
        processes = process_specs(pipeline, steps)
        found = [
            Problem(f"Step {process.step_id!r}: {fault}", step=process.step_id, code="directive")
            for process in processes
            for fault in directive_faults(process.directives)
        ]
        fault = folder_fault(self._settings.runs_dir)
        if fault is not None:
            hint = "Move the workspace to a folder with a plainer name."
            found.append(Problem(f"{fault} {hint}", code="folder"))
        if found:
            # They cannot be compiled, so nothing else can be said of them.
            return found
        try:
            config = site_config(self._settings)
        except (EngineUnavailable, InvalidInput) as error:
            told = " ".join(part for part in (error.message, error.hint) if part)
            return [Problem(told, code="nextflow")]
        return [
            *self._container_problems(config, processes),
            *self._database_problems(config, processes),
            *config_problems(
                config,
                processes,
                fetched=self._settings.nextflow is None,
                machine=self._machine or machine_limits(),
            ),
        ]

    def _container_problems(
        self, config: SiteConfig, processes: Sequence[ProcessSpec]
    ) -> list[Problem]:
        if config.engine is not None:
            return []
        return [
            Problem(
                f"Step {process.step_id!r} asks for a container, but no container engine is "
                "enabled. Enable one in nextflow.config, as in `docker.enabled = true`.",
                step=process.step_id,
                code="container",
            )
            for process in processes
            if process.directives.container is not None
        ]

    def _database_problems(
        self, config: SiteConfig, processes: Sequence[ProcessSpec]
    ) -> list[Problem]:
        if not self._settings.embedded or not config.elsewhere(processes):
            return []
        names = sorted({config.executor(process) for process in processes} - {"local"})
        if self._settings.single_host or (names == ["slurm"] and self._is_alone()):
            return []
        return [
            Problem(
                f"Tasks run through {', '.join(names)}; other machines do not reach the embedded "
                "database. Name one PostgreSQL for all with [database] url in pm.toml, or, where "
                "the cluster is this one machine, say so with [nextflow] single_host = true.",
                code="database",
            )
        ]

    def _is_alone(self) -> bool:
        """Whether the cluster has no node but this host."""
        nodes = self._nodes(self._settings.environ)
        here = host_name()
        return nodes is not None and nodes != frozenset() and nodes <= {here, here.split(".")[0]}
