"""Results that a plan rests on, looked at on disk: what was altered is noted and not used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pm_kernel.domain.plan import ExistingRun
from pm_kernel.errors import Problem, Problems
from pm_kernel.running import inputs
from pm_kernel.store import integrity, launches, plans, reuse
from pm_kernel.store.engine import Store

if TYPE_CHECKING:
    from pm_kernel.planning import Preview


def drop_altered(store: Store, plan_id: int, user: str) -> int:
    """Look at the files of every result of a plan; let go of those that were altered or are gone.

    Returns how many planned runs need a result again. What was found is noted.
    """
    with store.reading() as connection:
        results = plans.results_of(connection, plan_id)
        known = reuse.invalid_runs(connection, results.values())
        artifacts = reuse.artifacts(connection, set(results.values()) - known, ())
    altered = _altered(artifacts)
    invalid = known | {item.run_id for item in altered}
    lost = [planned for planned, run_id in results.items() if run_id in invalid]
    if lost:
        with store.transaction() as connection:
            integrity.note_altered(connection, [vars(item) for item in altered], user)
            launches.drop_results(connection, lost)
    return len(lost)


def note_altered(store: Store, user: str, shown: Preview) -> list[str]:
    """Look at the disk before reusing; returns what was altered, in words, nothing if all is well.

    What was altered is noted, so that a preview from now on does not count on it. Raises Problems
    for data that the plan names itself and cannot do without.
    """
    named = {
        (source.run_id, source.output)
        for run in shown.expanded.runs
        for sources in run.inputs.values()
        for source in sources
        if isinstance(source, ExistingRun)
    }
    with store.reading() as connection:
        artifacts = reuse.artifacts(connection, reused_by(shown), named)
    altered = _altered(artifacts)
    if not altered:
        return []
    with store.transaction() as connection:
        integrity.note_altered(connection, [vars(item) for item in altered], user)
    fixed = {run_id for run_id, _ in named}
    messages = {item.run_id: item.message for item in reversed(altered) if item.run_id in fixed}
    if messages:
        raise Problems([Problem(message, code="altered") for message in messages.values()])
    files = {item.run_id: item.file for item in reversed(altered)}
    return [f"Run {run_id} was altered ({files[run_id]})." for run_id in sorted(files)]


def reused_by(shown: Preview) -> set[int]:
    """Return the runs that a preview counts on."""
    return {d.run_id for d in shown.decisions.values() if d.run_id is not None}


def _altered(artifacts: Iterable[dict[str, Any]]) -> list[inputs.Altered]:
    return [found for item in artifacts for found in inputs.check({"": {"items": [item]}})]
