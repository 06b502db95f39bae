"""Values in a form that PostgreSQL can store, without losing what they were.

PostgreSQL text cannot hold NUL, UTF-8 cannot hold half a surrogate pair, JSON cannot hold NaN. None
of them may fail a finished run, so each is written as the escape a Python programmer would write.
"""

from __future__ import annotations

import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable_text(text: str) -> str:
    r"""Return ``text`` with NUL as ``\x00`` and lone surrogates as ``\udc80``."""
    return _UNSTORABLE.sub(_escape, text) if _UNSTORABLE.search(text) else text


def storable(value: Any) -> Any:
    """Return a JSON-like value with every text storable; NaN and infinities become text."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, dict):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
