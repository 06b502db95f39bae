"""Which planned runs somebody means who asks for a part of a plan again."""

from __future__ import annotations

import json

import pytest

from pm_kernel.domain.plans import PlannedRunRow
from pm_kernel.retrying import Choice


def row(branch: str, **coordinates: str) -> PlannedRunRow:
    sample = coordinates.get("sample")
    key = json.dumps(["tag", coordinates])
    return PlannedRunRow(1, key, "tag", sample, branch, "run", "", "failed", 7, "m", 1, {})


@pytest.mark.parametrize(
    ("branch", "coordinates", "parts"),
    [
        ("", {"sample": "s1"}, ()),
        ("tight", {"gate": "tight", "sample": "s1"}, ("tight",)),
        ("tight/k=5", {"gate": "tight", "group": "k=5", "sample": "s1"}, ("tight", "k=5")),
        # A name may hold what stands between two of them.
        ("1/2", {"gate": "1/2", "sample": "s1"}, ("1/2",)),
        ("1/2/k=5", {"gate": "1/2", "group": "k=5"}, ("1/2", "k=5")),
        ("1/1/2", {"gate": "1", "group": "1/2"}, ("1", "1/2")),
        ("a/a/b", {"gate": "a/a", "group": "b", "patient": "a"}, ("a/a", "b")),
        # The one branch of a step that nobody branched is not shown.
        ("low", {"load": "default", "mark": "low"}, ("low",)),
    ],
)
def test_the_branches_of_a_planned_run_are_those_that_were_chosen(
    branch: str, coordinates: dict[str, str], parts: tuple[str, ...]
) -> None:
    assert row(branch, **coordinates).branches == parts


def test_half_a_branch_name_means_nothing() -> None:
    planned = row("1/2", gate="1/2", sample="s1")
    assert Choice(branch="1/2").fits(planned)
    assert not Choice(branch="1").fits(planned)
    assert not Choice(branch="2").fits(planned)
