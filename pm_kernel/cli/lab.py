"""``pm lab``: open JupyterLab on the workspace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec

from pm_kernel.cli.context import Context
from pm_kernel.errors import EngineUnavailable

_HELP = """\
usage: pm lab [ARGS …]

Opens JupyterLab on the workspace. ARGS are JupyterLab's own, for example --no-browser, --port=8890,
--allow-root, or a notebook; `pm lab -- --help` lists them.
"""

#: Puts another program in the place of this one; replaced in tests.
Become = Callable[[str, list[str], Mapping[str, str]], object]


def main(argv: list[str], context: Context, *, become: Become = os.execve) -> int:
    """Become JupyterLab; returns only for the help.

    Raises EngineUnavailable where it is not installed.
    """
    if argv and argv[0] in ("-h", "--help"):
        sys.stdout.write(_HELP)
        return 0
    own = argv[1:] if argv[:1] == ["--"] else argv
    settings = context.settings
    if find_spec("jupyterlab") is None:
        raise EngineUnavailable(
            f"JupyterLab is not installed beside {sys.executable}.",
            hint=f"{sys.executable} -m pip install -U research-process-manager",
        )
    # As a module: scripts may be missing, or belong to another Python.
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        # Before the person's own, which win.
        f"--ServerApp.root_dir={settings.root}",
        *own,
    ]
    sys.stdout.flush()
    become(sys.executable, command, {**settings.environ, "PM_WORKSPACE": str(settings.root)})
    return 0
