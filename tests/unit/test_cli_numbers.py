"""What is said of words that are no number of a plan or run."""

from __future__ import annotations

import argparse

import pytest

from pm_kernel.cli.numbers import plan_number, run_number


def test_numbers_are_taken():
    assert (plan_number("12"), run_number("7")) == (12, 7)


@pytest.mark.parametrize(
    ("take", "text", "told"),
    [
        (plan_number, "my plan.toml", "`pm plan create 'my plan.toml'` makes a draft of it"),
        (plan_number, "cohort", "'cohort' is no number of a plan; `pm plan list` shows them"),
        (run_number, "1.0", "'1.0' is no number of a run; `pm runs` shows them"),
    ],
)
def test_what_is_none_is_told_with_the_command_that_helps(take, text, told):
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        take(text)
    assert told in str(refused.value)
