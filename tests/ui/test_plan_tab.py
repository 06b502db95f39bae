"""The tab of a plan: large ones, how it is looked at, what it hears, why a plan failed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from .axe import check_axe
from .drawing import Drawing
from .measured import benchmark, briefly
from .monitoring import SLOW, World, copied, execute, head, set_theme
from .test_plans import saved_layout


def large_plan(world: World, name: str, count: int) -> int:
    """Store a plan of many planned runs, of which some have run."""
    bench, rows = world.bench, world.rows
    plan = rows.plan(name=name, status="running")
    launch = rows.launch(plan)
    version = rows.method("stain").version_id
    bench.execute(
        "INSERT INTO planned_runs (plan_id, ordinal, key, step, sample, branch, decision,"
        " method_version_id, launch_id)"
        " SELECT %s, n, 'stain ' || n, CASE n %% 2 WHEN 0 THEN 'stain' ELSE 'count' END,"
        " 'sample ' || n / 4, CASE n %% 4 / 2 WHEN 0 THEN 'low' ELSE 'high' END, 'run', %s, %s"
        " FROM generate_series(0, %s) AS n",
        plan, version, launch, count - 1,
    )  # fmt: skip
    first = bench.rows("SELECT id FROM planned_runs WHERE plan_id = %s ORDER BY ordinal", plan)
    for n, row in enumerate(first[:24]):
        status = ("completed", "failed", "running")[n % 3 if n < 6 else 0]
        run = rows.run(
            "stain", plan=plan, planned_run_id=row["id"], launch_id=launch, status=status
        )
        if status == "completed":
            rows.finish(row["id"], run)
    return plan


def test_ten_thousand_runs_are_read_as_tree_table_and_timeline_by_keyboard(
    world, open_lab, page, screenshot
):
    plan = large_plan(world, "large", 10_000)
    open_lab(world.lab)
    execute(page, "pm:open-plan", plan=plan)
    tree = page.get_by_role("tree", name="Runs of this plan by sample and branch")
    expect(tree).to_be_visible(timeout=SLOW)
    tree.focus()
    active = tree.locator("[aria-selected=true]")
    page.keyboard.press("End")
    expect(active).to_contain_text("count")
    expect(active).to_be_in_viewport()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(active).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Home")
    expect(active).to_contain_text("sample 0")
    check_axe(page, ".pm-Plan")

    page.get_by_role("group", name="View").get_by_role("button", name="Table").press("Enter")
    table = page.get_by_role("table", name="Runs of this plan")
    expect(table).to_have_attribute("aria-rowcount", "10001")
    expect(page.get_by_text("10000 of 10000 runs")).to_be_visible()
    # Only what is visible is drawn.
    assert table.get_by_role("row").count() < 100
    table.get_by_role("button", name="Sample").press("Enter")
    table.get_by_role("button", name="Sample").press("Enter")
    expect(table.get_by_role("columnheader", name="Sample")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(table.get_by_role("row").nth(1)).to_contain_text("sample 2499")
    table.focus()
    page.keyboard.press("End")
    expect(table.get_by_role("row").last).to_contain_text("sample 0")
    # From a row to its run and back, and to its menu, without a mouse.
    page.get_by_role("combobox", name="State").select_option("failed")
    expect(page.get_by_text("2 of 10000 runs")).to_be_visible()
    page.get_by_role("searchbox", name="Filter the runs of this plan").fill("sample 0")
    expect(table.get_by_role("row")).to_have_count(2)
    table.get_by_role("link", name=re.compile(r"^run \d+$")).focus()
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menu").last.get_by_role("menuitem").first).to_have_text("Open Run")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show all").press("Enter")
    check_axe(page, ".pm-Plan")
    # A reload brings back how it was looked at: view, order, filter, and the place in it.
    page.get_by_role("searchbox", name="Filter the runs of this plan").fill("sample 1")
    expect(page.get_by_text("4444 of 10000 runs")).to_be_visible()
    table.focus()
    page.keyboard.press("End")
    expect(table.get_by_role("row").last).to_contain_text("sample 1")
    wait_until_look_is_kept(page, lambda look: look["top"].get("table", 0) > 4000)
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    expect(page.get_by_text("4444 of 10000 runs")).to_be_visible(timeout=SLOW)
    expect(table.get_by_role("columnheader", name="Sample")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(table.get_by_role("row").last).to_contain_text("sample 1")
    page.get_by_role("button", name="Show all").press("Enter")
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        set_theme(page, theme)
        short = theme.removeprefix("JupyterLab ").lower().replace(" ", "-")
        for view in ("Tree", "Table", "Timeline"):
            page.get_by_role("group", name="View").get_by_role("button", name=view).click()
            screenshot(f"plan-{view.lower()}-{short}")
    timeline = page.get_by_role("table", name="Runs of this plan in time")
    expect(timeline.get_by_role("row").nth(1)).to_contain_text(re.compile(r"began after 0:00"))
    check_axe(page, ".pm-Plan")
    # So it is measured: what benchmarks/lab.py says in the page finds what it names.
    page.get_by_role("group", name="View").get_by_role("button", name="Table").click()
    expect(table).to_be_visible()
    measured = benchmark("lab")
    assert {"floor", "sorted", "found", "all"} <= set(page.evaluate(briefly(measured.TABLE)))
    assert page.evaluate(measured.SEEN_IN_TAB, 2) > 0


def test_the_canvas_is_loaded_when_it_is_wanted_and_nothing_asks_while_nothing_happens(
    world, open_lab, page
):
    static = Path(__file__).parents[2] / "pm_server" / "labextension" / "static"
    heavy = {path.name for path in static.glob("*.js") if "LGraphCanvas" in path.read_text()}
    assert heavy
    plan = world.rows.plan(name="quiet", status="completed")
    heard: list[str] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda _: heard.append(socket.url)),
    )
    open_lab(world.lab)
    loaded = chunks(page)
    assert loaded, "the extension is loaded"
    assert not loaded & heavy
    size = sum((static / name).stat().st_size for name in loaded)
    assert size < 600_000, f"{size} bytes at the start of the Lab: {sorted(loaded)}"
    # Changes are heard: while nothing happens, nobody asks.
    execute(page, "pm:open-plan", plan=plan)
    expect(page.get_by_text("This plan has no runs.")).to_be_visible()
    # What is opened is read once, and once more when the connection stands.
    wait_until_quiet(page, listen(page), lambda: any("/pm/api/live" in url for url in heard))
    execute(page, "pm:new-pipeline")
    Drawing(page).wait()
    assert chunks(page) & heavy


def wait_until_look_is_kept(page: Page, fits: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until a reload would bring a plan back as it is looked at now."""
    look: dict[str, Any] = {}
    for _ in range(600):
        for key, kept in saved_layout(page).items():
            if key.startswith("pm-plan:"):
                look = json.loads(kept["data"].get("look", "{}"))
                if look and fits(look):
                    return
        page.wait_for_timeout(100)
    raise AssertionError(f"never kept, only {look}")


def listen(page: Page) -> list[str]:
    """The requests to our half of the server from now on."""
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if "/pm/api/" in request.url else None,
    )
    return asked


def wait_until_quiet(
    page: Page, asked: list[str], fits: Callable[[], bool], *, seconds: int = 11
) -> None:
    """Wait until it fits, and nothing is asked any more; then nothing is for so long."""
    for _ in range(60):
        before = len(asked)
        page.wait_for_timeout(2_000)
        if len(asked) == before and fits():
            break
    else:
        raise AssertionError(f"it never became quiet: {asked}")
    asked.clear()
    page.wait_for_timeout(1_000 * seconds)
    assert asked == []


def test_without_a_connection_the_page_asks_politely_until_it_is_back(world, open_lab, page):
    plan = large_plan(world, "unheard", 40)
    away = True
    tries: list[str] = []
    heard: list[str] = []

    def connect(socket: WebSocketRoute) -> None:
        tries.append(socket.url)
        if away:
            socket.close()
        else:
            socket.connect_to_server()
            heard.append(socket.url)

    page.route_web_socket(re.compile("/pm/api/live"), connect)
    open_lab(world.lab)
    execute(page, "pm:open-plan", plan=plan)
    # Of 24 runs two have failed and two are running.
    expect(head(page)).to_contain_text("20 of 40 (2 failed)", timeout=SLOW)
    asked = listen(page)
    end_one(world, plan)
    expect(head(page)).to_contain_text("3 failed", timeout=SLOW)
    asked.clear()
    tries.clear()
    page.wait_for_timeout(11_000)
    # Each five seconds a look, of some requests; and less and less often a try to connect.
    assert 0 < len(asked) < 45, asked
    assert len(tries) < 6
    away = False
    wait_until_quiet(page, asked, lambda: heard != [], seconds=6)
    # What happens now is told, not asked for by the clock.
    end_one(world, plan)
    expect(head(page)).to_contain_text("4 failed")


def end_one(world: World, plan: int) -> None:
    """A running run of a plan fails, somewhere else."""
    world.bench.execute(
        "UPDATE runs SET status = 'failed', error = 'ValueError: odd', finished_at = now()"
        " WHERE id = (SELECT min(id) FROM runs WHERE execution_plan_id = %s"
        " AND status = 'running')",
        plan,
    )


def chunks(page: Page) -> set[str]:
    """The files of the extension that the page has loaded."""
    return set(
        page.evaluate(
            "() => performance.getEntriesByType('resource')"
            ".map(each => new URL(each.name).pathname)"
            ".filter(path => path.includes('research-process-manager/static'))"
            ".map(path => path.split('/').pop()).filter(name => name.endsWith('.js'))"
        )
    )


def test_a_plan_that_failed_as_a_whole_says_why_and_an_older_server_half_what_to_do(
    world, open_lab, page, screenshot
):
    error = "Nextflow ended with exit code 1: No such <queue> 'fast'"
    plan = world.rows.plan(name="never ran", status="failed", error=error)
    world.rows.launch(plan)
    open_lab(world.lab, theme="JupyterLab Dark")
    execute(page, "pm:open-plan", plan=plan)
    alert = head(page).get_by_role("alert", name="Why the plan failed")
    expect(alert).to_contain_text(error)
    alert.get_by_text("What the launches of this plan said").press("Enter")
    expect(alert.get_by_role("heading", name=re.compile("^Launch 1"))).to_be_visible()
    check_axe(page, ".pm-Plan")
    screenshot("plan-failed-dark")

    def older(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "api_level": 0})

    page.route("**/pm/api/status*", older)
    execute(page, "pm:open-plans")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The server half is older than this page")
    screenshot("server-half-older-dark")
    dialog.get_by_role("button", name="Copy command").click()
    assert copied(page) == "python -m pip install --upgrade research-process-manager"
