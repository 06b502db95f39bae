"""From a stored plan and a launch to what Nextflow is given: pure, ids and directives only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pm_kernel.domain.pipeline import Pipeline
from pm_kernel.domain.plans import Launch
from pm_kernel.domain.resources import Resources
from pm_kernel.nextflow.ir import (
    Commands,
    Containers,
    Directives,
    EdgeSpec,
    LaunchSpec,
    Limits,
    ProcessSpec,
    TaskSpec,
)
from pm_kernel.nextflow.quoting import process_name


def process_specs(pipeline: Pipeline, steps: Iterable[str]) -> tuple[ProcessSpec, ...]:
    """One process for each of these steps, in topological order.

    A step has the same name in every launch of its plan, so that a site's selectors hold.
    """
    wanted = set(steps)
    return tuple(
        ProcessSpec(process_name(n, step), step, _directives(pipeline.steps[step].resources))
        for n, step in enumerate(pipeline.topology.order, 1)
        if step in wanted
    )


def compile_launch(
    pipeline: Pipeline,
    launch: Launch,
    commands: Commands,
    *,
    containers: Containers | None = None,
    images: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    elsewhere: frozenset[str] = frozenset(),
    max_tasks: int | None = None,
    poll_ms: int | None = None,
    site_config: str | None = None,
) -> LaunchSpec:
    """One process per step that has a task in this launch, in topological order."""
    processes = process_specs(pipeline, (step for _, step in launch.tasks))
    names = {process.step_id: process.name for process in processes}
    return LaunchSpec(
        plan_id=launch.plan_id,
        launch_id=launch.launch_id,
        processes=processes,
        tasks=tuple(TaskSpec(planned_id, names[step]) for planned_id, step in launch.tasks),
        edges=tuple(EdgeSpec(parent, child) for parent, child in launch.edges),
        commands=commands,
        containers=containers,
        images=images or {},
        limits=limits,
        elsewhere=elsewhere,
        max_tasks=max_tasks,
        poll_ms=poll_ms,
        site_config=site_config,
    )


def _directives(resources: Resources) -> Directives:
    return Directives(
        cpus=resources.cpus,
        memory=resources.memory,
        time=resources.time,
        queue=resources.queue,
        retries=resources.retries,
        container=resources.container,
        free=resources.directives,
    )
