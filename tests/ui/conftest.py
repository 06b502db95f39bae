"""A real JupyterLab and a real Chromium.

Synchronous Playwright runs an event loop of its own: these tests need a pytest process to
themselves (`pytest tests/ui`), apart from tests/server.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.store.engine import Store

from ..integration.factories import Rows
from .lab import Lab, start_lab
from .monitoring import World, start_world
from .results import Results, start_results

RESULTS = Path(__file__).parents[2] / "test-results"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Two of these may share two processors with the server that they look at.
    expect.set_options(timeout=60_000)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium: the one that PM_CHROMIUM names, the system's, or the one Playwright installed."""
    arguments = ["--disable-gpu", "--disable-quic"]
    if os.geteuid() == 0:
        # Chromium refuses to run as root with its sandbox.
        arguments.append("--no-sandbox")
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("PM_CHROMIUM") or shutil.which("chromium"), args=arguments
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests; what its workspace holds is set by each test."""
    with start_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def lab_without_server_half(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("bare"), server_half=False) as lab:
        yield lab


@pytest.fixture(scope="session")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: EmbeddedPostgres,
    database_template: str,
) -> Iterator[Results]:
    """A JupyterLab over a workspace that has runs."""
    folder = tmp_path_factory.mktemp("results")
    with start_results(folder, postgres_server, database_template) as results:
        yield results


@pytest.fixture(scope="session")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: EmbeddedPostgres,
    database_template: str,
) -> Iterator[World]:
    """A JupyterLab over a workspace whose plans run by real Nextflow."""
    folder = tmp_path_factory.mktemp("monitor")
    with start_world(folder, postgres_server, database_template) as world:
        yield world


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console called an error; a test that expects one empties it."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh browser profile; the test fails when the page reports an error."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(30_000)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(f"{error.message}\n{error.stack}"))
    yield page
    RESULTS.mkdir(exist_ok=True)
    name = re.sub(r"[^\w]+", "-", request.node.name).strip("-")
    page.screenshot(path=RESULTS / f"{name}-end.png")
    context.close()
    assert complaints == []


@pytest.fixture
def open_lab(page: Page, request: pytest.FixtureRequest) -> Callable[..., Page]:
    """Open a JupyterLab in a layout of this test's own, with the theme asked for."""

    def open_it(lab: Lab, *, theme: str = "JupyterLab Light") -> Page:
        layout = re.sub(r"[^\w]+", "-", request.node.name).strip("-")
        page.goto(lab.url(f"lab/workspaces/{layout}"))
        page.wait_for_function("() => window.jupyterapp?.restored")
        # Restored is not ready: the launcher comes after it, and takes the focus.
        expect(page.get_by_role("tab", name="Launcher")).to_be_visible(timeout=30_000)
        # Always set: the choice of the test before is kept in the server's settings.
        page.evaluate(
            """async theme => {
                await window.jupyterapp.commands.execute('apputils:change-theme', {theme});
            }""",
            theme,
        )
        expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        return page

    return open_it


@pytest.fixture
def screenshot(page: Page) -> Callable[[str], None]:
    """Save what is on screen for people to look at."""

    def save(name: str) -> None:
        RESULTS.mkdir(exist_ok=True)
        # Transitions of the page are over when two frames have been drawn.
        page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        page.screenshot(path=RESULTS / f"{name}.png")

    return save


@pytest.fixture
def has(lab: Lab, database_url: str) -> Iterator[Callable[..., None]]:
    """Set what the workspace behind the server holds; nothing remains after the test."""
    store = Store(database_url)
    rows = Rows(store)
    known: set[int] = set()

    def hold(*plans: dict[str, Any], **trouble: object) -> None:
        lab.make_workspace(database_url)
        for plan in plans:
            if plan["plan_id"] not in known:
                known.add(plan["plan_id"])
                _store(rows, **plan)
        lab.trouble.unlink(missing_ok=True)
        if trouble:
            lab.trouble.write_text(json.dumps(trouble), encoding="utf-8")

    yield hold
    lab.forget_workspace()
    store.close()


def _store(rows: Rows, plan_id: int, counts: dict[str, int], **columns: Any) -> None:
    """Put a plan into the database with so many planned runs in each state."""
    rows.plan(**columns, id=plan_id)
    launch = rows.launch(plan_id)
    for state, count in counts.items():
        for _ in range(count):
            if state == "reused":
                rows.planned_run(plan_id, "segment", current_run=rows.run("segment"))
                continue
            planned = rows.planned_run(plan_id, "segment", launch_id=launch)
            if state == "waiting":
                continue
            run = rows.run(
                "segment", plan=plan_id, planned_run_id=planned, launch_id=launch, status=state
            )
            if state == "completed":
                rows.finish(planned, run)
