"""What the rows of plans, runs, templates and methods offer: menus, choices, things to take."""

from __future__ import annotations

import re
from zipfile import ZipFile

from playwright.sync_api import Route, expect

from pm_kernel import templates

from .axe import check_axe
from .drawing import Drawing
from .monitoring import DOCUMENT, choose, copied, execute, head
from .results import wait_until_copied
from .test_plans import wait_until_layout_holds, wait_until_tab_holds


def test_a_plan_and_a_drawing_are_taken_along_as_python_and_as_a_folder(world, open_lab, page):
    plan = world.draft("taken along", "s1")
    open_lab(world.lab)
    execute(page, "pm:open-plan", plan=plan)
    head(page).get_by_role("button", name="Copy as Python").click()
    expect(head(page)).to_contain_text("Copied: the Python that builds it.")
    of_plan = copied(page)
    compile(of_plan, "copied", "exec")
    assert "taken along" in of_plan
    assert "threshold" in of_plan
    with page.expect_download() as saved:
        head(page).get_by_role("button", name="Export for Nextflow").click()
    assert saved.value.suggested_filename == f"plan-{plan}.zip"
    assert f"plan-{plan}/pipeline.nf" in ZipFile(saved.value.path()).namelist()
    # The same of what is drawn, from the menu.
    execute(page, "pm:open-pipeline", plan=plan)
    Drawing(page).wait()
    menu = page.get_by_role("menuitem", name="Research", exact=True)
    menu.click()
    page.get_by_role("menuitem", name="Copy as Python", exact=True).click()
    expect(page.get_by_text("Copied: the Python that builds it.").last).to_be_visible()
    of_drawing = copied(page)
    compile(of_drawing, "copied", "exec")
    assert "threshold" in of_drawing
    # And from the buttons above it.
    bar = page.get_by_role("toolbar", name="Pipeline", exact=True)
    page.evaluate("() => navigator.clipboard.writeText('')")
    bar.get_by_role("button", name="Copy as Python").click()
    assert wait_until_copied(page, of_drawing[:20]) == of_drawing
    with page.expect_download() as saved:
        bar.get_by_role("button", name="Export as Nextflow folder").click()
    assert "pipeline/pipeline.nf" in ZipFile(saved.value.path()).namelist()


def test_rows_offer_in_their_context_menus_what_fits_them(
    world, open_lab, page, screenshot, complaints
):
    rows = world.rows
    plan = rows.plan(name="listed", status="partial")
    run = rows.run("stain", plan=plan, status="failed")
    templates.save_template(
        world.bench.store, world.bench.settings, "daily", DOCUMENT, expected=None
    )
    open_lab(world.lab)
    page.get_by_role("tab", name="Research Process Manager").click()
    panel = page.get_by_role("region", name="Research Process Manager")
    plans = panel.get_by_role("list", name="Plans, active first")
    choose(page, plans.get_by_role("listitem").filter(has_text="listed"), "Copy Link")
    expect(page.get_by_text("Copied.").last).to_be_visible()
    assert copied(page).endswith(f"/lab?pm=plan-{plan}")
    # By keyboard as by mouse.
    of_run = panel.get_by_role("button", name=re.compile(f"^run {run} "))
    of_run.focus()
    page.keyboard.press("Shift+F10")
    menu = page.get_by_role("menu").last
    expect(menu.get_by_role("menuitem", name="Run Again", exact=True)).to_be_visible()
    screenshot("context-menu-light")
    menu.get_by_role("menuitem", name="Open Lineage", exact=True).click()
    expect(page.get_by_role("tab", name=re.compile(f"Lineage.*{run}"))).to_be_visible()
    choose(page, of_run, "Open Run")
    expect(page.get_by_role("tab", name=re.compile(rf"^Run {run}\b"))).to_be_visible()
    choose(page, panel.get_by_role("button", name="Details of load"), "Run a Method Now")
    expect(page.get_by_role("tab", name="Run load")).to_be_visible()
    listed = panel.get_by_role("list", name="Templates")
    choose(page, listed.get_by_role("listitem").filter(has_text="daily"), "Rename Template…")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("weekly")
    dialog.get_by_role("button", name="Rename").click()
    expect(listed).to_contain_text("weekly")
    choose(page, listed.get_by_role("listitem").filter(has_text="weekly"), "Open Pipeline")
    expect(page.get_by_role("tab", name="weekly")).to_be_visible()
    # A tab hears that its pipeline is called otherwise now, and a reload brings all of them back.
    choose(page, listed.get_by_role("listitem").filter(has_text="weekly"), "Rename Template…")
    dialog.get_by_role("textbox").fill("monthly")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("tab", name="monthly")).to_be_visible()
    expect(page.get_by_role("button", name="unsaved", exact=True)).to_have_count(0)
    wait_until_layout_holds(page, "pm-pipelines:")
    wait_until_layout_holds(page, f"pm-run:pm-run-{run}")
    wait_until_tab_holds(page, "pm-pipelines", "monthly")
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    tabs = page.locator("#jp-main-dock-panel").get_by_role("tab")
    for name in (f"Lineage {run}", f"Run {run}", "Run load", "monthly"):
        expect(tabs.filter(has_text=name).first).to_be_visible()
    # No key of ours means something else to the Lab.
    assert page.evaluate(CLASHES) == []
    # An invented run has no log; nothing else was complained of, to the end.
    page.goto("about:blank")
    assert all("404" in each and "/log" in each for each in complaints)
    complaints.clear()


def test_a_run_is_run_again_in_the_plan_that_lists_it(world, open_lab, page):
    rows = world.rows
    source = rows.plan(name="source")
    runs = [rows.run("stain", plan=source) for _ in range(2)]
    plan = rows.plan(name="reusing")
    for run in runs:
        rows.planned_run(plan, "stain", current_run=run)
    asked: list[tuple[int, object]] = []

    def answer(route: Route) -> None:
        found = re.search(r"/plans/(\d+)/retry", route.request.url)
        assert found is not None
        asked.append((int(found[1]), route.request.post_data_json))
        route.fulfill(json={"plan_id": int(found[1]), "runs": 2, "queued": False})

    page.route("**/pm/api/plans/*/retry*", answer)
    open_lab(world.lab)
    execute(page, "pm:open-plan", plan=plan)
    # The run is another plan's; the row is of this one.
    tree = page.get_by_role("tree", name="Runs of this plan by sample and branch")
    choose(page, tree.get_by_role("treeitem").filter(has_text=f"run {runs[0]}"), "Run Again")
    expect(page.get_by_text(f"Plan {plan}: 2 runs run again").last).to_be_visible()
    assert asked == [(plan, {"run_id": runs[0], "again": True})]
    # A group of several is one request: they run in one launch.
    tree.get_by_role("button", name="Run again").click()
    bar = page.locator(".pm-Plan .pm-Bar")
    expect(bar.get_by_text("2 runs run again", exact=True)).to_be_visible()
    assert asked[1:] == [(plan, {"run_ids": runs, "again": True})]
    # Where no plan lists it, the plan that would run it is named first.
    page.get_by_role("tab", name="Research Process Manager").click()
    panel = page.get_by_role("region", name="Research Process Manager")
    dialog = page.get_by_role("dialog")
    for button in ("Cancel", "Run Again"):
        choose(page, panel.get_by_role("button", name=re.compile(f"^run {runs[1]} ")), "Run Again")
        expect(dialog).to_contain_text(f"Start run {runs[1]} of plan {source} again?")
        dialog.get_by_role("button", name=button).click()
        expect(dialog).to_have_count(0)
    expect(page.get_by_text(f"Plan {source}: 2 runs run again").last).to_be_visible()
    assert asked[2:] == [(source, {"run_id": runs[1], "again": True})]
    # What was run by itself is begun with its form: no plan could go on with it.
    alone = rows.plan(name="alone", status="failed", kind="run")
    planned = rows.planned_run(alone, "stain", launch_id=rows.launch(alone))
    rows.run("stain", plan=alone, planned_run_id=planned, status="failed", error="ValueError: odd")
    execute(page, "pm:open-plan", plan=alone)
    expect(head(page)).to_contain_text("0 of 1 (1 failed)")
    for refused in ("Resume", "Retry 1 failed"):
        expect(head(page).get_by_role("button", name=refused)).to_have_count(0)
    expect(tree.get_by_role("button", name="Run again")).to_have_count(0)
    head(page).get_by_role("button", name="Run again…").click()
    expect(page.get_by_role("tab", name="Run stain")).to_be_visible()


def test_runs_and_branches_are_chosen_and_compared_and_shown_beside_their_tab(
    world, open_lab, page, screenshot, complaints
):
    rows = world.rows
    plan = rows.plan(name="choices", status="completed")
    launch = rows.launch(plan)
    runs: dict[str, int] = {}
    for sample in ("c1", "c2"):
        for branch in ("low", "high"):
            planned = rows.planned_run(
                plan, "stain", sample=sample, branch=branch, launch_id=launch
            )
            run = rows.run("stain", plan=plan, planned_run_id=planned, launch_id=launch,
                           sample=sample, branch=branch)  # fmt: skip
            rows.finish(planned, run)
            runs[f"{sample} {branch}"] = run
    open_lab(world.lab)
    tabs = page.locator("#jp-main-dock-panel").get_by_role("tab")

    def compared(*names: str) -> None:
        """Wait for the tab that compares these, and close it."""
        title = "Compare " + ", ".join(str(runs[name]) for name in names)
        expect(tabs.filter(has_text=title)).to_be_visible()
        tabs.filter(has_text=title).locator(".lm-TabBar-tabCloseIcon").click()
        expect(tabs.filter(has_text=title)).to_have_count(0)

    # In the left panel by mouse, with ctrl and shift; by its menu; by keyboard.
    page.get_by_role("tab", name="Research Process Manager").click()
    panel = page.get_by_role("region", name="Research Process Manager")
    panel.get_by_role("searchbox", name="Filter runs").fill(f"plan:{plan}")
    listed = panel.get_by_role("list", name="Runs, newest first").get_by_role("listitem")
    expect(listed).to_have_count(4)
    names = listed.get_by_role("button")
    names.nth(0).click(modifiers=["Control"])
    names.nth(2).click(modifiers=["Shift"])
    chosen = panel.get_by_role("group", name="Chosen runs")
    expect(chosen).to_contain_text("3 runs chosen")
    names.nth(1).click(modifiers=["Control"])
    choose(page, listed.nth(2), "Compare Runs")
    compared("c2 high", "c1 high")
    chosen.get_by_role("button", name="Choose none").click()
    expect(chosen).to_have_count(0)
    names.nth(2).focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(chosen).to_contain_text("2 runs chosen")
    screenshot("runs-chosen-light")
    chosen.get_by_role("button", name="Compare 2 runs").press("Enter")
    compared("c1 high", "c1 low")

    # In a plan: branches in its tree by keyboard, a sample's by its menu, rows of its table.
    page.evaluate("() => window.jupyterapp.shell.activateById('jp-property-inspector')")
    beside = page.locator("#jp-property-inspector")
    execute(page, "pm:open-plan", plan=plan)
    expect(beside).to_contain_text("Select a run of the plan")
    tree = page.get_by_role("tree", name="Runs of this plan by sample and branch")
    tree.focus()
    for key in ("Home", "ArrowDown", " ", "ArrowDown", "ArrowDown", " "):
        page.keyboard.press(key)
    of_plan = page.locator(".pm-Plan").get_by_role("group", name="Chosen runs")
    expect(of_plan).to_contain_text("2 runs chosen")
    page.keyboard.press("ArrowDown")
    expect(
        beside.get_by_role("heading", name=re.compile(f"^Run {runs['c1 high']} "))
    ).to_be_visible()
    check_axe(page, ".pm-Plan")
    check_axe(page, ".pm-Beside")
    screenshot("plan-chosen-light")
    of_plan.get_by_role("button", name="Compare 2 runs").press("Enter")
    compared("c1 low", "c1 high")
    of_plan.get_by_role("button", name="Choose none").click()
    sample = tree.get_by_role("treeitem").filter(has=page.get_by_text("c2", exact=True))
    choose(page, sample, "Compare Runs")
    compared("c2 low", "c2 high")
    page.get_by_role("group", name="View").get_by_role("button", name="Table").click()
    table = page.get_by_role("table", name="Runs of this plan")
    table.get_by_role("checkbox", name=f"Choose run {runs['c1 low']}").click()
    table.get_by_role("checkbox", name=f"Choose run {runs['c2 low']}").click(modifiers=["Shift"])
    of_plan.get_by_role("button", name="Compare 3 runs").click()
    compared("c1 low", "c1 high", "c2 low")

    # Beside every tab stands what is selected there, or what to select.
    run = runs["c1 low"]
    draft = world.draft("beside", "s1")
    for command, args, said in (
        ("pm:open-plans", {}, "Open a plan"),
        ("pm:open-log", {"run": run}, f"Run {run} "),
        ("pm:open-run", {"run": run}, "All that is recorded of this run"),
        ("pm:open-lineage", {"run": run}, "selected in the graph"),
        ("pm:compare", {"runs": [run]}, "What differs between the runs is marked"),
        ("pm:open-everything", {}, "Unfold a method and choose a run"),
        ("pm:open-preview", {"plan": draft}, "Nothing runs before you say so"),
    ):
        execute(page, command, **args)
        expect(beside).to_contain_text(said)
    screenshot("beside-preview-light")
    # An invented run has no log.
    page.goto("about:blank")
    assert all("404" in each and "/log" in each for each in complaints)
    complaints.clear()


#: Keys of ours that another command has in the same place.
CLASHES = """() => {
    const bindings = window.jupyterapp.commands.keyBindings;
    const ours = bindings.filter(each => each.command.startsWith('pm:'));
    return ours.flatMap(own => bindings
        .filter(each => !each.command.startsWith('pm:')
            && each.selector === own.selector && each.keys.join() === own.keys.join())
        .map(each => `${own.keys.join(' ')}: ${own.command} and ${each.command}`));
}"""
