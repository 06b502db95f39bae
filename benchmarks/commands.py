"""How long the two commands around a task take, beside two processes that write the same rows.

    python benchmarks/commands.py [--repeat N]

`rows` is two Python processes that import psycopg and write the rows of benchmarks/record.py;
`ours` is `pm register_run` and `pm complete_run`. What only we do (inputs checked, code copied,
files hashed and sealed) is measured in this process and shown apart. Processor time of the children
is beside the wall clock: it says more on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.record import workbench
from pm_kernel.artifacts import seal
from pm_kernel.running import register as register_module
from tests.workbench import PM

BARE = """
import sys
sys.path.insert(0, {root!r})
import json
import psycopg
url, planned, launch_id, uuid = sys.argv[1:]
"""
REGISTER = """
with psycopg.connect(url, autocommit=True, prepare_threshold=None) as c, c.transaction():
    row = c.execute(
        "SELECT p.plan_id, p.step, p.branch, p.param_set_id, v.id, v.method_id, e.workspace_id "
        "FROM planned_runs p JOIN execution_plans e ON e.id = p.plan_id "
        "JOIN method_versions v ON v.id = p.method_version_id WHERE p.id = %s FOR UPDATE OF p",
        (planned,)).fetchone()
    c.execute(
        "INSERT INTO runs (uuid, execution_plan_id, plan_step, plan_branch, param_set_id, "
        "method_version_id, method_id, workspace_id, planned_run_id, launch_id, status, "
        "created_by, host) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,'running','s','h')",
        (uuid, *row, planned, launch_id))
"""
COMPLETE = """
with psycopg.connect(url, autocommit=True, prepare_threshold=None) as c, c.transaction():
    row = c.execute(
        "UPDATE runs SET status = 'completed', finished_at = now(), metrics = %s, reuse_key = 'k' "
        "WHERE uuid = %s RETURNING id, planned_run_id",
        (json.dumps({"result": 42}), uuid)).fetchone()
    c.execute("INSERT INTO run_outputs (run_id, output_name, artifact_path, artifact_type, "
        "size_bytes, file_count, checksum, declared) VALUES (%s,'t','t','table',10,1,'0',true)",
        (row[0],))
    with c.cursor() as cursor:
        cursor.executemany("INSERT INTO run_parameters (run_id, function_name, param_name, "
            "ordinal, value, value_type, expected, is_set) "
            "VALUES (%s,'scale',%s,0,'1','int','1',false)",
            [(row[0], 'value'), (row[0], 'factor')])
        with cursor.copy("COPY run_logs (run_id, level, message, line) FROM STDIN") as copy:
            copy.write_row((row[0], 'PRINT', 'the result is 42', 1))
    c.execute("UPDATE planned_runs SET current_run = %s WHERE id = %s", row)
"""


class Clock:
    """Wall clock and processor time of children, in milliseconds."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def run(self, commands: list[list[str]], environ: dict[str, str]) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        for command in commands:
            subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.wall.append(wall * 1000)
        self.cpu.append(cpu * 1000)

    def join(self, other: Clock) -> Clock:
        both = Clock()
        both.wall = [a + b for a, b in zip(self.wall, other.wall, strict=True)]
        both.cpu = [a + b for a, b in zip(self.cpu, other.cpu, strict=True)]
        return both

    def said(self) -> str:
        return (
            f"wall median {statistics.median(self.wall):6.0f}  least {min(self.wall):6.0f} ms"
            f"   cpu median {statistics.median(self.cpu):6.0f}  least {min(self.cpu):6.0f} ms"
        )


def only_ours(bench: Any, place: Path) -> float:
    """Milliseconds of what no rows are written for: making ready, and hashing."""
    from tests.integration.recording_harness import Life

    life, spent = Life(bench, place), []
    for _ in range(8):
        spans = []

        def timed(original: Any, spans: list[float] = spans) -> Any:
            def wrapper(*arguments: Any, **options: Any) -> Any:
                begin = time.perf_counter()
                try:
                    return original(*arguments, **options)
                finally:
                    spans.append((time.perf_counter() - begin) * 1000)

            return wrapper

        ready, hashing = register_module._make_ready, seal.hash_run
        register_module._make_ready, seal.hash_run = timed(ready), timed(hashing)
        try:
            life.run(bench.open("double"))
        finally:
            register_module._make_ready, seal.hash_run = ready, hashing
        spent.append(sum(spans))
    return min(spent)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=15)
    repeat = options.parse_args().repeat
    root = str(Path(__file__).parents[1])
    rows, first, second = Clock(), Clock(), Clock()
    with workbench() as bench, tempfile.TemporaryDirectory() as place:
        scripts = []
        for name, body in (("register", REGISTER), ("complete", COMPLETE)):
            scripts.append(Path(place) / f"{name}.py")
            scripts[-1].write_text(BARE.format(root=root) + body)
        extra = only_ours(bench, Path(place))
        for number in range(repeat):
            launch = bench.open("double")
            words = [bench.url, str(launch.tasks[0][0]), str(launch.launch_id), str(uuid4())]
            bare = [[sys.executable, str(script), *words] for script in scripts]
            rows.run(bare, bench.environ)
            launch, task = bench.open("double"), Path(place) / f"task{number}"
            command = [str(PM), "register_run", "--planned", str(launch.tasks[0][0])]
            command += ["--launch", str(launch.launch_id), "--attempt", "1"]
            command += ["--workspace", str(bench.root), "--task-dir", str(task)]
            first.run([command], bench.environ)
            subprocess.run(["sh", str(task / ".pm-run.sh")], env=dict(os.environ), check=True)
            command = [str(PM), "complete_run", "--task-dir", str(task), "--exit", "0"]
            second.run([command], bench.environ)
    ours = first.join(second)
    print(f"rows       {rows.said()}")
    print(f"ours       {ours.said()}")
    print(f"  register {first.said()}")
    print(f"  complete {second.said()}")
    print(f"  of which made ready and hashed, at least {extra:.0f} ms")
    for name, of in (("wall", "wall"), ("cpu", "cpu")):
        mine, theirs = min(getattr(ours, of)), min(getattr(rows, of))
        print(
            f"ratio of least {name}: {mine / theirs:.2f}, "
            f"without that {(mine - extra) / theirs:.2f}"
        )


if __name__ == "__main__":
    main()
