"""What writing down a tracked function's arguments costs per call.

    python benchmarks/capture.py [--calls N]

One method calls a tracked function many times; the same function, not tracked, is the floor. `same`
passes the same values each time, `set` has one of them set by the plan, `distinct` passes a new
value each time (the first 1,000 are written down).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.integration.runner_harness import Bench

HELPER = """
def tracked(value, factor=2, name="a"):
    return value

def untracked(value, factor=2, name="a"):
    return value
"""
RUN = """
import time
from helper import tracked, untracked

def measured(function, values):
    best = 9e9
    for _ in range(3):
        begin = time.perf_counter()
        for value in values:
            function(value)
        best = min(best, time.perf_counter() - begin)
    return best / len(values) * 1e6

def run():
    same, distinct = [1] * CALLS, list(range(CALLS))
    return {"untracked": measured(untracked, same), "same": measured(tracked, same),
            "distinct": measured(tracked, distinct)}
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=100_000)
    calls = options.parse_args().calls
    with tempfile.TemporaryDirectory(prefix="pm-benchmark-") as place:
        bench = Bench(Path(place))
        files = {"run.py": RUN.replace("CALLS", str(calls)), "helper.py": HELPER}
        plain = bench.run(files, ["helper.py:tracked"]).metrics
        enforced = bench.run(files, ["helper.py:tracked"], set={"tracked.factor": "3"}).metrics
    base = plain["untracked"]
    print("| call | microseconds | more than untracked |\n|---|---|---|")
    for name, value in (
        ("untracked", base),
        ("tracked, same values", plain["same"]),
        ("tracked, one value set", enforced["same"]),
        ("tracked, new values", plain["distinct"]),
    ):
        print(f"| {name} | {value:.2f} | {value - base:+.2f} |")


if __name__ == "__main__":
    main()
