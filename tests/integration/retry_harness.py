"""A plan over three samples of which parts fail, and what people and its supervisor do with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pm_kernel import retrying, submission
from pm_kernel.domain.methods import MethodInput
from pm_kernel.domain.plans import Launch
from pm_kernel.errors import Conflict
from pm_kernel.retrying import Choice, Retry
from pm_kernel.store import plans
from pm_kernel.store.ownership import PlanLock

from ..workbench import Workbench
from .recording_harness import Life, me

#: Fails as long as a file with the sample's name lies beside the workspace.
FLAKY = """
from pathlib import Path

def run(image, output_dir):
    if (Path({root!r}) / "broken" / Path(image).stem).exists():
        raise ValueError("broken")
    (Path(output_dir) / "table.csv").write_text(Path(image).stem)
"""
READ = """
from pathlib import Path

def run(table, output_dir):
    (Path(output_dir) / "read.txt").write_text(Path(table).read_text())
"""
MERGE = """
from pathlib import Path

def run(tables, output_dir):
    (Path(output_dir) / "all.txt").write_text(" ".join(Path(t).read_text() for t in tables))
"""
STEPS: dict[str, Any] = {
    "load": {"method": "load", "inputs": {"image": {"column": "image"}}},
    "read": {"method": "read", "inputs": {"table": {"from": "load.table"}}},
    "all": {
        "method": "merge",
        "inputs": {"tables": {"from": "load.table", "gather": {"over": ["sample"]}}},
    },
}


class EndedNextflow:
    """A Nextflow that has run its launch to the end."""

    identity = replace(me(), start="ended")

    def poll(self) -> int:
        return 0


class StuckNextflow:
    """A Nextflow that starts nothing more, and does not end until it is told to."""

    identity = replace(me(), start="stuck")
    code: int | None = None

    def poll(self) -> int | None:
        return self.code

    def stop(self) -> None:
        self.code = 143


class World:
    """One plan over three samples, and the supervisor that runs it."""

    def __init__(self, bench: Workbench, life: Life, steps: dict[str, Any] | None = None) -> None:
        self.bench = bench
        self.life = life
        self.started: list[list[str]] = []
        self.owner: PlanLock
        self.broken = bench.root / "broken"
        self.broken.mkdir()
        for sample in ("s1", "s2", "s3"):
            (bench.root / f"{sample}.txt").write_text(sample)
        bench.method("load", FLAKY.format(root=str(bench.root)), inputs={"image": "file"},
                     outputs={"table": "table.csv"})  # fmt: skip
        bench.method("read", READ, inputs={"table": "upstream"}, outputs={"text": "read.txt"})
        tables = MethodInput("tables", "upstream", gather=True)
        bench.method("merge", MERGE, inputs={"tables": tables}, outputs={"all": "all.txt"})
        rows = [{"sample": s, "image": f"{s}.txt"} for s in ("s1", "s2", "s3")]
        samples = {"columns": ["sample", "image"], "rows": rows}
        self.plan_id, self.epoch = bench.plan({"steps": steps or STEPS}, samples=samples)

    def launch(self) -> list[str]:
        """Open a launch and run it as Nextflow would; returns what it was given."""
        return self.play(self.bench.launch(self.plan_id, self.epoch))

    def play(self, launch: Launch) -> list[str]:
        """Run a launch as Nextflow would; returns what it was given."""
        told = []
        for position, (planned, step) in enumerate(launch.tasks):
            told.append(f"{step} {self.samples()[planned]}")
            try:
                self.life.run(launch, position)
            except Conflict:
                continue  # a parent failed: Nextflow would not have started it
        return sorted(told)

    def finish(self) -> str:
        with self.bench.store.transaction() as connection:
            status = plans.status_from_record(connection, self.plan_id)
            plans.set_status(connection, self.plan_id, status)
        return status

    def run(self) -> str:
        """What a supervisor does with the plan."""
        while self.launch():
            pass
        return self.finish()

    def retry(self, *, again: bool = False, **choice: Any) -> Retry:
        def start(command: list[str], _log: Path, _environ: dict[str, str]) -> None:
            self.started.append(command)
            self.epoch = int(command[-1])

        return retrying.retry(
            self.bench.settings, self.bench.store, self.plan_id, Choice(**choice), again=again,
            start=start,
        )  # fmt: skip

    def resume(self) -> int:
        def start(command: list[str], _log: Path, _environ: dict[str, str]) -> None:
            self.epoch = int(command[-1])

        return submission.resume(self.bench.settings, self.bench.store, self.plan_id, start=start)

    def take_back(self, **choice: Any) -> int:
        return retrying.take_back(
            self.bench.settings, self.bench.store, self.plan_id, Choice(**choice)
        )

    def wanted(self) -> dict[str, str]:
        """What is wanted again, and by whom."""
        return {
            f"{row.step} {row.sample or '-'}": row.again_by
            for row in plans.planned_runs_of(self.bench.store, self.plan_id)
            if row.again_by is not None
        }

    def positions(self, launch: Launch) -> dict[str, int]:
        """Where each planned run stands in a launch."""
        samples = self.samples()
        return {f"{step} {samples[each]}": n for n, (each, step) in enumerate(launch.tasks)}

    def samples(self) -> dict[int, str]:
        rows = self.bench.rows("SELECT id, sample FROM planned_runs")
        return {row["id"]: row["sample"] or "-" for row in rows}

    def states(self) -> dict[str, str]:
        return {
            f"{row.step} {row.sample or '-'}": row.state
            for row in plans.planned_runs_of(self.bench.store, self.plan_id)
        }

    def current(self) -> dict[str, int | None]:
        rows = self.bench.rows("SELECT step, sample, current_run FROM planned_runs")
        return {f"{row['step']} {row['sample'] or '-'}": row["current_run"] for row in rows}

    def break_(self, *samples: str) -> None:
        for sample in samples:
            (self.broken / sample).touch()

    def mend(self, *samples: str) -> None:
        for sample in samples:
            (self.broken / sample).unlink()


def nobody(_command: list[str], _log: Path, _environ: dict[str, str]) -> None:
    raise AssertionError("it must not be started")
