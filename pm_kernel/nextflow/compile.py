"""From a stored plan and a launch to what Nextflow is given: pure, ids and directives only."""

from __future__ import annotations

from collections.abc import Mapping

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


def compile_launch(
    pipeline: Pipeline,
    launch: Launch,
    commands: Commands,
    *,
    containers: Containers | None = None,
    limits: Limits | None = None,
    max_tasks: int | None = None,
    site_config: str | None = None,
) -> LaunchSpec:
    """One process per step that has a task in this launch, in topological order."""
    order = {step: n for n, step in enumerate(pipeline.topology.order)}
    steps = sorted({step for _, step in launch.tasks}, key=lambda step: order[step])
    names: Mapping[str, str] = {step: process_name(order[step] + 1, step) for step in steps}
    return LaunchSpec(
        plan_id=launch.plan_id,
        launch_id=launch.launch_id,
        processes=tuple(
            ProcessSpec(names[step], step, _directives(pipeline.steps[step].resources))
            for step in steps
        ),
        tasks=tuple(TaskSpec(planned_id, names[step]) for planned_id, step in launch.tasks),
        edges=tuple(EdgeSpec(parent, child) for parent, child in launch.edges),
        commands=commands,
        containers=containers,
        limits=limits,
        max_tasks=max_tasks,
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
