"""Which sample a run is said to be of, when its data comes from runs that exist already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import direct_run, planning
from pm_kernel.errors import InvalidInput

from ..workbench import Workbench, same_imports
from .recording_harness import Life

WRITE = """
from pathlib import Path

def run(output_dir, **inputs):
    (Path(output_dir) / "table.txt").write_text("1")
"""


class World:
    """A run of sample s1 and one of s2, and methods that take their outputs."""

    def __init__(self, bench: Workbench, life: Life) -> None:
        self.bench = bench
        bench.method("load", WRITE, inputs={"image": "file"}, outputs={"table": "table.txt"})
        bench.method("gate", WRITE, inputs={"table": "upstream"}, outputs={"table": "table.txt"})
        both = {"moving": "file", "fixed": "upstream"}
        bench.method("align", WRITE, inputs=both, outputs={"table": "table.txt"})
        bench.method("pair", WRITE, inputs={"a": "upstream", "b": "upstream"}, outputs={})
        self.runs: dict[str, int] = {}
        for sample in ("s1", "s2"):
            (bench.root / f"{sample}.txt").write_text(sample)
            launch = bench.open("load", inputs=[("image", f"file:{sample}.txt")], sample=sample)
            self.runs[sample] = life.run(launch).run_id

    def prepare(self, method: str, sample: str | None, *inputs: tuple[str, str]) -> str | None:
        """The sample that a direct run would be of."""
        return direct_run.prepare(
            self.bench.store, self.request(method, sample, *inputs), same_imports
        ).sample

    def request(
        self, method: str, sample: str | None, *inputs: tuple[str, str]
    ) -> direct_run.DirectRequest:
        return direct_run.DirectRequest(
            method=method, sample=sample, inputs=inputs, base=self.bench.root
        )

    def of(self, sample: str) -> str:
        return f"run:{self.runs[sample]}/table"

    def notices(self, *rows: dict[str, str]) -> list[str]:
        plan = planning.PlanInput(
            {
                "format": 1,
                "name": "gates",
                "steps": {"gate": {"method": "gate", "inputs": {"table": {"column": "table"}}}},
            },
            {"samples": {"columns": ["sample", "table"], "rows": list(rows)}},
            self.bench.root,
        )
        shown = planning.preview(self.bench.store, plan, same_imports)
        assert shown.errors == ()
        return [each.message for each in shown.problems if each.code == "sample"]


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    yield World(bench, Life(bench, tmp_path))
    bench.close()


def test_a_run_is_of_the_sample_of_the_runs_that_all_its_data_comes_from(world: World) -> None:
    assert world.prepare("gate", None, ("table", world.of("s1"))) == "s1"
    assert world.prepare("gate", "s1", ("table", world.of("s1"))) == "s1"
    # Two samples, or data besides: then nobody knows which it is of, unless it is said.
    assert world.prepare("pair", None, ("a", world.of("s1")), ("b", world.of("s2"))) is None
    mixed = (("moving", "file:s2.txt"), ("fixed", world.of("s1")))
    assert world.prepare("align", None, *mixed) is None
    assert world.prepare("align", "s2", *mixed) == "s2"
    assert world.prepare("pair", "s2", ("a", world.of("s1")), ("b", world.of("s2"))) == "s2"


def test_the_sample_is_stored_with_the_run(world: World) -> None:
    launch = world.bench.open("gate", inputs=[("table", world.of("s2"))])
    planned = world.bench.rows("SELECT sample FROM planned_runs WHERE plan_id = %s", launch.plan_id)
    assert [row["sample"] for row in planned] == ["s2"]


def test_a_run_made_from_another_sample_alone_is_not_said_to_be_of_this_one(world: World) -> None:
    with pytest.raises(InvalidInput, match=f"run {world.runs['s2']} of sample 's2'") as refused:
        world.prepare("gate", "s1", ("table", world.of("s2")))
    assert refused.value.hint is not None
    assert "'s2'" in refused.value.hint
    with pytest.raises(InvalidInput, match="not of 's3'"):
        world.prepare("pair", "s3", ("a", world.of("s1")), ("b", world.of("s2")))


def test_a_preview_notes_the_rows_of_a_sheet_that_take_runs_of_other_samples(world: World) -> None:
    rows: list[dict[str, Any]] = [
        {"sample": "s1", "table": world.of("s1")},
        {"sample": "s2", "table": world.of("s2")},
    ]
    assert world.notices(*rows) == []
    rows[1]["table"] = world.of("s1")
    (told,) = world.notices(*rows)
    assert "'s2'" in told
    assert f"run {world.runs['s1']}" in told
    many = [{"sample": f"p{n}", "table": world.of("s1")} for n in range(50)]
    (told,) = world.notices(*many)
    assert "and 47 more" in told
