"""The routes over a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pm_kernel.config import load_settings
from pm_kernel.database import open_store
from pm_kernel.store import plans
from pm_server.services import open_workspace

from .conftest import WORKSPACE_ID


@pytest.fixture
def jp_server_config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The extension as users get it: nothing replaced."""
    monkeypatch.delenv("PM_WORKSPACE", raising=False)
    monkeypatch.delenv("PM_DATABASE_URL", raising=False)
    return {"ServerApp": {"jpserver_extensions": {"pm_server": True}}}


@pytest.fixture
def root(make_workspace: Callable[[], Path], database_url: str) -> Path:
    folder = make_workspace()
    with (folder / "pm.toml").open("a", encoding="utf-8") as file:
        file.write(f"[database]\nurl = {json.dumps(database_url)}\n")
    return folder


async def test_a_stored_plan_is_listed(jp_fetch, root):
    store = open_store(load_settings(root))
    with store.transaction() as connection:
        plan_id = plans.create_plan(
            connection,
            workspace_uuid=WORKSPACE_ID,
            kind="plan",
            name="cells",
            document={},
            request={},
            created_by="me",
        )
    store.close()
    status = json.loads((await jp_fetch("pm", "api", "status")).body)
    assert (status["database"], status["problem"]) == ("ready", None)
    answer = json.loads((await jp_fetch("pm", "api", "plans")).body)
    assert [(p["plan_id"], p["name"], p["status"]) for p in answer["plans"]] == [
        (plan_id, "cells", "draft")
    ]


def test_a_database_that_was_restarted_is_found_again(root, database_url):
    workspace = open_workspace(load_settings(root))
    try:
        workspace.check_database()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        workspace.check_database()
        assert workspace.use(lambda at: plans.list_plans(at.store), again=True) == []
    finally:
        workspace.close()


async def test_a_database_that_is_out_of_reach_is_said_and_the_page_goes_on(jp_fetch, root):
    text = (root / "pm.toml").read_text(encoding="utf-8")
    nowhere = "postgresql://pm@127.0.0.1:1/nothing"
    (root / "pm.toml").write_text(text.rsplit("url", 1)[0] + f'url = "{nowhere}"\n', "utf-8")
    status = json.loads((await jp_fetch("pm", "api", "status")).body)
    assert status["database"] == "unavailable"
    assert status["problem"]["error"] == "DatabaseUnavailable"


async def test_a_workspace_is_made_and_its_database_started_by_one_request_each(
    api, jp_root_dir, new_postgres, monkeypatch, tmp_path
):
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "state"))
    for address in ("workspace", "database"):
        assert "true" in (await api("POST", address, status=422))["message"]
    await api("POST", "database", {"start": True}, status=404)
    made = await api("POST", "workspace", {"create": True}, status=201)
    assert made["workspace"] == str(jp_root_dir)
    # Known here, so that it is stopped in the end.
    server = new_postgres(jp_root_dir)
    assert (await api.get("status"))["database"] == "ready"
    await asyncio.to_thread(server.stop)
    assert (await api.get("status"))["database"] == "unavailable"
    assert (await api("POST", "database", {"start": True}))["database"] == "ready"
    assert (await api.get("status"))["database"] == "ready"
    assert (await api("POST", "workspace", {"create": True}, status=201)) == made
