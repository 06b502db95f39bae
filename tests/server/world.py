"""A small study: three samples, a method that reads a picture and may fail, one that gathers."""

from __future__ import annotations

from typing import Any

from pm_kernel.domain.methods import MethodInput
from pm_kernel.errors import Conflict
from pm_kernel.store import plans

from ..integration.recording_harness import Life
from ..workbench import Workbench

#: Fails as long as a file with the sample's name lies in the folder `broken`.
LOAD = """
import logging
from pathlib import Path

from helper import scale

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("load")

def run(image, output_dir):
    log.info("reading %s", Path(image).name)
    if (Path({root!r}) / "broken" / Path(image).stem).exists():
        log.error("cannot go on")
        raise ValueError("broken <b>picture</b>")
    out = Path(output_dir)
    value = scale(len(Path(image).read_text()))
    (out / "table.csv").write_text(f"sample,value\\\\n{{Path(image).stem}},{{value}}\\\\n")
    (out / "page.html").write_text("<script>alert(1)</script>")
    (out / "tiles").mkdir()
    for number in range(3):
        (out / "tiles" / f"{{number}}.txt").write_text("x" * (number + 1))
    return {{"value": value}}
"""
SCALE = """
def scale(value, factor: int = 2):
    \"\"\"Make it larger.\"\"\"
    return value * factor
"""
MERGE = """
from pathlib import Path

def run(tables, output_dir, tables_labels=()):
    text = "".join(Path(t).read_text().split()[1] + "\\n" for t in tables)
    (Path(output_dir) / "all.csv").write_text("sample,value\\n" + text)
"""
SAMPLES = ("s1", "s2", "s3")
DOCUMENT: dict[str, Any] = {
    "format": 1,
    "name": "cohort",
    "steps": {
        "load": {"method": "load", "inputs": {"image": {"column": "image"}}},
        "all": {
            "method": "merge",
            "inputs": {"tables": {"from": "load.table", "gather": {"over": ["sample"]}}},
        },
    },
}


def request_for(*samples: str) -> dict[str, Any]:
    rows = [{"sample": sample, "image": f"{sample}.txt"} for sample in samples]
    return {"samples": {"columns": ["sample", "image"], "rows": rows}}


class Study:
    """The study's methods and files, and what a supervisor would do with its plans."""

    def __init__(self, bench: Workbench, life: Life) -> None:
        self.bench = bench
        self.life = life
        self.broken = bench.root / "broken"
        self.broken.mkdir()
        for sample in SAMPLES:
            (bench.root / f"{sample}.txt").write_text(sample * 2)
        load = LOAD.replace("\\\\n", "\\n").format(root=str(bench.root))
        bench.method(
            "load",
            load,
            files={"helper.py": SCALE},
            tracked=["helper.py:scale"],
            inputs={"image": "file"},
            outputs={
                "table": ("table.csv", "table"),
                "page": ("page.html", "file"),
                "tiles": ("tiles/*.txt", "text"),
            },
            module="reading",
        )
        bench.method(
            "merge",
            MERGE,
            inputs={"tables": MethodInput("tables", "upstream", gather=True, module="reading")},
            outputs={"all": ("all.csv", "table")},
            module="merging",
        )

    def execute(self, plan_id: int, *, until: str | None = None) -> str:
        """Run what a submitted plan has to run, as Nextflow would; returns its status."""
        bench = self.bench
        (row,) = bench.rows("SELECT epoch FROM execution_plans WHERE id = %s", plan_id)
        launch = bench.launch(plan_id, row["epoch"])
        for position, (_, step) in enumerate(launch.tasks):
            if until is not None and step == until:
                break
            try:
                self.life.run(launch, position)
            except Conflict:
                continue  # a parent failed: Nextflow would not have started it
        with bench.store.transaction() as connection:
            status = plans.status_from_record(connection, plan_id)
            plans.set_status(connection, plan_id, status)
        return status

    def run(self, *samples: str, **changes: Any) -> int:
        """A plan of the study, executed; returns its id."""
        document = {**DOCUMENT, **changes}
        plan_id, _ = self.bench.plan(document, **request_for(*samples))
        self.execute(plan_id)
        return plan_id
