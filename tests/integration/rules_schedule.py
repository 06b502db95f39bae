"""One schedule: a small plan or two, a seed, and the misfortunes that the seed brings."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.domain.plans import OPEN
from pm_kernel.mirror import keep_submitted
from pm_kernel.retrying import Choice
from pm_kernel.store import workspaces
from pm_kernel.store.engine import Store

from ..workbench import Workbench
from .rules_account import Account
from .rules_actors import Stage
from .rules_checks import untried, violations
from .rules_doors import doors
from .rules_methods import next_version
from .rules_restoring import Backups
from .rules_world import Actor, World

_RESUMES = 8
#: Steps of a recording command, about.
_WORK = 90
#: Steps that a runner takes before the method's code.
_BEGINNING = 8
#: Decisions for which a misfortune waits until it meets somebody.
_MEETING = 200

#: The planned runs of a plan, with all runs that they had.
_ROWS = """
SELECT p.id, p.step, p.sample, p.branch,
       ARRAY(SELECT r.id FROM runs r WHERE r.planned_run_id = p.id ORDER BY r.id)
FROM planned_runs p WHERE p.plan_id = %s ORDER BY p.id
"""
#: What is said together of what is to run again.
_TOGETHER = [["step", "sample"], ["step", "branch"], ["sample", "branch"]]

#: Takes a rule away, see ``rules_broken``.
Change = Callable[[pytest.MonkeyPatch, World], None]

#: Who has statements that can be lost.
_TALKING = (
    *("register", "complete", "served", "supervisor", "resume", "cancel", "look"),
    *("again", "retry", "back", "registers", "rebuild"),
)

#: What can happen, and how often compared with the others.
MISFORTUNES = {
    "kill": 6,
    "strand": 2,
    "orphan": 2,
    "rivals": 1,
    "cut_short": 2,
    "lose": 3,
    "stop": 3,
    "requeue": 3,
    "resume": 4,
    "look": 2,
    "cancel": 1,
    "cancel_at_start": 1,
    "cut_lock": 1,
    "again": 3,
    "retry": 2,
    "take_back": 1,
    "spoil": 1,
}
#: In every fourth schedule somebody registers methods of the plan again.
_REGISTERING, _EVERY = {"new_version": 6}, 4
#: In another fourth the database is lost, and an older backup restored.
_RESTORING = {"back_up": 4, "restore": 6, "rebuild": 2}


@dataclass(frozen=True)
class Outcome:
    """What became of one schedule."""

    seed: int
    violations: list[str]
    #: What happened, line by line.
    told: list[str]
    account: Account
    decisions: int


def random_plan(rng: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Steps and request of a plan with a few runs: chain, diamond, gathered lists, side by side."""
    each = _step("each", name={"column": "sample"})
    gathered = {"over": ["sample"], "on_failure": rng.choice(["wait", "wait", "go_on"])}
    shapes = [
        {"s": each, "t": _step("one", a="s"), "u": _step("one", a="t")},
        {
            "s": each,
            "t": _step("one", a="s"),
            "u": _step("one", a="s"),
            "v": _step("two", a="t", b="u"),
        },
        {
            "s": each,
            "g": _step("gather", many={"from": "s.out", "gather": gathered}),
            "t": _step("one", a="g"),
        },
        {
            "s": each,
            "t": _step("one", a="s"),
            "x": _step("alone"),
            "g": _step("mixed", many={"from": "t.out", "gather": gathered}, a="x"),
        },
    ]
    number = rng.randrange(len(shapes))
    if number < 2 and rng.random() < 0.4:
        # One of them with a name that looks like two.
        shapes[number]["t"]["branches"] = {"a/b": {"pick.k": "1"}, "b": {"pick.k": "2"}}
    samples = [f"s{n}" for n in range(rng.randint(1, 2) if number < 2 else rng.randint(2, 3))]
    # All of it is executed: what other schedules left is none of this one's business.
    return shapes[number], {"samples": samples, "rerun": {"all": True}}


def _step(method: str, **inputs: Any) -> dict[str, Any]:
    bound = {
        name: {"from": f"{given}.out"} if isinstance(given, str) else given
        for name, given in inputs.items()
    }
    return {"method": method, "inputs": bound}


def play(
    seed: int,
    home: Workbench,
    *,
    change: Change | None = None,
    misfortunes: Mapping[str, int] | None = None,
    direct: bool = False,
) -> Outcome:
    """Play one schedule to its end in a workspace of its own.

    ``change`` takes a rule away; ``direct``: tasks never ask the supervisor to record for them, as
    in every other schedule.
    """
    if misfortunes is None:
        more = {_EVERY - 2: _REGISTERING, _EVERY - 4: _RESTORING}.get(seed % _EVERY, {})
        misfortunes = {**MISFORTUNES, **more}
    rng = random.Random(f"plan {seed}")
    world = World(seed, home.url)
    bench = _workspace(home, seed)
    try:
        # Sometimes two at once: one workspace, one run store, and whoever looks sees both.
        submitted = []
        for _ in range(rng.choice([1, 1, 1, 2])):
            steps, request = random_plan(rng)
            submitted.append(bench.plan({"steps": steps}, **request))
            keep_submitted(RunStore(bench.runs), bench.store, submitted[-1][0])
        with doors(world) as patch:
            stage = Stage(world, bench, [plan_id for plan_id, _ in submitted], patch)
            stage.note_versions()
            if change is not None:
                change(patch, world)
            stage.sockets.off = direct or seed % 2 == 1
            stage.failing = rng.choice([0.0, 0.0, 0.15, 0.4])
            for plan_id, epoch in submitted:
                stage.supervise(plan_id, epoch)
            backups = Backups(stage, patch)
            Misfortunes(stage, home, backups, rng, misfortunes).play()
            stage.failing = 0.0
            settle_down(stage, backups)
            found = violations(stage)
    except Exception as error:
        error.add_note(f"schedule {seed}\n" + "\n".join(world.told[-60:]))
        raise
    finally:
        world.end()
        bench.close()
        world.close()
        remove_tree(bench.root)
    return Outcome(seed, found, world.told, stage.account, world.decisions)


def _workspace(home: Workbench, seed: int) -> Workbench:
    root = home.root.parent / f"w{seed}"
    (root / ".runs").mkdir(parents=True)
    (root / "pm.toml").write_text(
        f'[workspace]\nid = "{uuid4()}"\n\n[methods]\npython = "{sys.executable}"\n\n'
        f'[database]\nurl = "{home.url}"\npatience = 30\n'
    )
    (root / ".runs" / ".code").symlink_to(home.runs / ".code")
    environ = {**home.environ, "PM_WORKSPACE": str(root)}
    bench = Workbench(root, home.url, environ, Store(home.url))
    with bench.store.transaction() as connection:
        workspaces.note(connection, bench.settings.workspace_id, root)
    return bench


def settle_down(stage: Stage, backups: Backups) -> None:
    """Let everything come to its end, and resume until the plan has nothing left to do."""
    world = stage.world
    for actor in world.actors:
        actor.stopped_until = 0
    mended = False
    for number in range(_RESUMES):
        world.rest()
        backups.read_everything()
        if number == 0:
            stage.account.wrong += untried(stage)
        states = {plan_id: stage.plan_row(plan_id)["status"] for plan_id in stage.plans}
        if set(states.values()) == {"completed"}:
            if mended or not stage.account.spoiled:
                return
            # It looks at the files of every result, also where nothing is missing.
            mended = True
            for plan_id in stage.plans:
                stage.resume(plan_id)
            continue
        if OPEN & set(states.values()):
            stage.let_a_minute_pass()
            stage.look()
        for plan_id, status in states.items():
            if status != "completed" and status not in OPEN:
                stage.resume(plan_id)


def _means(choice: Choice, row: tuple[Any, ...]) -> bool:
    """Whether somebody who says that means this planned run."""
    _, step, sample, branch, _ = row
    return (
        choice.step in (None, step)
        and choice.sample in (None, sample)
        # One step has branches here: that of a run below is its own.
        and choice.branch in (None, branch)
    )


class Misfortunes:
    """Faults at random moments of one schedule."""

    def __init__(
        self,
        stage: Stage,
        home: Workbench,
        backups: Backups,
        rng: random.Random,
        kinds: Mapping[str, int],
    ) -> None:
        self._stage = stage
        self._backups = backups
        #: Where the methods are.
        self._home = home
        self._world = stage.world
        self._rng = rng
        self._kinds: list[Callable[[], None]] = [
            getattr(self, f"_{name}") for name, weight in kinds.items() for _ in range(weight)
        ]

    def play(self) -> None:
        """Let the world go on and strike now and then, until the faults are used up."""
        world, rng = self._world, self._rng
        for _ in range(rng.choice([1, 2, 3, 4, 6, 8])):
            for _ in range(int(rng.expovariate(1 / 80))):
                if not world.decide():
                    break
            rng.choice(self._kinds)()

    def _note(self, what: str) -> None:
        self._stage.account.faults.append(what)
        self._world.told.append(f"{self._world.decisions:5} FAULT {what}")

    def _plan(self) -> int:
        return self._rng.choice(self._stage.plans)

    def _victim(self, *kinds: str) -> Actor | None:
        living = self._world.living(*kinds)
        return self._rng.choice(living) if living else None

    def _met(
        self, *kinds: str, where: Callable[[Actor], bool] = lambda _each: True, steps: int = _WORK
    ) -> Actor | None:
        """Go on until there is such a process, and then until it is somewhere in its work."""
        for _ in range(_MEETING):
            # The supervisor does it for those that it listens to.
            asked = {each.client for each in self._world.living("served")}
            found = [e for e in self._world.living(*kinds) if where(e) and e not in asked]
            found += [e for e in self._world.living("served") if e.client.kind in kinds]
            if found:
                victim = self._rng.choice(found)
                self._world.push(victim, self._rng.randint(1, steps))
                return victim if victim.alive else None
            if not self._world.decide():
                break
        return None

    def _hold(self, victim: Actor) -> None:
        length = int(self._rng.expovariate(1 / 150))
        victim.stopped_until = self._world.decisions + length
        self._note(f"{victim!r} stops for {length}")

    def _kill(self) -> None:
        victim = self._victim()
        if victim is None:
            return
        self._note(f"kill {victim!r}")
        also = (
            [a for a in self._world.living() if a.session == victim.session and a is not victim]
            if self._rng.random() < 0.3
            else []
        )
        for each in [victim, *also]:
            each.kill()

    def _lose(self) -> None:
        victim = self._victim(*_TALKING)
        if victim is not None:
            victim.loses = self._rng.choice(["request", "reply"])
            self._note(f"{victim!r} will lose a {victim.loses}")

    def _stop(self) -> None:
        victim = self._victim()
        if victim is not None:
            self._hold(victim)

    def _strand(self) -> None:
        """A recording command is slow, and the Nextflow of its task dies meanwhile."""
        if self._met_slow("register", "complete"):
            self._end(self._world.living("nextflow"))

    def _orphan(self) -> None:
        """A recording command is slow, and the wrapper that waits for it dies meanwhile."""
        if victim := self._met_slow("complete", "complete", "register"):
            self._end_wrapper(victim)

    def _rivals(self) -> None:
        """An orphaned command goes on just while somebody settles its run."""
        victim = self._met("complete")
        if victim is None:
            return
        victim.stopped_until = sys.maxsize
        self._note(f"{victim!r} stops until somebody settles its run")
        self._end_wrapper(victim)
        self._world.fine_until = self._world.decisions + _MEETING
        for _ in range(_MEETING):
            if self._is_being_settled() or not self._world.decide():
                break
        victim.stopped_until = 0

    def _is_being_settled(self) -> bool:
        store = self._stage.bench.runs
        return any(store.glob(".partial/*/.pm/settling")) or any(store.glob(".dead/*/.pm/settling"))

    def _cut_short(self) -> None:
        """A command is killed somewhere in its work."""
        kind = self._rng.choice(["complete", "complete", "complete", "register", "runner"])
        if victim := self._met(kind):
            self._end([victim])

    def _met_slow(self, *kinds: str) -> Actor | None:
        victim = self._met(self._rng.choice(kinds))
        if victim is not None:
            self._hold(victim)
        return victim

    def _end_wrapper(self, victim: Actor) -> None:
        session = victim.session if victim.client is None else victim.client.session
        self._end(each for each in self._world.living("wrapper") if each.pid == session)

    def _end(self, processes: Iterable[Actor]) -> None:
        for each in list(processes):
            self._note(f"kill {each!r}")
            each.kill()

    def _requeue(self) -> None:
        """A scheduler starts a task again in its old folder; what it had started may live on.

        Also one that has ended, where the node was lost before anybody was told.
        """
        victim = self._victim("wrapper")
        if victim is None or self._rng.random() < 0.3:
            ended = [a for a in self._world.actors if a.kind == "wrapper" and not a.alive]
            victim = ended[-1] if ended else None
        if victim is None:
            return
        self._note(f"requeue {victim!r}")
        everything = self._rng.random() < 0.5
        for each in self._world.living():
            if each is victim or (everything and each.session == victim.session):
                each.kill()
        self._stage.start_again(victim)

    def _resume(self) -> None:
        self._note("resume")
        self._stage.resume(self._plan())

    def _look(self) -> None:
        self._note("look")
        self._stage.look()

    def _cancel(self) -> None:
        self._note("cancel")
        self._stage.cancel(self._plan())

    def _cancel_at_start(self) -> None:
        """Cancelled while a run is just about to begin."""
        begun = {e.actor for e in self._stage.account.executions}
        victim = self._met("runner", where=lambda each: each not in begun, steps=_BEGINNING)
        if victim is not None:
            self._hold(victim)
        self._cancel()

    def _again(self) -> None:
        """A step, a sample, a branch or a single run is wanted once more."""
        plan_id = self._plan()
        choice, fits = self._choice(plan_id)
        self._note(f"{fits} are wanted again")
        self._stage.retry(plan_id, choice, fits, again=True)

    def _retry(self) -> None:
        """What failed is wanted once more: all of it, or a part."""
        plan_id = self._plan()
        choice, fits = self._choice(plan_id, everything=0.4)
        self._note(f"those of {fits} that failed are wanted again")
        self._stage.retry(plan_id, choice, fits, again=False)

    def _take_back(self) -> None:
        """Nothing is wanted again after all, or less is."""
        plan_id = self._plan()
        choice, fits = self._choice(plan_id, everything=0.5)
        self._note(f"{fits} are taken back")
        self._stage.take_back(plan_id, choice, fits)

    def _choice(self, plan_id: int, *, everything: float = 0.0) -> tuple[Choice, list[int]]:
        """A part of a plan as somebody names it, and the planned runs that this means."""
        rows = self._world.admin.execute(_ROWS, (plan_id,)).fetchall()
        _, step, sample, branch, runs = self._rng.choice(rows)
        if self._rng.random() < everything:
            return Choice(), [row[0] for row in rows]
        said = set(self._rng.choice([["step"], ["sample"], ["branch"], ["run"], *_TOGETHER]))
        if "run" in said and runs:
            run = self._rng.choice(runs)
            return Choice(run_ids=(run,)), [row[0] for row in rows if run in row[4]]
        choice = Choice(
            step=step if "step" in said or not (sample or branch) else None,
            sample=sample if "sample" in said else None,
            branch=branch if branch and "branch" in said else None,
        )
        if not choice:
            choice = Choice(step=step)
        return choice, [row[0] for row in rows if _means(choice, row)]

    def _spoil(self) -> None:
        """Somebody alters or removes the files of a run that is recorded."""
        query = (
            "SELECT id FROM runs WHERE execution_plan_id = %s AND status = 'completed' ORDER BY id"
        )
        found = [run for (run,) in self._world.admin.execute(query, (self._plan(),)).fetchall()]
        left = [run for run in found if run not in self._stage.account.spoiled]
        if left:
            run, remove = self._rng.choice(left), self._rng.random() < 0.3
            self._note(f"run {run} is {'removed' if remove else 'altered'}")
            self._stage.spoil(run, remove=remove)

    def _new_version(self) -> None:
        """Somebody registers a method of the plan again, changed."""
        query = (
            "SELECT DISTINCT m.name FROM planned_runs p "
            "JOIN method_versions v ON v.id = p.method_version_id "
            "JOIN methods m ON m.id = v.method_id WHERE p.plan_id = %s ORDER BY 1"
        )
        names = [name for (name,) in self._world.admin.execute(query, (self._plan(),)).fetchall()]
        method = self._rng.choice(names)
        # The number is that of the database, in which other schedules register as well.
        self._note(f"method {method} is registered again")
        self._stage.register_again(next_version(self._home, method))

    def _back_up(self) -> None:
        """Somebody makes a backup of the database while things go on."""
        self._backups.take()
        self._note("a backup is made")

    def _restore(self) -> None:
        """The database is lost, and everything with it that was at work; or restored in peace."""
        if self._rng.random() < 0.5:
            self._end(self._world.living())
        else:
            self._world.rest()
        if self._backups.restore():
            self._note("the backup is restored")

    def _rebuild(self) -> None:
        """What the run store has is read again, while things go on."""
        self._note("rebuild")
        self._backups.rebuild()

    def _cut_lock(self) -> None:
        victim = self._victim("supervisor")
        if victim is not None:
            self._note(f"{victim!r} loses its lock")
            self._world.cut_lock(victim)
