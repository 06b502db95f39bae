"""Configuration of the JupyterLab under test. Jupyter runs this file; ``get_config`` is its own.

The workspace behind the server is replaced by one that answers what ``state.json`` says, so that
every state of the screen can be shown without the engines that lead to it.
"""

import json
from datetime import datetime
from types import SimpleNamespace

from pm_kernel import errors

c = get_config()  # noqa: F821
c.LabApp.news_url = None
# Gives tests `window.jupyterapp`.
c.LabApp.expose_app_in_browser = True
c.LabApp.extension_manager = "readonly"


class StateFile:
    """A workspace as told by a file."""

    def __init__(self, settings):
        self._path = settings.root / "state.json"

    def check_database(self):
        """Answer, or raise what the file says."""
        self._state()

    def list_plans(self):
        """Return the plans in the file."""
        plans = self._state()["plans"]
        for plan in plans:
            plan["created_at"] = datetime.fromisoformat(plan["created_at"])
        return [SimpleNamespace(**plan) for plan in plans]

    def close(self):
        """Nothing is open."""

    def _state(self):
        state = json.loads(self._path.read_text(encoding="utf-8"))
        if "error" in state:
            raise getattr(errors, state["error"])(state["message"], hint=state["hint"])
        return state


c.ProcessManager.open_workspace = StateFile
