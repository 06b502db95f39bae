"""``/pm/api/marks``: how each state looks and is called, on every screen the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pm_kernel.domain.marks import PLAN_MARKS, RUN_MARKS
from pm_server.routes.base import Route, verb


class MarksRoute(Route):
    """The one table of marks."""

    @verb
    async def get(self) -> None:
        """Return the marks of runs and of plans."""
        self.query()
        self.answer(marks_document())


def marks_document() -> dict[str, Any]:
    """Return the marks as plain JSON values."""
    return {
        "run": [asdict(mark) for mark in RUN_MARKS],
        "plan": [asdict(mark) for mark in PLAN_MARKS],
    }
