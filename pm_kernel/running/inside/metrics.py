"""The dictionary that ``run()`` returned, as scalars that every database can store."""

from __future__ import annotations

import math
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_METRICS = 1000
MAX_TEXT = 10_000
#: PostgreSQL holds neither NUL nor half a surrogate pair in text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def storable(text: str) -> str:
    r"""Return ``text`` with NUL as ``\x00`` and lone surrogates as ``\udc80``."""
    return _UNSTORABLE.sub(lambda m: ascii(m.group())[1:-1], text)


def metrics_of(result: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the metrics in what ``run()`` returned, and notices about what is no metric.

    Metrics are text, numbers, true, false and null; numpy's and other libraries' single numbers
    count as numbers. JSON has no NaN and no infinity: they are kept as the texts ``NaN``,
    ``Infinity`` and ``-Infinity``, with a notice.
    """
    if result is None:
        return {}, []
    if not isinstance(result, dict):
        kind = type(result).__name__
        return {}, [f"run() returned a {kind}; only the scalars of a dictionary become metrics."]
    metrics: dict[str, Any] = {}
    not_finite, others = [], []
    for key, value in result.items():
        name = storable(key if type(key) is str else str(key))[:200]
        plain = _plain(value)
        if isinstance(plain, float) and not math.isfinite(plain):
            not_finite.append(name)
            plain = _NOT_FINITE[str(plain)]
        if plain is NotImplemented or len(metrics) >= MAX_METRICS:
            others.append(name)
        else:
            metrics[name] = plain
    notices = []
    if not_finite:
        notices.append(f"Metrics that are no finite number: {_listed(not_finite)}.")
    if others:
        notices.append(
            f"Not recorded as metrics, because they are no single values: {_listed(others)}."
        )
    return metrics, notices


def _plain(value: Any) -> Any:
    """Return the JSON scalar of a value; NotImplemented where it is none."""
    if value is None or isinstance(value, bool):
        return value if value is None else bool(value)
    if isinstance(value, str):
        return storable(str.__str__(value)[:MAX_TEXT])
    if isinstance(value, int):
        # Python refuses to write more than 4300 digits; no count is that long.
        return int(value) if int.bit_length(value) < 10_000 else NotImplemented
    if isinstance(value, float):
        return float(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        try:
            plain = value.item()
        except Exception:  # noqa: BLE001 - whatever library this number comes from
            return NotImplemented
        return _plain(plain) if type(plain) in (bool, int, float, str) else NotImplemented
    return NotImplemented


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
