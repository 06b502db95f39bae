"""One glyph, one colour token and one phrase per state: the same on every screen.

Terminal, canvas, tables and notebooks read this table; the browser gets it from the server. A state
is never told by colour alone, so each carries its glyph and its word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """How one state looks and what it is called."""

    state: str
    glyph: str
    #: Name of a colour, not a colour: neutral, brand, success, info, warn or error.
    token: str
    #: The word; screens that know more say more ("failed: …", "reused from run 31").
    said: str


#: States of a run, stored or derived.
RUN_MARKS: tuple[Mark, ...] = (
    Mark("waiting", "○", "neutral", "waiting"),
    Mark("running", "◐", "brand", "running"),
    Mark("completed", "●", "success", "completed"),
    Mark("reused", "◆", "info", "reused"),
    Mark("failed", "✕", "error", "failed"),
    Mark("cancelled", "⊘", "neutral", "cancelled"),
    Mark("blocked", "⊟", "neutral", "not run"),
    Mark("silent", "◌", "warn", "no sign of life"),
    Mark("altered", "⚠", "warn", "altered"),
    Mark("tainted", "△", "warn", "an upstream result was altered"),
)

#: States of a plan, with the same glyphs.
PLAN_MARKS: tuple[Mark, ...] = (
    Mark("draft", "○", "neutral", "draft"),
    Mark("submitted", "○", "neutral", "submitted"),
    Mark("running", "◐", "brand", "running"),
    Mark("completed", "●", "success", "completed"),
    Mark("partial", "✕", "error", "partly failed"),
    Mark("failed", "✕", "error", "failed"),
    Mark("cancelled", "⊘", "neutral", "cancelled"),
)


def run_mark(state: str) -> Mark:
    """Return the mark of a run's state; a state that this program does not know shows as its name.

    A newer program may have written it, and a reader of a lineage must not fail for that.
    """
    return _find(RUN_MARKS, state)


def plan_mark(state: str) -> Mark:
    """Return the mark of a plan's state; an unknown one shows as its name."""
    return _find(PLAN_MARKS, state)


def _find(marks: Iterable[Mark], state: str) -> Mark:
    return next((mark for mark in marks if mark.state == state), Mark(state, "?", "neutral", state))
