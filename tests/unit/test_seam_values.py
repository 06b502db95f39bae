"""Values as the seam writes them down, and what it hands back."""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import json
import math
import os
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pm_kernel.domain.params import canonical, parse_canonical
from pm_kernel.running.seam import MAX_DISTINCT, MAX_TEXT, Seam
from pm_kernel.running.task import TaskDocument, Tracked


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Plain:
    pass


class Rude:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    __str__ = __repr__


class Run:
    """A seam with a run directory and one tracked function ``f`` of ``helper.py``."""

    def __init__(self, folder: Path, set_values: dict[str, str] | None = None) -> None:
        self.run_dir = folder / "run"
        (self.run_dir / ".pm").mkdir(parents=True)
        document = TaskDocument(
            self.run_dir,
            folder / "work",
            tracked=[Tracked("f", "f", "helper.py", ["t"])],
            set=set_values or {},
        )
        (folder / "_pm_task.json").write_text(document.to_json())
        self.seam = Seam(str(folder))
        self.seam.main_pid = os.getpid()

    def call(self, value: Any) -> Any:
        # The entry statement of a tracked function, in the function's own frame.
        def f(t: Any) -> Any:
            (t,) = self.seam.enter("helper.py:f", ("t",), t)
            return t

        return f(value)

    @property
    def lines(self) -> list[dict[str, Any]]:
        path = self.run_dir / ".pm" / "calls.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]

    def written(self, value: Any) -> tuple[str, str]:
        """Text and type of a value after it arrived."""
        before = len(self.lines)
        assert self.call(value) is value
        assert self.seam.lost() == 0
        line = self.lines[before]["v"]["t"]
        return line["text"], line["type"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -1, 10**30, 1.0, -0.0, 1e-300, math.inf, -math.inf),
        *("", "text", "it's", 'say "x"', "both ' and \"", "ä€😀", "nul\0", "\udc80", "a\nb"),
        *(b"", b"x'\xff", [], [1, 1.0, "1"], (), (1,), {}, {"b": 1, "a": [None]}, {1: 2}, {3}),
        [[[[]]]],
    ],
)
def test_literals_are_written_as_canonical_text_that_reads_back(run: Run, value: Any) -> None:
    text, kind = run.written(value)
    assert text == canonical(value)
    assert parse_canonical(text) == value
    assert kind == type(value).__name__
    assert text.isascii()
    assert "\0" not in text


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (np.float64(0.5), "0.5", "numpy.float64"),
        (np.float32(0.5), "0.5", "numpy.float32"),
        (np.int8(-3), "-3", "numpy.int8"),
        (np.bool_(True), "True", None),
        (np.str_("a'b"), "'a\\'b'", "numpy.str_"),
        (np.float64("nan"), "nan", "numpy.float64"),
    ],
)
def test_single_numbers_of_numpy_are_their_python_value_with_their_own_type(
    run: Run, value: Any, text: str, kind: str | None
) -> None:
    assert run.written(value) == (text, kind or f"numpy.{type(value).__name__}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((512, 2)), "<numpy.ndarray float64 (512, 2)>"),
        (np.array(["a"]), "<numpy.ndarray <U1 (1,)>"),
        (np.datetime64("2020-01-02"), "<numpy.datetime64 2020-01-02>"),
        (Path("/a/b"), "<pathlib.PosixPath '/a/b'>"),
        (PurePosixPath("x"), "<pathlib.PurePosixPath 'x'>"),
        (datetime.date(2020, 1, 2), "<datetime.date 2020-01-02>"),
        (datetime.timedelta(1), "<datetime.timedelta 1 day, 0:00:00>"),
        (decimal.Decimal("1.10"), "<decimal.Decimal 1.10>"),
        (1 + 2j, "<complex (1+2j)>"),
        (range(3), "<range range(0, 3)>"),
        (json.dumps, "<function json.dumps>"),
        (int, "<class int>"),
        (functools.partial(int), "<functools.partial>"),
        ([object()], "<list of 1>"),
        (frozenset([1]), "<frozenset of 1>"),
        ({1, object}, "<set of 2>"),
    ],
)
def test_other_values_are_described(run: Run, value: Any, text: str) -> None:
    assert run.written(value)[0] == text


def test_frames_are_described_by_shape_without_their_content(run: Run) -> None:
    text, kind = run.written(pd.DataFrame({"secret": [1, 2]}))
    assert text.startswith("<pandas.")
    assert text.endswith("DataFrame (2, 1)>")
    assert kind.endswith("DataFrame")


def test_members_of_enumerations_are_told_apart(run: Run) -> None:
    texts = [run.written(value)[0] for value in (Mode.FAST, Mode.SLOW, Level.LOW, Level.HIGH)]
    assert [text.rpartition(".")[2] for text in texts] == ["FAST>", "SLOW>", "LOW>", "HIGH>"]


def test_objects_are_named_by_their_type_and_never_asked(run: Run) -> None:
    text, kind = run.written(Rude())
    assert text == f"<{kind}>"
    assert kind.endswith(".Rude")


def test_a_value_is_never_taken_for_an_equal_one_of_another_type(run: Run) -> None:
    values = [1, 1.0, True, "1", 0.0, -0.0, 0, False, None, (1,), [1], {1: 1}, [1.0], [True]]
    for value in values:
        run.call(value)
    assert [line["v"]["t"]["text"] for line in run.lines] == [canonical(v) for v in values]


def test_equal_values_are_written_once(run: Run) -> None:
    for _ in range(3):
        for value in (1, float("nan"), "x" * 500, [1, [2]], {"a": 1}, Plain(), np.zeros(3), b"1"):
            run.call(value)
    assert len(run.lines) == 8


def test_a_list_that_changed_in_place_is_written_again(run: Run) -> None:
    value = [1]
    run.call(value)
    value.append(2)
    run.call(value)
    assert [line["v"]["t"]["text"] for line in run.lines] == ["[1]", "[1, 2]"]


def test_long_values_are_described_by_size_and_digest(run: Run) -> None:
    text = run.written("x" * (MAX_TEXT + 1))[0]
    assert text.startswith(f"<str of {MAX_TEXT + 1} characters, sha256 ")
    other = run.written("x" * MAX_TEXT + "y")[0]
    assert other.startswith("<str of")
    assert other != text
    items = run.written(list(range(MAX_TEXT)))[0]
    assert items.startswith(f"<list of {MAX_TEXT} items, sha256 ")
    assert len(items) < 250


def test_values_nobody_could_write_out_are_still_named(run: Run) -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert run.written(endless)[0] == "<list of 1>"
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert run.written([deep, 2])[0] == "<list of 2>"
    assert run.written(list(range(1_000_000)))[0] == "<list of 1000000>"


def test_after_many_different_values_only_calls_are_counted(run: Run) -> None:
    for number in range(MAX_DISTINCT + 50):
        run.call(number)
    assert len(run.lines) == MAX_DISTINCT
    assert run.lines[-1]["more"] is True
    assert run.seam.counts() == {"f": MAX_DISTINCT + 50}


def test_a_set_value_is_written_in_the_words_of_the_plan(tmp_path: Path) -> None:
    run = Run(tmp_path, {"f.t": "[1.50, inf]"})
    assert run.call("anything") == [1.5, math.inf]
    assert run.lines[0]["v"] == {"t": {"text": "[1.50, inf]", "type": "list"}}
    assert run.lines[0]["set"] == ["t"]


def test_a_set_list_is_a_fresh_one_at_every_call(tmp_path: Path) -> None:
    run = Run(tmp_path, {"f.t": "[[1], {'a': {2}}, (3, [4])]"})
    first = run.call(None)
    first[0].append("mine")
    first[1]["a"].add("mine")
    first[2][1].append("mine")
    assert run.call(None) == [[1], {"a": {2}}, (3, [4])]


def test_values_of_other_functions_do_not_leak_in_by_their_names(tmp_path: Path) -> None:
    run = Run(tmp_path, {"f.inner.t": "1", "ff.t": "2"})
    assert run.call(0) == 0


def test_a_function_that_this_run_does_not_track_is_left_alone(run: Run) -> None:
    assert run.seam.enter("other.py:f", ("t",), 5) == (5,)
    assert run.lines == []


def test_without_a_task_nothing_is_replaced_and_nothing_written(tmp_path: Path) -> None:
    seam = Seam(str(tmp_path))
    assert seam.enter("helper.py:f", ("t",), 5) == (5,)
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_cannot_be_read_is_an_error_not_another_value(tmp_path: Path) -> None:
    (tmp_path / "_pm_task.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        Seam(str(tmp_path)).enter("helper.py:f", ("t",), 5)


def test_a_run_directory_that_was_taken_away_is_not_made_again(run: Run) -> None:
    run.run_dir.rename(run.run_dir.with_name("taken"))
    assert run.call(1) == 1
    assert run.seam.lost() == 1
    assert not run.run_dir.exists()
