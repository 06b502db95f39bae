"""Retrying: a launch of what failed and was chosen, or of a branch that is to run once more.

A retry is a launch like any other, after whatever runs: the rules of registering hold, so that no
planned run is executed twice at once and nothing starts without its inputs. What is asked for while
the plan runs is noted in its planned runs, and given to the launch after the running one by
whoever opens that: the supervisor, or a resume after everything was killed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pm_kernel import submission
from pm_kernel.artifacts.layout import RunStore, refuse_unwritable
from pm_kernel.behind import refuse_behind
from pm_kernel.config import Settings
from pm_kernel.domain.names import listed, shown
from pm_kernel.domain.planned_tree import PlannedTree
from pm_kernel.domain.plans import OPEN, PlannedRunRow
from pm_kernel.errors import Conflict, NotFound, UsageError
from pm_kernel.mirror import follow_state
from pm_kernel.running.orphans import settle_orphans
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.store import launches, plans, retries
from pm_kernel.store.engine import Connection, Store, libpq_url

#: Planned runs in one of these states have no result, and nothing is on its way to one.
_WITHOUT = frozenset({"failed", "cancelled", "waiting", "blocked"})
#: Those that had their try, and those that have a result.
_ENDED = frozenset({"failed", "cancelled"})
_WITH = frozenset({"completed", "reused"})


@dataclass(frozen=True)
class Choice:
    """Which planned runs are meant: all that fit everything that is said."""

    step: str | None = None
    sample: str | None = None
    run_id: int | None = None
    #: As it is shown, or one of the branches chosen in it.
    branch: str | None = None
    #: Several runs at once.
    run_ids: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        said = (self.step, self.sample, self.branch)
        return bool(self.numbers) or any(each is not None for each in said)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The runs that are named by their numbers; without one, every run may be meant."""
        return self.run_ids if self.run_id is None else (self.run_id, *self.run_ids)

    def fits(self, row: PlannedRunRow) -> bool:
        """Whether a planned run is meant, its number apart."""
        return (
            self.step in (None, row.step)
            and self.sample in (None, row.sample)
            and self.branch in (None, row.branch, *row.branches)
        )


@dataclass(frozen=True)
class Retry:
    """What a retry began: for how many planned runs, and whether a running launch comes first."""

    #: The chosen ones, and what goes with them: what is made of them, and what they lack.
    runs: int
    queued: bool
    #: The chosen ones alone: so many are wanted again.
    chosen: int = field(default=0, compare=False)


def retry(
    settings: Settings,
    store: Store,
    plan_id: int,
    choice: Choice,
    *,
    again: bool = False,
    start: submission.StartProcess = submission.start_detached,
) -> Retry:
    """Run the chosen planned runs that failed, and what waits for them; nothing else of the plan.

    With ``again``, run the chosen ones although they have results, and everything below them: their
    runs so far stay in the record. While the plan is running, this is queued for a launch after
    the running one, which may be reading those results; ``take_back`` forgets it until then.

    Raises NotFound when nothing fits, Conflict when there is nothing to run or it cannot be begun
    now, UsageError for ``again`` without a choice, EngineUnavailable when there is no Nextflow to
    run it.
    """
    plan = plans.get_plan(store, plan_id)
    if plan.status == "draft":
        raise Conflict(
            f"Plan {plan_id} is a draft.", hint=f"Submit it with `pm plan submit {plan_id}`."
        )
    if plan.kind == "run":
        raise Conflict(
            f"Plan {plan_id} is a direct run.", hint="Run the method again with `pm run --rerun`."
        )
    if plan.kind == "export" and plan.status in OPEN:
        raise Conflict(
            f"Plan {plan_id} is run by a Nextflow of somebody's own.",
            hint="Start that one again with -resume.",
        )
    if again and not choice:
        raise UsageError(
            "Say which part is to run again: --step, --sample, --branch or --run.",
            hint="For all of it, submit a new plan with `--rerun all`.",
        )
    plans.refuse_elsewhere(store, settings.workspace_id, plan_id)
    submission.refuse_pooler(settings, start)
    lock = submission.own(store, plan_id, patience=0.0)
    if lock is None:
        return _queue(settings, store, plan_id, choice, again=again)
    try:
        plan = plans.get_plan(store, plan_id)
        if plan.status in OPEN and submission.is_supervised(settings, plan_id, plan.epoch):
            # It has begun and does not have the lock yet, or lost it: not the time to replace it.
            return _queue(settings, store, plan_id, choice, again=again)
        submission.look_for_nextflow(settings, start)
        # Before anything loses its result.
        refuse_unwritable(RunStore(settings.runs_dir).plan(plan_id))
        refuse_behind(settings, store, plan_id)
        settle_orphans(settings, store, DirectRecorder(libpq_url(store.url)), plan_id)
        with store.transaction() as connection:
            retries.lock(connection, plan_id)
            # Read by another connection, which sees what is committed: with the locks, all of it.
            tree = _Tree(plans.planned_runs_of(store, plan_id))
            named = _chosen(connection, plan_id, tree, choice)
            if again:
                begun = {row.planned_id for row in named if row.decision != "blocked"}
                chosen = _cleared(connection, plan_id, tree, begun, settings.user)
            else:
                begun = chosen = _ended(plan_id, tree, named, _ENDED | {"waiting"})
            given = tree.with_others(chosen)
            epoch = launches.raise_epoch(connection, plan_id)
            held = [row.planned_id for row in tree.rows if row.state in _WITHOUT]
            retries.hold(connection, set(held) - given, epoch)
            plans.set_status(connection, plan_id, "submitted")
        submission.supervise(settings, store, plan_id, epoch, start)
    finally:
        lock.release()
    return Retry(len(given), queued=False, chosen=len(begun))


def take_back(settings: Settings, store: Store, plan_id: int, choice: Choice) -> int:
    """Forget that chosen planned runs are wanted again, as long as no launch has them.

    Returns how many that were; without a choice, all that are wanted. Raises NotFound when nothing
    fits, Conflict when nothing of it is wanted again any more.
    """
    plans.get_plan(store, plan_id)
    with store.transaction() as connection:
        status = retries.lock(connection, plan_id)
        tree = _Tree(plans.planned_runs_of(store, plan_id))
        chosen = {row.planned_id for row in _chosen(connection, plan_id, tree, choice)}
        wanted = chosen & retries.wanted(connection, plan_id).keys()
        if not wanted:
            raise Conflict(
                "Nothing of that is waiting to run again.",
                hint=f"`pm plan show {plan_id}` shows what is; what has begun ends with "
                f"`pm plan cancel {plan_id}`.",
            )
        retries.take_back(connection, wanted)
        if status not in OPEN and plans.status_from_record(connection, plan_id) == "completed":
            # It lacked nothing but this.
            plans.set_status(connection, plan_id, "completed")
    follow_state(RunStore(settings.runs_dir), store, plan_id)
    return len(wanted)


def _queue(settings: Settings, store: Store, plan_id: int, choice: Choice, *, again: bool) -> Retry:
    """Leave a retry to the supervisor, which looks for more to launch before it ends the plan."""
    with store.transaction() as connection:
        status = retries.lock(connection, plan_id)
        epoch, cancelled = launches.epochs(connection, plan_id)
        if status not in OPEN or cancelled >= epoch:
            raise Conflict(f"Plan {plan_id} is just ending.", hint="Repeat this in a moment.")
        tree = _Tree(plans.planned_runs_of(store, plan_id))
        named = _chosen(connection, plan_id, tree, choice)
        held = retries.held(connection, plan_id, epoch)
        chosen = _ended(plan_id, tree, named, _ENDED | _WITH if again else _ENDED, held)
        retries.want(connection, chosen, settings.user)
        results = {each for each in chosen if tree.by_id[each].state in _WITH}
    follow_state(RunStore(settings.runs_dir), store, plan_id)
    given = tree.below(results) | tree.with_others(chosen)
    return Retry(len(given), queued=True, chosen=len(chosen))


class _Tree(PlannedTree):
    """The planned runs of a plan as they are shown, and what lies above and below each."""

    def __init__(self, rows: Sequence[PlannedRunRow]) -> None:
        super().__init__({row.planned_id: row.parents for row in rows})
        self.rows = rows
        self.by_id = {row.planned_id: row for row in rows}

    def with_others(self, chosen: set[int]) -> set[int]:
        """The chosen ones, what waits for them, and what all these lack above them."""
        lacking = {row.planned_id for row in self.rows if row.state in _WITHOUT}
        below = self.below(chosen) & (lacking | chosen)
        return below | (self.above(chosen) & lacking)


def _chosen(
    connection: Connection, plan_id: int, tree: _Tree, choice: Choice
) -> list[PlannedRunRow]:
    rows = tree.rows
    if choice.numbers:
        planned = {_planned(connection, plan_id, number) for number in choice.numbers}
        rows = [row for row in rows if row.planned_id in planned]
    found = [row for row in rows if choice.fits(row)]
    if found:
        return found
    steps = dict.fromkeys(row.step for row in tree.rows)
    samples = dict.fromkeys(row.sample for row in tree.rows if row.sample is not None)
    branches = dict.fromkeys(row.branch for row in tree.rows if row.branch)
    known = {*branches, *(each for row in tree.rows for each in row.branches)}
    if choice.step is not None and choice.step not in steps:
        told = f"no step {shown(choice.step)}; it has {listed(steps, 12)}"
    elif choice.sample is not None and choice.sample not in samples:
        told = f"no sample {shown(choice.sample)}; it has {listed(samples, 12) or 'none'}"
    elif choice.branch is not None and choice.branch not in known:
        told = f"no branch {shown(choice.branch)}; it has {listed(branches, 12) or 'none'}"
    else:
        told = "no planned run that is all of that"
    raise NotFound(f"Plan {plan_id} has {told}.", hint=f"`pm plan show {plan_id}` shows them.")


def _planned(connection: Connection, plan_id: int, run_id: int) -> int:
    planned = retries.planned_run_of(connection, plan_id, run_id)
    if planned is None:
        raise NotFound(
            f"Run {run_id} is no run of plan {plan_id}.",
            hint=f"`pm plan show {plan_id}` shows its runs.",
        )
    return planned


def _ended(
    plan_id: int,
    tree: _Tree,
    chosen: Sequence[PlannedRunRow],
    states: Collection[str],
    held: Collection[int] = (),
) -> set[int]:
    """Return those that can be begun, or say why there are none.

    What waits and is ``held`` back from the running epoch waits for nothing but being asked for.
    """
    found = {
        row.planned_id
        for row in chosen
        if row.state in states or (row.state == "waiting" and row.planned_id in held)
    }
    if found:
        return found
    causes = sorted(
        tree.by_id[each].run_id or 0
        for each in tree.above([row.planned_id for row in chosen if row.state == "blocked"])
        if tree.by_id[each].state in ("failed", "cancelled")
    )
    if causes:
        raise Conflict(
            f"They were not run because run {causes[0]} did not complete.",
            hint=f"`pm plan retry {plan_id} --run {causes[0]}` runs that, and then these.",
        )
    if any(row.state in ("running", "waiting") for row in chosen):
        raise Conflict(
            "They have not ended yet.", hint=f"`pm plan watch {plan_id}` follows the plan."
        )
    raise Conflict(
        "Nothing failed there: all of them have results.",
        hint="`--again` runs them once more, with everything below them.",
    )


def _cleared(
    connection: Connection,
    plan_id: int,
    tree: _Tree,
    chosen: set[int],
    user: str,
) -> set[int]:
    """Take away the results of the chosen ones and of everything below them."""
    cleared = {each for each in tree.below(chosen) if tree.by_id[each].decision != "blocked"}
    alive = retries.live(connection, plan_id)
    if living := sorted(alive[each] for each in cleared & alive.keys()):
        raise Conflict(
            f"Run {living[0]} of them is still alive.",
            hint=f"Wait for its end (`pm runs show {living[0]}`), then repeat this.",
        )
    retries.clear(connection, cleared, f"{retries.AGAIN} {user} asked for it")
    return cleared
