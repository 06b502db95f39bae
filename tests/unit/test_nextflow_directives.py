"""Which directives a step may set, and which values could reach a shell."""

from __future__ import annotations

import shlex

import pytest

from pm_kernel.errors import InvalidInput
from pm_kernel.nextflow.directives import container_options, directive_faults
from pm_kernel.nextflow.ir import Containers, Directive, Directives


@pytest.mark.parametrize(
    "directives",
    [
        Directives(cpus=2, memory="2 GB", time="1h 30m", queue="short", retries=3),
        Directives(memory="500MB", time="1.5h", container="/images/cells.sif"),
        Directives(container="docker://registry.example:5000/lab/cells:1.2"),
        Directives(free={"label": "gpu", "accelerator": 2, "executor": "slurm", "maxForks": 3}),
        Directives(free={"clusterOptions": "--account=lab --constraint='a&b'"}),
    ],
)
def test_ordinary_wishes_are_accepted(directives: Directives) -> None:
    assert directive_faults(directives) == ()


@pytest.mark.parametrize(
    "directives",
    [
        Directives(queue="short\n#SBATCH --wrap=id"),
        Directives(queue="short; id"),
        Directives(memory="2 GB'; id; '"),
        Directives(memory="lots"),
        Directives(time="tomorrow"),
        Directives(container="cells:1; id"),
        Directives(container="$(id)"),
        Directives(container="--privileged cells"),
        Directives(cpus=0),
        Directives(retries=-1),
    ],
)
def test_a_value_that_nextflow_would_hand_to_the_shell_is_refused(directives: Directives) -> None:
    assert len(directive_faults(directives)) == 1


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("module", "R; id", "must look like"),
        ("clusterOptions", "--a\nid", "must look like"),
        ("containerOptions", "--env 'A", "cannot be split"),
        ("label", "gpu' }", "must look like"),
        ("accelerator", True, "must look like '1'"),
        ("maxForks", "3", "must look like '4'"),
        ("beforeScript", "id", "before_script in pm.toml"),
        ("errorStrategy", "finish", "use 'retries'"),
        ("storeDir", "/tmp", "run store"),
        ("cpus", 3, "the step's own field 'cpus'"),
        ("hasOwnProperty", "x", "is not known"),
        ("x }\nprocess Y {", "x", "is not known"),
    ],
)
def test_a_free_directive_must_be_known_and_well_formed(
    name: str, value: Directive, why: str
) -> None:
    faults = directive_faults(Directives(free={name: value}))
    assert len(faults) == 1
    assert why in faults[0]


def test_mounts_and_wishes_for_a_container_are_words_of_their_own() -> None:
    containers = Containers(
        "docker", ("/data/a b", "/data/$x;id"), user="1:2", site_options="--shm-size 1g"
    )
    assert shlex.split(container_options(containers, "--env 'A=b c' --x=$(id)")) == [
        *("--shm-size", "1g", "--env", "A=b c", "--x=$(id)"),
        *("-v", "/data/a b:/data/a b", "-v", "/data/$x;id:/data/$x;id", "-u", "1:2"),
    ]


@pytest.mark.parametrize("engine", ["singularity", "apptainer"])
def test_each_engine_has_its_word_for_a_mount(engine: str) -> None:
    containers = Containers(engine, ("/data",))  # type: ignore[arg-type]
    assert container_options(containers) == "-B '/data:/data'"


@pytest.mark.parametrize("mount", ["/data:/etc", "data"])
def test_a_folder_that_would_be_mounted_somewhere_else_is_refused(mount: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be mounted"):
        container_options(Containers("docker", (mount,)))


def test_without_an_engine_there_are_no_container_options() -> None:
    assert container_options(None, "--gpus all") == ""
