from __future__ import annotations

import asyncio
import json
import threading

import pytest

from pm_kernel import __version__
from pm_kernel.errors import DatabaseUnavailable

from .conftest import WORKSPACE_ID


async def status(jp_fetch) -> dict:
    return json.loads((await jp_fetch("pm", "api", "status")).body)


async def test_without_a_workspace_the_status_says_how_to_make_one(jp_fetch, opened):
    answer = await status(jp_fetch)
    assert answer["version"] == __version__
    assert (answer["workspace"], answer["database"]) == (None, "unknown")
    assert "pm init" in answer["problem"]["hint"]
    assert opened == []


async def test_with_the_database_down_the_status_names_the_workspace_and_the_reason(
    jp_fetch, workspace, make_workspace
):
    root = make_workspace()
    workspace.database_error = DatabaseUnavailable("it is stopped", hint="pm db start")
    answer = await status(jp_fetch)
    assert (answer["workspace"], answer["database"]) == (str(root), "unavailable")
    assert answer["problem"]["message"] == "it is stopped"
    assert answer["problem"]["hint"] == "pm db start"


async def test_when_all_is_there_nothing_is_wrong(jp_fetch, make_workspace):
    make_workspace()
    answer = await status(jp_fetch)
    assert (answer["database"], answer["problem"]) == ("ready", None)


async def test_a_workspace_made_while_the_server_runs_is_found(jp_fetch, make_workspace):
    assert (await status(jp_fetch))["workspace"] is None
    root = make_workspace()
    assert (await status(jp_fetch))["workspace"] == str(root)


async def test_a_workspace_is_opened_once_and_anew_when_its_settings_change(
    jp_fetch, workspace, make_workspace, opened
):
    root = make_workspace()
    await status(jp_fetch)
    await status(jp_fetch)
    assert len(opened) == 1
    with (root / "pm.toml").open("a") as file:
        file.write('[database]\nurl = "postgresql://elsewhere/db"\n')
    await status(jp_fetch)
    assert [settings.database_url for settings in opened] == [None, "postgresql://elsewhere/db"]
    assert workspace.closed == 1


async def test_a_slow_database_does_not_hold_up_the_server(jp_fetch, workspace, make_workspace):
    make_workspace()
    answering = threading.Event()
    workspace.check_database = lambda: answering.wait(30)
    waiting = asyncio.ensure_future(jp_fetch("pm", "api", "status"))
    try:
        # Served by the same event loop while the call above is stuck.
        assert (await jp_fetch("api", "status")).code == 200
        assert not waiting.done()
    finally:
        answering.set()
    assert (await waiting).code == 200


class TestWithTheOptionSet:
    """`c.ProcessManager.workspace`: somebody has said which one, so no variable overrules it."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config, tmp_path, monkeypatch):
        for name in ("named", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "pm.toml").write_text(f'[workspace]\nid = "{WORKSPACE_ID}"\n')
        monkeypatch.setenv("PM_WORKSPACE", str(tmp_path / "other"))
        jp_server_config["ProcessManager"]["workspace"] = str(tmp_path / "named")
        return jp_server_config

    async def test_the_workspace_is_the_one_it_names(self, jp_fetch, tmp_path):
        assert (await status(jp_fetch))["workspace"] == str(tmp_path / "named")


async def test_without_the_option_the_variable_names_the_workspace(
    jp_fetch, make_workspace, monkeypatch, tmp_path
):
    root = make_workspace()
    assert (await status(jp_fetch))["workspace"] == str(root)
    (tmp_path / "pm.toml").write_text(f'[workspace]\nid = "{WORKSPACE_ID}"\n')
    monkeypatch.setenv("PM_WORKSPACE", str(tmp_path))
    assert (await status(jp_fetch))["workspace"] == str(tmp_path)
