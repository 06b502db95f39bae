"""What a launch consists of before it becomes text: ids and directives, no names people typed.

The compiler of plans builds a ``LaunchSpec``; ``render`` turns it into files. Names of steps,
samples and parameters stay in the database: they meet neither Groovy nor the shell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Directive = str | int | float | bool
Engine = Literal["docker", "podman", "singularity", "apptainer"]


@dataclass(frozen=True, slots=True)
class Directives:
    """What a step asks of the executor; None leaves the site's default."""

    cpus: int | None = None
    #: Number and unit, for example ``2 GB``.
    memory: str | None = None
    #: Spans of time, for example ``1h 30m``: Nextflow ends a task that takes longer.
    time: str | None = None
    queue: str | None = None
    #: How often a failed run is tried again at once.
    retries: int = 0
    container: str | None = None
    #: Further Nextflow directives by name; ``directives.FREE`` lists those that may be used.
    free: Mapping[str, Directive] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One Nextflow process: one step of the plan."""

    #: Generated, see ``quoting.process_name``.
    name: str
    #: Id of the step in the pipeline document; never rendered.
    step_id: str
    directives: Directives = Directives()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One planned run and the process that executes it."""

    planned_run_id: int
    process: str


@dataclass(frozen=True, slots=True)
class EdgeSpec:
    """``child`` waits for ``parent``; both are planned runs of this launch."""

    parent: int
    child: int


@dataclass(frozen=True, slots=True)
class Commands:
    """How a task calls us."""

    #: Absolute path of ``pm``, and arguments that belong before the subcommand, if any.
    pm: tuple[str, ...]
    #: Absolute path of the workspace.
    workspace: str
    #: Shell text of the site (``module load …``), run before ours in every task.
    before_script: str = ""
    #: Absolute path of the shell text that asks for what a command does; None: it is just run.
    asking: str | None = None


@dataclass(frozen=True, slots=True)
class Containers:
    """How a container reaches the files of a run; only with an engine that the site enabled."""

    engine: Engine
    #: Absolute folders, mounted at the same path: store, task directories, inputs.
    mounts: tuple[str, ...]
    #: ``uid:gid`` of the person, so that docker does not write as root; None with other engines.
    user: str | None = None
    #: The site's own ``process.containerOptions``, which ours would otherwise replace.
    site_options: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The machine that local tasks share; one that asks for more is given this much."""

    cpus: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """What makes a folder of it that anybody starts: plan and launch are made by its first task."""

    export_id: str
    #: Names of the processes with lists that go on without failed members. In a supervised plan
    #: such a run is given to the launch after its members' own; here there is only this one.
    incomplete: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One launch: the planned runs that lack a valid completed run, and what they wait for.

    In an exported one ``plan_id`` and ``launch_id`` mean nothing, and planned runs are numbered by
    their position in the plan, from 1.
    """

    plan_id: int
    launch_id: int
    processes: tuple[ProcessSpec, ...]
    tasks: tuple[TaskSpec, ...]
    edges: tuple[EdgeSpec, ...]
    commands: Commands
    containers: Containers | None = None
    #: Names of the processes that run in a container, and the image of each.
    images: Mapping[str, str] = field(default_factory=dict)
    #: Of this machine; None leaves local tasks unlimited.
    limits: Limits | None = None
    #: Names of the processes that a scheduler runs on other machines (``SiteConfig.elsewhere``).
    elsewhere: frozenset[str] = frozenset()
    #: Tasks at once on the local executor; None: as many as fit on the machine.
    max_tasks: int | None = None
    #: Milliseconds between two looks at local tasks; None: as the site or Nextflow has it.
    poll_ms: int | None = None
    #: Absolute path of the workspace's own ``nextflow.config``.
    site_config: str | None = None
    export: ExportSpec | None = None
