from __future__ import annotations

import json
import math

from pm_kernel.domain.storable import storable, storable_text


def test_nul_and_half_characters_are_written_as_escapes() -> None:
    assert storable_text("a\x00b\udc80c") == "a\\x00b\\udc80c"


def test_ordinary_text_is_left_alone() -> None:
    text = "Größe 🎉 \\x00 as typed"
    assert storable_text(text) is text


def test_nan_and_infinities_become_text_wherever_they_are() -> None:
    value = storable({"a": [math.nan, (math.inf, -math.inf)], "b\x00": 1.5})
    assert value == {"a": ["NaN", ["Infinity", "-Infinity"]], "b\\x00": 1.5}
    json.loads(json.dumps(value, allow_nan=False))
