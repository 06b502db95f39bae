"""The newest completed run of a method, in plain psycopg: a task may ask for it."""

from __future__ import annotations

from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import NotFound
from pm_kernel.store.recording import connected

_LATEST = """
SELECT max(r.id) FROM runs r JOIN methods m ON m.id = r.method_id
WHERE r.status = 'completed' AND m.name = %(method)s
  AND (%(sample)s::text IS NULL OR r.sample = %(sample)s)
"""


def latest_run(url: str, method: str, sample: str | None) -> int:
    """Return the id of the newest completed run of a method, for a sample where one is named.

    Raises NotFound, saying whether it is the method or the run that is missing.
    """
    values = {"method": method, "sample": None if sample is None else storable_text(sample)}
    with connected(url) as connection:
        row = connection.execute(_LATEST, values).fetchone()
        if row is not None and row[0] is not None:
            return int(row[0])
        known = connection.execute(
            "SELECT 1 FROM methods WHERE name = %s", (storable_text(method),)
        ).fetchone()
    if known is None:
        raise NotFound(
            f"There is no method {method!r}.", hint="`pm method list` shows the methods."
        )
    of = "" if sample is None else f" for sample {sample!r}"
    raise NotFound(f"Method {method!r} has no completed run{of}.")
