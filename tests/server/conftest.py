"""A Jupyter server in this process, with our extension loaded and a workspace that tests fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

# Not `pytest_plugins`: pytest allows that in the top conftest only.
from pytest_jupyter.jupyter_server import *  # noqa: F403

from pm_kernel.config import Settings
from pm_kernel.errors import NotFound, PmError
from pm_server.services import Opened

from ..integration.recording_harness import Life
from ..workbench import Workbench
from .described import Api

WORKSPACE_ID = "5e1d7f6c-0f6f-4e2c-9a58-6d2f4c1f7a10"


T = TypeVar("T")


@dataclass
class FakeWorkspace:
    """The door to the database, held by hand: it can only fail."""

    #: What every piece of work meets.
    error: BaseException = field(default_factory=lambda: NotFound("There is no such thing."))
    database_error: PmError | None = None
    closed: int = 0

    def check_database(self) -> None:
        if self.database_error is not None:
            raise self.database_error

    def start_database(self) -> None:
        raise self.error

    def use(self, work: Callable[[Opened], T], *, again: bool = False) -> T:
        raise self.error

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def opened() -> list[Settings]:
    """The settings that a workspace was opened with, in order."""
    return []


@pytest.fixture
def jp_server_config(
    workspace: FakeWorkspace, opened: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.delenv("PM_WORKSPACE", raising=False)

    def open_workspace(settings: Settings) -> FakeWorkspace:
        opened.append(settings)
        return workspace

    return {
        "ServerApp": {"jpserver_extensions": {"pm_server": True}},
        "ProcessManager": {"open_workspace": open_workspace},
    }


@pytest.fixture
def make_workspace(jp_root_dir: Path) -> Callable[[], Path]:
    """Make the server's root folder a workspace, as `pm init` does."""

    def make() -> Path:
        document = f'[workspace]\nid = "{WORKSPACE_ID}"\n'
        (jp_root_dir / "pm.toml").write_text(document, encoding="utf-8")
        return jp_root_dir

    return make


@pytest.fixture
def nothing_replaced(jp_server_config: dict[str, Any]) -> None:
    """The extension as users get it. To be named before what starts the server."""
    del jp_server_config["ProcessManager"]


@pytest.fixture
def bench(
    nothing_replaced: None,
    jp_root_dir: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Workbench]:
    """A real workspace in the server's root folder, with a real database."""
    made = Workbench.make(jp_root_dir, database_url)
    for name, value in made.environ.items():
        if name.startswith("PM_"):
            monkeypatch.setenv(name, value)
    yield made
    made.close()


@pytest.fixture
def life(bench: Workbench, tmp_path: Path) -> Life:
    """Runs of that workspace, step by step."""
    return Life(bench, tmp_path)


@pytest.fixture
def api(http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str]) -> Api:
    """Requests with a login; answers are held against openapi.yaml."""
    return Api(http_server_client, jp_base_url, jp_auth_header)
