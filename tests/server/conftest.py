"""A Jupyter server in this process, with our extension loaded and a workspace that tests fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

# Not `pytest_plugins`: pytest allows that in the top conftest only.
from pytest_jupyter.jupyter_server import *  # noqa: F403

from pm_kernel.config import Settings
from pm_kernel.errors import PmError

WORKSPACE_ID = "5e1d7f6c-0f6f-4e2c-9a58-6d2f4c1f7a10"


@dataclass(frozen=True)
class Plan:
    """A plan as the list shows it."""

    plan_id: int = 1
    name: str = "cells"
    status: str = "completed"
    created_at: datetime = datetime(2026, 2, 14, 10, 23, tzinfo=UTC)
    counts: Mapping[str, int] = field(default_factory=lambda: {"completed": 26})


@dataclass
class FakeWorkspace:
    """The door to the database, held open by hand."""

    plans: Sequence[Plan] = ()
    #: Raised by every call instead of an answer.
    error: BaseException | None = None
    database_error: PmError | None = None
    closed: int = 0

    def check_database(self) -> None:
        if self.database_error is not None:
            raise self.database_error

    def list_plans(self) -> Sequence[Plan]:
        if self.error is not None:
            raise self.error
        return self.plans

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
