"""The whole database as one graph, runs side by side, and one method run now."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from .axe import check_axe
from .results import THEMES, Results, execute, forget_refusals, use_theme
from .test_plans import wait_until_layout_holds, wait_until_tab_holds

#: Whether every line begins and ends at the side of a card.
LINKS_MEET_CARDS = """() => {
  const cards = [...document.querySelectorAll('.pm-Everything-module')].map(
    each => each.getBoundingClientRect());
  const near = point => cards.some(({ left, right, top, bottom }) =>
    Math.min(Math.abs(left - point.x), Math.abs(right - point.x)) < 6 &&
    top - 6 < point.y && point.y < bottom + 6);
  const lines = [...document.querySelectorAll('.pm-Everything-link path')];
  return lines.length > 0 && lines.every(line => [0, line.getTotalLength()].every(
    at => near(line.getPointAtLength(at).matrixTransform(line.getScreenCTM()))));
}"""


def longer_ago(results: Results, run: int, by: str) -> None:
    results.bench.execute(
        "UPDATE runs SET started_at = started_at - %s::interval,"
        " finished_at = finished_at - %s::interval WHERE id = %s",
        *(by, by, run),
    )


def width_of(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["width"]


def test_from_everything_two_runs_are_compared(results, open_lab, page, screenshot):
    open_lab(results.lab)
    page.get_by_role("main").get_by_role("button", name="Everything", exact=True).click()
    graph = page.get_by_role("region", name=re.compile("Graph of everything"))
    expect(graph.get_by_role("button", name=re.compile(r"^draw 1 version"))).to_be_visible()
    # Links are lines between the cards, wherever those are.
    expect(page.locator(".pm-Everything-link").first).to_be_attached()

    # Along the links by keyboard, then unfolded.
    scale = graph.get_by_role("button", name=re.compile("^scale"))
    draw = graph.get_by_role("button", name=re.compile("^draw"))
    draw.focus()
    page.keyboard.press("ArrowLeft")
    expect(scale).to_be_focused()
    page.keyboard.press("Enter")
    expect(graph.get_by_role("list", name="Runs of scale")).to_contain_text("s2")
    draw.focus()
    page.keyboard.press("Enter")
    listed = graph.get_by_role("list", name="Runs of draw")
    expect(listed.get_by_role("link", name="run 5", exact=True)).to_be_visible()
    # Now also from run to run.
    page.wait_for_function(
        "() => document.querySelectorAll('.pm-Everything-link').length >= 5", timeout=60_000
    )
    for name, theme in THEMES.items():
        use_theme(page, theme)
        page.wait_for_function(LINKS_MEET_CARDS)
        screenshot(f"everything-{name}")
        check_axe(page, ".pm-Everything")
    use_theme(page, THEMES["light"])

    # Only one sample; what has no such run is gone.
    page.get_by_role("textbox", name="Sample").fill("s2")
    page.keyboard.press("Enter")
    expect(graph.get_by_role("button", name=re.compile("^break"))).to_have_count(0)
    expect(page.get_by_text("3 runs of 3 methods in 1 module")).to_be_visible()
    page.get_by_role("button", name="Show all").press("Enter")
    expect(graph.get_by_role("button", name=re.compile("^break"))).to_be_visible()

    # Only one plan, and only some time, by keyboard alone.
    page.get_by_role("textbox", name="Sample").focus()
    page.keyboard.press("Tab")
    page.keyboard.type(str(results.bench.run_row(5)["execution_plan_id"]))
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 run of 1 method in 1 module")).to_be_visible()
    expect(graph.get_by_role("button", name=re.compile("^scale"))).to_have_count(0)
    page.get_by_role("button", name="Show all").press("Enter")
    expect(graph.get_by_role("button", name=re.compile("^break"))).to_be_visible()
    longer_ago(results, 3, "2 days")
    try:
        times = page.get_by_role("combobox", name="Time")
        times.focus()
        page.keyboard.press("ArrowDown")
        expect(times).to_have_value("1h")
        expect(graph.get_by_role("button", name=re.compile("^draw"))).to_be_visible()
        expect(graph.get_by_role("button", name=re.compile("^break"))).to_have_count(0)
        times.select_option("1w")
        expect(graph.get_by_role("button", name=re.compile("^break"))).to_be_visible()
    finally:
        # The other tests look at the same runs.
        longer_ago(results, 3, "-2 days")
    page.get_by_role("button", name="Show all").click()

    # Zoomed and moved; the links stay at their cards.
    graph.focus()
    card = graph.get_by_role("button", name=re.compile("^draw"))
    wide = width_of(card)
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_function(
        "([before, node]) => node.getBoundingClientRect().width > 1.5 * before",
        arg=[wide, card.element_handle()],
    )
    box = graph.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 20, steps=4)
    page.mouse.up()
    assert graph.evaluate("node => node.scrollLeft + node.scrollTop") > 0
    page.wait_for_function(LINKS_MEET_CARDS)
    graph.focus()
    page.keyboard.press("0")
    page.wait_for_function(
        "([before, node]) => node.getBoundingClientRect().width <= before",
        arg=[wide, card.element_handle()],
    )
    page.wait_for_function(LINKS_MEET_CARDS)
    page.get_by_role("button", name="Fold all").click()
    module = graph.get_by_role("button", name=re.compile("^testing"))
    expect(module).to_have_attribute("aria-expanded", "false")
    module.click()

    graph.get_by_role("button", name=re.compile("^draw")).click()
    graph.get_by_role("checkbox", name="Choose run 5").check()
    graph.get_by_role("checkbox", name="Choose run 2").check()
    expect(page.get_by_text("2 runs chosen")).to_be_visible()
    # A reload brings back what was unfolded and chosen, and how near it was.
    wide = width_of(card)
    graph.focus()
    page.keyboard.press("+")
    page.wait_for_function(
        "([before, node]) => node.getBoundingClientRect().width > 1.1 * before",
        arg=[wide, card.element_handle()],
    )
    near = width_of(card)
    zoom = graph.locator(".pm-Everything-zoomed").evaluate("node => node.style.zoom")
    wait_until_layout_holds(page, "pm-everything:pm-everything-all")
    wait_until_tab_holds(page, "pm-everything", "[5,2]")
    wait_until_tab_holds(page, "pm-everything", f'\\"zoom\\":{zoom[:4]}')
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    page.get_by_role("tab", name="Everything").click()
    expect(page.get_by_text("2 runs chosen: 5, 2")).to_be_visible()
    expect(graph.get_by_role("checkbox", name="Choose run 5")).to_be_checked()
    assert abs(width_of(card) - near) < 2
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("tab", name="Compare 5, 2")).to_be_visible()
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()


def test_runs_are_compared(results, open_lab, page, screenshot):
    """From a run, with another of its method: differences marked, pictures side by side."""
    open_lab(results.lab)
    execute(page, "pm:open-run", run=2)
    page.get_by_role("button", name="Compare…").click()
    screen = page.locator(".pm-Compare")
    expect(screen).to_contain_text("Add at least two runs")
    screen.get_by_role("combobox", name="Add another run of this method").select_option("5")
    expect(screen.locator(".pm-Compare-summary")).to_contain_text("Inputs (1)")
    pictures = screen.get_by_role("group", name="figure").get_by_role("img")
    expect(pictures).to_have_count(2)
    expect(screen.get_by_role("group", name="figure")).to_contain_text("the same bytes in all")
    table = screen.get_by_role("table", name="Parameters of what they were made from")
    row = table.get_by_role("row", name=re.compile("factor"))
    expect(row).to_contain_text("≠ differs")
    expect(row.get_by_role("cell")).to_have_text(["3", "4"])
    inputs = screen.get_by_role("table", name="Inputs", exact=True)
    expect(inputs.get_by_role("link", name="run 4", exact=True)).to_be_visible()
    for name, theme in THEMES.items():
        use_theme(page, theme)
        screenshot(f"compare-{name}")
        check_axe(page, ".pm-Compare")
    # What is the same is there when asked for.
    metrics = screen.get_by_role("table", name="Metrics", exact=True)
    expect(metrics).to_have_count(0)
    screen.get_by_role("checkbox", name="Also what is the same").check()
    expect(metrics.get_by_role("row", name=re.compile("^n "))).to_contain_text("1")
    # A third one by its number, and one left out by keyboard.
    field = screen.get_by_role("textbox", name="Numbers of runs to add")
    field.fill("run 1")
    field.press("Enter")
    runs = screen.get_by_role("list", name="Runs that are compared")
    expect(runs.get_by_role("listitem")).to_have_count(3)
    runs.get_by_role("button", name="Leave out run 2").press("Enter")
    expect(runs.get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("tab", name="Compare 5, 1")).to_be_visible()
    # A reload brings back what is compared now, not what it began with.
    wait_until_layout_holds(page, "pm-compare:pm-compare-2")
    wait_until_tab_holds(page, "pm-compare", "[5, 1]")
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    page.get_by_role("tab", name="Compare 5, 1").click()
    expect(runs.get_by_role("listitem")).to_have_count(2)


def test_one_method_is_run_now_watched_and_stopped(results, open_lab, page, screenshot, complaints):
    open_lab(results.lab)
    execute(page, "pm:run-step", method="wait")
    screen = page.locator(".pm-Step")
    expect(screen.get_by_role("heading", name="Run wait now")).to_be_visible()
    screen.get_by_label("table", exact=True).select_option("run:1/table")
    # Which sample it is follows from what was chosen.
    expect(screen.get_by_role("textbox", name="sample")).to_have_value("s1")

    # A wrong value is refused at its field and by the server, with the reason.
    seconds = screen.get_by_role("textbox", name="seconds")
    start = screen.get_by_role("button", name="Run wait v1 now")
    seconds.fill("soon")
    start.click()
    expect(screen.get_by_text("Expected: a number.")).to_be_visible()
    expect(screen.get_by_role("alert")).to_contain_text("expects a number, got 'soon'")
    forget_refusals(complaints)

    seconds.fill("500")
    start.click()
    going = screen.get_by_role("region", name=re.compile(r"^Run \d+"))
    expect(going.get_by_role("log")).to_contain_text("begun")
    expect(going).to_contain_text("running")
    for name, theme in THEMES.items():
        use_theme(page, theme)
        screenshot(f"run-now-{name}")
        check_axe(page, ".pm-Step")
    going.get_by_role("button", name="Stop").click()
    expect(going).to_contain_text("cancelled")
    expect(going.get_by_role("button", name="Stop")).to_have_count(0)

    seconds.fill("0.01")
    seconds.press("Enter")
    expect(going.get_by_role("log")).to_contain_text("done waiting")
    expect(going.get_by_label("Metrics")).to_contain_text("waited")
    # The same again is answered by what there is.
    start.click()
    expect(screen.get_by_role("alert")).to_contain_text("An equal run answers already")
    forget_refusals(complaints)
    # That was said of these values; others are not run by "Run all the same".
    seconds.fill("0.02")
    seconds.press("Tab")
    expect(screen.get_by_role("alert")).to_have_count(0)
    # Asked for once more, the form has what is asked for now.
    for value in ("7.5", "8.5"):
        execute(page, "pm:run-step", method="wait", params={"wait.seconds": value})
        expect(seconds).to_have_value(value)
