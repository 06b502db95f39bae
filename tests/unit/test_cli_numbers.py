"""What is said of words that are no number of a plan or run."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pm_kernel.cli.numbers import plan_number, plan_or_file, run_number


def test_numbers_are_taken():
    assert (plan_number("12"), run_number("7"), plan_or_file("12")) == (12, 7, 12)


def test_what_is_no_number_may_be_a_file():
    assert [plan_or_file(text) for text in ("²", "-5", "1e3")] == [
        Path("²"),
        Path("-5"),
        Path("1e3"),
    ]


@pytest.mark.parametrize(
    ("take", "text", "told"),
    [
        (plan_number, "my plan.toml", "`pm plan create 'my plan.toml'` makes a draft of it"),
        (plan_number, "cohort", "'cohort' is no number of a plan; `pm plan list` shows them"),
        (plan_number, "9" * 25, "is no number of a plan; `pm plan list` shows them"),
        (plan_or_file, "9" * 25, "is no number of a plan; `pm plan list` shows them"),
        (run_number, "٣", "is no number of a run"),
        (run_number, "1.0", "'1.0' is no number of a run; `pm runs` shows them"),
    ],
)
def test_what_is_none_is_told_with_the_command_that_helps(take, text, told):
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        take(text)
    assert told in str(refused.value)
