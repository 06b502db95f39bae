"""Comparing runs: their records, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from pm_kernel.domain.comparison import Comparison, compare
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store.engine import Store
from pm_kernel.store.lineage import ancestry
from pm_kernel.store.run_details import details_of
from pm_kernel.store.runs import get_runs

#: More do not fit side by side.
MOST = 20
#: Ancestors of each run that are looked at.
_ANCESTORS = 2000


def compare_runs(store: Store, run_ids: Sequence[int], *, upstream: bool = False) -> Comparison:
    """Return what is different between runs; ``upstream``: also in what they were made from.

    Raises NotFound, and InvalidInput unless there are 2 to 20 different runs.
    """
    wanted = list(dict.fromkeys(run_ids))
    if not 2 <= len(wanted) <= MOST:
        raise InvalidInput(f"2 to {MOST} different runs are compared, not {len(wanted)}.")
    known = {run.run_id: run for run in get_runs(store, wanted)}
    missing = [run_id for run_id in wanted if run_id not in known]
    if missing:
        raise NotFound(f"There is no run {missing[0]}.", hint="`pm runs` shows the newest runs.")
    details = details_of(store, [known[run_id] for run_id in wanted])
    by_id = {each.run.run_id: each for each in details}
    if not upstream:
        return compare([by_id[run_id] for run_id in wanted])
    graphs = [ancestry(store, run_id, max_runs=_ANCESTORS) for run_id in wanted]
    every = {run_id: run for graph in graphs for run_id, run in graph.runs.items()}
    described = {each.run.run_id: each for each in details_of(store, list(every.values()))}
    above = [
        [described[run_id] for run_id in graph.order if run_id != wanted[number]]
        for number, graph in enumerate(graphs)
    ]
    return compare([by_id[run_id] for run_id in wanted], above)
