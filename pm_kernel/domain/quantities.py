"""Sizes and times as people write them, and back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pm_kernel.errors import InvalidInput

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")


def size_text(size: int) -> str:
    """Return a number of bytes with a decimal unit: 950 B, 1.5 kB, 24 MB."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        # 999.6 would be shown as 1000.
        if amount < 999.5 or unit == "TB":
            shown = f"{amount:.1f}" if unit != "B" and amount < 9.95 else f"{amount:.0f}"
            return f"{shown} {unit}"
        amount /= 1000
    raise AssertionError("the last unit takes every amount")


def duration_text(seconds: float) -> str:
    """Return how long something took: 0.4 s, 42 s, 3 min 5 s, 1 h 2 min, 2 d 3 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def limit_text(seconds: float) -> str:
    """Return a duration as somebody would set it, without parts that are nothing: 1 h 30 min."""
    whole = int(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        amount, whole = divmod(whole, size)
        if amount:
            parts.append(f"{amount} {unit}")
    rest = round(whole + seconds % 1, 3)
    if rest or not parts:
        parts.append(f"{rest:g} s")
    return " ".join(parts)


def clock_text(seconds: float) -> str:
    """Return how long something has been going on: 0:42, 12:05, 1:02:03, 2 d 1:02:03."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    clock = f"{rest // 60}:{rest % 60:02d}"
    if hours or days:
        clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def ago_text(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in one unit; after two weeks the day itself."""
    seconds = (now - then).total_seconds()
    if seconds < 10:
        return "just now"
    for limit, unit, name in (
        (60, 1, "s"),
        (3600, 60, "min"),
        (86_400, 3600, "h"),
        (14 * 86_400, 86_400, "d"),
    ):
        if seconds < limit:
            return f"{int(seconds // unit)} {name} ago"
    return f"{then.astimezone(now.tzinfo):%Y-%m-%d}"


def parse_since(text: str, now: datetime) -> datetime:
    """Return the moment that ``2h``, ``3d``, ``today``, ``yesterday`` or a date means.

    Days begin, and times without a zone are, in this machine's time zone. Raises InvalidInput.
    """
    typed = text.strip().lower()
    try:
        if found := _SPAN.fullmatch(typed):
            return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
        if typed in ("today", "yesterday"):
            local = now.astimezone().replace(tzinfo=None)
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            # The zone last: the day before may have been on summer time.
            return (midnight - timedelta(days=typed == "yesterday")).astimezone()
        moment = datetime.fromisoformat(typed.upper())
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is no time.",
            hint="It looks like 2h, 3d, 1w, yesterday, 2026-02-14 or 2026-02-14T10:30.",
        ) from None
    return moment.astimezone() if moment.tzinfo is None else moment
