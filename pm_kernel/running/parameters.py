"""What was set or expected, against what arrived."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Distinct value combinations of a function that are kept as rows; more is said in a notice.
KEPT = 50


@dataclass(frozen=True)
class Arrival:
    """The parameters of an ended run.

    ``rows`` are those of ``run_parameters``. ``reusable`` is "stated" when every set or expected
    value is what arrived, "set" when only the set ones are vouched for, None when a set one never
    arrived.
    """

    rows: list[dict[str, Any]]
    notices: list[str]
    reusable: str | None


def read_calls(path: Path) -> list[dict[str, Any]]:
    """Read what the tracked functions reported; a half-written last line is left out."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    calls = []
    for line in lines:
        try:
            call = json.loads(line)
        except ValueError:
            # Only a process killed in the middle of its one write leaves such a line.
            continue
        calls.append(call)
    return calls


def compare(
    tracked: list[dict[str, Any]],
    set_params: Mapping[str, str],
    expected: Mapping[str, str | None],
    calls: list[dict[str, Any]],
) -> Arrival:
    """Line up each tracked parameter with what arrived in each distinct call."""
    rows: list[dict[str, Any]] = []
    notices: list[str] = []
    reusable: str | None = "stated"
    for function in tracked:
        name = function["function"]
        arrivals = _distinct([call["v"] for call in calls if call["f"] == name])
        if len(arrivals) > KEPT:
            notices.append(
                f"{name} was entered with {len(arrivals)} different combinations of values; "
                f"the first {KEPT} are shown."
            )
        for param in function["params"]:
            key = f"{name}.{param}"
            is_set = key in set_params
            stated = set_params[key] if is_set else expected.get(key)
            base = {"function": name, "param": param, "expected": stated, "set": is_set}
            if not arrivals:
                rows.append({**base, "ordinal": 0, "value": None, "type": None})
                if is_set:
                    notices.append(f"{key} was set to {stated} but not applied: {name} never ran.")
                    reusable = None
                elif stated is not None and reusable:
                    reusable = "set"
                continue
            different = []
            for ordinal, values in enumerate(arrivals):
                value = values.get(param)
                text = None if value is None else value["text"]
                if ordinal < KEPT:
                    kind = None if value is None else value["type"]
                    rows.append({**base, "ordinal": ordinal, "value": text, "type": kind})
                if stated is not None and text != stated:
                    different.append(text)
            if different and reusable:
                reusable = "set"
            if different and not is_set:
                shown = ", ".join(str(text) for text in dict.fromkeys(different[:3]))
                notices.append(f"{key}: {stated} was expected, {shown} arrived.")
    return Arrival(rows, notices, reusable)


def _distinct(arrivals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Each process reports its own distinct combinations; together they may repeat.
    seen: dict[str, dict[str, Any]] = {}
    for values in arrivals:
        seen.setdefault(json.dumps(values, sort_keys=True), values)
    return list(seen.values())
