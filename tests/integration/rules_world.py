"""A world in which the rules of recording are put to the test: processes that move step by step.

Each simulated process is a thread that only moves when the scheduler says so, for a random number
of steps. A step is what another process could notice: a change of the run store, a statement sent
to the database, a look at a process, a pause. Between any two steps a process can be killed,
stopped for a long time, or lose its connection. The product's own code runs in these processes
unchanged; replaced are only the doors around it (``rules_doors``).

One seed gives one schedule, always the same.
"""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from pm_kernel.running.process import ProcessIdentity

#: Above every process id that the system gives out, so that both can be told apart.
FIRST_PID = 10_000_000
HOST = "simulated"
BOOT = "boot-1"
#: How the lock of a plan's owner calls its connection.
OWNER = "pm plan owner"
#: Decisions after which a schedule without misfortunes must have come to rest.
_LONGEST = 60_000
#: Real seconds without any progress before a schedule is given up.
_STUCK = 20.0

#: As they are outside the world, whatever the doors replace.
REAL_CONNECT = psycopg.connect
REAL_SLEEP = time.sleep
REAL_MONOTONIC = time.monotonic

_HERE = threading.local()


class Killed(BaseException):
    """Ends the thread of a killed process: no handler of ours catches it."""


class Stuck(AssertionError):
    """Nothing moves any more."""


class Actor:
    """One process of the world."""

    def __init__(
        self, world: World, kind: str, work: Callable[[], int], *, session: int | None, about: str
    ) -> None:
        self.world = world
        self.kind = kind
        self.about = about
        self.pid = world.new_pid()
        self.start = f"start-{self.pid}"
        self.session = self.pid if session is None else session
        self.exit_code: int | None = None
        #: The decision at which it ended.
        self.ended = sys.maxsize
        #: Takes a signal; None: it ends the process.
        self.on_term: Callable[[], None] | None = None
        #: What it waits for; None: it can go on.
        self.until: Callable[[], bool] | None = None
        self.wake = 0.0
        self.stopped_until = 0
        self.steps = 0
        #: The fault that its next statement meets: "request" or "reply".
        self.loses: str | None = None
        #: Threads of this process, which end with it.
        self.threads: list[Actor] = []
        #: Who asked it for what it does.
        self.client: Actor | None = None
        self._budget = 0
        self._dead: int | None = None
        self._go = threading.Semaphore(0)
        self._work = work
        self._thread = threading.Thread(target=self._run, name=f"{kind}-{self.pid}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    @property
    def identity(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.start, BOOT, HOST)

    def __repr__(self) -> str:
        return f"{self.kind}({self.about})#{self.pid - FIRST_PID}"

    # --- called by the scheduler ------------------------------------------------------------------

    def move(self, budget: int) -> None:
        """Let it take up to ``budget`` steps."""
        self._budget = budget
        self._go.release()
        self.world.back.acquire()

    def kill(self, exit_code: int = 137) -> None:
        """End it where it stands."""
        if not self.alive:
            return
        if self is current():
            raise AssertionError("a process does not kill itself here")
        self._dead = exit_code
        back, self.world.back = self.world.back, threading.Semaphore(0)
        self._go.release()
        self.world.back.acquire()
        self.world.back = back
        for thread in self.threads:
            thread.kill(exit_code)

    # --- called by the process itself -------------------------------------------------------------

    def step(self) -> None:
        """Reach a point at which others may go on."""
        if self._dead is not None:
            raise Killed
        self.steps += 1
        self._budget -= 1
        if self._budget <= 0:
            self._park()

    def wait(self, until: Callable[[], bool]) -> None:
        """Do nothing until something holds."""
        self.until = until
        self._park()
        self.until = None

    def _park(self) -> None:
        if self._dead is not None:
            raise Killed
        self.world.back.release()
        self._go.acquire()
        if self._dead is not None:
            raise Killed

    def _run(self) -> None:
        _HERE.actor = self
        self._go.acquire()
        code = 70
        try:
            if self._dead is None:
                code = self._work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - told by the scheduler's thread
            self.world.broken.append((self, error))
        finally:
            self.world.drop_connections_of(self)
            self.exit_code = code if self._dead is None else self._dead
            self.ended = self.world.decisions
            self.world.told.append(f"{self.world.decisions:5} {self!r} ended: {self.exit_code}")
            self.world.back.release()


def current() -> Actor | None:
    """The process that is moving, None outside the world."""
    return getattr(_HERE, "actor", None)


def here_now() -> Actor:
    """The process that is moving, for what is done inside the world only."""
    here = current()
    assert here is not None
    return here


@contextlib.contextmanager
def unseen() -> Iterator[None]:
    """What happens inside takes no time and no part in the world: for keeping the account."""
    here = current()
    _HERE.actor = None
    try:
        yield
    finally:
        _HERE.actor = here


class World:
    """All processes, the clock, and who moves next."""

    def __init__(self, seed: int, url: str) -> None:
        self.rng = random.Random(seed)
        self.url = url
        self.clock = 0.0
        self.decisions = 0
        #: Up to this decision everybody takes small steps.
        self.fine_until = 0
        self.actors: list[Actor] = []
        self.by_pid: dict[int, Actor] = {}
        self.back = threading.Semaphore(0)
        self.broken: list[tuple[Actor, BaseException]] = []
        self.told: list[str] = []
        #: Who used a connection last.
        self.holders: dict[psycopg.Connection[Any], Actor] = {}
        self.made: list[psycopg.Connection[Any]] = []
        self.admin = REAL_CONNECT(url, autocommit=True, prepare_threshold=None)

    # --- processes --------------------------------------------------------------------------------

    def new_pid(self) -> int:
        return FIRST_PID + len(self.actors)

    def spawn(
        self, kind: str, work: Callable[[], int], *, session: int | None = None, about: str = ""
    ) -> Actor:
        """Start a process; ``session`` is that of an existing one (default: its own)."""
        actor = Actor(self, kind, work, session=session, about=about)
        self.actors.append(actor)
        self.by_pid[actor.pid] = actor
        self.told.append(f"{self.decisions:5} {actor!r} starts")
        return actor

    def run_child(self, child: Actor) -> int:
        """Wait, as the process that is moving, for the end of another; returns its exit code."""
        here = current()
        assert here is not None
        here.wait(lambda: not child.alive)
        assert child.exit_code is not None
        return child.exit_code

    def signal(self, pid: int, number: int) -> None:
        """Deliver a signal as ``os.kill`` does."""
        here = current()
        if here is not None:
            here.step()
        actor = self.by_pid.get(pid)
        if actor is None or not actor.alive:
            raise ProcessLookupError(pid)
        if number == 0:
            return
        self.told.append(f"{self.decisions:5} signal {int(number)} to {actor!r} from {here!r}")
        if number == 9 or actor.on_term is None:
            actor.kill(128 + int(number))
        else:
            actor.on_term()

    def living(self, *kinds: str) -> list[Actor]:
        return [a for a in self.actors if a.alive and (not kinds or a.kind in kinds)]

    # --- the scheduler ----------------------------------------------------------------------------

    def decide(self) -> bool:
        """Let one process move; False when none is left."""
        self.decisions += 1
        living = self.living()
        if not living:
            return False
        self.clock += self.rng.expovariate(20)
        ready = [a for a in living if self._is_ready(a)]
        awake = [a for a in ready if a.stopped_until <= self.decisions]
        if not awake and ready:
            awake = ready
        if not awake:
            self._pass_time(living)
            return True
        self._move(self.rng.choice(awake), self._budget())
        return True

    def rest(self) -> None:
        """Go on until nobody is left; that must happen."""
        limit = self.decisions + _LONGEST
        while self.decide():
            if self.decisions > limit:
                raise AssertionError(f"it never ends: {self.living()}")

    def push(self, actor: Actor, steps: int) -> None:
        """Let one process take some steps before anybody else; nothing where it waits."""
        if self._is_ready(actor):
            self._move(actor, steps)

    def _move(self, actor: Actor, steps: int) -> None:
        actor.move(steps)
        if self.broken:
            broken, error = self.broken[0]
            raise AssertionError(f"{broken!r} broke: {error!r}") from error

    def _is_ready(self, actor: Actor) -> bool:
        return actor.until is None or actor.until()

    def _budget(self) -> int:
        kind = self.rng.random()
        if kind < 0.5 or self.decisions < self.fine_until:
            return self.rng.randint(1, 3)
        if kind < 0.85:
            return self.rng.randint(3, 20)
        return self.rng.randint(20, 400)

    def _pass_time(self, living: list[Actor]) -> None:
        """Nobody can move: wait for the database, else move the clock to the next awakening."""
        deadline = REAL_MONOTONIC() + _STUCK
        wakes = [a.wake for a in living if a.wake > self.clock]
        while not any(self._is_ready(a) for a in living):
            if wakes:
                self.clock = min(wakes)
                return
            if REAL_MONOTONIC() > deadline:
                raise Stuck(f"nothing moves: {living}")
            REAL_SLEEP(0.002)

    # --- the database -----------------------------------------------------------------------------

    def is_blocked(self, backend: int) -> bool:
        """Whether a session waits for a lock that another one holds."""
        row = self.admin.execute(
            "SELECT cardinality(pg_blocking_pids(%s)) > 0", (backend,)
        ).fetchone()
        return bool(row and row[0])

    def drop(self, connection: psycopg.Connection[Any]) -> None:
        """Cut a connection and wait until the server has noticed: its locks are free then."""
        if connection.closed:
            return
        backend = connection.info.backend_pid
        connection.pgconn.finish()
        while self.admin.execute(
            "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (backend,)
        ).fetchone():
            if self.is_blocked(backend):
                # It would notice when it has the lock, whose holder may be waiting for us.
                self.admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
            REAL_SLEEP(0.0005)

    def drop_connections_of(self, actor: Actor) -> None:
        """What the system does at the end of a process; others' connections of a pool stay."""
        for connection in [c for c, holder in self.holders.items() if holder is actor]:
            del self.holders[connection]
            if not connection.closed and (
                connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
                or is_owner(connection)
            ):
                self.drop(connection)

    def cut_lock(self, actor: Actor) -> None:
        """Let the network lose the connection that holds a plan's lock; its owner is not told."""
        for connection, holder in self.holders.items():
            if holder is actor and not connection.closed and is_owner(connection):
                backend = connection.info.backend_pid
                self.admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))

    def end(self) -> None:
        """Kill whatever still lives."""
        for actor in self.living():
            actor.kill()

    def close(self) -> None:
        for connection in [*self.made, self.admin]:
            connection.close()


def is_owner(connection: psycopg.Connection[Any]) -> bool:
    return connection.info.parameter_status("application_name") == OWNER
