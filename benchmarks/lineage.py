"""How long lineage takes in a database of a million runs, beside the bare recursive query.

    python benchmarks/lineage.py [--runs N] [--url postgresql://…/postgres] [--repeat N] [--keep]

Builds a scratch database (some minutes per million runs) and drops it at the end; without --url
on an embedded server in a temporary folder. Each row is a shape. `ids` is the recursive query by
psycopg alone, which fetches nothing but ids; `rows` fetches the rows of those runs and their edges,
as tuples; `ours` returns the graph of `Run` and `Edge` values; `details` is what adding the
parameters, inputs and outputs of each run takes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from pm_kernel.domain.lineage import LineageGraph
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.store import schema
from pm_kernel.store.engine import Store
from pm_kernel.store.lineage import ancestry, descendants
from pm_kernel.store.run_details import details_of

DATABASE = "pm_lineage_benchmark"
DEPTH, WIDTH, LAYERS = 1_500, 10_000, 20

REGISTRY = """
INSERT INTO workspaces (uuid, root, host) VALUES (gen_random_uuid(), '/benchmark', 'host');
INSERT INTO modules (name) VALUES ('benchmark');
INSERT INTO methods (module_id, name) SELECT 1, 'method_' || n FROM generate_series(1, 5) n;
INSERT INTO method_versions (method_id, workspace_id, version, git_commit_hash, git_tag,
    content_hash, declaration, created_by)
SELECT n, 1, 1, md5(n::text), 'method_' || n || '/v1', md5(n::text), json_build_object(
    'name', 'method_' || n, 'module', 'benchmark', 'tracked', json_build_array(json_build_object(
        'function', 'work', 'qualname', 'work', 'file', 'helper.py', 'params', json_build_array(
            json_build_object('name', 'a', 'default', '1.0'),
            json_build_object('name', 'b', 'default', '2')))))::jsonb, 'benchmark'
FROM generate_series(1, 5) n;
INSERT INTO method_inputs (method_id, input_name, input_type, gather, ordinal, first_version)
SELECT n, 'table', 'upstream', true, 0, 1 FROM generate_series(1, 5) n;
INSERT INTO tracked_functions (method_id, function_name, qualname, source_file, ordinal,
    first_version)
SELECT n, 'work', 'work', 'helper.py', 0, 1 FROM generate_series(1, 5) n;
INSERT INTO param_defs (tracked_function_id, param_name, default_value, ordinal, first_version)
SELECT n, name, value, 0, 1 FROM generate_series(1, 5) n, (VALUES ('a', '1.0'), ('b', '2')) p(name,
    value);
INSERT INTO param_sets (method_id, fingerprint) SELECT n, md5(n::text) FROM generate_series(1, 5) n;
INSERT INTO param_set_values (param_set_id, param_def_id, value)
SELECT tracked_function_id, id, default_value FROM param_defs;
"""
# Every run was made by a plan of a thousand and reused by a later one, which has edges of its own.
PLANS = """
INSERT INTO execution_plans (workspace_id, name, document, status, created_by)
SELECT 1, 'plan ' || n, '{{}}', 'completed', 'benchmark'
FROM generate_series(0, 2 * {runs} / 1000 + 1) n
"""
PLANNED = """
INSERT INTO planned_runs (id, plan_id, ordinal, key, step, method_version_id, decision, current_run)
OVERRIDING SYSTEM VALUE
SELECT 2 * n + later, 1 + 2 * (n / 1000) + later, n % 1000, n::text, 'step', 1 + n % 5,
    CASE later WHEN 0 THEN 'run' ELSE 'reuse' END, n
FROM generate_series({first}, {last}) n, generate_series(0, 1) later
"""
EDGES = """
INSERT INTO planned_edges (child_id, input_name, ordinal, parent_id, source_output)
SELECT 2 * run_id + later, 'table', ordinal, 2 * source_run_id + later, 'table'
FROM run_inputs, generate_series(0, 1) later WHERE run_id BETWEEN {first} AND {last}
"""
RUNS = """
INSERT INTO runs (uuid, workspace_id, method_id, method_version_id, param_set_id, planned_run_id,
    sample, status, finished_at, created_by, host)
SELECT gen_random_uuid(), 1, 1 + n % 5, 1 + n % 5, 1 + n % 5, 2 * n,
    'sample ' || n % 997, 'completed', now(), 'benchmark', 'host'
FROM generate_series({first}, {last}) n ORDER BY n
"""
INPUT = "INSERT INTO run_inputs (run_id, method_input_id, source_run_id, source_output, ordinal) "
# Five steps in a row, again and again: what most of a database is.
PIPELINES = f"""{INPUT}
SELECT n, 1 + n % 5, n - 1, 'table', 0 FROM generate_series({{first}}, {{last}}) n WHERE n % 5 <> 1
"""
CHAIN = f"""{INPUT}
SELECT n, 1 + n % 5, n - 1, 'table', 0 FROM generate_series({{first}} + 1, {{last}}) n
"""
FAN_IN = f"""{INPUT}
SELECT {{last}}, 1 + {{last}} % 5, n, 'table', n FROM generate_series({{first}}, {{last}} - 1) n
"""
FAN_OUT = f"""{INPUT}
SELECT n, 1 + n % 5, {{first}}, 'table', 0 FROM generate_series({{first}} + 1, {{last}}) n
"""
# Two runs per layer, each reads both of the layer before.
DIAMOND = f"""{INPUT}
SELECT {{first}} + 2 * layer + side, 1 + ({{first}} + 2 * layer + side) % 5,
    {{first}} + 2 * (layer - 1) + source, 'table', source
FROM generate_series(1, {LAYERS} - 1) layer, generate_series(0, 1) side,
    generate_series(0, 1) source
"""
REST = """
INSERT INTO run_outputs (run_id, output_name, artifact_path, artifact_type, size_bytes, checksum,
    declared)
SELECT id, 'table', 'table.parquet', 'table', 1000000, md5(id::text), true FROM runs;
INSERT INTO run_parameters (run_id, function_name, param_name, ordinal, value, expected)
SELECT id, 'work', 'a', 0, '1.0', '1.0' FROM runs;
UPDATE run_inputs SET checksum = md5(source_run_id::text);
ANALYZE;
"""
WALK = {
    "up": """
WITH RECURSIVE reached(id) AS (
    SELECT %s::bigint UNION
    SELECT i.source_run_id FROM reached r JOIN run_inputs i ON i.run_id = r.id
    WHERE i.source_run_id IS NOT NULL)
""",
    "down": """
WITH RECURSIVE reached(id) AS (
    SELECT %s::bigint UNION
    SELECT i.run_id FROM reached r JOIN run_inputs i ON i.source_run_id = r.id)
""",
}
IDS = "SELECT id FROM reached"
RUN_ROWS = """
SELECT r.id, r.uuid, r.status, m.name, v.version, v.git_commit_hash, r.sample, r.started_at,
    r.finished_at, r.error, r.notices, r.created_by, r.host
FROM reached JOIN runs r USING (id) JOIN methods m ON m.id = r.method_id
JOIN method_versions v ON v.id = r.method_version_id
"""
EDGE_ROWS = """
SELECT i.run_id, i.source_run_id, d.input_name, i.source_output, i.ordinal, i.label
FROM reached JOIN run_inputs i ON i.run_id = reached.id JOIN method_inputs d
ON d.id = i.method_input_id
"""


@dataclass(frozen=True)
class Shape:
    """A question about one run, and how many runs the answer has."""

    name: str
    direction: str
    run_id: int
    runs: int


def build(url: str, runs: int) -> list[Shape]:
    """Fill the database; returns the shapes to ask for."""
    shapes = []
    with psycopg.connect(url) as connection:
        # A million notifications are not what is measured.
        for table in ("runs", "planned_runs", "execution_plans"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        connection.execute(REGISTRY)
        connection.execute(PLANS.format(runs=runs))
        first = 1

        def add(count: int, edges: str) -> tuple[int, int]:
            nonlocal first
            bounds = {"first": first, "last": first + count - 1}
            for statement in (PLANNED, RUNS, edges, EDGES):
                connection.execute(statement.format(**bounds))
            first += count
            return bounds["first"], bounds["last"]

        special = DEPTH + 2 * (WIDTH + 1) + 2 * LAYERS
        add(max(5, (runs - special) // 5 * 5), PIPELINES)
        start, end = add(DEPTH, CHAIN)
        shapes += [
            Shape(f"chain of {DEPTH}, ancestry", "up", end, DEPTH),
            Shape(f"chain of {DEPTH}, descendants", "down", start, DEPTH),
        ]
        _, end = add(WIDTH + 1, FAN_IN)
        shapes.append(Shape(f"{WIDTH} sources, ancestry", "up", end, WIDTH + 1))
        start, _ = add(WIDTH + 1, FAN_OUT)
        shapes.append(Shape(f"{WIDTH} readers, descendants", "down", start, WIDTH + 1))
        start, end = add(2 * LAYERS, DIAMOND)
        shapes += [
            Shape(f"diamond of {LAYERS} layers, ancestry", "up", end, 2 * LAYERS - 1),
            Shape(f"diamond of {LAYERS} layers, descendants", "down", start, 2 * LAYERS - 1),
            Shape("fifth step of a pipeline, ancestry", "up", 5, 5),
        ]
        connection.execute(REST)
        for table in ("runs", "planned_runs", "execution_plans"):
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return shapes


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def measure(url: str, shapes: list[Shape], repeat: int) -> None:
    print(f"{'milliseconds':36} {'runs':>6} {'ids':>7} {'rows':>7} {'ours':>7}", end="")
    print(f" {'ours/ids':>9} {'ours/rows':>10} {'details':>8}")
    store = Store(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for shape in shapes:
            measure_shape(connection, store, shape, repeat)
    store.close()


def measure_shape(connection: psycopg.Connection, store: Store, shape: Shape, repeat: int) -> None:
    def fetch(query: str) -> int:
        rows = connection.execute(WALK[shape.direction] + query, (shape.run_id,))
        return len(rows.fetchall())

    def ask() -> LineageGraph:
        return (ancestry if shape.direction == "up" else descendants)(store, shape.run_id)

    graph = ask()
    if not len(graph.runs) == fetch(IDS) == shape.runs:
        raise SystemExit(f"{shape.name}: {len(graph.runs)} runs, expected {shape.runs}")
    # Taken in turns, so that whatever else the machine does meets all of them.
    rounds = [
        (
            milliseconds(lambda: fetch(IDS)),
            milliseconds(lambda: (fetch(RUN_ROWS), fetch(EDGE_ROWS))),
            milliseconds(ask),
        )
        for _ in range(repeat)
    ]
    ids, rows, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
    details = milliseconds(lambda: list(details_of(store, graph.runs.values())))
    print(f"{shape.name:36} {shape.runs:6} {ids:7.1f} {rows:7.1f} {ours:7.1f}", end="")
    print(f" {ours / ids:9.1f} {ours / rows:10.1f} {details:8.0f}")


@contextmanager
def scratch(url: str | None, keep: bool) -> Iterator[str]:
    """Make an empty database with the schema; yields its address."""
    if url is None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            server = EmbeddedPostgres(Path(folder) / ".postgres", state_dir=Path(folder) / "state")
            server.start()
            try:
                with scratch(server.url("postgres"), keep=False) as address:
                    yield address
            finally:
                server.stop()
        return
    name = sql.Identifier(DATABASE)
    address = make_url(url).set(database=DATABASE).render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        store = Store(address)
        schema.upgrade(store)
        store.close()
        yield address
        if not keep:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--url", help="a server where a scratch database may be made")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--keep", action="store_true", help="leave the database on the server")
    options = parser.parse_args()
    with scratch(options.url, options.keep) as url:
        started = time.perf_counter()
        shapes = build(url, options.runs)
        print(f"{options.runs:,} runs built in {time.perf_counter() - started:.0f} s\n")
        measure(url, shapes, options.repeat)


if __name__ == "__main__":
    main()
