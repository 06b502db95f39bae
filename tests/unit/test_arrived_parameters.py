from __future__ import annotations

from pathlib import Path
from typing import Any

from pm_kernel.running.parameters import KEPT, compare, read_calls

TRACKED: list[dict[str, Any]] = [{"function": "segment", "params": ["sigma", "threshold"]}]


def call(pid: int = 1, enforced: tuple[str, ...] = (), **values: str) -> dict[str, Any]:
    return {
        "f": "segment",
        "v": {name: {"text": text, "type": "float"} for name, text in values.items()},
        "set": list(enforced),
        "pid": pid,
    }


def test_what_arrived_as_expected_makes_a_run_reusable_by_what_is_stated() -> None:
    arrival = compare(
        TRACKED,
        {"segment.sigma": "2.0"},
        {"segment.threshold": "0.5"},
        [call(enforced=("sigma",), sigma="2.0", threshold="0.5")],
    )
    assert arrival.reusable == "stated"
    assert arrival.notices == []
    assert [(r["param"], r["value"], r["set"]) for r in arrival.rows] == [
        ("sigma", "2.0", True),
        ("threshold", "0.5", False),
    ]


def test_a_value_that_arrived_otherwise_than_expected_is_shown_with_a_notice() -> None:
    arrival = compare(
        TRACKED,
        {},
        {"segment.sigma": "2.0", "segment.threshold": "0.5"},
        [call(sigma="2.0", threshold="0.7")],
    )
    assert arrival.reusable == "set"
    assert arrival.notices == ["segment.threshold: 0.5 was expected, 0.7 arrived."]
    assert arrival.rows[1]["value"] == "0.7"


def test_a_set_parameter_whose_function_never_ran_is_not_applied_and_never_reused() -> None:
    arrival = compare(TRACKED, {"segment.sigma": "9.0"}, {"segment.threshold": "0.5"}, [])
    assert arrival.reusable is None
    assert arrival.rows[0]["value"] is None
    assert "not applied" in arrival.notices[0]


def test_an_untouched_function_that_never_ran_vouches_only_for_what_was_set() -> None:
    assert compare(TRACKED, {}, {"segment.sigma": "2.0"}, []).reusable == "set"
    assert compare(TRACKED, {}, {"segment.sigma": None}, []).reusable == "stated"


def test_computed_values_may_arrive_as_they_like() -> None:
    arrival = compare(
        TRACKED,
        {},
        {"segment.sigma": None, "segment.threshold": "0.5"},
        [call(sigma="3.25", threshold="0.5")],
    )
    assert arrival.reusable == "stated"
    assert arrival.notices == []


def test_the_same_values_from_two_processes_are_one_row() -> None:
    calls = [call(pid=1, sigma="1.0", threshold="0.5"), call(pid=2, sigma="1.0", threshold="0.5")]
    assert len(compare(TRACKED, {}, {}, calls).rows) == 2


def test_hundreds_of_different_calls_are_said_and_not_all_stored() -> None:
    calls = [call(sigma=str(n), threshold="0.5") for n in range(3 * KEPT)]
    arrival = compare(TRACKED, {}, {}, calls)
    assert len(arrival.rows) == 2 * KEPT
    assert f"{3 * KEPT} different combinations" in arrival.notices[0]


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b'{"f": "segment", "v": {}}\n{"f": "seg')
    assert list(read_calls(path)) == [{"f": "segment", "v": {}}]
    assert list(read_calls(tmp_path / "missing")) == []


def test_a_set_value_that_reached_no_call_is_not_applied_whatever_arrived() -> None:
    arrival = compare(TRACKED, {"segment.sigma": "2.0"}, {}, [call(sigma="1.0", threshold="0.5")])
    assert arrival.reusable is None
    assert arrival.rows[0]["value"] == "1.0"
    assert "was set to 2.0 but not applied" in arrival.notices[0]


def test_a_set_value_that_a_command_line_converted_was_applied_and_is_shown_as_it_arrived() -> None:
    calls = [call(enforced=("sigma",), sigma="2.0", threshold="0.5")]
    arrival = compare(TRACKED, {"segment.sigma": "2"}, {"segment.threshold": "0.5"}, calls)
    assert arrival.reusable == "set"
    assert arrival.rows[0]["value"] == "2.0"
    assert arrival.notices == ["segment.sigma: 2 was set, 2.0 arrived."]


def test_a_set_value_without_a_tracked_parameter_is_said_to_be_not_applied() -> None:
    arrival = compare(TRACKED, {"other.sigma": "2.0"}, {}, [call(sigma="1.0", threshold="0.5")])
    assert arrival.reusable is None
    assert "other.sigma was set but not applied" in arrival.notices[-1]
