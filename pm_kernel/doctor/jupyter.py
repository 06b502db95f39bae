"""JupyterLab, and whether it has both halves of this product."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok

_BROWSER_HALF = Path("share/jupyter/labextensions/research-process-manager/package.json")
_SERVER_HALF = Path("etc/jupyter/jupyter_server_config.d/pm_server.json")


def look(_case: Case) -> Iterator[Check]:
    """Look for JupyterLab beside this Python; the terminal needs none."""
    try:
        lab = version("jupyterlab")
    except PackageNotFoundError:
        yield notice(
            "JupyterLab",
            f"It is not installed beside {sys.executable}; the terminal works without it.",
            f"{sys.executable} -m pip install -U research-process-manager",
        )
        return
    prefix = Path(sys.prefix)
    halves = {"browser": _BROWSER_HALF, "server": _SERVER_HALF}
    missing = [name for name, path in halves.items() if not (prefix / path).is_file()]
    if missing:
        yield notice(
            "JupyterLab",
            f"JupyterLab {lab} lacks the {' and the '.join(missing)} half of this product "
            f"({', '.join(str(prefix / halves[name]) for name in missing)}).",
            f"{sys.executable} -m pip install --force-reinstall research-process-manager",
            version=lab,
            missing=missing,
        )
        return
    yield ok("JupyterLab", f"JupyterLab {lab}", version=lab)
