"""A plan of two steps for tests of recording, the second of which reads the first."""

from __future__ import annotations

from pm_kernel.store import launches

from ..workbench import Workbench

READ = """
from pathlib import Path

def run(table, output_dir):
    text = Path(table).read_text()
    (Path(output_dir) / "read.txt").write_text(text)
"""


def chain(bench: Workbench) -> tuple[int, int]:
    """A plan of two steps, the second of which reads the first."""
    bench.method("double")
    bench.method("read", READ, inputs={"table": "upstream"}, outputs={"text": "read.txt"})
    return bench.plan(
        {
            "steps": {
                "double": {"method": "double"},
                "read": {"method": "read", "inputs": {"table": {"from": "double.table"}}},
            }
        }
    )


def cancel(bench: Workbench, plan_id: int) -> None:
    with bench.store.transaction() as connection:
        launches.cancel_epoch(connection, plan_id)
