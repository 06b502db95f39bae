"""The newest completed run of a method, in plain psycopg: a task may ask for it."""

from __future__ import annotations

from typing import Any

import psycopg

from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import NotFound

_LATEST = """
SELECT max(r.id) FROM runs r JOIN methods m ON m.id = r.method_id
WHERE r.status = 'completed' AND m.name = %(method)s
  AND (%(sample)s::text IS NULL OR r.sample = %(sample)s)
"""


def latest(
    connection: psycopg.Connection[tuple[Any, ...]], request: dict[str, Any]
) -> dict[str, Any]:
    """Answer with the id of the newest completed run of a method, for a sample where one is named.

    Raises NotFound, saying whether it is the method or the run that is missing.
    """
    method, sample = request["method"], request["sample"]
    values = {
        "method": storable_text(method),
        "sample": None if sample is None else storable_text(sample),
    }
    row = connection.execute(_LATEST, values).fetchone()
    if row is not None and row[0] is not None:
        return {"run_id": int(row[0])}
    known = connection.execute("SELECT 1 FROM methods WHERE name = %(method)s", values).fetchone()
    if known is None:
        raise NotFound(
            f"There is no method {method!r}.", hint="`pm method list` shows the methods."
        )
    of = "" if sample is None else f" for sample {sample!r}"
    raise NotFound(f"Method {method!r} has no completed run{of}.")
