from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

STATES = ["draft", "submitted", "running", "completed", "partial", "failed", "cancelled"]


def plan(plan_id: int = 12, **changes: object) -> dict[str, object]:
    created_at = datetime.now(UTC) - timedelta(minutes=plan_id)
    return {
        "plan_id": plan_id,
        "name": "cells",
        "status": "running",
        "created_at": created_at.isoformat(),
        "counts": {"completed": 11, "reused": 6, "running": 2, "failed": 1, "waiting": 6},
        **changes,
    }


#: One run; what is counted is not looked at.
FEW = {"completed": 1}


def open_plans(page: Page) -> None:
    """As a user does: the tile in the launcher."""
    page.get_by_role("main").get_by_role("button", name="Plans", exact=True).click()


def saved_layout(page: Page) -> dict[str, Any]:
    """What a reload finds: where tabs are, and what each of them shows."""
    saved: dict[str, Any] = page.evaluate(
        "async name => (await window.jupyterapp.serviceManager.workspaces.fetch(name)).data",
        page.url.split("/workspaces/")[1].split("?")[0],
    )
    return saved


def wait_until_layout_holds(page: Page, name: str) -> None:
    for _ in range(600):
        saved = saved_layout(page)
        if name in json.dumps(saved.get("layout-restorer:data", {}).get("main", {})):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the layout never held {name}: {saved}")


def wait_until_tab_holds(page: Page, kind: str, text: str) -> None:
    """Wait until a tab of this kind would be brought back with such arguments."""
    for _ in range(600):
        saved = saved_layout(page)
        if any(key.startswith(f"{kind}:") and text in json.dumps(saved[key]) for key in saved):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"no tab of {kind} ever held {text}: {saved}")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_launcher_tile_opens_the_list_of_plans(lab, has, open_lab, screenshot, theme):
    # The one that runs has many.
    counts = [{} if state == "running" else {"counts": FEW} for state in STATES]
    has(
        *(
            plan(20 - n, status=state, name=f"pipeline {n}", **counts[n])
            for n, state in enumerate(STATES)
        )
    )
    page = open_lab(lab, theme=theme)
    expect(page.get_by_role("heading", name="Research Process Manager")).to_be_visible()
    screenshot(f"launcher-{theme.split()[-1].lower()}")
    open_plans(page)
    table = page.get_by_role("table", name="Plans, newest first")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(1 + len(STATES))
    expect(rows.nth(3)).to_contain_text("pipeline 2")
    expect(rows.nth(3)).to_contain_text("running")
    expect(rows.nth(3)).to_contain_text("17 of 26 (6 reused, 1 failed)")
    # Every state has a form of its own, none falls back to a letter.
    expect(table.locator("svg.pm-Mark-form")).to_have_count(len(STATES))
    screenshot(f"plans-{theme.split()[-1].lower()}")


def refresh(page: Page) -> None:
    page.get_by_title("Refresh Plans").or_(
        page.get_by_title("Ask the server again for the list of plans")
    ).first.click()


def test_the_palette_opens_a_list_of_names_as_text_that_is_refreshed_and_comes_back(
    lab, has, open_lab
):
    first = plan(counts=FEW)
    has(first, plan(14, name="<img src=x onerror=document.title='caught'>", counts=FEW))
    page = open_lab(lab)
    page.keyboard.press("Control+Shift+C")
    palette = page.locator("#modal-command-palette")
    palette.locator("input").fill("open plans")
    expect(palette.get_by_role("menuitem").first).to_contain_text("Open Plans")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=re.compile("cells plan 12"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("<img src=x"))).to_be_visible()
    assert page.title() != "caught"
    has(plan(13, name="newer", counts=FEW), first)
    refresh(page)
    expect(page.get_by_role("row", name=re.compile("newer"))).to_be_visible()
    # The layout is saved with a delay; a reload before that is not what is tested here.
    wait_until_layout_holds(page, "pm-plans:plans")
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    expect(page.get_by_role("tab", name="Plans")).to_have_count(1)
    expect(page.get_by_role("row", name=re.compile("cells"))).to_be_visible()


def test_the_panel_says_what_is_missing_and_how_to_have_it(lab, has, open_lab, screenshot):
    page = open_lab(lab)
    open_plans(page)
    expect(page.get_by_role("heading", name="No workspace")).to_be_visible()
    page.get_by_role("button", name="Copy pm init DIR").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == "pm init DIR"
    screenshot("plans-no-workspace")
    has()
    refresh(page)
    expect(page.get_by_role("heading", name="No plans yet")).to_be_visible()
    expect(page.get_by_role("button", name="Copy pm demo")).to_be_visible()
    screenshot("plans-empty")
    has(error="DatabaseUnavailable", message="It is stopped.", hint="Start it: `pm db start`.")
    refresh(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The database does not answer")
    expect(alert.get_by_role("button", name="Copy pm db start")).to_be_visible()
    screenshot("plans-database-down")
    expect(alert.get_by_role("button", name="Try again")).to_be_visible()
    has(plan(counts=FEW))
    # It looks again by itself.
    expect(page.get_by_role("row", name=re.compile("cells"))).to_be_visible()


def test_without_the_server_half_a_dialog_gives_the_command_to_copy(
    lab_without_server_half, open_lab, complaints, screenshot
):
    page = open_lab(lab_without_server_half)
    open_plans(page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The server half is missing")
    screenshot("server-half-missing")
    dialog.get_by_role("button", name="Copy command").click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == "python -m pip install --upgrade research-process-manager"
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("alert")).to_contain_text("The server half is missing")
    # Nothing asks any more. Chromium itself reports every 404 as an error; nothing else was.
    page.goto("about:blank")
    assert all("404" in complaint and "/pm/api/" in complaint for complaint in complaints)
    complaints.clear()
