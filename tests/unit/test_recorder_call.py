"""What a task and its plan's supervisor say to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm_kernel.running.recorder_call import read_answer, written_answer, written_request

_VALUES = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), _VALUES, max_size=6))
def test_a_request_arrives_as_it_was_asked(request: dict[str, Any]) -> None:
    sent = written_request(request)
    assert sent.endswith(b"\n")
    assert sent.count(b"\n") == 1
    assert json.loads(sent) == request


def test_a_time_limit_keeps_its_fraction() -> None:
    asked = {"command": "complete_run", "limit": 2.5, "age": 2.2, "exit": 143}
    assert json.loads(written_request(asked)) == asked


@pytest.mark.parametrize(
    "answer",
    [
        {"exit_code": 0, "said": "", "out": "7\n"},
        {"exit_code": 3, "said": "ende \udcff\nund aus\n", "out": ""},
    ],
)
def test_an_answer_arrives_as_it_was_given(answer: dict[str, Any]) -> None:
    sent = written_answer(answer)
    assert read_answer(sent) == answer
    # Its sender died while it answered.
    assert all(read_answer(sent[:end]) is None for end in range(len(sent)))
