"""Starting a JupyterLab that shares nothing with the user's own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

WORKSPACE_ID = "0c8e2a44-7d3b-4d0e-8f57-2a1b9d6c3e11"

#: Generous: a first start compiles nothing, but two of these may share two processors.
START_SECONDS = 90

CONFIG = Path(__file__).parent / "jupyter_lab_config.py"
TOLD_BY_FILE = Path(__file__).parent / "told_by_file.py"


@dataclass
class Lab:
    """A running JupyterLab and the folders it lives in."""

    port: int
    token: str
    root: Path
    #: Holds its settings, its log, and ``root``.
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def trouble(self) -> Path:
        """What the workspace answers instead of its data; see told_by_file.py."""
        return self.root / "trouble.json"

    def start(self) -> None:
        """Start it, for the first time or again: at the same address, with the same files."""
        log = self.folder / "lab.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    *(f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
                    f"--ServerApp.root_dir={self.root}",
                ],
                cwd=self.root,
                env={**_environment(self), **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        _wait_until_up(self, self._process, log)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it as a person does."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?{urlencode({'token': self.token})}"

    def make_workspace(self, database_url: str = "") -> None:
        (self.root / "pm.toml").write_text(
            f'[workspace]\nid = "{WORKSPACE_ID}"\n[database]\nurl = {json.dumps(database_url)}\n',
            encoding="utf-8",
        )

    def forget_workspace(self) -> None:
        (self.root / "pm.toml").unlink(missing_ok=True)
        self.trouble.unlink(missing_ok=True)


@contextmanager
def start_lab(
    folder: Path,
    *,
    server_half: bool = True,
    told_by_file: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Lab]:
    """Start a JupyterLab on a free port and end it afterwards.

    ``told_by_file``: its workspace has the trouble that the file ``Lab.trouble`` tells.
    ``environ``: what its environment has besides.
    """
    for name in ("root", "config", "data", "runtime", "workspaces", "settings", "ipython"):
        (folder / name).mkdir()
    configs = [CONFIG, TOLD_BY_FILE] if told_by_file else [CONFIG]
    (folder / "config" / "jupyter_lab_config.py").write_bytes(
        b"\n".join(config.read_bytes() for config in configs)
    )
    (folder / "config" / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"pm_server": server_half}}}),
        encoding="utf-8",
    )
    # Without an answer to "news?" every page opens with that question.
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8"
    )
    lab = Lab(
        port=_free_port(),
        token=secrets.token_hex(16),
        root=folder / "root",
        folder=folder,
        environ=environ or {},
    )
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def _environment(lab: Lab) -> dict[str, str]:
    environment = {
        **os.environ,
        "HOME": str(lab.folder),
        "JUPYTER_CONFIG_DIR": str(lab.folder / "config"),
        "JUPYTER_DATA_DIR": str(lab.folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(lab.folder / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(lab.folder / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(lab.folder / "settings"),
        "IPYTHONDIR": str(lab.folder / "ipython"),
        "JUPYTER_TOKEN": lab.token,
    }
    for name in ("PM_WORKSPACE", "PM_DATABASE_URL"):
        environment.pop(name, None)
    return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(lab.url("api/status"), timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text(errors='replace')}")
