"""The processes around plans: their supervisors with their Nextflow, tasks, and what people start.

What the product does is done by the product. What others do is played: Nextflow with its task
wrappers, and the method that a run executes. Whatever is played keeps an account of what truly
happened, to be compared with what was recorded.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import retrying, submission
from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.artifacts.seal import META_NAME
from pm_kernel.cli import complete_run, register_run
from pm_kernel.domain.plans import OPEN, Launch, Plan
from pm_kernel.errors import PmError
from pm_kernel.nextflow import supervisor
from pm_kernel.nextflow.launcher import LOG, Ending
from pm_kernel.retrying import Choice
from pm_kernel.running.inside import session
from pm_kernel.running.process import ProcessIdentity
from pm_kernel.running.register import RUN_SCRIPT
from pm_kernel.store.registry import NewVersion, record_version

from ..workbench import Workbench
from .rules_account import Account, Asked, Execution, TakingBack
from .rules_sockets import Sockets
from .rules_world import Actor, World, current, here_now, unseen

OUTPUT = "out.txt"
#: The first word of an output that somebody altered.
SPOILED = "spoiled\n"

#: Planned runs, their results, and whether they have ended without one.
_FOUND = """
SELECT p.id, p.current_run,
       p.current_run IS NULL AND p.again_by IS NULL
           AND EXISTS (SELECT 1 FROM runs r WHERE r.planned_run_id = p.id)
           AND NOT EXISTS (SELECT 1 FROM runs r
                           WHERE r.planned_run_id = p.id AND r.status = 'running')
FROM planned_runs p WHERE p.id = ANY(%s) ORDER BY p.id
"""


class Nextflow:
    """What a supervisor sees of the Nextflow that it started."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    @property
    def identity(self) -> ProcessIdentity:
        return self._actor.identity

    def poll(self) -> int | None:
        here = current()
        assert here is not None
        here.step()
        return self._actor.exit_code

    def stop(self, *, patience: float = 30.0) -> Ending:
        here = current()
        assert here is not None
        if not self._actor.alive:
            return Ending.GONE
        here.world.signal(self._actor.pid, 15)
        here.wait(lambda: not self._actor.alive)
        return Ending.ENDED


class Stage:
    """One or two plans in one workspace, and all processes around them."""

    def __init__(
        self, world: World, bench: Workbench, plans: Sequence[int], patch: pytest.MonkeyPatch
    ) -> None:
        self.world = world
        self.bench = bench
        self.plans = list(plans)
        self.settings = bench.settings
        self.account = Account()
        self.rng = world.rng
        self.sockets = Sockets(world, bench.settings.root)
        #: How likely a method raises.
        self.failing = 0.0
        self.retries = self.rng.choice([0, 0, 1])
        self._folders = itertools.count(1)
        self._tasks: dict[int, tuple[int, int, int, int, Path]] = {}
        self._parents: dict[int, int] = {}
        patch.setattr(os, "getppid", lambda: self._parents[here_now().pid])
        patch.setattr(supervisor, "identify", lambda _pid: here_now().identity)
        self.sockets.open(patch)
        self._watch_seals(patch)
        self._watch_cancels(patch)

    # --- what people start ------------------------------------------------------------------------

    def supervise(self, plan_id: int, epoch: int) -> Actor:
        def work() -> int:
            here = here_now()
            owner = supervisor.Supervisor(
                self.settings, self.bench.store, plan_id, epoch, start=self._start_nextflow
            )
            here.on_term = lambda: owner.interrupt(15, None)
            owner.run()
            return 0

        actor = self.spawn("supervisor", work, about=f"epoch {epoch} of plan {plan_id}")
        self.sockets.supervised[actor.pid] = plan_id
        return actor

    def resume(self, plan_id: int) -> Actor:
        def work() -> int:
            submission.resume(
                self.settings, self.bench.store, plan_id, start=self._start_supervisor
            )
            return 0

        return self.spawn("resume", work, about=f"plan {plan_id}")

    def cancel(self, plan_id: int) -> Actor:
        def work() -> int:
            plan = submission.cancel(self.settings, self.bench.store, plan_id, patience=20.0)
            still = [e for e in self.account.executions if e.actor.alive and e.plan == plan_id]
            now = self.plan_row(plan_id)["epoch"]
            if plan.status == "cancelled" and plan.epoch == now and still:
                self.account.wrong.append(f"the plan is cancelled and {still} go on")
            return 0

        actor = self.spawn("cancel", work, about=f"plan {plan_id}")
        self.account.taking_back.append(TakingBack(plan_id, None, actor))
        return actor

    def retry(
        self, plan_id: int, choice: Choice, planned_ids: Sequence[int], *, again: bool
    ) -> Actor:
        """Somebody wants planned runs once more: those that failed, or with results as well."""

        def work() -> int:
            asked = self._asked(plan_id, planned_ids, again=again)
            self.account.asked.append(asked)
            retrying.retry(
                self.settings,
                self.bench.store,
                plan_id,
                choice,
                again=again,
                start=self._start_supervisor,
            )
            asked.promised = True
            return 0

        return self.spawn("again" if again else "retry", work, about=str(planned_ids))

    def take_back(self, plan_id: int, choice: Choice, planned_ids: Sequence[int]) -> Actor:
        """Somebody does not want planned runs again after all."""

        def work() -> int:
            retrying.take_back(self.settings, self.bench.store, plan_id, choice)
            return 0

        actor = self.spawn("back", work, about=str(planned_ids))
        self.account.taking_back.append(TakingBack(plan_id, set(planned_ids), actor))
        return actor

    def spoil(self, run_id: int, *, remove: bool) -> None:
        """Somebody alters the output of a run that is recorded, or removes all of it."""
        self.account.spoiled.add(run_id)
        folder = self.bench.final(run_id)
        with unseen():
            if remove:
                remove_tree(folder)
                return
            path = folder / OUTPUT
            path.chmod(0o644)
            path.write_text(SPOILED + path.read_text())

    def register_again(self, new: NewVersion) -> Actor:
        """Somebody registers a method once more."""

        def work() -> int:
            with self.bench.store.transaction() as connection:
                record_version(connection, new)
            return 0

        return self.spawn("registers", work, about=new.git_tag)

    def note_versions(self) -> None:
        """What was submitted is of these versions from now on."""
        query = "SELECT id, method_version_id FROM planned_runs WHERE plan_id = ANY(%s)"
        self.account.versions = dict(self.world.admin.execute(query, (self.plans,)).fetchall())

    def look(self) -> Actor:
        """Any command that shows plans: it settles what nobody looks after."""

        def work() -> int:
            submission.settle_unowned(self.settings, self.bench.store)
            return 0

        return self.spawn("look", work)

    def _start_supervisor(self, command: list[str], log: Path, environ: Mapping[str, str]) -> None:
        self.supervise(int(command[-2]), int(command[-1]))

    def spawn(self, kind: str, work: Any, *, about: str = "", parent: Actor | None = None) -> Actor:
        """Start a process; ``parent`` is who waits for it, in the same session."""

        def guarded() -> int:
            try:
                return int(work())
            except (PmError, shutil.Error) as error:
                # The latter: an earlier process of a requeued task writes to the same folder.
                self.world.told.append(f"{self.world.decisions:5} {here_now()!r} says: {error}")
                return 1

        own = None if parent is None else parent.session
        actor = self.world.spawn(kind, guarded, session=own, about=about)
        if parent is not None:
            self._parents[actor.pid] = parent.pid
        return actor

    # --- Nextflow ---------------------------------------------------------------------------------

    def _start_nextflow(
        self, _settings: object, launch: Launch, _plan: Plan, directory: Path
    ) -> Nextflow:
        self._look_at_launch(launch)
        directory.mkdir(parents=True)
        actor = self.spawn(
            "nextflow",
            lambda: self._nextflow(launch, directory),
            about=f"launch {launch.launch_id}",
        )
        return Nextflow(actor)

    def _nextflow(self, launch: Launch, directory: Path) -> int:
        here = here_now()
        stopped: list[bool] = []
        here.on_term = lambda: stopped.append(True)
        parents: dict[int, set[int]] = {planned: set() for planned, _ in launch.tasks}
        for parent, child in launch.edges:
            parents[child].add(parent)
        attempts = dict.fromkeys(parents, 0)
        running: dict[int, tuple[Actor, Path]] = {}
        succeeded: set[int] = set()
        failed: set[int] = set()
        while True:
            for planned, (task, folder) in list(running.items()):
                if task.alive:
                    continue
                del running[planned]
                self._trace(directory, planned, task, folder)
                if task.exit_code == 0:
                    succeeded.add(planned)
                elif attempts[planned] > self.retries:
                    failed.add(planned)
            if stopped:
                for task, _ in running.values():
                    with contextlib.suppress(ProcessLookupError):
                        self.world.signal(task.pid, 15)
                return 143
            ready = [
                planned
                for planned in parents
                if planned not in running
                and planned not in succeeded | failed
                and parents[planned] <= succeeded
            ]
            for planned in ready[: max(0, 3 - len(running))]:
                attempts[planned] += 1
                folder = directory / "work" / str(next(self._folders))
                running[planned] = (
                    self.task(launch.plan_id, planned, launch.launch_id, attempts[planned], folder),
                    folder,
                )
            if not running:
                return 0
            time.sleep(0.1)

    def _trace(self, directory: Path, planned: int, task: Actor, folder: Path) -> None:
        with open(directory / LOG, "a") as stream:
            stream.write(
                f"Task completed > TaskHandler[id: {task.pid}; name: S ({planned}); "
                f"status: COMPLETED; exit: {task.exit_code}; error: -; workDir: {folder}]\n"
            )

    # --- one task ---------------------------------------------------------------------------------

    def task(self, plan: int, planned: int, launch: int, attempt: int, folder: Path) -> Actor:
        """Start the wrapper script of a task; its arguments are what Nextflow knows."""
        about = f"planned {planned} of launch {launch} in {folder.name}"
        actor = self.spawn(
            "wrapper", lambda: self._wrapper(plan, planned, launch, attempt, folder), about=about
        )
        self._tasks[actor.pid] = (plan, planned, launch, attempt, folder)
        return actor

    def start_again(self, task: Actor) -> Actor:
        """Start a task once more in its folder, as a scheduler does that requeues it."""
        return self.task(*self._tasks[task.pid])

    def _wrapper(self, plan: int, planned: int, launch: int, attempt: int, folder: Path) -> int:
        here = here_now()
        told: list[bool] = []
        child: list[Actor] = []

        def on_term() -> None:
            told.append(True)
            if child[-1:] and child[-1].kind == "runner" and child[-1].alive:
                self.world.signal(child[-1].pid, 15)

        here.on_term = on_term
        folder.mkdir(parents=True, exist_ok=True)
        options = {
            "plan": plan,
            "planned": planned,
            "launch": launch,
            "attempt": attempt,
            "workspace": self.settings.root,
            "task-dir": folder,
        }
        about = f"planned {planned}"
        child.append(
            self.spawn(
                "register", lambda: register_run.main(_words(options)), about=about, parent=here
            )
        )
        code = self.world.run_child(child[-1])
        if code != 0:
            return code
        if told and self.rng.random() < 0.5:
            return 143
        child.append(
            self.spawn("runner", lambda: self._runner(plan, planned, launch, folder), about=about)
        )
        code = self.world.run_child(child[-1])
        done = {"task-dir": folder, "exit": code}
        child.append(
            self.spawn(
                "complete", lambda: complete_run.main(_words(done)), about=about, parent=here
            )
        )
        return self.world.run_child(child[-1]) or code

    def _runner(self, plan: int, planned: int, launch: int, folder: Path) -> int:
        here = here_now()
        try:
            if "exit 0" in (folder / RUN_SCRIPT).read_text().splitlines():
                return 0
            task = json.loads((folder / "code" / "_pm_task.json").read_bytes())
        except FileNotFoundError:
            return 127
        run_dir = Path(task["run_dir"])
        if session.take_up(str(run_dir)) is not None:
            return session.CANCELLED
        if self.rng.random() < 0.2:
            here.on_term = lambda: None
        execution = self._begin(Execution(plan, planned, run_dir.name, run_dir, here, launch, 0))
        try:
            return self._method(execution, task)
        except OSError:
            # Its directory was taken away while it ran; it ends as any method would.
            return 1

    def _method(self, execution: Execution, task: dict[str, Any]) -> int:
        here = here_now()
        lines = [execution.uuid]
        for name, given in sorted(task["inputs"].items()):
            if given["kind"] == "value":
                continue
            paths = given["value"] if given["kind"] == "paths" else [given["value"]]
            lines += [f"{name} {Path(path).read_text().split()[0]}" for path in paths]
        with open(execution.run_dir / OUTPUT, "w") as stream:
            for line in lines:
                time.sleep(self.rng.expovariate(2))
                stream.write(line + "\n")
                stream.flush()
                here.step()
        raised = self.rng.random() < self.failing
        report = {
            "format": 1,
            "outcome": "raised" if raised else "returned",
            "exit_code": int(raised),
            "error": {"type": "ValueError", "message": "no"} if raised else None,
        }
        if not raised:
            execution.output = "".join(line + "\n" for line in lines)
        (execution.run_dir / ".pm" / "report.json").write_text(json.dumps(report))
        return int(raised)

    # --- the account ------------------------------------------------------------------------------

    def _begin(self, execution: Execution) -> Execution:
        execution.started = self.world.decisions
        account = self.account
        for other in account.executions:
            if other.planned == execution.planned and other.actor.alive:
                account.wrong.append(f"{execution} started beside {other}")
        account.executions.append(execution)
        self.world.told.append(f"{self.world.decisions:5} {execution.actor!r} is in its method")
        return execution

    def _look_at_launch(self, launch: Launch) -> None:
        """Whatever was given to a launch can only be registered by it from then on."""
        given = [planned for planned, _ in launch.tasks]
        rows = self.world.admin.execute(
            "SELECT id FROM runs WHERE planned_run_id = ANY(%s) AND status = 'running' "
            "AND launch_id <> %s",
            (given, launch.launch_id),
        ).fetchall()
        for (run_id,) in rows:
            what = f"launch {launch.number} was given what run {run_id} still does"
            self.account.wrong.append(what)

    def _watch_seals(self, patch: pytest.MonkeyPatch) -> None:
        rename = os.rename

        def watched(source: Any, target: Any, **options: Any) -> None:
            rename(source, target, **options)
            name = Path(target).name
            if name.isdecimal() and len(name) == 8:
                self._sealed(Path(target))

        patch.setattr(os, "rename", watched)

    def _sealed(self, folder: Path) -> None:
        with unseen():
            meta = json.loads((folder / META_NAME).read_text())
        entry = (self.world.decisions, meta["run_id"], meta["uuid"], meta["status"])
        self.account.sealed.append(entry)
        self.world.told.append(f"{self.world.decisions:5} {here_now()!r} sealed {entry[1:]}")
        for execution in self.account.executions:
            if execution.uuid == meta["uuid"] and execution.actor.alive:
                self.account.wrong.append(f"{folder} was sealed while {execution} was running")

    def _watch_cancels(self, patch: pytest.MonkeyPatch) -> None:
        """Note when a cancel has told every living run."""
        told = submission._supervisor

        def watched(store: RunStore, plan_id: int) -> ProcessIdentity | None:
            if here_now().kind == "cancel" and len(self.world.living("cancel")) == 1:
                epoch = self.plan_row(plan_id)["cancelled_epoch"]
                self.account.cancelled.setdefault((plan_id, epoch), self.world.decisions)
            return told(store, plan_id)

        patch.setattr(submission, "_supervisor", watched)

    def let_a_minute_pass(self) -> None:
        """Here and on the clock of the database."""
        self.world.clock += 60
        self.world.admin.execute(
            "UPDATE execution_plans SET submitted_at = submitted_at - interval '1 minute' "
            "WHERE id = ANY(%s)",
            (self.plans,),
        )

    def ended_by_itself(self, plan_id: int) -> bool:
        """Whether the last supervisor of a plan has said how the plan ended."""
        row = self.plan_row(plan_id)
        about = f"epoch {row['epoch']} of plan {plan_id}"
        last = [e for e in self.world.actors if e.kind == "supervisor" and e.about == about]
        return row["status"] not in OPEN and bool(last) and last[-1].exit_code == 0

    def _asked(self, plan_id: int, planned_ids: Sequence[int], *, again: bool) -> Asked:
        """What somebody finds who asks for planned runs just now."""
        ask = self.world.admin.execute
        rows = ask(_FOUND, (list(planned_ids),)).fetchall()
        newest = "SELECT (SELECT max(id) FROM runs), (SELECT max(id) FROM plan_launches)"
        run, launch = ask(newest).fetchone() or (None, None)
        return Asked(
            plan_id,
            {planned: result for planned, result, _ in rows},
            {planned for planned, _, failed in rows if failed},
            self.world.decisions,
            (run or 0, launch or 0),
            again,
        )

    def plan_row(self, plan_id: int) -> dict[str, Any]:
        cursor = self.world.admin.execute(
            "SELECT status, epoch, cancelled_epoch FROM execution_plans WHERE id = %s",
            (plan_id,),
        )
        status, epoch, cancelled_epoch = cursor.fetchone() or ("", 0, 0)
        return {"status": status, "epoch": epoch, "cancelled_epoch": cancelled_epoch}


def _words(options: Mapping[str, Any]) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]
