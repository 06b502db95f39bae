"""The sockets of supervisors: their tasks ask there, and do it themselves where nobody answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.cli import register_run
from pm_kernel.errors import PmError
from pm_kernel.nextflow.task_recorder import TaskRecorder
from pm_kernel.running.recorder_call import folder_of
from pm_kernel.running.recorder_server import Declined

from .rules_world import Actor, World, here_now


class Sockets:
    """The sockets of one workspace's plans."""

    def __init__(self, world: World, root: Path) -> None:
        self._world = world
        self._root = root
        #: Tasks record themselves.
        self.off = False
        #: Process id of a supervisor -> its plan.
        self.supervised: dict[int, int] = {}
        #: Socket of a plan -> the supervisor that listens there, and what it answers with.
        self._listens: dict[str, tuple[Actor, TaskRecorder]] = {}

    def open(self, patch: pytest.MonkeyPatch) -> None:
        """Put them in the place of real ones."""

        def serve(recorder: TaskRecorder) -> None:
            here = here_now()
            if not self.off:
                self._listens[self._socket(self.supervised[here.pid])] = (here, recorder)

        def close(recorder: TaskRecorder) -> None:
            here = here_now()
            socket = self._socket(self.supervised[here.pid])
            if socket in self._listens and self._listens[socket][1] is recorder:
                del self._listens[socket]
            # Who was let in is answered.
            here.wait(lambda: not any(thread.alive for thread in here.threads))
            recorder._connections.close()

        patch.setattr(TaskRecorder, "serve", serve)
        patch.setattr(TaskRecorder, "close", close)
        patch.setattr(register_run, "ask", self._ask)

    def _socket(self, plan_id: int) -> str:
        return folder_of(str(self._root), str(plan_id))

    def _ask(self, folder: str, request: dict[str, Any], _environ: object) -> Any:
        here = here_now()
        here.step()
        if folder not in self._listens:
            return None
        listener, recorder = self._listens[folder]
        if not listener.alive or listener.stopped_until > self._world.decisions:
            # One that sleeps does not open the door in time.
            return None
        answers: list[dict[str, Any]] = []

        def answer() -> int:
            answers.append(_answered(recorder, request))
            return 0

        thread = self._world.spawn("served", answer, session=listener.session, about=here.about)
        thread.client = here
        listener.threads.append(thread)
        here.wait(lambda: not thread.alive)
        # It died before it had answered, or leaves it to us.
        return answers[0] if answers and not answers[0].get("declined") else None


def _answered(recorder: TaskRecorder, request: dict[str, Any]) -> dict[str, Any]:
    """What the supervisor writes to its socket."""
    said: list[str] = []
    try:
        exit_code, out = recorder._carry_out(json.loads(json.dumps(request)), said.append)
    except Declined:
        return {"declined": True}
    except PmError as error:
        failed = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
        return {"said": "".join(said), "error": failed}
    return {"said": "".join(said), "exit_code": exit_code, "out": out}
