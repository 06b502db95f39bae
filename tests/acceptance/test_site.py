"""What a step and its site ask for reaches Nextflow, the container engine and the record."""

from __future__ import annotations

import json
import os
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.config import default_cache_dir
from pm_kernel.store.engine import sqlalchemy_url

from ..workbench import Workbench

pytestmark = pytest.mark.nextflow

# What a container engine does, as a task sees it: it runs the command behind the image's name, with
# the image's own Python first on PATH.
ENGINE = """\
#!/bin/sh
if [ "$1" = run ] || [ "$1" = exec ]; then
    printf '%s\\0' "$@" > "@ROOT@/arguments"
    while [ $# -gt 0 ] && [ "$1" != "@IMAGE@" ]; do shift; done
    shift
    export INSIDE=yes PATH="@PATH@"
    exec "$@"
fi
"""
READ = """
import os, sys
from pathlib import Path
from helper import scale

def run(image, output_dir):
    told = [Path(image).read_text(), str(scale(1)), os.environ.get("INSIDE", "no"),
            os.environ.get("SITE", ""), sys.executable]
    (Path(output_dir) / "table.csv").write_text("\\n".join(told))
"""
ONCE = """
from pathlib import Path

def run(output_dir):
    mark = Path({root!r}) / "tried"
    if not mark.exists():
        mark.touch()
        raise ValueError("the first time")
    (Path(output_dir) / "table.csv").write_text("done")
"""
HELPER = """
def scale(value, factor=2):
    return value * factor
"""


class Site:
    """A workspace whose PATH begins with a folder of the test's own programs."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.programs = bench.root / "programs"
        (self.programs / "image").mkdir(parents=True)
        bench.environ["PM_CACHE_DIR"] = str(default_cache_dir(os.environ))
        bench.environ["PATH"] = f"{self.programs}:{os.environ['PATH']}"
        bench.method("read", READ, files={"helper.py": HELPER}, tracked=["helper.py:scale"],
                     inputs={"image": "file"}, outputs={"table": "table.csv"})  # fmt: skip
        bench.method("once", ONCE.format(root=str(bench.root)), outputs={"table": "table.csv"})
        (bench.root / "one.tif").write_text("an image")
        (bench.root / "samples.csv").write_text("sample,image\none,one.tif\n")

    def engine(self, name: str, image: str, *, python: bool = True) -> None:
        inside = self.programs / "image"
        for program in Path("/usr/bin").iterdir():
            # Nextflow measures its tasks inside: it needs bash, ps and their like there.
            if not program.name.startswith("python"):
                (inside / program.name).symlink_to(program)
        for name_inside in ("sh", "bash", "cat", "ps"):
            if not (inside / name_inside).exists():
                (inside / name_inside).symlink_to(str(shutil.which(name_inside)))
        self._program(name, ENGINE.replace("@ROOT@", str(self.programs))
                      .replace("@IMAGE@", image).replace("@PATH@", str(inside)))  # fmt: skip
        if python:
            self._program("image/python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')

    def _program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def config(self, text: str, **settings: str) -> None:
        (self.bench.root / "nextflow.config").write_text(text)
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        with open(self.bench.root / "pm.toml", "a") as stream:
            stream.write("\n".join(["", "[nextflow]", *lines, ""]))

    def plan(self, step: dict[str, Any]) -> Path:
        path = self.bench.root / "plan.json"
        given = {"format": 1, "steps": {"step": step}}
        path.write_text(json.dumps({"name": "plan", "sheet": "samples.csv", "pipeline": given}))
        return path

    def run(self, step: dict[str, Any]) -> dict[str, Any]:
        done = self.bench.pm("plan", "create", str(self.plan(step)), "--submit")
        assert done.returncode == 0, done.stdout + done.stderr
        row: dict[str, Any] = self.bench.rows("SELECT * FROM runs ORDER BY id DESC LIMIT 1")[0]
        return row

    def wrapper(self, row: dict[str, Any]) -> str:
        return (Path(row["work_dir"]) / ".command.run").read_text()


@pytest.fixture
def site(bench: Workbench) -> Site:
    return Site(bench)


@pytest.mark.parametrize(
    ("engine", "image", "flag"),
    [("docker", "lab/cells:1", "-v"), ("apptainer", "/images/cells.sif", "-B")],
)
def test_a_step_in_a_container_runs_with_the_images_python_and_is_recorded_as_any(
    site: Site, engine: str, image: str, flag: str
) -> None:
    site.engine(engine, image)
    site.config(
        "profiles { lab {\n"
        f"    {engine}.enabled = true\n"
        "    process.containerOptions = '--hostname lab'\n"
        "} }\n",
        profile="lab",
        before_script="export SITE='of the site'",
    )
    row = site.run(
        {
            "method": "read",
            "inputs": {"image": {"column": "image"}},
            "branches": {"grid": {"scale.factor": ["7"]}},
            "resources": {
                "cpus": 1,
                "memory": "200 MB",
                "container": image,
                "directives": {"containerOptions": "--env 'A=b c'"},
            },
        }
    )
    assert row["status"] == "completed", row["error"]
    table = (site.bench.final(row["id"]) / "table.csv").read_text().split("\n")
    # What the plan sets is enforced inside, too.
    assert table[:3] == ["an image", "7", "yes"]
    assert table[4] == sys.executable
    arguments = (site.programs / "arguments").read_text().split("\0")
    pairs = list(pairwise(arguments))
    assert (flag, f"{site.bench.runs}:{site.bench.runs}") in pairs
    assert {("--hostname", "lab"), ("--env", "A=b c")} <= set(pairs)
    assert (("-u", f"{os.getuid()}:{os.getgid()}") in pairs) is (engine == "docker")
    if engine == "docker":
        assert ("--memory", "200m") in pairs
    parameters = site.bench.rows("SELECT value, is_set FROM run_parameters WHERE param_name = %s",
                                 "factor")  # fmt: skip
    assert parameters == [{"value": "7", "is_set": True}]
    environment = row["environment"]
    assert (environment["kind"], environment["image"]) == ("container", image)
    # Nobody outside knows what the image holds: an equal run is made again.
    shown = site.bench.pm("plan", "preview", str(site.bench.root / "plan.json"), "--json")
    assert json.loads(shown.stdout)["reused"] == 0
    assert site.bench.unfinished() == []


def test_an_image_without_python_is_named_in_the_log(site: Site) -> None:
    site.engine("docker", "lab/empty:1", python=False)
    site.config("docker.enabled = true\n")
    site.bench.pm("plan", "create", str(site.plan({
        "method": "read", "inputs": {"image": {"column": "image"}},
        "resources": {"container": "lab/empty:1"},
    })), "--submit")  # fmt: skip
    (row,) = site.bench.rows("SELECT id, status, error FROM runs")
    assert row["status"] == "failed"
    assert "has no python3" in (site.bench.final(row["id"]) / "run.log").read_text()
    assert site.bench.unfinished() == []


def test_a_step_is_tried_again_as_often_as_it_asks(site: Site) -> None:
    row = site.run({"method": "once", "resources": {"retries": 1, "time": "1h"}})
    assert (row["status"], row["attempt"]) == ("completed", 2)
    rows = site.bench.rows("SELECT attempt, status, error FROM runs ORDER BY id")
    assert [(r["attempt"], r["status"]) for r in rows] == [(1, "failed"), (2, "completed")]
    assert "the first time" in rows[0]["error"]
    _what_a_plan_leaves(site.bench, row)


def _what_a_plan_leaves(bench: Workbench, row: dict[str, Any]) -> None:
    """All of a plan is found again in one folder, and the database's password nowhere."""
    folder = bench.runs / "plans" / "1"
    submitted = json.loads((folder / "plan.json").read_text())
    assert (submitted["name"], [*submitted["document"]["steps"]]) == ("plan", ["step"])
    assert (folder / "supervisor.log").is_file()
    names = ("tasks.tsv", "edges.tsv", "pipeline.nf", "nextflow.config", "nextflow.log",
             "nextflow.out", "process.json")  # fmt: skip
    assert [name for name in names if not (folder / "launches" / "1" / name).is_file()] == []
    task = Path(row["work_dir"])
    assert task.is_relative_to(folder / "launches" / "1")
    assert (task / ".command.sh").is_file()
    password = sqlalchemy_url(bench.environ["PM_DATABASE_URL"]).password
    assert password
    files = [path for path in bench.runs.rglob("*") if path.is_file()]
    assert [path for path in files if password.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"cpus": 999}, "asks for 999 cpus; this machine has"),
        ({"memory": "900 TB"}, "GB of memory; this machine has"),
        ({"container": "lab/cells:1"}, "no container engine is enabled"),
        ({"directives": {"executor": "k8s"}}, "needs a plug-in"),
        ({"directives": {"beforeScript": "id"}}, "before_script in pm.toml"),
    ],
)
def test_what_the_machine_does_not_have_is_a_problem_before_anything_runs(
    site: Site, resources: dict[str, Any], words: str
) -> None:
    path = site.plan({"method": "once", "resources": resources})
    shown = site.bench.pm("plan", "preview", str(path), "--json")
    assert shown.returncode == 5
    (problem,) = json.loads(shown.stdout)["problems"]
    assert (problem["step"], problem["severity"]) == ("step", "error")
    assert words in problem["message"]
    refused = site.bench.pm("plan", "create", str(path), "--submit")
    assert refused.returncode != 0
    assert site.bench.rows("SELECT id FROM execution_plans") == []
