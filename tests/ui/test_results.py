"""From a result to its first input, a failure to its traceback, a plan while it changes."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from .axe import check_axe
from .results import (
    THEMES,
    copied,
    execute,
    forget_refusals,
    use_theme,
    wait_until_copied,
)
from .test_plans import wait_until_layout_holds, wait_until_tab_holds


def test_a_link_opens_a_run_with_its_result_first(results, open_lab, page, screenshot):
    open_lab(results.lab)
    layout = page.url.split("?")[0]
    page.goto(f"{layout}?pm=run-2")
    run = page.get_by_role("article")
    expect(run.get_by_role("heading", name="Run 2 · draw v1 · s1")).to_be_visible()
    picture = run.get_by_role("img", name="figure")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('.pm-Picture img')?.naturalWidth === 64")
    # Numbers of JSON are shown as they were written.
    expect(run.get_by_label("note", exact=True).locator("pre")).to_contain_text(
        "12345678901234567890"
    )
    expect(run.get_by_role("link", name="run 1 · scale")).to_be_visible()
    expect(run.get_by_text("1 run led to it")).to_be_visible()
    expect(run.get_by_text("WARNING: only one row")).to_be_visible()
    # The address asks once: a reload opens what was open.
    expect(page).not_to_have_url(re.compile("pm=run"))
    screenshot("run-light")
    check_axe(page, ".pm-Run")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark High Contrast"])
def test_a_figure_is_traced_to_its_first_input(results, open_lab, page, screenshot, theme):
    open_lab(results.lab, theme=theme)
    execute(page, "pm:open-run", run=2)
    page.get_by_role("button", name="Lineage", exact=True).click()
    graph = page.get_by_role("application", name=re.compile("Lineage of run 2"))
    expect(graph).to_be_visible()
    beside = page.get_by_role("complementary", name="The selected run")
    expect(beside.get_by_role("heading", name="Run 2 · draw v1 · s1")).to_be_visible()
    graph.focus()
    page.keyboard.press("ArrowLeft")
    expect(beside.get_by_role("heading", name="Run 1 · scale v1 · s1")).to_be_visible()
    row = beside.get_by_role("row", name=re.compile("factor"))
    expect(row).to_contain_text("3")
    expect(row).to_contain_text("changed from the default")
    expect(beside.get_by_role("table", name="table")).to_contain_text("63")
    code = beside.get_by_role("link", name=re.compile("Code of scale v1 at commit"))
    expect(code.first).to_be_visible()
    beside.get_by_role("button", name="Copy citation").click()
    assert "scale v1 (commit" in wait_until_copied(page, "scale v1")
    assert "with scale.factor = 3 (scale v1)" in copied(page)
    # Looked for by what is known of it, also by keyboard; with Shift several are chosen.
    graph.press("Home")
    expect(beside.get_by_role("heading", name="Run 2 · draw v1 · s1")).to_be_visible()
    # A link to what is in the graph walks there.
    beside.get_by_role("link", name="run 1 · scale").press("Enter")
    expect(beside.get_by_role("heading", name="Run 1 · scale v1 · s1")).to_be_visible()
    expect(graph).to_be_focused()
    graph.press("Home")
    graph.press("/")
    page.keyboard.type("factor=3")
    expect(page.get_by_role("search", name="Find in this lineage")).to_contain_text("1 run")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    expect(beside.get_by_role("heading", name="Run 1 · scale v1 · s1")).to_be_visible()
    page.get_by_role("searchbox", name="Find in this lineage").fill("")
    graph.press("Shift+ArrowRight")
    expect(page.get_by_text("2 runs chosen")).to_be_visible()
    graph.press("End")
    expect(page.get_by_text("2 runs chosen")).to_have_count(0)
    screenshot(f"lineage-{theme.split()[-1].lower()}")
    check_axe(page, ".pm-Lineage")
    # The record beside the graph scrolls; the tab around both does not as well.
    tab = page.locator(".pm-Screen:visible")
    assert tab.evaluate("tab => tab.scrollHeight - tab.clientHeight") == 0
    page.get_by_role("button", name="Copy as text").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert copied(page) == (
        "Run 2 · draw v1 · s1  completed\n└─ Run 1 · scale v1 · s1  completed; scale.factor = 3\n"
    )
    page.get_by_role("button", name="Copy as Mermaid").click()
    mermaid = wait_until_copied(page, "graph")
    assert "scale v1" in mermaid
    assert "draw v1" in mermaid
    assert "-->" in mermaid
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save SVG").click()
    assert saved.value.suggested_filename == "lineage-2.svg"
    drawing = ElementTree.fromstring(saved.value.path().read_text(encoding="utf-8"))
    told = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"scale v1", "run 1 · s1", "factor = 3", "draw v1", "run 2 · s1"} == set(told)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save PNG").click()
    picture = saved.value.path().read_bytes()
    assert picture.startswith(b"\x89PNG")
    # Twice as large as the drawing, so that it is sharp on paper.
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (2 * int(drawing.get("width", 0)), 2 * int(drawing.get("height", 0)))
    graph.press("+")
    drawing = graph.locator("g").first
    expect(drawing).to_have_attribute("transform", re.compile(r"scale\(1\.25\)"))
    moved = drawing.get_attribute("transform")
    page.get_by_role("button", name="Table", exact=True).click()
    table = page.get_by_role("table", name="Runs of this lineage, sources first")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("row").nth(1)).to_contain_text("scale.factor = 3")
    check_axe(page, ".pm-Lineage")
    # So it is after a reload.
    if theme == "JupyterLab Light":
        wait_until_layout_holds(page, "pm-lineage:pm-lineage-2")
        wait_until_tab_holds(page, "pm-lineage", '\\"table\\"')
        page.reload()
        page.wait_for_function("() => window.jupyterapp?.restored")
        page.get_by_role("tab", name=re.compile("Lineage 2")).click()
        expect(table.get_by_role("row")).to_have_count(3)
        page.get_by_role("button", name="Graph", exact=True).click()
        expect(drawing).to_have_attribute("transform", moved)
        page.get_by_role("button", name="Table", exact=True).click()
    # Asked for in another direction, the tab that is open turns.
    execute(page, "pm:open-lineage", run=2, direction="down")
    expect(page.get_by_role("button", name="What was made of it")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(table.get_by_role("row")).to_have_count(2)


def test_a_failed_run_opens_at_its_traceback_and_all_logs_are_searched(
    results, open_lab, page, screenshot
):
    open_lab(results.lab)
    execute(page, "pm:open-run", run=3)
    run = page.get_by_role("article")
    expect(run).to_contain_text("ValueError: the table has no <b>column</b>")
    log = run.get_by_role("log")
    expect(log.locator("[data-pm-here=true]")).to_contain_text("run.py")
    screenshot("run-failed")
    check_axe(page, ".pm-Run")
    search = run.get_by_role("searchbox", name="Search this log")
    search.fill("ABOUT TO")
    expect(run.get_by_text("1 of 1")).to_be_visible()
    expect(log.locator("mark")).to_have_text("about to")
    run.get_by_role("button", name=re.compile("Errors")).click()
    expect(log).not_to_contain_text("about to break")

    # All logs are searched as well.
    execute(page, "pm:search-logs", text="only one")
    table = page.get_by_role("table", name="Log entries, newest first")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("link", name="run 2 · draw")).to_be_visible()
    check_axe(page, ".pm-Search")
    # What was found is opened at its line.
    table.get_by_role("link", name="Line 2 of the log of run 2").click()
    log = page.get_by_role("log", name="Log of run 2")
    expect(log.locator("[data-pm-here=true]")).to_have_text(re.compile("WARNING: only one row"))
    # Also where the log is open already.
    execute(page, "pm:open-log", run=2, line=1)
    expect(log.locator("[data-pm-here=true]")).to_contain_text("drawing table.csv")


def test_a_plan_changes_while_it_is_watched(results, open_lab, page, screenshot):
    rows = results.rows
    name = "watched"
    plan = rows.plan(name=name, status="running")
    launch = rows.launch(plan)
    planned = [
        rows.planned_run(plan, "segment", sample=f"s{n}", launch_id=launch) for n in range(1, 41)
    ]
    runs = [
        rows.run("segment", plan=plan, planned_run_id=each, launch_id=launch, status="running")
        for each in planned[:3]
    ]
    open_lab(results.lab)
    execute(page, "pm:open-plan", plan=plan)
    expect(page.get_by_role("heading", name=re.compile(name))).to_be_visible()
    head = page.locator(".pm-PlanHead")
    expect(head).to_contain_text("0 of 40")
    expect(page.get_by_role("button", name=re.compile("1 plan running: 0 of 40"))).to_be_visible()
    results.bench.execute(
        "UPDATE runs SET status = 'failed', error = 'ValueError: odd', finished_at = now()"
        " WHERE id = %s",
        runs[0],
    )
    expect(head.get_by_label("What failed")).to_contain_text("ValueError: odd")
    expect(head).to_contain_text("1 failed")
    screenshot("plan-tree-light")
    check_axe(page, ".pm-Plan")


def test_files_of_all_kinds_are_shown_and_taken_along(results, open_lab, page, screenshot):
    """Folders are walked, text begins to show, a large file is its size; all of it is saved."""
    open_lab(results.lab)
    execute(page, "pm:open-run", run=6)
    run = page.get_by_role("article")
    # What is larger than 20 MB is fetched when somebody wants it; of a table only what is shown.
    scan = run.get_by_label("scan", exact=True).first
    expect(scan.get_by_role("img")).to_have_count(0)
    scan.get_by_role("button", name="Show (21.0 MB)").click()
    expect(scan.get_by_role("img", name="scan")).to_have_js_property("naturalWidth", 1)
    # What no browser shows is drawn by the server: made small, made visible, plane by plane.
    labels = run.get_by_label("labels", exact=True).first
    expect(labels.get_by_role("img", name="labels")).to_have_js_property("naturalWidth", 64)
    expect(labels).to_contain_text("plane 1 of 2 · 64 × 48 · 16 bit · labels up to 4, coloured")
    labels.get_by_role("slider", name="Plane of labels").press("End")
    expect(labels).to_contain_text("plane 2 of 2 · 64 × 48 · 16 bit · labels up to 36")
    wide = run.get_by_label("wide", exact=True).first
    expect(wide.get_by_role("table", name="wide")).to_contain_text("1234567")
    expect(wide).to_contain_text("21.6 MB")
    folder = run.get_by_label("pages", exact=True).first
    folder.get_by_role("button", name="first.txt").click()
    expect(folder.get_by_label("first.txt")).to_contain_text("the first page")
    folder.get_by_role("button", name="more/").click()
    folder.get_by_role("button", name="second.csv").click()
    expect(folder.get_by_role("table", name="second.csv")).to_contain_text("page")
    folder.get_by_role("button", name="Up").click()
    expect(folder.get_by_role("button", name="first.txt")).to_be_visible()
    long = run.get_by_label("long", exact=True).first
    expect(long).to_contain_text("line 100")
    expect(long).to_contain_text(re.compile(r"The first 65\.5 kB of \d+ kB"))
    expect(run.get_by_label("raw", exact=True)).to_contain_text("No preview of this kind of file")
    expect(run.get_by_label("raw", exact=True)).to_contain_text("3.0 MB")
    # The browser's own viewer, or that there is none: a PDF is never drawn by the page itself.
    paper = run.get_by_label("paper", exact=True).first
    expect(paper.get_by_title("paper").or_(paper.get_by_text("shows no PDF"))).to_be_visible()
    screenshot("run-files")
    check_axe(page, ".pm-Run")
    with page.expect_download() as saved_file:
        wide.get_by_role("link", name="Save wide").click()
    assert saved_file.value.path().stat().st_size == 21_600_006

    def saved(name: str) -> zipfile.ZipFile:
        with page.expect_download() as download:
            run.get_by_role("link", name=name).first.click()
        return zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))

    assert {name.split("/", 1)[1] for name in saved("Save pages").namelist()} == {
        "pages/first.txt",
        "pages/more/second.csv",
    }
    whole = saved("Save all as zip")
    assert {"long.txt", "raw.bin", "run.log", "meta.json"} <= {
        name.split("/", 1)[1] for name in whole.namelist()
    }
    assert whole.testzip() is None

    # A copy of it that lies anywhere leads back to the run.
    paper = results.lab.root / "figure3.csv"
    paper.write_bytes(saved_file.value.path().read_bytes())
    (results.lab.root / "other.csv").write_text("nothing of ours")
    execute(page, "filebrowser:refresh")
    files = page.get_by_role("region", name="file browser")
    for name in ("other.csv", "figure3.csv"):
        files.get_by_text(name, exact=True).click(button="right")
        page.get_by_role("menuitem", name="Show How It Was Made").click()
        if name == "other.csv":
            dialog = page.get_by_role("dialog")
            expect(dialog).to_contain_text("No run made a file with the content of 'other.csv'.")
            dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_text('figure3.csv is "wide" of run 6 · report v1.')).to_be_visible()
    expect(page.get_by_role("application", name=re.compile("Lineage of run 6"))).to_be_visible()
    screenshot("lineage-of-a-file")
    for each in ("figure3.csv", "other.csv"):
        (results.lab.root / each).unlink()


def test_the_code_of_a_run_is_shown_as_it_was_committed(results, open_lab, page, screenshot):
    open_lab(results.lab)
    # What is registered later is not what the run executed.
    execute(page, "pm:open-run", run=1)
    page.get_by_role("article").get_by_role("link", name=re.compile("Code of scale v1")).click()
    screen = page.locator(".pm-Committed")
    expect(screen.get_by_role("heading", name="scale v1")).to_be_visible()
    expect(screen.get_by_role("region", name="run.py")).to_contain_text("from helper import scale")
    # In colours, for reading only.
    expect(screen.locator(".cm-content")).to_have_attribute("aria-readonly", "true")
    screen.get_by_role("button", name="helper.py").press("Enter")
    expect(screen.get_by_role("region", name="helper.py")).to_contain_text("def scale")
    screen.get_by_role("button", name="Copy commit").click()
    expect(screen.get_by_text("Copied.")).to_be_visible()
    commit = results.bench.meta(1)["commit"]
    assert copied(page) == commit
    for name, theme in THEMES.items():
        use_theme(page, theme)
        screenshot(f"code-{name}")
        check_axe(page, ".pm-Committed")


def test_an_address_opens_what_it_names_or_says_why_not(
    results, open_lab, page, browser, complaints
):
    open_lab(results.lab)
    layout = page.url.split("?")[0]
    page.goto(f"{layout}?pm=lineage-2")
    expect(page.get_by_role("application", name=re.compile("Lineage of run 2"))).to_be_visible()
    page.goto(f"{layout}?pm=compare-2-5")
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
    page.goto(f"{layout}?pm=log-3-2")
    expect(page.locator(".pm-LogTab [data-pm-here=true]")).to_contain_text("Traceback")
    plan = results.rows.plan(name="linked", status="completed")
    for step in ("gate", "measure"):
        results.rows.planned_run(plan, step, sample="s1")
    page.goto(f"{layout}?pm=step-{plan}-gate")
    linked = page.locator(".pm-Plan").filter(has_text="linked")
    expect(linked.get_by_label("Step", exact=True)).to_have_value("gate")
    page.goto(f"{layout}?pm=run-999")
    expect(page.get_by_role("alert").filter(has_text="999")).to_contain_text("Not found")
    page.goto(f"{layout}?pm=plan-999")
    expect(page.get_by_role("alert").filter(has_text="plan 999")).to_be_visible()
    page.goto(f"{layout}?pm=<b>rubbish")
    expect(page.get_by_text("which this page does not know")).to_contain_text("<b>rubbish")
    # The Lab gives a second page of a layout another one, which it begins anew.
    for asked, found in (
        ("lineage-2", "Lineage of run 2"),
        ("rum-9", "“rum-9”, which this page does not know"),
    ):
        second = page.context.new_page()
        second.goto(f"{layout}?pm={asked}")
        expect(second.get_by_text(found).first).to_be_visible(timeout=120_000)
        assert "/workspaces/auto-" in second.url
        assert "pm=" not in second.url
        second.close()
    # What is open asks again for what is not there.
    page.goto("about:blank")
    forget_refusals(complaints)

    # Logged out: after the login it goes on to where it led.
    context = browser.new_context()
    stranger = context.new_page()
    stranger.goto(results.lab.url("lab").split("?")[0] + "?pm=run-2")
    stranger.locator("#password_input").fill(results.lab.token)
    stranger.keyboard.press("Enter")
    heading = stranger.get_by_role("heading", name="Run 2 · draw v1 · s1")
    expect(heading).to_be_visible(timeout=120_000)
    context.close()
