"""Answers on standard output: fitted to a screen, whole in a pipe, harmless in both."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest

from pm_kernel.cli.output import STYLES, Column, Output, width_of
from pm_kernel.cli.run_text import heading, input_lines, parameter_lines
from pm_kernel.cli.text import Span, clean, line, plain
from pm_kernel.domain.marks import PLAN_MARKS, RUN_MARKS, plan_mark, run_mark
from pm_kernel.domain.runs import SILENT_AFTER, RunInput, RunParameter, may_become, said

from .test_lineage import run

NOW = datetime(2026, 2, 14, 10, 30, tzinfo=UTC)
COLUMNS = (Column("run", right=True), Column("method"), Column("state", elastic=True))


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    """A narrow terminal with colours."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    return Screen()


def uncoloured(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_table_in_a_pipe_is_aligned_and_whole():
    stream = io.StringIO()
    long = "x" * 300
    Output(stream).table(COLUMNS, [("1", "segment", "done"), ("12", "細胞", long)])
    assert stream.getvalue() == (f"run  method   state\n  1  segment  done\n 12  細胞     {long}\n")


def test_a_table_on_a_screen_fits_it_by_shortening_what_may_be(screen):
    rows = [("1", "segment_with_a_name", "x" * 300), ("2", "label", Span("done", "success"))]
    Output(screen).table(COLUMNS, rows)
    lines = uncoloured(screen.getvalue()).splitlines()
    assert max(width_of(each) for each in lines) == 60
    assert "segment_with_a_name" in lines[1]
    assert lines[1].endswith("xx…")


def test_a_screen_that_is_too_narrow_shortens_the_other_columns_too(screen, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    Output(screen).table(COLUMNS, [("1", "m" * 50, "x" * 300)])
    assert max(map(len, uncoloured(screen.getvalue()).splitlines())) == 40


def test_a_column_in_which_nothing_is_said_is_left_out():
    stream = io.StringIO()
    Output(stream).table(COLUMNS, [("1", "", "done")])
    assert stream.getvalue() == "run  state\n  1  done\n"


def test_colours_are_for_a_screen_that_wants_them(screen, monkeypatch):
    Output(screen).lines([line(Span("done", "success"))])
    assert screen.getvalue() == "\x1b[32mdone\x1b[0m\n"
    stream = io.StringIO()
    Output(stream).lines([line(Span("done", "success"))])
    assert stream.getvalue() == "done\n"
    monkeypatch.setenv("NO_COLOR", "1")
    quiet = Screen()
    Output(quiet).lines([line(Span("done", "success"))])
    assert quiet.getvalue() == "done\n"


def test_a_long_line_is_left_whole_on_a_screen(screen):
    Output(screen).text("x" * 200)
    assert screen.getvalue() == "x" * 200 + "\n"


HOSTILE = "\x1b]0;title\x07\x9b2J\r\nsecond \u202edrawkcab\udc80"


@pytest.mark.parametrize("kind", [io.StringIO, Screen])
def test_no_text_reaches_a_terminal_as_anything_but_text(kind, screen):
    stream = kind()
    output = Output(stream, notes=stream)
    output.text(HOSTILE)
    output.note(HOSTILE)
    output.table(COLUMNS, [(HOSTILE, Span(HOSTILE, "error"), line(HOSTILE))])
    output.json({HOSTILE: HOSTILE})
    output.raw(f"a\n{HOSTILE.replace(chr(10), '')}\n")
    written = uncoloured(stream.getvalue())
    assert not set(written) & set("\x1b\x07\x9b\r\u202e\udc80")
    written.encode()


def test_json_means_the_same_after_escaping():
    stream = io.StringIO()
    document = {"name": "größe\x9b\u202e", "n": [1, 2.5, None]}
    Output(stream).json(document)
    assert json.loads(stream.getvalue()) == document
    assert "größe" in stream.getvalue()


def test_json_has_no_words_that_json_does_not_have():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Output(io.StringIO()).json({"n": float("nan")})


def test_csv_keeps_commas_quotes_and_line_ends_in_their_cells():
    stream = io.StringIO()
    Output(stream).csv(["a", "b"], [["x,y", 'say "no"\nplease']])
    assert stream.getvalue() == 'a,b\n"x,y","say ""no""\nplease"\n'


def test_a_glyph_that_an_encoding_lacks_is_escaped_not_an_error():
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="latin-1")
    Output(stream).text("● größe")
    stream.flush()
    assert buffer.getvalue() == "\\u25cf größe\n".encode("latin-1")


def test_clean_text_is_left_as_it_is():
    assert clean("größe 細胞 🙂 [a](b) {x}") == "größe 細胞 🙂 [a](b) {x}"


@pytest.mark.parametrize("marks", [RUN_MARKS, PLAN_MARKS])
def test_every_mark_has_a_glyph_a_word_and_a_colour_a_terminal_knows(marks):
    assert len({mark.state for mark in marks}) == len(marks)
    for mark in marks:
        assert len(mark.glyph) == 1
        assert mark.said
        assert mark.token in STYLES


def test_no_two_states_of_a_run_share_a_glyph():
    assert len({mark.glyph for mark in RUN_MARKS}) == len(RUN_MARKS)


def test_a_state_of_a_newer_program_is_shown_by_its_name():
    assert run_mark("paused").said == "paused"
    assert plan_mark("archived").said == "archived"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "running", "finished_at": None}, "running, 30:00"),
        (
            {"state": "failed", "error": "Traceback …\n  x\nValueError: no\n"},
            "failed: ValueError: no",
        ),
        ({"state": "failed", "error": None}, "failed"),
        ({"state": "silent", "finished_at": None}, "no sign of life since 10:00"),
        ({"state": "altered"}, "altered since it was recorded"),
        ({"state": "tainted"}, "an upstream result was altered"),
    ],
)
def test_a_state_is_told_with_what_is_known(values, words):
    assert said(run(1, **values), NOW) == words


def test_silence_of_another_day_is_told_with_the_day():
    later = NOW.replace(day=16)
    assert said(run(1, state="silent"), later) == "no sign of life since 2026-02-14 10:00"


def test_a_run_that_has_ended_never_changes_again():
    assert may_become("running", "failed")
    assert not may_become("completed", "failed")
    assert not may_become("failed", "running")
    assert SILENT_AFTER.total_seconds() > 60


def parameter(**values):
    known = {
        "function": "smooth",
        "name": "sigma",
        "type": "float",
        "default": "1.0",
        "expected": "1.0",
        "is_set": False,
        "arrived": ("1.0",),
    }
    return RunParameter(**{**known, **values})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "smooth.sigma  1.0"),
        ({"is_set": True}, "smooth.sigma  1.0  set"),
        (
            {"is_set": True, "expected": "2.0", "arrived": ("2.0",)},
            "smooth.sigma  2.0  set, default 1.0",
        ),
        ({"arrived": ("3.0",)}, "smooth.sigma  3.0  expected 1.0, default 1.0"),
        ({"arrived": ("1.0", "2.0")}, "smooth.sigma  1.0 | 2.0  expected 1.0, default 1.0"),
        (
            {"is_set": True, "expected": "2.0", "arrived": ()},
            "smooth.sigma  not applied  set to 2.0, but smooth never ran",
        ),
        ({"arrived": ()}, "smooth.sigma  —  smooth never ran"),
        ({"default": None, "expected": None, "arrived": ("12",)}, "smooth.sigma  12"),
        ({"reported": False, "arrived": ()}, "smooth.sigma  1.0  expected"),
        (
            {"reported": False, "is_set": True, "expected": "2.0", "arrived": ()},
            "smooth.sigma  2.0  set, default 1.0",
        ),
        (
            {"is_set": True, "expected": "2.0", "arrived": ("4.0",)},
            "smooth.sigma  4.0  set to 2.0, default 1.0",
        ),
    ],
)
def test_a_parameter_tells_what_was_used_and_how_that_differs(values, told):
    (shown,) = parameter_lines([parameter(**values)])
    assert plain(shown) == told


def test_only_a_value_that_differs_from_its_default_is_strong():
    same, changed = parameter_lines([parameter(), parameter(name="mode", arrived=("2.0",))])
    assert [span.strong for span in same] == [False, False, False]
    assert any(span.strong and span.text == "2.0" for span in changed)


def test_a_very_long_value_is_shown_without_its_middle():
    (shown,) = parameter_lines([parameter(arrived=(f"'{'a' * 5000}end'",))])
    assert len(plain(shown)) < 300
    assert " … " in plain(shown)
    assert "end'" in plain(shown)


def test_inputs_tell_where_they_came_from_and_long_lists_are_counted():
    inputs = [
        RunInput("image", "file", path="/data/s1.tif"),
        RunInput("title", "value", text="'all'"),
        *(
            RunInput("tables", "upstream", n, None, n, "table", "label", 1)
            for n in range(1, 10_001)
        ),
    ]
    assert [plain(each) for each in input_lines(inputs)] == [
        "image ← file /data/s1.tif",
        "title = 'all'",
        "tables ← 10,000 members: run 1 · label / table, run 2 · label / table, "
        "run 3 · label / table, run 4 · label / table, …, run 10000 · label / table",
    ]


def test_a_heading_never_shows_a_number_alone():
    shown = plain(heading(run(5, "label", sample="s1", branch="strict"), NOW))
    assert shown == (
        "● run 5 · label v1 (0123456) · s1 · strict  completed  2026-02-14 10:00:00, 12 s"
    )
