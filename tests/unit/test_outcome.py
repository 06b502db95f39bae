"""How the end of a run's process is said."""

from __future__ import annotations

import pytest

from pm_kernel.running.outcome import TimeLimit, failure

RETURNED = {"outcome": "returned", "exit_code": 0}
RAISED = {"outcome": "raised", "exit_code": 1, "error": {"type": "ValueError", "message": "broken"}}


@pytest.mark.parametrize(
    ("exit_code", "limit", "told"),
    [
        (143, TimeLimit(60, 60.4), "It was stopped after its time limit of 1 min (signal 15)."),
        (-15, TimeLimit(5400, 5400), "It was stopped after its time limit of 1 h 30 min"),
        (
            143,
            TimeLimit(60, 12.2),
            "It was stopped from outside (signal 15) after 12 s; its time limit is 1 min.",
        ),
        (
            143,
            TimeLimit(60, None),
            "It was stopped (signal 15): its time limit of 1 min, or somebody ended it.",
        ),
        (143, None, "It was stopped from outside (signal 15): a time limit, or somebody ended it."),
        (140, TimeLimit(120, 95), "by its scheduler (signal 12) at its time limit of 2 min."),
        (140, None, "It was stopped by its scheduler (signal 12), as happens at the time limit."),
        (137, TimeLimit(60, 99), "It was killed (signal 9), as happens when memory runs out."),
    ],
)
def test_a_limit_is_named_where_it_is_known_and_blamed_where_it_was_reached(exit_code, limit, told):
    assert told in failure(exit_code, None, limit)


def test_what_the_method_itself_said_comes_first():
    assert failure(143, RAISED, TimeLimit(60, 61)) == "ValueError: broken"
    assert failure(0, RETURNED, TimeLimit(60, 61)) is None
