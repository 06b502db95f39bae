"""Generated launches: one folder of expected files per shape, and what must never be generated.

``PM_WRITE_EXPECTED=1 pytest tests/unit/test_nextflow_render.py`` writes the files anew, for review.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pm_kernel.errors import InvalidInput, Problems
from pm_kernel.nextflow.ir import (
    Commands,
    Containers,
    Directives,
    EdgeSpec,
    ExportSpec,
    LaunchSpec,
    Limits,
    ProcessSpec,
    TaskSpec,
)
from pm_kernel.nextflow.render import render

EXPECTED = Path(__file__).parents[1] / "data" / "nextflow"


def a_launch(steps: dict[str, tuple[int, ...]], edges: str = "", **options: object) -> LaunchSpec:
    """A launch of planned runs by process; ``edges`` as in ``"1>2 1>3"``."""
    pairs = [pair.split(">") for pair in edges.split()]
    fields: dict[str, object] = {
        "plan_id": 7,
        "launch_id": 3,
        "processes": tuple(ProcessSpec(name, f"step of {name}") for name in steps),
        "tasks": tuple(TaskSpec(run, name) for name, runs in steps.items() for run in runs),
        "edges": tuple(EdgeSpec(int(parent), int(child)) for parent, child in pairs),
        "commands": Commands(("/opt/pm/bin/pm",), "/data/project"),
    }
    return LaunchSpec(**{**fields, **options})  # type: ignore[arg-type]


AWKWARD = Directives(
    cpus=4,
    memory="2.5 GB",
    time="1h 30m",
    queue="short,long",
    retries=2,
    container="registry.example/lab/cells:1.2@sha256:ab",
    free={
        "clusterOptions": "--account='lab' --comment=\"$(id) `id` \\ it's\"",
        "containerOptions": "--env 'A=it is; rm -rf /' --gpus all",
        "label": "gpu",
        "accelerator": 1,
        "module": "samtools/1.21:R/4.4",
    },
)

SHAPES = {
    "one_step": a_launch({"S01_A": (1, 2)}),
    "chain": a_launch({"S01_A": (1,), "S02_B": (2,), "S03_C": (3,)}, "1>2 2>3"),
    "fan_out": a_launch({"S01_A": (1,), "S02_B": (2, 3), "S03_C": (4,)}, "1>2 1>3 1>4"),
    "fan_in": a_launch({"S01_A": (1,), "S02_B": (2,), "S03_C": (3,)}, "1>3 2>3"),
    "diamond": a_launch(
        {"S01_A": (1,), "S02_B": (2, 3), "S03_C": (4,), "S04_D": (5, 6)},
        "1>2 1>3 1>4 2>5 3>6 4>5 4>6",
    ),
    "gather": a_launch({"S01_A": (1, 2, 3), "S02_B": (4,)}, "1>4 2>4 3>4"),
    # Two runs of S02_B wait for nothing in this launch: their parents were done before.
    "resumed": a_launch({"S01_A": (1,), "S02_B": (2, 3, 4), "S03_C": (5,)}, "1>2 2>5 3>5 4>5"),
    "awkward_values": a_launch(
        {"S01_A": (1,), "S02_B": (2,)},
        "1>2",
        processes=(ProcessSpec("S01_A", "a", AWKWARD), ProcessSpec("S02_B", "b")),
        commands=Commands(
            ('/opt/it\'s "pm"/pm', "--verbose"),
            "/data/$HOME `x` \\n Zürich",
            before_script='module load R # it\'s\nexport A="${B}" \\',
            asking="/opt/it's $(x)/task.sh",
        ),
        containers=Containers(
            "docker",
            ("/data/it's $x", "/scratch"),
            user="1000:100",
            site_options="--shm-size 1g",
        ),
        images={"S01_A": "registry.example/lab/cells:1.2@sha256:ab"},
        limits=Limits(cpus=8, memory_bytes=16 * 2**30),
        max_tasks=4,
        poll_ms=20,
        site_config="/data/it's/nextflow.config",
    ),
    # The first step in an image that it names itself, the second in one that the site chooses.
    "contained": a_launch(
        {"S01_A": (1,), "S02_B": (2,)},
        "1>2",
        processes=(
            ProcessSpec("S01_A", "a", Directives(container="/images/it.sif")),
            ProcessSpec("S02_B", "b"),
        ),
        containers=Containers("apptainer", ("/data/project/.runs", "/other/.runs")),
        images={"S01_A": "/images/it.sif", "S02_B": "it's the \"site's\" $own"},
    ),
    # A list that goes on without failed members (5) beside one that does not (4).
    "exported": a_launch(
        {"S01_A": (1, 2, 3), "S02_B": (4,), "S03_C": (5,)},
        "1>4 2>4 3>4 1>5 2>5",
        export=ExportSpec("5f0c2a3e-0000-4000-8000-000000000001", frozenset({"S03_C"})),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_generated_as_reviewed(shape: str) -> None:
    rendered = render(SHAPES[shape])
    folder = EXPECTED / shape
    if os.environ.get("PM_WRITE_EXPECTED"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in rendered.files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    expected = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert dict(rendered.files) == expected


def test_every_expected_folder_belongs_to_a_shape() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(SHAPES)


def test_the_order_in_which_steps_are_given_does_not_matter_to_what_may_call_what() -> None:
    spec = SHAPES["chain"]
    backwards = render(replace(spec, processes=spec.processes[::-1])).files["pipeline.nf"]
    assert backwards == render(spec).files["pipeline.nf"]


def test_a_step_without_runs_in_this_launch_is_left_out() -> None:
    spec = SHAPES["chain"]
    more = (*spec.processes, ProcessSpec("S04_DONE", "done"))
    assert render(replace(spec, processes=more)) == render(spec)


def test_a_step_that_a_scheduler_runs_is_not_limited_to_this_machine() -> None:
    spec = replace(SHAPES["chain"], limits=Limits(2, 2**30), elsewhere=frozenset({"S02_B"}))
    blocks = render(spec).files["pipeline.nf"].split("process ")[1:]
    assert ["resourceLimits" in block for block in blocks] == [True, False, True]


def test_ids_of_steps_are_not_generated() -> None:
    for spec in SHAPES.values():
        assert "step of" not in "".join(render(spec).files.values())


def test_a_container_without_an_engine_is_refused_because_the_step_would_run_outside_it() -> None:
    process = ProcessSpec("S01_A", "segment", Directives(container="lab/cells:1"))
    with pytest.raises(Problems, match="no container engine is enabled") as caught:
        render(a_launch({"S01_A": (1,)}, processes=(process,)))
    assert [problem.step for problem in caught.value.problems] == ["segment"]


@pytest.mark.parametrize("path", ["/data/\0", "/data/\udcff"])
def test_a_workspace_that_no_file_can_name_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        render(a_launch({"S01_A": (1,)}, commands=Commands(("/pm",), path)))


@pytest.mark.parametrize(
    ("steps", "edges", "why"),
    [
        ({"S01_A": (1,), "S02_B": (2,)}, "1>2 2>1", "a cycle among S01_A, S02_B"),
        ({"S01_A": (1, 2)}, "1>2", "a cycle among S01_A"),
        ({"S01_A": (1,)}, "1>9", "leads out of the launch"),
        ({"S01_A": (1,), "S02_B": (1,)}, "", "listed twice"),
        ({"S01_A": (1,), "S02_B": (2,)}, "1>2 1>2", "listed twice"),
        ({"S01_A": ()}, "", "without planned runs"),
        ({"s01_a": (1,)}, "", "is no process name"),
        ({"S01_A {": (1,)}, "", "is no process name"),
    ],
)
def test_a_launch_that_contradicts_itself_is_refused(
    steps: dict[str, tuple[int, ...]], edges: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        render(a_launch(steps, edges))
