"""An exported plan, run by a plain Nextflow: plans of its own, native resume, the same lineage."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.config import default_cache_dir
from pm_kernel.domain.methods import MethodInput
from pm_kernel.nextflow.command import NextflowCommand, find_nextflow

from ..workbench import Workbench
from .lineages import lineages

pytestmark = pytest.mark.nextflow

LOAD = """
import time
from pathlib import Path
from helper import scale

def run(image, output_dir):
    stem = Path(image).stem
    while (Path({root!r}) / "wait" / stem).exists():
        time.sleep(0.05)
    if (Path({root!r}) / "broken" / stem).exists():
        raise ValueError("broken")
    (Path(output_dir) / "table.csv").write_text(stem + str(scale(1)))
"""
COPY = """
from pathlib import Path
from helper import scale

def run(table, output_dir):
    (Path(output_dir) / "table.csv").write_text(Path(table).read_text() + str(scale(2)))
"""
MERGE = """
from pathlib import Path

def run(tables, output_dir):
    (Path(output_dir) / "all.txt").write_text(" ".join(Path(t).read_text() for t in tables))
"""
HELPER = """
def scale(value, factor=2):
    return value * factor
"""
PLAN = """
name = "it's a \\"plan\\" $HOME"
sheet = "samples.csv"

[pipeline]
format = 1

[pipeline.steps."load `id`"]
method = "load"
inputs = {{ image = {{ column = "image" }} }}

[pipeline.steps.copy]
method = "copy"
inputs = {{ table = {{ from = "load `id`.table" }} }}
branches = {{ low = {{ "scale.factor" = "1" }}, "hi'gh" = {{ "scale.factor" = "5" }} }}

[pipeline.steps.all]
method = "merge"
inputs = {{ tables = {{ from = "copy.table", gather = {{ over = ["sample"]{on_failure} }} }} }}
"""
SAMPLES = ("s1", "s2", "s$(touch x)")
#: 3 × load, 3 × 2 × copy, 2 × all
RUNS = 11


@dataclass
class World:
    """A workspace with a plan file, and Nextflow as a person has it."""

    bench: Workbench
    nextflow: NextflowCommand
    parser: str = "v1"
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def plan_file(self, on_failure: str = "") -> Path:
        path = self.bench.root / "plan.toml"
        path.write_text(PLAN.format(on_failure=on_failure))
        return path

    def export(self, plan: object, folder: Path) -> Path:
        done = self.bench.pm("plan", "export", str(plan), str(folder))
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{folder}\n"
        return folder

    def environ(self) -> dict[str, str]:
        return {**self.nextflow.environment(self.bench.environ), "NXF_SYNTAX_PARSER": self.parser}

    def start(self, folder: Path, *words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """`nextflow run pipeline.nf`, in a folder of its own as a shell would start it."""
        process = subprocess.Popen(
            [*self.nextflow.argv, "run", str(folder / "pipeline.nf"), *words],
            cwd=cwd or folder,
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, folder: Path, *words: str, cwd: Path | None = None) -> str:
        process = self.start(folder, *words, cwd=cwd)
        out, _ = process.communicate(timeout=600)
        assert process.returncode == 0, out
        return out

    def ask(self, *words: str) -> Any:
        done = self.bench.pm(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def plan(self, plan_id: int) -> tuple[str, str, dict[str, int]]:
        plan = self.ask("plan", "status", str(plan_id))
        return plan["kind"], plan["status"], plan["counts"]

    def break_(self, sample: str) -> None:
        (self.bench.root / "broken").mkdir(exist_ok=True)
        (self.bench.root / "broken" / sample).touch()

    def mend(self, sample: str) -> None:
        (self.bench.root / "broken" / sample).unlink()


@pytest.fixture(scope="session")
def nextflow() -> NextflowCommand:
    """The pinned Nextflow, fetched into the per-user cache on first use."""
    return find_nextflow(dict(os.environ), default_cache_dir(os.environ))


@pytest.fixture
def world(bench: Workbench, nextflow: NextflowCommand) -> Iterator[World]:
    root = str(bench.root)
    bench.environ["PM_CACHE_DIR"] = str(default_cache_dir(os.environ))
    files = {"helper.py": HELPER}
    tracked = ["helper.py:scale"]
    table = {"table": "table.csv"}
    bench.method("load", LOAD.format(root=root), files=files, tracked=tracked,
                 inputs={"image": "file"}, outputs=table)  # fmt: skip
    bench.method("copy", COPY, files=files, tracked=tracked,
                 inputs={"table": "upstream"}, outputs=table)  # fmt: skip
    tables = MethodInput("tables", "upstream", gather=True)
    bench.method("merge", MERGE, inputs={"tables": tables}, outputs={"all": "all.txt"})
    lines = [f"{sample},{sample}.tif" for sample in SAMPLES]
    (bench.root / "samples.csv").write_text("\n".join(["sample,image", *lines, ""]))
    for sample in SAMPLES:
        (bench.root / f"{sample}.tif").write_text(sample)
    made = World(bench, nextflow)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.terminate()
            process.communicate()


def wait_for(condition: Callable[[], object], *, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def of_nextflow(out: str) -> Mapping[str, int]:
    """How many tasks Nextflow started, and how many it took from its cache."""
    lines = [line for line in out.splitlines() if "process > " in line or "process >" in line]
    return {
        "submitted": sum("Submitted process" in line for line in lines),
        "cached": sum("Cached process" in line for line in lines),
    }


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_an_export_has_the_lineage_of_a_submitted_plan(
    world: World, tmp_path: Path, parser: str
) -> None:
    world.parser = parser
    folder = world.export(world.plan_file(), tmp_path / "an 'odd\" folder")
    out = world.run(folder)
    assert of_nextflow(out) == {"submitted": RUNS, "cached": 0}, out
    assert world.plan(1) == ("export", "completed", {"completed": RUNS})
    assert world.bench.unfinished() == []
    done = world.bench.pm(
        "plan", "create", str(world.bench.root / "plan.toml"), "--rerun", "all", "--submit"
    )
    assert done.returncode == 0, done.stderr
    assert world.plan(2) == ("plan", "completed", {"completed": RUNS})
    assert lineages(world.bench, 1, "all") == lineages(world.bench, 2, "all")
    assert lineages(world.bench, 1, "copy") == lineages(world.bench, 2, "copy")
    names = world.bench.rows("SELECT name FROM execution_plans")
    assert {row["name"] for row in names} == {'it\'s a "plan" $HOME'}
    text = "".join(
        path.read_text() for path in folder.glob("*") if path.is_file() and path.suffix != ".json"
    )
    assert not any(word in text for word in ("touch", "hi'gh", "`id`", "$HOME", "scale"))


def test_a_second_start_is_a_plan_of_its_own_that_reuses_what_is_there(
    world: World, tmp_path: Path
) -> None:
    folder = world.export(world.plan_file(), tmp_path / "export")
    world.run(folder)
    out = world.run(folder)
    assert of_nextflow(out) == {"submitted": RUNS, "cached": 0}, out
    assert world.plan(2) == ("export", "completed", {"reused": RUNS})
    assert len(world.ask("runs", "--limit", "100")["runs"]) == RUNS
    assert world.bench.unfinished() == []


def test_resume_goes_on_with_the_same_plan_where_it_failed(world: World, tmp_path: Path) -> None:
    folder = world.export(world.plan_file(), tmp_path / "export")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    world.break_("s2")
    world.run(folder, cwd=elsewhere)
    assert world.plan(1) == (
        "export",
        "partial",
        {"completed": 6, "failed": 1, "blocked": 4},
    )
    world.mend("s2")
    out = world.run(folder, "-resume", cwd=elsewhere)
    assert of_nextflow(out) == {"submitted": RUNS - 6, "cached": 6}, out
    assert world.plan(1) == ("export", "completed", {"completed": RUNS})
    launches = world.bench.rows("SELECT number, epoch, exit_code FROM plan_launches ORDER BY 1")
    assert [(row["number"], row["epoch"]) for row in launches] == [(1, 1), (2, 2)]
    statuses = world.bench.rows("SELECT status, count(*) AS n FROM runs GROUP BY 1")
    assert {row["status"]: row["n"] for row in statuses} == {"completed": RUNS, "failed": 1}
    # Once more, and nothing happens: all of it is known to both.
    out = world.run(folder, "-resume", cwd=elsewhere)
    assert of_nextflow(out) == {"submitted": 0, "cached": RUNS}, out
    assert world.plan(1) == ("export", "completed", {"completed": RUNS})
    assert world.bench.unfinished() == []


def test_what_was_executed_but_not_noted_by_nextflow_is_not_executed_again(
    world: World, tmp_path: Path
) -> None:
    """Killed without a word, Nextflow leaves tasks that go on, complete, and are in no cache."""
    folder = world.export(world.plan_file(), tmp_path / "export")
    (world.bench.root / "wait").mkdir()
    for sample in SAMPLES:
        (world.bench.root / "wait" / sample).touch()
    process = world.start(folder)
    wait_for(lambda: world.bench.rows("SELECT id FROM runs WHERE status = 'running'"))
    assert world.plan(1)[1] == "running"
    process.kill()
    process.communicate()
    live = len(world.bench.rows("SELECT id FROM runs WHERE status = 'running'"))
    for path in (world.bench.root / "wait").iterdir():
        path.unlink()
    wait_for(lambda: not world.bench.rows("SELECT id FROM runs WHERE status = 'running'"))
    assert world.plan(1) == ("export", "partial", {"completed": live, "waiting": RUNS - live})
    out = world.run(folder, "-resume")
    assert of_nextflow(out) == {"submitted": RUNS, "cached": 0}, out
    assert world.plan(1) == ("export", "completed", {"completed": RUNS})
    assert len(world.bench.rows("SELECT id FROM runs")) == RUNS
    assert world.bench.unfinished() == []


def test_a_task_whose_record_is_no_success_is_none_for_nextflow_either(
    world: World, tmp_path: Path
) -> None:
    """The script succeeds, the declared output is missing: the next start tries it again."""
    world.bench.method("empty", "def run(): ...", outputs={"table": "table.csv"})
    path = world.bench.root / "empty.toml"
    path.write_text('format = 1\n[steps.empty]\nmethod = "empty"\n')
    folder = world.export(path, tmp_path / "export")
    out = world.run(folder)
    assert "Error is ignored" in out
    assert "Failed tasks: 1. `pm plan list` shows the plan" in out
    assert world.plan(1) == ("export", "failed", {"failed": 1})
    assert of_nextflow(world.run(folder, "-resume")) == {"submitted": 1, "cached": 0}
    assert world.plan(1) == ("export", "failed", {"failed": 1})
    assert len(world.bench.rows("SELECT id FROM runs")) == 2


def test_a_list_goes_on_without_what_failed_once_all_of_it_has_ended(
    world: World, tmp_path: Path
) -> None:
    folder = world.export(world.plan_file(', on_failure = "go_on"'), tmp_path / "export")
    world.break_("s2")
    out = world.run(folder)
    assert of_nextflow(out) == {"submitted": 3 + 4 + 2, "cached": 0}, out
    assert world.plan(1) == (
        "export",
        "partial",
        {"completed": 8, "failed": 1, "blocked": 2},
    )
    merged = world.bench.rows("SELECT id FROM runs WHERE plan_step = 'all'")
    for row in merged:
        inputs = world.bench.rows("SELECT label FROM run_inputs WHERE run_id = %s", row["id"])
        assert len(inputs) == 2
    # A list that is there is done for Nextflow: who asks for it with what came since is told how.
    (row,) = world.bench.rows("SELECT error FROM execution_plans")
    assert "`pm plan resume 1`" in row["error"]


def test_a_submitted_plan_is_exported_with_the_versions_that_it_had(
    world: World, tmp_path: Path
) -> None:
    world.plan_file()
    done = world.bench.pm("plan", "create", "plan.toml", "--submit")
    assert done.returncode == 0, done.stderr
    world.bench.method("merge", MERGE.replace('" "', '"-"'), version=2,
                       inputs={"tables": MethodInput("tables", "upstream", gather=True)},
                       outputs={"all": "all.txt"})  # fmt: skip
    folder = world.export(1, tmp_path / "export")
    world.run(folder)
    assert world.plan(2) == ("export", "completed", {"reused": RUNS})
    newest = world.export("plan.toml", tmp_path / "newest")
    steps = json.loads((newest / "plan.json").read_text())["pipeline"]["steps"]
    assert steps["all"]["version"] == 2


def test_a_plan_of_an_export_is_resumed_under_a_supervisor_where_its_folder_is_gone(
    world: World, tmp_path: Path
) -> None:
    """Then lists that went on without what failed are made again with it, as is said there."""
    folder = world.export(world.plan_file(', on_failure = "go_on"'), tmp_path / "export")
    assert "`pm plan resume N`" in (folder / "README.md").read_text()
    world.break_("s1")
    world.run(folder)
    world.mend("s1")
    assert world.plan(1)[1] == "partial"
    done = world.bench.pm("plan", "resume", "1")
    assert done.returncode == 0, done.stderr
    assert world.plan(1) == ("export", "completed", {"completed": RUNS})
    lists = world.bench.rows(
        "SELECT count(*) AS n FROM planned_runs p JOIN run_inputs i ON i.run_id = p.current_run "
        "WHERE p.step = 'all' GROUP BY p.id"
    )
    assert [row["n"] for row in lists] == [3, 3]
    assert world.bench.unfinished() == []
