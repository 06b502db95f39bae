"""What the Lab asks of a database of a million runs when it shows everything at once.

    python benchmarks/everything.py [--runs N] [--url postgresql://…/postgres] [--repeat N]

Builds the scratch database of benchmarks/lineage.py. Each row is a question; `floor` is counting
the rows of the table that it is about (`SELECT count(*)`), taken in turns with it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import psycopg
from lineage import build, milliseconds, scratch

from pm_kernel.domain.catalogue import InputInfo
from pm_kernel.domain.runs import RunFilter
from pm_kernel.store.candidates import candidates
from pm_kernel.store.durations import median_seconds
from pm_kernel.store.engine import Store
from pm_kernel.store.everything import edges_between, everything
from pm_kernel.store.runs import find_runs


def medians(store: Store) -> dict[str, float]:
    with store.reading() as connection:
        return median_seconds(connection, [f"method_{n}" for n in range(1, 6)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--url", help="a server where a scratch database may be made")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with scratch(options.url, keep=False) as url:
        started = time.perf_counter()
        build(url, options.runs)
        print(f"{options.runs:,} runs built in {time.perf_counter() - started:.0f} s\n")
        store = Store(url)
        with psycopg.connect(url, autocommit=True) as connection:
            # As autovacuum leaves a table that grew.
            connection.execute("VACUUM ANALYZE runs")
            connection.execute("VACUUM ANALYZE run_inputs")
        page = [
            run.run_id for run in find_runs(store, RunFilter(method="method_1"), limit=500).runs
        ]
        port = InputInfo("upstream", module="benchmark", value_type="table")
        questions: list[tuple[str, str, Callable[[], object]]] = [
            ("everything", "run_inputs", lambda: everything(store)),
            ("of one sample", "runs", lambda: everything(store, RunFilter(sample="sample 7"))),
            ("of one method", "runs", lambda: everything(store, RunFilter(method="method_2"))),
            ("a method unfolded, 500 runs", "runs", lambda: edges_between(store, page)),
            ("results for a port, 50 runs", "runs", lambda: candidates(store, port)),
            ("the same of one sample", "runs", lambda: candidates(store, port, sample="sample 7")),
            ("median times of 5 methods", "runs", lambda: medians(store)),
        ]
        print(f"{'milliseconds':32} {'floor':>8} {'ours':>8} {'ours/floor':>11}")
        with psycopg.connect(url, autocommit=True) as connection:
            for name, table, ask in questions:
                ask()
                rounds = [
                    (
                        milliseconds(
                            lambda: connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: B023
                        ),
                        milliseconds(ask),
                    )
                    for _ in range(options.repeat)
                ]
                floor, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
                print(f"{name:32} {floor:8.1f} {ours:8.1f} {ours / floor:11.2f}")
        store.close()


if __name__ == "__main__":
    main()
