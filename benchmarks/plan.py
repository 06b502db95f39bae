"""How long a plan takes, beside the same tasks in a Nextflow pipeline of a person's own.

    python benchmarks/plan.py [--tasks N] [--seconds S …] [--repeat N]

`plain` is `nextflow run` on a pipeline whose one process starts `python run.py` N times, in a Java
as Nextflow's own launcher starts it; `quick` is the same in a Java as we start it (one compiler
level, classes ready-made). `ours` is the same run.py as a method, submitted as a plan of N samples:
from the moment of submitting until its supervisor has ended. They take turns. A task sleeps as many
seconds as said (0: it ends at once). Processor time is that of all processes of each, PostgreSQL's
included.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.record import workbench
from pm_kernel import planning, submission
from pm_kernel.config import default_cache_dir
from pm_kernel.domain.methods import MethodInput
from pm_kernel.environment_match import same_imports
from pm_kernel.nextflow.command import NextflowCommand, find_nextflow
from tests.workbench import Workbench

RUN = """\
import sys
import time
from pathlib import Path


def run(name, output_dir):
    time.sleep({seconds})
    (Path(output_dir) / "table.csv").write_text(f"name\\n{{name}}\\n")
"""
MAIN = """

if __name__ == "__main__":
    run(sys.argv[1], ".")
"""
PLAIN = """\
process A {{
    errorStrategy 'ignore'

    input:
    val name

    output:
    path 'table.csv'

    script:
    "'{python}' '{script}' ${{name}}"
}}

workflow {{
    A(channel.of(1..{tasks}))
}}
"""
PHASES = """
SELECT extract(epoch FROM l.started_at - p.submitted_at) AS "submitted, supervisor started",
    extract(epoch FROM min(r.started_at) - l.started_at) AS "Nextflow's start, first task",
    extract(epoch FROM max(r.finished_at) - min(r.started_at)) AS "tasks",
    extract(epoch FROM p.finished_at - max(r.finished_at)) AS "Nextflow's end, plan closed"
FROM execution_plans p JOIN plan_launches l ON l.plan_id = p.id JOIN runs r ON r.launch_id = l.id
WHERE p.id = %s GROUP BY p.id, l.id
"""


@dataclass
class Spans:
    """Wall clock and processor time of each repetition, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], object], server: Callable[[], float]) -> None:
        before, begin = _children() + server(), time.perf_counter()
        work()
        self.wall.append(time.perf_counter() - begin)
        self.cpu.append(_children() + server() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _used_by(leader: int) -> float:
    """Processor seconds of a process, its ended children and its living ones (Linux)."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if leader in (int(folder.name), int(fields[1])):
                ticks += sum(int(each) for each in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def stock(command: NextflowCommand) -> NextflowCommand:
    """Return the command without the flags by which only we start Java."""
    if command.source == "own":
        return command
    java, *rest = command.argv
    return replace(command, argv=(java, *rest[rest.index("-Dfile.encoding=UTF-8") :]))


def plain(command: NextflowCommand, folder: Path, script: Path, tasks: int) -> None:
    folder.mkdir()
    text = PLAIN.format(python=sys.executable, script=script, tasks=tasks)
    (folder / "main.nf").write_text(text)
    environ = command.environment(os.environ)
    subprocess.run(
        [*command.argv, "run", "main.nf"], cwd=folder, env=environ, check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    made = len(list((folder / "work").glob("*/*/table.csv")))
    assert made == tasks, f"{made} of {tasks} tasks succeeded"


class Ours:
    """A plan of N samples, made anew for each repetition and never reused."""

    def __init__(self, bench: Workbench, tasks: int, seconds: float) -> None:
        self.bench, self.tasks = bench, tasks
        bench.environ["PM_CACHE_DIR"] = str(default_cache_dir(os.environ))
        name = f"sleep_{seconds}".replace(".", "_")
        bench.method(name, RUN.format(seconds=seconds), outputs={"table": "table.csv"},
                     inputs={"name": MethodInput("name", "value", value_type="str")})  # fmt: skip
        self.step = {"method": name, "inputs": {"name": {"column": "sample"}}}
        self.plan_id = 0

    def draft(self, tasks: int | None = None) -> None:
        """What a person has done before submitting."""
        check = same_imports(self.bench.settings)
        samples = [f"s{n}" for n in range(tasks or self.tasks)]
        plan = planning.PlanInput(
            {"format": 1, "name": "plan", "steps": {"step": self.step}},
            {"samples": samples, "rerun": {"all": True}},
            self.bench.root,
        )
        shown = planning.preview(self.bench.store, plan, check)
        self.plan_id = planning.store_plan(
            self.bench.store, self.bench.settings, plan, shown, name="plan"
        )

    def run(self) -> None:
        started: list[subprocess.Popen[bytes]] = []

        def start(command: list[str], log: Path, environ: dict[str, str]) -> int:
            with open(log, "ab") as stream:
                started.append(subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL,
                                                stdout=stream, stderr=stream))  # fmt: skip
            return started[0].pid

        settings = self.bench.settings
        check = same_imports(settings)
        submission.submit(settings, self.bench.store, self.plan_id, check, start=start)
        started[0].wait()

    def check(self) -> None:
        rows = self.bench.rows(
            "SELECT count(*) AS n FROM runs WHERE execution_plan_id = %s AND status = 'completed'",
            self.plan_id,
        )
        assert rows[0]["n"] == self.tasks, f"{rows[0]['n']} of {self.tasks} runs completed"

    def phases(self) -> dict[str, Any]:
        (row,) = self.bench.rows(PHASES, self.plan_id)
        return row


def measure(command: NextflowCommand, tasks: int, seconds: float, repeat: int) -> None:
    spans = {name: Spans() for name in ("plain", "quick", "ours")}
    phases: list[dict[str, Any]] = []
    with workbench() as bench:
        script = bench.root / "run.py"
        script.write_text(RUN.format(seconds=seconds) + MAIN)
        postmaster = bench.rows(
            "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid"
        )[0]["pid"]
        ours = Ours(bench, tasks, seconds)
        # Two tasks of each fill caches.
        ours.draft(2)
        ours.run()
        plain(command, bench.root / "few", script, 2)
        for number in range(repeat):
            ours.draft()
            turns: dict[str, Callable[[], None]] = {
                "plain": partial(
                    plain, stock(command), bench.root / f"plain-{number}", script, tasks
                ),
                "quick": partial(plain, command, bench.root / f"quick-{number}", script, tasks),
                "ours": ours.run,
            }
            for name, work in turns.items():
                spans[name].take(work, lambda: _used_by(postmaster))
            ours.check()
            phases.append(ours.phases())
    report(f"{tasks} tasks of {seconds:g} s, {repeat} times each", spans, phases)


def report(title: str, spans: dict[str, Spans], phases: list[dict[str, Any]]) -> None:
    print(f"\n{title}")
    for name, each in spans.items():
        told = (
            f"{what} median {statistics.median(span):6.2f}  least {min(span):6.2f} s"
            for what, span in (("wall", each.wall), ("processor", each.cpu))
        )
        print(f"{name:6}", *told, sep="   ")
    for floor in ("plain", "quick"):
        for what in ("wall", "cpu"):
            mine, theirs = (getattr(spans[name], what) for name in ("ours", floor))
            pairs = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
            least = min(mine) / min(theirs)
            print(f"ours / {floor}  {what:5} of pairs {pairs:5.2f}   of the least {least:5.2f}")
    for name in phases[0]:
        print(f"       {name:32} {statistics.median(float(p[name]) for p in phases):6.2f} s")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tasks", type=int, default=100)
    options.add_argument("--seconds", type=float, nargs="*", default=[0, 1])
    options.add_argument("--repeat", type=int, default=3)
    given = options.parse_args()
    command = find_nextflow(dict(os.environ), default_cache_dir(os.environ))
    for seconds in given.seconds:
        measure(command, given.tasks, seconds, given.repeat)


if __name__ == "__main__":
    main()
