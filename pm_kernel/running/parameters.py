"""What was set or expected, against what arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

#: Distinct value combinations of a function that are kept as rows; more is said in a notice.
KEPT = 50


class Arrival(NamedTuple):
    """The parameters of an ended run.

    ``rows`` are those of ``run_parameters``. ``reusable`` is "stated" when every set or expected
    value is what arrived, "set" when only the set ones are vouched for, None when a set one never
    arrived.
    """

    rows: list[dict[str, Any]]
    notices: list[str]
    reusable: str | None


def read_calls(path: Path) -> Iterator[dict[str, Any]]:
    """Read what the tracked functions reported; a half-written last line is left out."""
    try:
        stream = open(path, "rb")  # noqa: SIM115 - closed below
    except (FileNotFoundError, NotADirectoryError):
        return
    with stream:
        for line in stream:
            try:
                call = json.loads(line)
            except ValueError:
                # Only a process killed in the middle of its one write leaves such a line.
                continue
            if isinstance(call, dict) and {"f", "v"} <= call.keys():
                yield call


def compare(
    tracked: list[dict[str, Any]],
    set_params: Mapping[str, str],
    expected: Mapping[str, str | None],
    calls: Iterator[dict[str, Any]] | list[dict[str, Any]],
) -> Arrival:
    """Line up each tracked parameter with what arrived in each distinct call."""
    rows: list[dict[str, Any]] = []
    notices: list[str] = []
    reusable: str | None = "stated"
    arrived = _distinct(calls)
    for function in tracked:
        name = function["function"]
        arrivals = arrived.get(name, [])
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
            different: dict[str | None, None] = {}
            applied = False
            for ordinal, (values, enforced) in enumerate(arrivals):
                value = values.get(param)
                text = None if value is None else value["text"]
                if ordinal < KEPT:
                    kind = None if value is None else value["type"]
                    rows.append({**base, "ordinal": ordinal, "value": text, "type": kind})
                if stated is not None and text != stated:
                    different[text] = None
                applied = applied or param in enforced
            if is_set and not applied:
                why = "never ran" if not arrivals else "was only entered without it"
                notices.append(f"{key} was set to {stated} but not applied: {name} {why}.")
                reusable = None
            elif (different or (not arrivals and stated is not None)) and reusable:
                reusable = "set"
            if different and (applied or not is_set):
                shown = ", ".join(str(text) for text in list(different)[:3])
                said = "was set" if is_set else "was expected"
                notices.append(f"{key}: {stated} {said}, {shown} arrived.")
    for key in set_params:
        if not any(f"{row['function']}.{row['param']}" == key for row in rows):
            notices.append(f"{key} was set but not applied: no such parameter is tracked.")
            reusable = None
    return Arrival(rows, notices, reusable)


def _distinct(
    calls: Iterator[dict[str, Any]] | list[dict[str, Any]],
) -> dict[str, list[tuple[dict[str, Any], list[str]]]]:
    """Return function -> distinct combinations in order of arrival, with what was set in each.

    Each process reports its own distinct combinations; together they may repeat.
    """
    seen: dict[str, dict[str, tuple[dict[str, Any], list[str]]]] = {}
    for call in calls:
        combinations = seen.setdefault(call["f"], {})
        mark = json.dumps(call["v"], sort_keys=True)
        combinations.setdefault(mark, (call["v"], call.get("set", [])))
    return {name: list(combinations.values()) for name, combinations in seen.items()}
