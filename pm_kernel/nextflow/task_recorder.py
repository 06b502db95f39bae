"""How the runs of a plan are recorded: by its supervisor, and for tasks that ask it to.

Tasks on this machine ask through a socket; what they ask is what they would do without it, so that
a task elsewhere, or one whose supervisor is gone, makes the same record.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from pm_kernel.cli.failure import told
from pm_kernel.config import Settings
from pm_kernel.database import running_url
from pm_kernel.running import calls
from pm_kernel.running.recorder import DirectRecorder, Recorder
from pm_kernel.running.recorder_call import FOLDER
from pm_kernel.running.recorder_server import Declined, RecorderServer
from pm_kernel.store.recording import Connections

#: Modules that the first task would wait for.
_LOADED_LATE = (
    "pm_kernel.running.register",
    "pm_kernel.running.complete",
    "pm_kernel.running.code",
    "pm_kernel.running.contained",
    "pm_kernel.store.registering",
    "pm_kernel.store.completing",
)


class TaskRecorder:
    """The recorder of one plan, and its socket in the plan's ``folder``.

    ``recorder`` is used instead of one with connections of its own; ``say`` is told what concerns
    nobody who asks.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        recorder: Recorder | None = None,
        *,
        say: Callable[[str], object],
    ) -> None:
        self._settings = settings
        self._say = say
        self._connections = Connections()
        self.recorder = recorder or DirectRecorder(
            lambda: running_url(settings),
            patience=settings.database_patience,
            connections=self._connections,
        )
        self._server = RecorderServer(folder / FOLDER, self._carry_out, say=say, tell=told)

    def serve(self) -> None:
        """Let tasks on this machine record through us; without, they go to the database."""
        if self._settings.recorder == "direct" or self._server.serves:
            return
        try:
            self._server.start()
        except OSError as error:
            self._say(f"tasks record themselves, each with a connection of its own: {error}")

    def warm(self) -> None:
        """Load what recording takes, while nobody waits for it yet."""
        if self._server.serves:
            for name in _LOADED_LATE:
                import_module(name)

    def close(self) -> None:
        """Serve nobody any more; who comes from now on records directly."""
        if self._server.serves:
            self._say(f"{self._server.answered} requests of tasks were answered")
        self._server.close()
        self._connections.close()

    def _carry_out(self, request: dict[str, Any], say: Callable[[str], object]) -> tuple[int, str]:
        settings = calls.settings_of(request)
        ours = self._settings
        if (settings.workspace_id, settings.database_url) != (ours.workspace_id, ours.database_url):
            raise Declined
        return calls.carry_out(settings, self.recorder, request, say)
