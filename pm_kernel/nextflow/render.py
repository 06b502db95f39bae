"""Turns a ``LaunchSpec`` into the files of a launch. Pure: the same spec gives the same bytes.

The shape, for every graph of steps:

    tasks.tsv   id, step, n     each planned run of the launch and how many parents it waits for
    edges.tsv   parent, child, n, step        who waits for whom; ``step`` is the child's process

A planned run without parents starts at once. Every other one is a group: the runs of its parents,
keyed by its own id and complete when ``n`` have arrived. When a parent fails its group stays
incomplete, so nothing below it starts, and everything else goes on. The group is sorted: its order
is part of the task's key, by which an exported launch is resumed.

``beforeScript`` registers the run, the script executes it, ``afterScript`` completes the record
whatever happened, and an output leaves only after that. The first and the last run outside a
container.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pm_kernel.errors import InvalidInput, Problem, Problems
from pm_kernel.nextflow.directives import directive_faults, render_directives
from pm_kernel.nextflow.ir import Commands, LaunchSpec, ProcessSpec
from pm_kernel.nextflow.quoting import (
    Hole,
    check_process_name,
    groovy_string,
    groovy_template,
    shell_word,
)
from pm_kernel.running.contained import IMAGE_VARIABLE

PIPELINE = "pipeline.nf"
TASKS = "tasks.tsv"
EDGES = "edges.tsv"
CONFIG = "nextflow.config"
TRACE = "trace.txt"

TRACE_FIELDS = (
    "task_id",
    "hash",
    "native_id",
    "process",
    "tag",
    "name",
    "status",
    "exit",
    "submit",
    "start",
    "complete",
    "duration",
    "realtime",
    "%cpu",
    "peak_rss",
    "attempt",
    "workdir",
)

_SCRIPT = r'''
    script:
    """
@NOTE@    read -r PM_RUN_ID < .pm_run_id || exit 1
    sh ./.pm-run.sh || exit \$?
    """
}
'''


@dataclass(frozen=True, slots=True)
class RenderedLaunch:
    """The text of each file of a launch, by name."""

    files: Mapping[str, str]


def render(spec: LaunchSpec) -> RenderedLaunch:
    """Return the files of a launch.

    Raises Problems when a directive cannot be written, InvalidInput when a path cannot, and
    ValueError when the spec contradicts itself (an edge to a planned run that it does not hold, a
    cycle).
    """
    graph = _Graph(spec)
    _check_directives(spec)
    return RenderedLaunch(
        MappingProxyType(
            {
                PIPELINE: _pipeline(spec, graph),
                TASKS: _table(("id", "step", "n"), graph.task_rows()),
                EDGES: _table(("parent", "child", "n", "step"), graph.edge_rows()),
                CONFIG: _config(spec),
            }
        )
    )


class _Graph:
    """Which process waits for which, and how many parents each planned run has."""

    def __init__(self, spec: LaunchSpec) -> None:
        names = [check_process_name(process.name) for process in spec.processes]
        if len(set(names)) != len(names):
            raise ValueError("two processes have the same name")
        self.spec = spec
        self.process_of = {task.planned_run_id: task.process for task in spec.tasks}
        if len(self.process_of) != len(spec.tasks):
            raise ValueError("a planned run is listed twice")
        if unknown := set(self.process_of.values()) - set(names):
            raise ValueError(f"no such process: {', '.join(sorted(unknown))}")
        self.parents: dict[int, int] = dict.fromkeys(self.process_of, 0)
        self.feeds: dict[str, set[str]] = {name: set() for name in names}
        for edge in spec.edges:
            if edge.parent not in self.process_of or edge.child not in self.process_of:
                raise ValueError(f"{edge} leads out of the launch")
            self.parents[edge.child] += 1
            self.feeds[self.process_of[edge.child]].add(self.process_of[edge.parent])
        if len(set(spec.edges)) != len(spec.edges):
            raise ValueError("an edge is listed twice")
        self.roots = {p for run, p in self.process_of.items() if self.parents[run] == 0}

    def ordered(self) -> list[ProcessSpec]:
        """Processes with tasks, parents first, otherwise in the order of the spec."""
        used = set(self.process_of.values())
        waiting = [p for p in self.spec.processes if p.name in used]
        ordered: list[ProcessSpec] = []
        done: set[str] = set()
        while waiting:
            ready = next((p for p in waiting if self.feeds[p.name] <= done), None)
            if ready is None:
                raise ValueError(f"a cycle among {', '.join(p.name for p in waiting)}")
            waiting.remove(ready)
            ordered.append(ready)
            done.add(ready.name)
        return ordered

    def task_rows(self) -> Iterable[tuple[object, ...]]:
        return (
            (task.planned_run_id, task.process, self.parents[task.planned_run_id])
            for task in self.spec.tasks
        )

    def edge_rows(self) -> Iterable[tuple[object, ...]]:
        return (
            (edge.parent, edge.child, self.parents[edge.child], self.process_of[edge.child])
            for edge in self.spec.edges
        )


def _check_directives(spec: LaunchSpec) -> None:
    problems = []
    for process in spec.processes:
        faults = list(directive_faults(process.directives))
        if process.directives.container is not None and spec.containers is None:
            faults.append(
                "A container is asked for, but no container engine is enabled: without one the "
                "step would run outside it. Enable one in nextflow.config, as in "
                "`docker.enabled = true`."
            )
        problems += [Problem(fault, step=process.step_id, code="directive") for fault in faults]
    if problems:
        raise Problems(problems)


def _pipeline(spec: LaunchSpec, graph: _Graph) -> str:
    processes = graph.ordered()
    if not processes:
        raise ValueError("a launch without planned runs")
    header = f"// {_told(spec)} Generated, for {_use(spec)} only.\n"
    after = _after(spec.commands)
    blocks = [_process(p, spec, _before(spec, spec.images.get(p.name)), after) for p in processes]
    return header + "\n" + "\n".join([*blocks, _workflow(processes, graph)])


def _told(spec: LaunchSpec) -> str:
    if spec.export is not None:
        return f"Export {spec.export.export_id}."
    return f"Plan {spec.plan_id}, launch {spec.launch_id}."


def _use(spec: LaunchSpec) -> str:
    return "this launch" if spec.export is None else "the workspace named below"


def _process(process: ProcessSpec, spec: LaunchSpec, before: str, after: str) -> str:
    retries = process.directives.retries
    if retries:
        ending = [
            f"errorStrategy {{ task.attempt <= {retries} ? 'retry' : 'ignore' }}",
            f"maxRetries {retries}",
        ]
    else:
        ending = ["errorStrategy 'ignore'"]
    lines = [
        f"tag {groovy_template([Hole.PLANNED_RUN])}",
        *render_directives(process.directives, spec.containers),
        *_limits(process, spec),
        *ending,
        "scratch false",
        f"beforeScript {before}",
        f"afterScript {after}",
        "",
        "input:",
        "tuple val(id), val(parents)",
        "",
        "output:",
        "tuple val(id), env('PM_RUN_ID')",
    ]
    body = "\n".join(f"    {line}" if line else "" for line in lines)
    # Part of a task's key: what another export did is not taken for this one's.
    note = "" if spec.export is None else f"    # export {spec.export.export_id}\n"
    return f"process {process.name} {{\n{body}\n{_SCRIPT.replace('@NOTE@', note)}"


def _limits(process: ProcessSpec, spec: LaunchSpec) -> list[str]:
    # Without this a step that asks for more than the machine has ends the whole plan.
    if spec.limits is None or process.name in spec.elsewhere:
        return []
    memory = groovy_string(f"{spec.limits.memory_bytes} B")
    return [f"resourceLimits cpus: {spec.limits.cpus}, memory: {memory}"]


def _workflow(processes: list[ProcessSpec], graph: _Graph) -> str:
    lines = ["workflow {", "    tasks = " + _read(TASKS)]
    if graph.spec.edges:
        lines.append("    edges = " + _read(EDGES))
    for process in processes:
        lines += ["", f"    {process.name}(", *_input(process.name, graph), "    )"]
    if graph.spec.export is not None:
        lines += ["", *_farewell()]
    return "\n".join([*lines, "}", ""])


def _farewell() -> list[str]:
    """What is said at the end of an exported pipeline: there, no supervisor tells of failures."""
    told = groovy_string(
        ". `pm plan list` shows the plan; where there is none, .command.log in the folder of a "
        "task says why."
    )
    return [
        "    workflow.onComplete = {",
        "        if (workflow.stats.ignoredCount > 0) {",
        f"            log.warn('Failed tasks: ' + workflow.stats.ignoredCount.toString() + {told})",
        "        }",
        "    }",
    ]


def _read(table: str) -> str:
    # glob: false, because a folder above may have a name like "[old] data".
    return (
        f'channel.fromPath("${{projectDir}}/{table}", glob: false)'
        ".splitCsv(header: true, sep: '\\t')"
    )


def _input(name: str, graph: _Graph) -> list[str]:
    roots = [
        f"tasks.filter {{ row -> row.step == '{name}' && row.n == '0' }}",
        "    .map { row -> tuple(row.id, []) }",
    ]
    outputs = [f"{p.name}.out" for p in graph.spec.processes if p.name in graph.feeds[name]]
    if not outputs:
        return _indented(roots, 8)
    arrived = outputs[0] + "".join(f".mix({output})" for output in outputs[1:])
    # What is left when its members' steps have ended; registering knows whether it may run.
    export = graph.spec.export
    remainder = ", remainder: true" if export and name in export.incomplete else ""
    groups = [
        f"edges.filter {{ row -> row.step == '{name}' }}",
        "    .map { row -> tuple(row.parent, row.child, row.n as Integer) }",
        f"    .combine({arrived}, by: 0)",
        "    .map { parent, child, n, run -> "
        'tuple(groupKey(child, n), "${parent}=${run}".toString()) }',
        f"    .groupTuple(sort: true{remainder})",
        "    .map { child, runs -> tuple(child.toString(), runs) }",
    ]
    if name not in graph.roots:
        return _indented(groups, 8)
    return [*_indented(groups, 8), "            .mix(", *_indented(roots, 16), "            )"]


def _indented(lines: list[str], depth: int) -> list[str]:
    return [" " * depth + line for line in lines]


def _before(spec: LaunchSpec, image: str | None) -> str:
    commands = spec.commands
    parts: list[str | Hole] = []
    if commands.before_script.strip():
        # eval keeps a syntax error of the site's text inside it.
        parts.append(f"eval {shell_word(commands.before_script)}\n")
    if image is not None:
        # Registering makes the code ready for the Python in there.
        parts.append(f"export {IMAGE_VARIABLE}={shell_word(image)}\n")
    parts += [
        f"{_pm(commands)} register_run ",
        *_which(spec),
        " --attempt ",
        Hole.ATTEMPT,
        f' --workspace {shell_word(commands.workspace)} --task-dir "$PWD"',
    ]
    return groovy_template(parts)


def _which(spec: LaunchSpec) -> list[str | Hole]:
    """Return the options that say which planned run of which launch a task executes."""
    if spec.export is None:
        return ["--planned ", Hole.PLANNED_RUN, f" --launch {spec.launch_id} --plan {spec.plan_id}"]
    return [
        *(f"--export {spec.export.export_id} --folder ", Hole.FOLDER, " --task ", Hole.PLANNED_RUN),
        *(" --session ", Hole.SESSION, " --run-name ", Hole.RUN_NAME, " --head ", Hole.HEAD),
    ]


def _after(commands: Commands) -> str:
    # Unset unless the script failed, and `set -u` may be on.
    return groovy_template(
        [
            f'{_pm(commands)} complete_run --task-dir "$PWD" --exit ${{nxf_main_ret:-0}} --limit ',
            Hole.TIME_LIMIT,
        ]
    )


def _pm(commands: Commands) -> str:
    words = [] if commands.asking is None else [".", shell_word(commands.asking)]
    return " ".join([*words, *(shell_word(word) for word in commands.pm)])


def _table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in (header, *rows))


def _config(spec: LaunchSpec) -> str:
    lines = [f"// {_told(spec)} Generated."]
    if spec.site_config is not None:
        if not spec.site_config.startswith("/"):
            raise InvalidInput(f"The path of nextflow.config must be absolute: {spec.site_config}")
        # First, so that what follows wins.
        lines.append(f"includeConfig {groovy_string(spec.site_config)}")
    if spec.max_tasks is not None:
        lines.append(f"executor.'$local'.queueSize = {spec.max_tasks}")
    if spec.poll_ms is not None:
        lines.append(f"executor.'$local'.pollInterval = '{spec.poll_ms}ms'")
    if spec.export is None:
        # See ``trace``: what a trace file would say is in the log. A site's own would wrap each
        # task in a shell, and be one file for all launches, which the second cannot write.
        return "\n".join([*lines, "trace.enabled = false", ""])
    lines += [
        "",
        "trace {",
        "    enabled = true",
        f"    file = {groovy_string(TRACE)}",
        "    overwrite = true",
        "    raw = true",
        f"    fields = {groovy_string(','.join(TRACE_FIELDS))}",
        "}",
        "",
    ]
    return "\n".join(lines)
