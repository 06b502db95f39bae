"""How long the preview of a plan of 10,000 runs takes, half of them done before; then its start.

    python benchmarks/preview.py [--samples N] [--repeat N]

Each sample has two steps in a row, whose runs exist already, and a third with two branches; two
more runs gather all samples: 4 N + 2 runs, 2,500 samples make 10,002. `preview` expands the plan
and asks which runs answer it; `store` keeps it as a draft. Then a launch of everything that would
run is opened and written, and Nextflow is started on it until it has submitted its first task,
beside a plain pipeline of one process on as many rows.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.record import workbench
from pm_kernel import planning
from pm_kernel.config import default_cache_dir
from pm_kernel.domain.methods import MethodInput
from pm_kernel.domain.reuse import content_identity, set_key
from pm_kernel.environment_match import same_imports
from pm_kernel.nextflow.command import NextflowCommand, find_nextflow
from pm_kernel.nextflow.compile import compile_launch
from pm_kernel.nextflow.ir import Commands
from pm_kernel.nextflow.render import render
from pm_kernel.store import launches
from tests.workbench import Workbench

T = TypeVar("T")

READ = "def run(image, output_dir): ..."
STEP = "def scale(x, factor=2): ...\ndef run(table, output_dir): ..."
PIPELINE = {
    "format": 1,
    "name": "large",
    "steps": {
        "read": {"method": "read", "inputs": {"image": {"column": "image"}}},
        "segment": {"method": "segment", "inputs": {"table": {"from": "read.table"}}},
        "filter": {
            "method": "filter",
            "inputs": {"table": {"from": "segment.table"}},
            "branches": {"grid": {"scale.factor": ["1", "2"]}},
        },
        "all": {
            "method": "all",
            "inputs": {"tables": {"from": "filter.table", "gather": {"over": ["sample"]}}},
        },
    },
}
BARE = """\
process A {
    errorStrategy 'ignore'
    input:
    val id

    output:
    val id

    script:
    'true'
}

workflow {
    rows = channel.fromPath("${projectDir}/tasks.tsv").splitCsv(header: true, sep: '\\t')
    A(rows.map { row -> row.id })
}
"""
RUN = """
INSERT INTO runs (uuid, workspace_id, method_id, method_version_id, param_set_id, planned_run_id,
    execution_plan_id, plan_step, plan_branch, sample, status, finished_at, created_by, host,
    set_params, environment, reuse_key)
SELECT gen_random_uuid(), 1, v.method_id, v.id, p.param_set_id, p.id, p.plan_id, p.step, p.branch,
    p.sample, 'completed', now(), 'benchmark', 'host', p.set_params,
    '{"kind": "plain", "imports": {}, "outside_files": {}}', x.key
FROM unnest(%s::bigint[], %s::text[]) AS x(id, key)
JOIN planned_runs p ON p.id = x.id JOIN method_versions v ON v.id = p.method_version_id
ORDER BY p.ordinal
"""
OUTPUT = """
INSERT INTO run_outputs (run_id, output_name, artifact_path, artifact_type, size_bytes, checksum,
    declared) SELECT id, 'table', 'table.csv', 'file', 1, md5(planned_run_id::text), true FROM runs
"""
INPUT = """
INSERT INTO run_inputs (run_id, method_input_id, source_run_id, source_output, checksum, ordinal)
SELECT r.id, i.id, s.id, 'table', o.checksum, 0
FROM runs r JOIN planned_edges e ON e.child_id = r.planned_run_id
JOIN runs s ON s.planned_run_id = e.parent_id JOIN run_outputs o ON o.run_id = s.id
JOIN method_inputs i ON i.method_id = r.method_id
"""


def methods(bench: Workbench) -> None:
    """Four methods, one of them with a tracked function."""
    table = {"table": "table.csv"}
    bench.method("read", READ, inputs={"image": "file"}, outputs=table)
    for name in ("segment", "filter"):
        bench.method(
            name, STEP, tracked=["run.py:scale"], inputs={"table": "upstream"}, outputs=table
        )
    tables = MethodInput("tables", "upstream", gather=True)
    bench.method("all", "def run(tables): ...", inputs={"tables": tables})


def request(bench: Workbench, samples: int) -> dict[str, Any]:
    """A sheet with a file of its own for each sample."""
    folder = bench.root / "images"
    folder.mkdir()
    rows = []
    for n in range(samples):
        (folder / f"{n}.tif").write_text(f"image {n}")
        rows.append({"sample": f"s{n}", "image": str(folder / f"{n}.tif")})
    return {"samples": {"columns": ["sample", "image"], "rows": rows}}


def fill(bench: Workbench, plan_id: int) -> None:
    """Record completed runs for the first two steps, as if the plan had run that far."""
    import hashlib

    def md5(number: int) -> str:
        return hashlib.md5(str(number).encode()).hexdigest()

    rows = bench.rows(
        "SELECT p.id, p.step, p.method_version_id AS version, p.inputs, e.parent_id "
        "FROM planned_runs p LEFT JOIN planned_edges e ON e.child_id = p.id "
        "WHERE p.plan_id = %s AND p.step IN ('read', 'segment')",
        plan_id,
    )
    ids, keys = [], []
    for row in rows:
        name = "image" if row["step"] == "read" else "table"
        content = (
            row["inputs"]["image"]["items"][0]["checksum"]
            if name == "image"
            else md5(row["parent_id"])
        )
        ids.append(row["id"])
        keys.append(set_key(row["version"], {}, {name: [content_identity(content)]}))
    bench.execute("ALTER TABLE runs DISABLE TRIGGER USER")
    bench.execute(RUN, ids, keys)
    bench.execute(OUTPUT)
    bench.execute(INPUT)
    bench.execute("ANALYZE")


class Clock:
    """Wall clock and processor time of this process, in seconds."""

    def __init__(self) -> None:
        self.spans: dict[str, list[tuple[float, float]]] = {}

    def take(self, name: str, work: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        value = work()
        span = time.perf_counter() - wall, time.process_time() - cpu
        self.spans.setdefault(name, []).append(span)
        return value

    def tell(self) -> None:
        for name, spans in self.spans.items():
            wall, cpu = (statistics.median(each) for each in zip(*spans, strict=True))
            least = min(each for each, _ in spans)
            print(
                f"{name:28} wall median {wall:6.2f}  least {least:6.2f} s"
                f"   own processor median {cpu:6.2f} s"
            )


def first_task(command: NextflowCommand, folder: Path, clock: Clock, name: str) -> None:
    """Start Nextflow in a folder until it has submitted a task, then end it."""

    def begin() -> None:
        for line in process.stdout or ():
            if "Submitted process" in line:
                return
        raise SystemExit(f"{name} started no task:\n{(folder / '.nextflow.log').read_text()}")

    process = subprocess.Popen(
        [*command.argv, "run", str(folder / "pipeline.nf")],
        cwd=folder, env=command.environment(os.environ), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    clock.take(name, begin)
    process.send_signal(signal.SIGTERM)
    process.communicate()


def write(folder: Path, files: Mapping[str, str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--samples", type=int, default=2_500)
    options.add_argument("--repeat", type=int, default=5)
    options.add_argument("--profile", action="store_true", help="where a preview's time goes")
    given = options.parse_args()
    command = find_nextflow(dict(os.environ), default_cache_dir(os.environ))
    clock = Clock()
    with workbench() as bench:
        methods(bench)
        plan = planning.PlanInput(PIPELINE, request(bench, given.samples), bench.root)
        check = same_imports(bench.settings)

        def preview() -> planning.Preview:
            return planning.preview(bench.store, plan, check)

        def store(shown: planning.Preview) -> int:
            return planning.store_plan(bench.store, bench.settings, plan, shown, name="large")

        fill(bench, clock.take("store, all new", lambda: store(preview())))
        preview()
        for _ in range(given.repeat):
            shown = clock.take("preview", preview)
        print(f"{shown.counts.total} runs, {shown.counts.reuse} of them reused")
        if given.profile:
            profile = cProfile.Profile()
            profile.runcall(preview)
            pstats.Stats(profile).sort_stats("cumulative").print_stats(35)
        plan_id = clock.take("store, half reused", lambda: store(shown))
        with bench.store.transaction() as connection:
            epoch = launches.raise_epoch(connection, plan_id)
        launch = clock.take("open a launch", lambda: bench.launch(plan_id, epoch))
        commands = Commands(("/bin/true",), str(bench.root))
        files = clock.take(
            "compile and render",
            lambda: render(compile_launch(shown.pipeline, launch, commands)).files,
        )
        ours = bench.root / "ours"
        bare = bench.root / "bare"
        for _ in range(given.repeat):
            first_task(
                command, write(ours, files), clock, f"first task, ours ({len(launch.tasks)})"
            )
            plain = {"pipeline.nf": BARE, "tasks.tsv": files["tasks.tsv"]}
            first_task(
                command, write(bare, plain), clock, f"first task, bare ({len(launch.tasks)})"
            )
    clock.tell()


if __name__ == "__main__":
    main()
