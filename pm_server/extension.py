"""The server extension: its options, and the wiring of services to routes. Nothing else."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from traitlets import Callable as CallableTrait
from traitlets import Unicode

from pm_kernel import __version__
from pm_kernel.config import load_settings
from pm_server.live import LIVE, Live
from pm_server.routes import ROUTES
from pm_server.services import SERVICES, Services, make_workspace, open_workspace


class ProcessManager(ExtensionApp):
    """Serves the Research Process Manager's data to JupyterLab."""

    name = "pm_server"
    version = __version__
    description = "The server half of the Research Process Manager."

    workspace = Unicode(
        "",
        help=(
            "The workspace folder (it has a pm.toml). Empty: the one that PM_WORKSPACE names, else "
            "the one that the server's root folder lies in. Looked up at every request, so that a "
            "workspace made while the server runs is found."
        ),
    ).tag(config=True)

    open_workspace = CallableTrait(
        open_workspace,
        help="Makes the workspace's data reachable from its settings; replaced in tests.",
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Wire the services once."""
        assert self.serverapp is not None
        named = Path(self.workspace) if self.workspace else None
        start = Path(self.serverapp.root_dir)
        services = Services(
            lambda: load_settings(start, workspace=named),
            self.open_workspace,
            lambda: make_workspace(named or start),
        )
        self.settings[SERVICES] = services
        self.settings[LIVE] = Live(services)

    def initialize_handlers(self) -> None:
        """Register every route."""
        self.handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """Let go of threads and connections."""
        live = self.settings.get(LIVE)
        if isinstance(live, Live):
            live.close()
        services = self.settings.get(SERVICES)
        if isinstance(services, Services):
            services.close()
