"""What can be read again while methods are missing, and what is said of the rest."""

from __future__ import annotations

import pytest

from ..workbench import Workbench
from .rebuild_harness import (
    Pm,
    forget,
    known,
    lose_the_database,
    register,
    seat,
    submit,
    supervise,
)
from .recording_harness import Life
from .repository_harness import git


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    return seat(entered)


def test_without_its_methods_folder_all_is_read_that_does_not_need_it(
    pm: Pm, bench: Workbench, life: Life
) -> None:
    register(pm, bench)
    pm("template", "save", "pipeline.json", "--name", "counting")
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 0])
    before = known(pm, bench)
    methods, away = bench.root / "methods", bench.root / "away"
    commit = git(methods, "rev-list", "-1", "copy/v1").strip()

    # A backup still has the versions.
    methods.rename(away)
    forget(bench, 4)
    told = pm("rebuild", code=9)
    assert told.out == "0 versions, 1 runs, 0 plans and 0 templates were read again.\n"
    assert f"There is no folder {methods}. Put {methods} back from a backup" in told.err
    # Not even that: what else there is comes back, and what it waits for is named.
    lose_the_database(bench)
    told = pm("rebuild", code=9)
    assert told.out == "0 versions, 0 runs, 0 plans and 1 templates were read again.\n"
    assert f"copy v1 (commit {commit[:12]}) is not known, so runs 3, 4 cannot be read." in told.err
    assert "Plan 1 cannot be read again: version 1 of method double" in told.err
    # One lacks its tag, for which there is a command; then nothing is missing.
    away.rename(methods)
    git(methods, "tag", "-d", "copy/v1")
    told = pm("rebuild", code=9)
    assert told.out == "1 versions, 2 runs, 0 plans and 0 templates were read again.\n"
    command = f"git -C {methods} tag copy/v1 {commit}"
    assert command in told.err
    git(methods, *command.split()[3:])
    told = pm("rebuild")
    assert told.out == "1 versions, 2 runs, 1 plans and 0 templates were read again.\n"
    assert known(pm, bench) == before
