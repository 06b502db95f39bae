"""What the place where tasks run has against a plan with a database of this machine only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.config import load_settings
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.nextflow import site
from pm_kernel.nextflow.ir import Limits
from pm_kernel.running.process import host_name

MACHINE = Limits(cpus=4, memory_bytes=8 * 2**30)


def problems(
    root: Path, nodes: set[str] | None, *, executor: str = "slurm", toml: str = "", **environ: str
) -> list[Any]:
    """What is said about a step that asks for an executor."""
    (root / "pm.toml").write_text(f'[workspace]\nid = "w"\n{toml}')
    settings = load_settings(environ={"HOME": str(root), **environ}, workspace=root)
    steps = {"a": {"method": "m", "resources": {"directives": {"executor": executor}}}}
    pipeline, _ = parse_pipeline({"format": 1, "steps": steps})
    known: Callable[[object], frozenset[str] | None] = lambda _environ: (  # noqa: E731
        None if nodes is None else frozenset(nodes)
    )
    check = site.SiteCheck(settings, machine=MACHINE, nodes=known)
    return [(p.code, p.severity) for p in check(pipeline, ["a"])]


@pytest.mark.parametrize("nodes", [{"node1"}, {host_name(), "node1"}, set(), None])
def test_other_machines_do_not_reach_the_embedded_database(
    tmp_path: Path, nodes: set[str] | None
) -> None:
    assert problems(tmp_path, nodes) == [("database", "error")]


def test_a_cluster_of_this_one_machine_does(tmp_path: Path) -> None:
    assert problems(tmp_path, {host_name()}) == []


def test_of_another_scheduler_a_person_says_so(tmp_path: Path) -> None:
    assert problems(tmp_path, None, executor="lsf") == [("database", "error")]
    assert problems(tmp_path, None, executor="lsf", toml="[nextflow]\nsingle_host = true\n") == []


def test_a_database_for_all_is_reached_by_all(tmp_path: Path) -> None:
    assert problems(tmp_path, {"node1"}, PM_DATABASE_URL="postgresql://db/pm") == []
