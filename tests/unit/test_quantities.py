"""Sizes and times as people write them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from pm_kernel.domain.quantities import (
    ago_text,
    clock_text,
    duration_text,
    limit_text,
    parse_since,
    size_text,
)
from pm_kernel.errors import InvalidInput

NOW = datetime(2026, 3, 30, 10, 30, tzinfo=UTC)


@pytest.fixture
def in_berlin(monkeypatch):
    """Clocks there went forward on 2026-03-29."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10 kB"),
        (999_600, "1.0 MB"),
        (1_500_000, "1.5 MB"),
        (12_345_678_901, "12 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_a_size_has_two_or_three_digits_and_a_unit(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.9, "1 h 0 min"),
        (3720, "1 h 2 min"),
        (97_200, "1 d 3 h"),
    ],
)
def test_a_duration_has_one_or_two_units(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (42.9, "0:42"), (725, "12:05"), (3723, "1:02:03"), (176_523, "2 d 1:02:03")],
)
def test_a_clock_counts_up(seconds, text):
    assert clock_text(seconds) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=13), "13 d ago"),
        (timedelta(days=40), "2026-02-18"),
    ],
)
def test_a_moment_is_told_from_now(ago, text):
    assert ago_text(NOW - ago, NOW) == text


@pytest.mark.parametrize(
    ("typed", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("3 d", timedelta(days=3)),
        ("1W", timedelta(weeks=1)),
    ],
)
def test_a_span_counts_back_from_now(typed, ago):
    assert parse_since(typed, NOW) == NOW - ago


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("today", "2026-03-29T22:00+00:00"),
        # One hour later in UTC: the day before, the clocks had not gone forward yet.
        ("yesterday", "2026-03-28T23:00+00:00"),
        ("2026-02-14", "2026-02-13T23:00+00:00"),
        ("2026-02-14 10:30", "2026-02-14T09:30+00:00"),
        ("2026-02-14T10:30Z", "2026-02-14T10:30+00:00"),
        ("2026-06-01", "2026-05-31T22:00+00:00"),
    ],
)
def test_days_begin_where_the_machine_is_summer_time_included(in_berlin, typed, meant):
    assert parse_since(typed, NOW) == datetime.fromisoformat(meant)


@pytest.mark.parametrize("typed", ["", "soon", "3", "2x", "2026-13-01", "999999w", "-2h"])
def test_what_is_no_time_is_refused_with_examples(typed):
    with pytest.raises(InvalidInput) as error:
        parse_since(typed, NOW)
    assert "2026-02-14" in error.value.hint


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (6, "6 s"),
        (60, "1 min"),
        (90.5, "1 min 30.5 s"),
        (5400, "1 h 30 min"),
        (2 * 86_400 + 1, "2 d 1 s"),
    ],
)
def test_a_limit_is_written_as_somebody_would_set_it(seconds, text):
    assert limit_text(seconds) == text
