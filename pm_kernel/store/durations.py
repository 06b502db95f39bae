"""How long runs of a method took: what a plan's time is estimated from."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

#: The newest completed runs that count: an old machine or an old version says little.
_NEWEST = 50

_MEDIANS = text("""
SELECT m.name, r.seconds FROM methods m CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM n.finished_at - n.started_at)) AS seconds
    FROM (SELECT started_at, finished_at FROM runs
          WHERE method_id = m.id AND status = 'completed' ORDER BY id DESC LIMIT :newest) n
) r
WHERE m.name = ANY(:methods) AND r.seconds IS NOT NULL
""")


def median_seconds(connection: Connection, methods: Iterable[str]) -> dict[str, float]:
    """Return the median of the newest completed runs of each method; without any it is absent."""
    asked = {"methods": sorted(set(methods)), "newest": _NEWEST}
    return {row.name: float(row.seconds) for row in connection.execute(_MEDIANS, asked)}
