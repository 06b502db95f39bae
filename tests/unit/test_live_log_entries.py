"""The entries of a log that grows, read on from where nothing changes any more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pm_server.routes.run_log import Wanted, written

LINES = [
    "begin",
    "",
    "INFO:root:loaded",
    "  with its second line",
    "WARNING:root:odd",
    "printed",
    "printed too",
    "Traceback (most recent call last):",
    '  File "run.py", line 3, in run',
    "ValueError: no cells",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    "KeyError: 1",
    "ERROR:root:failed",
    "Traceback (most recent call last):",
    "  raise",
    "OSError: gone",
    "done",
] * 3
EVERYTHING = Wanted((), None, 0)


def from_line(lines: list[str], begin: int) -> Iterator[str]:
    return iter(lines[begin - 1 :])


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_what_is_read_on_is_what_is_read_at_once(step):
    whole = "\n".join(LINES)
    known: list[dict] = []
    begin = 1
    # Cut anywhere: the last line is written in pieces too.
    for end in [*range(0, len(whole), step * 5), len(whole)]:
        found, after = written(from_line(whole[:end].split("\n"), begin), begin, EVERYTHING, 5000)
        known = [each for each in known if each["line"] < begin] + found
        assert after >= begin
        begin = after
    assert known == written(iter(LINES), 1, EVERYTHING, 5000)[0]
    assert begin > len(LINES) // 2


def test_a_page_that_is_full_ends_reading_and_the_next_one_begins_beside_it():
    warnings = Wanted(("WARNING", "ERROR"), None, 0)
    every, _ = written(iter(LINES), 1, warnings, 5000)
    page, begin = written(iter(LINES), 1, warnings, 4)
    behind = Wanted(("WARNING", "ERROR"), None, page[2]["line"])
    assert page[:3] + written(from_line(LINES, begin), begin, behind, 5000)[0] == every
