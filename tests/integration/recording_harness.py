"""One run's life in steps: registered, its script executed, completed, settled; doors that fail."""

from __future__ import annotations

import os
import pickle
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.domain.plans import Launch
from pm_kernel.running.complete import Ended, complete, read_json
from pm_kernel.running.orphans import settle_orphans
from pm_kernel.running.process import ProcessIdentity, identify
from pm_kernel.running.recorder import DirectRecorder, Recorder
from pm_kernel.running.register import RECORD_NOTE, RUN_SCRIPT, UUID_NOTE, Registered, register
from pm_kernel.store.engine import libpq_url

from ..workbench import Workbench

#: A user id without an account.
STRANGER = 64803


class LosingRecorder:
    """Carries out every request, and loses the first ``losses`` answers of an operation."""

    def __init__(self, recorder: Recorder, op: str, losses: int = 1) -> None:
        self._recorder = recorder
        self._op = op
        self._losses = losses
        self.asked: list[str] = []

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request["op"])
        answer = self._recorder.ask(request)
        if request["op"] == self._op and self._losses:
            self._losses -= 1
            # As a client does that got no answer: the same request again.
            return self.ask(request)
        return answer


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing after it is executed."""


class Killing:
    """A recorder whose process is killed before, or after, it asks for an operation."""

    def __init__(self, recorder: Recorder, op: str, *, after: bool = False) -> None:
        self._recorder = recorder
        self._op = op
        self._after = after

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] == self._op and not self._after:
            raise Killed
        answer = self._recorder.ask(request)
        if request["op"] == self._op:
            raise Killed
        return answer


@dataclass
class Life:
    """Steps of runs of one workspace."""

    bench: Workbench
    folder: Path
    _number: int = 0

    @property
    def store(self) -> RunStore:
        return RunStore(self.bench.runs)

    @property
    def recorder(self) -> DirectRecorder:
        return DirectRecorder(libpq_url(self.bench.url), patience=5)

    def task_dir(self) -> Path:
        self._number += 1
        return self.folder / f"task{self._number}"

    def register(
        self,
        launch: Launch,
        *,
        position: int = 0,
        recorder: Recorder | None = None,
        wrapper: ProcessIdentity | None = None,
        task_dir: Path | None = None,
        **options: Any,
    ) -> tuple[Registered, Path]:
        task_dir = task_dir or self.task_dir()
        registered = register(
            self.bench.settings,
            recorder or self.recorder,
            planned=launch.tasks[position][0],
            launch=launch.launch_id,
            attempt=1,
            task_dir=task_dir,
            wrapper=wrapper or me(),
            **options,
        )
        return registered, task_dir

    def start(self, task_dir: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/sh", str(task_dir / RUN_SCRIPT)], env=self.bench.environ, start_new_session=True
        )

    def partial(self, task_dir: Path) -> Path:
        return self.store.partial((task_dir / UUID_NOTE).read_text().split("\n")[0])

    def complete(
        self, task_dir: Path, exit_code: int | None, recorder: Recorder | None = None
    ) -> Ended:
        folder = self.partial(task_dir)
        record = read_json(folder / ".pm" / "record.json") or read_json(task_dir / RECORD_NOTE)
        assert record is not None
        return complete(self.store, recorder or self.recorder, record, folder, exit_code=exit_code)

    def run(self, launch: Launch, position: int = 0) -> Ended:
        """The whole life of one run."""
        registered, task_dir = self.register(launch, position=position)
        if registered.done:
            return Ended(registered.run_id, "completed", None, self.store.final(registered.run_id))
        return self.complete(task_dir, self.start(task_dir).wait())

    def settle(self, recorder: Recorder | None = None) -> list[int]:
        """What the next pm command does."""
        self.said: list[str] = []
        return settle_orphans(
            self.bench.settings, self.bench.store, recorder or self.recorder, say=self.said.append
        )


def me() -> ProcessIdentity:
    identity = identify(os.getpid())
    assert identity is not None
    return identity


def gone() -> ProcessIdentity:
    """A process of this host that has ended."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        identity = identify(process.pid)
    assert identity is not None
    return identity


def elsewhere() -> ProcessIdentity:
    """A process of another host."""
    return replace(me(), host="another-host")


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    identity = identify(pid)
    return identity is not None


def as_another_user(work: Callable[[], object]) -> object:
    """Return what ``work`` returns, done by a user who has no rights of ours; only root can.

    A process of its own changes its user: the interpreter may lie where that user cannot start it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(STRANGER, STRANGER, STRANGER)
            os.setresuid(STRANGER, STRANGER, STRANGER)
            answer: object = work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            answer = error
        os.write(writing, pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as stream:
        answer = pickle.loads(stream.read())
    os.waitpid(child, 0)
    if isinstance(answer, BaseException):
        raise answer
    return answer
