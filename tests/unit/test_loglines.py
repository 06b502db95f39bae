from __future__ import annotations

import logging

import pytest

from pm_kernel.domain.loglines import KEPT, KEPT_TEXT, MESSAGE_LIMIT, parse_log, summarise


def levels(text: str) -> list[tuple[str, str]]:
    return [(entry["level"], entry["message"]) for entry in parse_log(text.splitlines())]


@pytest.mark.parametrize(
    "line",
    [
        "WARNING:root:too few cells",
        "2026-02-14 10:23:00,123 - segment - WARNING - too few cells",
        "2026-02-14 10:23:00,123 WARNING too few cells",
        "[2026-02-14T10:23:00Z] WARNING: too few cells",
        "[WARNING] too few cells",
        "WARNING - too few cells",
        "WARNING 2026-02-14 10:23:00 too few cells",
    ],
)
def test_the_usual_formats_of_python_logging_are_read(line: str) -> None:
    assert levels(line) == [("WARNING", "too few cells")]


def test_the_default_format_of_logging_itself_is_read(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("a.b", logging.ERROR, __file__, 1, "lost %d", (3,), None)
    line = logging.Formatter(logging.BASIC_FORMAT).format(record)
    assert levels(line) == [("ERROR", "lost 3")]


def test_a_traceback_is_one_entry_of_level_error() -> None:
    text = (
        "start\n"
        "Traceback (most recent call last):\n"
        '  File "run.py", line 3, in run\n'
        "    f()\n"
        "ValueError: threshold must be positive\n"
        "after\n"
    )
    found = levels(text)
    assert [level for level, _ in found] == ["PRINT", "ERROR", "PRINT"]
    assert found[1][1].endswith("ValueError: threshold must be positive")


def test_chained_exceptions_stay_together() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "a", line 1, in f\n'
        "KeyError: 'x'\n"
        "\n"
        "During handling of the above exception, another exception occurred:\n"
        "\n"
        "Traceback (most recent call last):\n"
        '  File "a", line 2, in g\n'
        "RuntimeError: y\n"
    )
    found = levels(text)
    assert len(found) == 1
    assert found[0][1].endswith("RuntimeError: y")


def test_a_traceback_logged_with_an_exception_belongs_to_its_message() -> None:
    text = (
        "ERROR:root:could not read\n"
        "Traceback (most recent call last):\n"
        '  File "a", line 1, in f\n'
        "OSError: gone\n"
        "INFO:root:next\n"
    )
    found = levels(text)
    assert [level for level, _ in found] == ["ERROR", "INFO"]
    assert "OSError: gone" in found[0][1]


def test_warnings_of_the_warnings_module_are_warnings() -> None:
    text = "code/helper.py:12: RuntimeWarning: divide by zero\n  x = a / b\nnext\n"
    found = levels(text)
    assert found[0][0] == "WARNING"
    assert "x = a / b" in found[0][1]


def test_an_entry_knows_its_first_line() -> None:
    entries = list(parse_log(["a", "b", "INFO:x:c", "  more", "ERROR:x:d"]))
    assert [entry["line"] for entry in entries] == [1, 3, 5]


def test_only_a_time_with_an_offset_is_taken_as_a_time() -> None:
    naive, aware = parse_log(
        ["2026-02-14 10:23:00,123 INFO a", "2026-02-14T10:23:00.5+01:00 INFO b"]
    )
    assert naive["time"] is None
    assert aware["time"] == "2026-02-14T09:23:00.500000+00:00"


@pytest.mark.parametrize(
    "time", ["2026-02-31T10:00:00Z", "2026-02-14 25:00:00Z", "0000-01-01 10:00:00+01:00"]
)
def test_what_only_looks_like_a_time_is_none(time: str) -> None:
    (entry,) = parse_log([f"{time} INFO a"])
    assert (entry["level"], entry["message"], entry["time"]) == ("INFO", "a", None)


def test_a_sentence_that_begins_like_a_level_is_no_log_line_of_another_level() -> None:
    assert levels("INFORMATION is not a level") == [("PRINT", "INFORMATION is not a level")]
    assert levels("Error: rate was 0.1") == [("PRINT", "Error: rate was 0.1")]


def test_a_very_long_message_keeps_its_start_and_its_end() -> None:
    lines = ["ERROR:x:start", *(f"  {'y' * 99}" for _ in range(1000)), "  the end"]
    (entry,) = parse_log(lines)
    assert len(entry["message"]) < 2 * MESSAGE_LIMIT
    assert entry["message"].startswith("start")
    assert entry["message"].endswith("the end")


def test_a_long_log_keeps_start_end_and_the_warnings_between() -> None:
    count = 5 * KEPT
    lines = [f"INFO:x:{n}" if n != 2 * KEPT else "WARNING:x:here" for n in range(count)]
    kept, left_out = summarise(parse_log(lines))
    assert len(kept) + left_out == count
    assert kept[0]["message"] == "0"
    assert kept[-1]["message"] == str(count - 1)
    assert [e["message"] for e in kept if e["level"] == "WARNING"] == ["here"]


def test_huge_entries_are_kept_up_to_an_amount_of_text() -> None:
    many = (
        {"level": "INFO", "message": "x" * MESSAGE_LIMIT, "time": None, "line": n}
        for n in range(2000)
    )
    kept, left_out = summarise(many)
    assert len(kept) + left_out == 2000
    assert sum(len(entry["message"]) for entry in kept) <= 2 * KEPT_TEXT
    assert (kept[0]["line"], kept[-1]["line"]) == (0, 1999)
