"""What the place where tasks run has against a plan with a database of this machine only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.config import load_settings
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plans import Launch, Plan
from pm_kernel.nextflow import site
from pm_kernel.nextflow.ir import Limits
from pm_kernel.nextflow.launching import share_of
from pm_kernel.nextflow.places import Holder, Places
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


def told_of_others(root: Path, *holders: Holder, executor: str = "local", toml: str = "") -> str:
    (root / "pm.toml").write_text(f'[workspace]\nid = "w"\n{toml}')
    settings = load_settings(environ={"HOME": str(root)}, workspace=root)
    steps = {"a": {"method": "m", "resources": {"directives": {"executor": executor}}}}
    pipeline, _ = parse_pipeline({"format": 1, "steps": steps})
    return site.shared_with(settings, pipeline, MACHINE, holders)


def test_other_plans_of_this_machine_are_named_with_what_they_leave(tmp_path: Path) -> None:
    here, there = Holder(4, str(tmp_path), 2), Holder(9, "/else", 1)
    assert told_of_others(tmp_path, here, there).startswith(
        "This machine is shared with plan 4, plan 9 of /else: 1 of its 4 processors are left."
    )
    many = [Holder(n, "/else", 1) for n in range(1, 7)]
    assert "plan 4 of /else and 2 more: 0 of its 4 processors" in told_of_others(tmp_path, *many)
    assert told_of_others(tmp_path) == ""
    # Tasks on a cluster do not need it, and who says how many tasks run at once has said so.
    assert told_of_others(tmp_path, here, executor="slurm") == ""
    assert told_of_others(tmp_path, here, toml="[nextflow]\nmax_tasks = 2\n") == ""


def test_a_launch_keeps_to_what_others_have_left(tmp_path: Path) -> None:
    numbers = count(1)

    def share(*steps: str, toml: str = "") -> tuple[int, int | None, Any]:
        (tmp_path / "pm.toml").write_text(f'[workspace]\nid = "w"\n{toml}')
        settings = load_settings(environ={"HOME": str(tmp_path)}, workspace=tmp_path)
        document = {
            "format": 1,
            "steps": {
                "small": {"method": "m"},
                "large": {"method": "m", "resources": {"cpus": 2}},
                "away": {"method": "m", "resources": {"directives": {"executor": "slurm"}}},
            },
        }
        tasks = tuple((n, step) for n, step in enumerate(steps))
        plan_id = next(numbers)
        plan = Plan(plan_id, "plan", "p", "running", document, {}, 1, -1, datetime.now(UTC), "me")
        found = share_of(settings, Launch(1, 1, plan_id, 1, tasks, ()), plan, Places(tmp_path, 4))
        return found.held.number, found.settings.max_tasks, found.held

    number, at_once, first = share("small", "small", "small")
    # Alone, it is as it always was; of three tasks, the fourth place is nobody's.
    assert (number, at_once) == (3, None)
    number, at_once, second = share(*["small"] * 9)
    # One place is left; of two plans, half of the machine is its share.
    assert (number, at_once) == (1, 2)
    # A third of four is one, and so is a fourth.
    number, at_once, beside = share(*["small"] * 9)
    assert (number, at_once) == (0, 1)
    assert share(*["small"] * 9)[:2] == (0, 1)
    assert share(*["large", *["small"] * 9])[:2] == (0, 1)
    assert share("away", "away")[:2] == (0, None)
    assert share(*["small"] * 9, toml="[nextflow]\nmax_tasks = 3\n")[:2] == (0, 3)
    first.keep(0)
    # Three are left: one task of two processors.
    number, at_once, third = share("large", "large")
    assert (number, at_once) == (3, 1)
    third.keep(0)
    # One large task at the end does not make many small ones go one by one.
    number, at_once, third = share(*["small"] * 9, "large")
    assert (number, at_once) == (3, 3)
    for held in (second, beside, third):
        held.keep(0)
    number, at_once, alone = share(*["large"] * 2)
    assert (number, at_once) == (4, None)
    alone.keep(0)
