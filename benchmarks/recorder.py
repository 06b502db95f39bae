"""How long a task's calls take through its supervisor's socket, beside a bare Python start.

    python benchmarks/recorder.py [--repeat N]

`floor` is `python -c "import socket, json"`; `ours` are register_run and complete_run as the tasks
of a plan call them, with a recorder that listens in this process, so that the processor time of the
children is that of the calls alone. `direct` are the same two calls without a socket. What is done
in any case for each run (inputs checked, code copied, files hashed and sealed) is measured here and
taken off the wall clock.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.commands import Clock
from benchmarks.record import workbench
from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.nextflow.launching import task_command
from pm_kernel.nextflow.task_recorder import TaskRecorder
from pm_kernel.running import register as register_module
from tests.workbench import Workbench

COMMAND = task_command()
FLOOR = [sys.executable, "-c", "import socket, json"]


@contextmanager
def timed(ready: list[float], closed: list[float]) -> Iterator[None]:
    """Note how long the work takes that has nothing to do with recording, in each of the calls."""

    def noting(original: Any, spans: list[float]) -> Any:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            begin = time.perf_counter()
            try:
                return original(*arguments, **options)
            finally:
                spans.append((time.perf_counter() - begin) * 1000)

        return wrapper

    before = register_module._make_ready, seal.hash_run, seal.seal
    register_module._make_ready = noting(before[0], ready)
    seal.hash_run, seal.seal = noting(before[1], closed), noting(before[2], closed)
    try:
        yield
    finally:
        register_module._make_ready, seal.hash_run, seal.seal = before


def calls(bench: Workbench, place: Path, clocks: tuple[Clock, Clock], *, plan: bool) -> int:
    """One run's two calls; returns its plan."""
    launch = bench.open("double")
    task = place / f"task{launch.launch_id}"
    command = [*COMMAND, "register_run", "--planned", str(launch.tasks[0][0])]
    command += ["--launch", str(launch.launch_id), "--attempt", "1"]
    command += ["--workspace", str(bench.root), "--task-dir", str(task)]
    if plan:
        # Whichever plan's socket: the answer comes from the database.
        command += ["--plan", "0"]
    clocks[0].run([command], bench.environ)
    subprocess.run(["sh", str(task / ".pm-run.sh")], env=bench.environ, check=True)
    clocks[1].run([[*COMMAND, "complete_run", "--task-dir", str(task), "--exit", "0"]],
                  bench.environ)  # fmt: skip
    return launch.plan_id


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=20)
    repeat = options.parse_args().repeat
    floor, direct, ours = Clock(), (Clock(), Clock()), (Clock(), Clock())
    spent: tuple[list[float], list[float]] = ([], [])
    with workbench() as bench, tempfile.TemporaryDirectory() as place:
        folder = RunStore(bench.runs).plan(0)
        recorder = TaskRecorder(bench.settings, folder, say=print)
        recorder.serve()
        # What is learnt and made once is not measured.
        calls(bench, Path(place), (Clock(), Clock()), plan=True)
        for _ in range(repeat):
            floor.run([FLOOR], bench.environ)
            calls(bench, Path(place), direct, plan=False)
            spans: tuple[list[float], list[float]] = ([], [])
            with timed(*spans):
                calls(bench, Path(place), ours, plan=True)
            for kept, each in zip(spent, spans, strict=True):
                kept.append(sum(each))
        recorder.close()
    print(f"floor              {floor.said()}")
    for name, (first, second) in (("direct", direct), ("ours", ours)):
        print(f"{name:6} register    {first.said()}")
        print(f"{name:6} complete    {second.said()}")
    least = min(floor.cpu)
    for name, clock, spans in zip(("register", "complete"), ours, spent, strict=True):
        extra = statistics.median(spans)
        wall = statistics.median(clock.wall) - extra
        print(
            f"{name}: making ready or hashing and sealing {extra:.0f} ms; wall without that "
            f"{wall:.0f} ms, "
            f"{wall / statistics.median(floor.wall):.2f} of the floor; cpu of the call, median "
            f"{statistics.median(clock.cpu) / statistics.median(floor.cpu):.2f}, "
            f"least {min(clock.cpu) / least:.2f} of the floor"
        )


if __name__ == "__main__":
    main()
