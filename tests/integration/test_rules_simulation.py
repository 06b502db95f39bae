"""The rules of recording, held under hundreds of random schedules of crashes and lost replies.

Each schedule is a small plan with its supervisors, Nextflows, tasks and commands of people, all of
them interrupted between any two steps. Afterwards every record is compared with what happened.

    PM_TEST_SCHEDULES=5000 pytest tests/integration/test_rules_simulation.py -k whatever

plays more of them, and PM_TEST_SEED=N begins at schedule N: the same seed is the same schedule.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import MEMORY_BYTES
from ..workbench import Workbench
from .rules_broken import BROKEN
from .rules_campaign import Campaign
from .rules_methods import make_methods
from .rules_schedule import play

SCHEDULES = int(os.environ.get("PM_TEST_SCHEDULES", "100"))
SEED = int(os.environ.get("PM_TEST_SEED", "0"))
#: Within so many schedules the loss of any rule is noticed.
NOTICED = 200


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[Workbench]:
    """The workspace whose methods all schedules use, in memory where there is enough."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_BYTES
    folder = Path(tempfile.mkdtemp(prefix="pm-rules-", dir=memory if roomy else tmp_path))
    made = Workbench.make(folder / "home", database_url)
    make_methods(made)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """The processes that play schedules, one after another."""
    made = Campaign()
    yield made
    made.close()


def test_whatever_dies_records_are_true_and_a_resume_finishes_the_rest(
    campaign: Campaign, home: Workbench
) -> None:
    wrong = [r for r in campaign.play(home, range(SEED, SEED + SCHEDULES)) if r.wrong]
    assert not wrong, "\n\n".join(
        [
            f"{len(wrong)} of {SCHEDULES}: {[r.seed for r in wrong]}",
            *(r.report() for r in wrong[:3]),
        ]
    )


@pytest.mark.parametrize("rule", BROKEN)
def test_without_any_one_rule_something_goes_wrong(
    campaign: Campaign, home: Workbench, rule: str
) -> None:
    results = campaign.play(home, range(NOTICED), without=rule)
    noticed = next((result for result in results if result.violations), None)
    results.close()
    assert noticed is not None, f"{NOTICED} schedules without {rule!r}, and nothing was noticed"


def test_one_seed_is_one_schedule(home: Workbench) -> None:
    first, again = (play(3, home) for _ in range(2))
    assert [len(each.told) for each in (first, again)] == [len(first.told)] * 2
    assert [e.planned for e in first.account.executions] != []
    assert first.decisions == again.decisions
