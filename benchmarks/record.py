"""How long recording one run takes in-process, beside the same rows by bare psycopg.

    python benchmarks/record.py [--repeat N]

`rows` opens a connection and writes the rows of a registration and of a completion with the fewest
statements; `ours` asks the recorder the same two things. Nothing is hashed and nothing is executed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from pm_kernel.domain.plans import Launch
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.store import schema
from pm_kernel.store.engine import Store
from tests.workbench import Workbench

LOGS = [{"level": "INFO", "message": f"line {n}", "time": None, "line": n} for n in range(1, 11)]
PARAMETERS = [
    {"function": "scale", "param": name, "ordinal": 0, "value": "1", "type": "int",
     "expected": "1", "set": False}
    for name in ("value", "factor")
]  # fmt: skip
OUTPUT = {"name": "table", "path": "table.csv", "type": "table", "size": 10, "files": 1,
          "checksum": "0" * 64, "declared": True}  # fmt: skip


@contextmanager
def workbench() -> Iterator[Workbench]:
    """A workspace with one method and a database of its own."""
    with tempfile.TemporaryDirectory(prefix="pm-benchmark-") as place:
        server = EmbeddedPostgres(Path(place) / ".postgres", state_dir=Path(place) / "state")
        url = server.start()
        store = Store(url, pooled=False)
        schema.upgrade(store)
        store.close()
        bench = Workbench.make(Path(place) / "workspace", url)
        bench.method("double")
        try:
            yield bench
        finally:
            bench.close()
            server.stop()


def registration(launch: Launch, uuid: str) -> dict[str, Any]:
    """A request as a task makes it."""
    return {
        "op": "register", "uuid": uuid, "planned": launch.tasks[0][0], "launch": launch.launch_id,
        "attempt": 1, "created_by": "somebody", "host": "host", "pid": 1, "pid_start": "1",
        "boot_id": "b", "work_dir": "/w", "scheduler_job_id": None,
    }  # fmt: skip


def completion(uuid: str) -> dict[str, Any]:
    """A request as an ended run makes it: one output, two parameters, ten log lines."""
    return {
        "op": "complete", "uuid": uuid, "status": "completed", "error": None,
        "finished_at": "2099-01-01T00:00:00+00:00", "metrics": {"result": 42}, "notices": [],
        "outputs": [OUTPUT], "parameters": PARAMETERS, "logs": LOGS, "environment": {},
        "environment_fingerprint": "f", "cpu_seconds": 0.1, "peak_rss_bytes": 1, "altered": [],
        "reusable": "stated", "created_by": "somebody",
    }  # fmt: skip


def rows_registered(url: str, launch: Launch, uuid: str) -> None:
    """The rows of a registration, by bare psycopg."""
    planned = launch.tasks[0][0]
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as c, c.transaction():
        row = c.execute(
            "SELECT p.plan_id, p.step, p.branch, p.param_set_id, v.id, v.method_id, e.workspace_id "
            "FROM planned_runs p JOIN execution_plans e ON e.id = p.plan_id "
            "JOIN method_versions v ON v.id = p.method_version_id WHERE p.id = %s FOR UPDATE OF p",
            (planned,),
        ).fetchone()
        assert row is not None
        c.execute(
            "INSERT INTO runs (uuid, execution_plan_id, plan_step, plan_branch, param_set_id, "
            "method_version_id, method_id, workspace_id, planned_run_id, launch_id, status, "
            "created_by, host) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'running', 's', 'h')",
            (uuid, *row, planned, launch.launch_id),
        )


def rows_completed(url: str, uuid: str) -> None:
    """The rows of a completion, by bare psycopg."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as c, c.transaction():
        row = c.execute(
            "UPDATE runs SET status = 'completed', finished_at = now(), metrics = %s, "
            "reuse_key = 'k' WHERE uuid = %s RETURNING id, planned_run_id",
            (json.dumps({"result": 42}), uuid),
        ).fetchone()
        assert row is not None
        with c.cursor() as cursor:
            cursor.execute(
                "INSERT INTO run_outputs (run_id, output_name, artifact_path, artifact_type, "
                "size_bytes, file_count, checksum, declared) "
                "VALUES (%s, 'table', 'table.csv', 'table', 10, 1, '0', true)",
                (row[0],),
            )
            cursor.executemany(
                "INSERT INTO run_parameters (run_id, function_name, param_name, ordinal, value, "
                "value_type, expected, is_set) VALUES (%s, 'scale', %s, 0, '1', 'int', '1', false)",
                [(row[0], p["param"]) for p in PARAMETERS],
            )
            with cursor.copy("COPY run_logs (run_id, level, message, line) FROM STDIN") as copy:
                for entry in LOGS:
                    copy.write_row((row[0], entry["level"], entry["message"], entry["line"]))
        c.execute("UPDATE planned_runs SET current_run = %s WHERE id = %s", row)


def took(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=40)
    repeat = options.parse_args().repeat
    times: dict[str, list[float]] = {"rows": [], "ours": []}
    with workbench() as bench:
        recorder = DirectRecorder(bench.url)

        def rows() -> None:
            rows_registered(bench.url, launch, uuid)
            rows_completed(bench.url, uuid)

        def ours() -> None:
            recorder.ask(registration(launch, uuid))
            recorder.ask(completion(uuid))

        for number in range(repeat + 2):
            for name, work in (("rows", rows), ("ours", ours)):
                launch, uuid = bench.open("double"), str(uuid4())
                spent = took(work)
                if number >= 2:
                    times[name].append(spent)
    for name, spans in times.items():
        print(f"{name:6} median {statistics.median(spans):7.1f} ms   least {min(spans):7.1f} ms")
    medians = [statistics.median(times[name]) for name in ("ours", "rows")]
    least = [min(times[name]) for name in ("ours", "rows")]
    print(f"ratio  median {medians[0] / medians[1]:7.2f}      least {least[0] / least[1]:7.2f}")


if __name__ == "__main__":
    main()
