"""The Jupyter Server adapter over pm_kernel, and the home of the built Lab extension."""

from __future__ import annotations

from typing import Any

from pm_kernel import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "research-process-manager"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    # Imported when the server asks, so that reading the paths above stays cheap.
    from pm_server.extension import ProcessManager

    return [{"module": "pm_server", "app": ProcessManager}]
