"""More configuration of the JupyterLab under test: a workspace with the trouble that a file tells.

So every refusal can be shown without breaking what would lead to it. Without the file it is the
workspace that users get.
"""

import json

from pm_kernel import errors
from pm_server.workspace import KernelWorkspace


class TroubledWorkspace(KernelWorkspace):
    """A workspace with trouble as told by a file."""

    def __init__(self, settings):
        super().__init__(settings)
        self._trouble = settings.root / "trouble.json"

    def use(self, work, *, again=False):
        """Do the work, or raise what the file says."""
        if self._trouble.exists():
            told = json.loads(self._trouble.read_text(encoding="utf-8"))
            raise getattr(errors, told["error"])(told["message"], hint=told["hint"])
        return super().use(work, again=again)


get_config().ProcessManager.open_workspace = TroubledWorkspace  # noqa: F821
