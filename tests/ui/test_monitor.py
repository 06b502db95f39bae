"""A plan while it runs: watched, cancelled, resumed, retried, taken along, by real Nextflow."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from pm_kernel import planning, templates
from pm_kernel.config import default_cache_dir
from pm_kernel.planning import PlanInput

from ..integration.factories import Rows
from ..workbench import Workbench, same_imports
from .axe import check_axe
from .bench import start_bench
from .drawing import Drawing
from .lab import Lab
from .test_plans import wait_until_layout_holds, wait_until_tab_holds

expect.set_options(timeout=60_000)

#: A launch starts a Java machine, on processors that have other things to do.
SLOW = 240_000

LOAD = """
import time
from pathlib import Path

def run(image, output_dir):
    stem = Path(image).stem
    while (Path({root!r}) / "wait" / stem).exists():
        time.sleep(0.05)
    if (Path({root!r}) / "broken" / stem).exists():
        raise ValueError(f"{{stem}} is out of focus")
    (Path(output_dir) / "table.csv").write_text("value\\n" + stem)
"""
KEEP = """
from pathlib import Path
from helper import keep

def run(table, output_dir):
    (Path(output_dir) / "kept.csv").write_text(Path(table).read_text() + str(keep(1)))
"""
HELPER = """
def keep(value, threshold: float = 0.5):
    return value * threshold
"""
DOCUMENT = {
    "format": 1,
    "name": "cohort",
    "steps": {
        "load": {"method": "load", "inputs": {"image": {"column": "image"}}},
        "keep": {
            "method": "keep",
            "inputs": {"table": {"from": "load.table"}},
            "branches": {"grid": {"keep.threshold": ["0.3", "0.5"]}},
        },
    },
}


@dataclass
class World:
    """A Lab over a workspace whose methods wait, and fail, as files tell them."""

    lab: Lab
    bench: Workbench
    rows: Rows
    plans: list[int] = field(default_factory=list)

    def tell(self, what: str, *samples: str) -> None:
        """Let ``load`` wait for, or break at, these samples and no others."""
        folder = self.bench.root / what
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for sample in samples:
            (folder / sample).touch()

    def draft(self, name: str, *samples: str) -> int:
        """Store a draft with these samples, each of an image of its own."""
        rows = []
        for sample in samples:
            image = self.bench.root / f"{sample}.tif"
            image.write_text(f"{name} {sample}")
            rows.append({"sample": sample, "image": f"file:{image}"})
        request = {"samples": {"columns": ["sample", "image"], "rows": rows}}
        given = PlanInput({**DOCUMENT, "name": name}, request, self.bench.root)
        shown = planning.preview(self.bench.store, given, same_imports)
        plan = planning.store_plan(self.bench.store, self.bench.settings, given, shown, name=name)
        self.plans.append(plan)
        return plan

    def end(self) -> None:
        """Leave no plan at work, whatever a test left."""
        self.tell("wait")
        for plan in self.plans:
            self.bench.pm("plan", "cancel", str(plan))


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, postgres_server, database_template
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("monitor")
    # What was fetched and learnt once need not be again.
    environ = {"PM_CACHE_DIR": str(default_cache_dir(os.environ))}
    with start_bench(folder, postgres_server, database_template, environ=environ) as (lab, bench):
        table = {"table": ("table.csv", "table")}
        bench.method("load", LOAD.format(root=str(bench.root)), inputs={"image": "file"},
                     outputs=table, module="loading")  # fmt: skip
        bench.method("keep", KEEP, files={"helper.py": HELPER}, tracked=("helper.py:keep",),
                     inputs={"table": "upstream"}, outputs={"kept": ("kept.csv", "table")},
                     module="keeping")  # fmt: skip
        made = World(lab, bench, Rows(bench.store))
        yield made
        made.end()


def execute(page: Page, command: str, **args: object) -> None:
    page.evaluate(
        "async ([id, args]) => { await window.jupyterapp.commands.execute(id, args); }",
        [command, args],
    )


def copied(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


def head(page: Page) -> Locator:
    """What stands above the runs of the plan in front."""
    return page.locator(".pm-Screen:not(.lm-mod-hidden) .pm-PlanHead")


def choose(page: Page, row: Locator, entry: str) -> None:
    """Choose from the context menu of a row."""
    row.click(button="right")
    menu = page.get_by_role("menu").last
    menu.get_by_role("menuitem", name=entry, exact=True).click()


def runs_of(bench: Workbench, plan: int, sample: str) -> int:
    """How often anything ran for a sample of a plan."""
    query = "SELECT count(*) AS n FROM runs WHERE execution_plan_id = %s AND sample = %s"
    (row,) = bench.rows(query, plan, sample)
    return int(row["n"])


@contextmanager
def dying(page: Page, method: str, address: str, *, after: bool) -> Iterator[None]:
    """The server dies when it gets such a request, or ``after`` it did what was asked."""
    caught = 0

    def handle(route: Route) -> None:
        nonlocal caught
        if route.request.method != method:
            route.fallback()
            return
        if after:
            route.fetch()
        route.abort("connectionreset")
        caught += 1

    page.route(address, handle)
    try:
        yield
        # What is told on the page may still be about the request before.
        for _ in range(600):
            if caught:
                break
            page.wait_for_timeout(100)
        assert caught, f"no {method} {address} was made"
    finally:
        page.unroute(address, handle)


def away(complaints: list[str]) -> None:
    """Chromium itself reports what it cannot reach; nothing else was reported."""
    unexpected = [
        each for each in complaints
        if not re.search(r"ERR_CONNECTION|WebSocket connection|Failed to fetch|50\d|net::", each)
    ]  # fmt: skip
    assert unexpected == []
    complaints.clear()


@pytest.mark.nextflow
def test_a_plan_is_run_watched_over_a_killed_server_retried_cancelled_and_resumed(
    world, open_lab, page, screenshot, complaints
):
    bench = world.bench
    world.tell("wait", "s1")
    world.tell("broken", "s2")
    plan = world.draft("cohort", "s1", "s2", "s3")
    open_lab(world.lab)
    execute(page, "pm:open-preview", plan=plan)
    page.get_by_role("button", name="Run 9 new", exact=True).click()
    expect(page.get_by_text(re.compile(f"Plan {plan} started: 9 new")).first).to_be_visible()
    execute(page, "pm:open-plan", plan=plan)

    # What failed is named at once, and goes on elsewhere.
    failed = head(page).get_by_label("What failed")
    expect(failed).to_contain_text("ValueError: s2 is out of focus", timeout=SLOW)
    expect(failed).to_contain_text("2 were not run because of that")
    expect(head(page)).to_contain_text("1 failed")
    status = page.get_by_role("button", name=re.compile(r"1 plan running: \d of 9"))
    expect(status).to_be_visible()
    tree = page.get_by_role("tree", name="Runs of this plan by sample and branch")
    row = tree.get_by_role("treeitem").filter(has=page.get_by_text("s3", exact=True))
    expect(row).to_contain_text("3 of 3", timeout=SLOW)
    screenshot("plan-running-light")

    # The server dies in the middle. The page says so, finds it again by itself, and a browser that
    # was closed meanwhile shows the same.
    page.add_locator_handler(
        page.get_by_role("dialog").filter(has_text="Server Connection Error"),
        lambda dialog: dialog.get_by_role("button").last.click(),
    )
    wait_until_layout_holds(page, f"pm-plan-{plan}")
    world.lab.kill()
    trouble = page.get_by_role("alert").filter(has_text="The Jupyter server does not answer")
    expect(trouble).to_be_visible(timeout=SLOW)
    expect(failed).to_contain_text("ValueError: s2 is out of focus")
    screenshot("plan-server-away-light")
    world.lab.start()
    expect(trouble).to_have_count(0, timeout=SLOW)
    away(complaints)
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    expect(failed).to_contain_text("ValueError: s2 is out of focus")

    # What failed is asked for again, and what has a result: in a launch after the running one.
    second = tree.get_by_role("treeitem").filter(has=page.get_by_text("s2", exact=True))
    expect(second).to_contain_text("0 of 3 (1 failed)")
    later = "when the launch that runs now has ended"
    second.get_by_role("button", name="Retry 1 failed").click()
    expect(page.get_by_text(f"3 runs run again {later}", exact=True)).to_be_visible(timeout=SLOW)
    row.get_by_role("button", name="Run again").click()
    expect(head(page)).to_contain_text(f"4 runs run again {later}.", timeout=SLOW)
    expect(tree.get_by_text(re.compile(r"^is to run again \(")).first).to_be_visible()
    row.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Taken back: 3 runs stay as they are")).to_be_visible(timeout=SLOW)
    expect(head(page)).to_contain_text(f"1 run runs again {later}.", timeout=SLOW)
    row.get_by_role("button", name="Run again").click()
    expect(head(page)).to_contain_text(f"4 runs run again {later}.", timeout=SLOW)
    check_axe(page, ".pm-Plan")
    screenshot("plan-again-later-light")
    # The Running panel ends a plan; it asks first.
    page.get_by_role("tab", name=re.compile("Running")).click()
    running = page.locator("#jp-running-sessions")
    entry = running.get_by_role("treeitem", name=re.compile("^cohort"))
    expect(entry).to_contain_text("of 9")
    entry.hover()
    entry.get_by_title("Cancel the plan").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(f"Cancel plan {plan} (cohort)?")
    question.get_by_role("button", name="Let it run").click()
    expect(question).to_have_count(0)

    # It goes on to its end, which is told, and leads to what failed.
    world.tell("wait")
    told = page.get_by_text(re.compile(rf"Plan {plan} \(cohort\) ended with failures: 6 of 9"))
    expect(told.first).to_be_visible(timeout=SLOW)
    execute(page, "pm:open-plans")
    page.get_by_role("button", name="Show what failed").first.click()
    expect(head(page)).to_contain_text("partly failed")
    assert runs_of(bench, plan, "s2") == 2
    assert runs_of(bench, plan, "s3") == 6

    # What failed is retried, with what waited for it.
    world.tell("broken")
    head(page).get_by_role("button", name="Retry 1 failed").click()
    expect(page.get_by_text("3 runs run again", exact=True)).to_be_visible(timeout=SLOW)
    expect(head(page)).to_contain_text("9 of 9", timeout=SLOW)
    expect(head(page).get_by_text("completed", exact=True)).to_be_visible(timeout=SLOW)

    # Cancelled and resumed.
    world.tell("wait", "s1")
    first = tree.get_by_role("treeitem").filter(has=page.get_by_text("s1", exact=True))
    first.get_by_role("button", name="Run again").click()
    expect(first).to_contain_text("0 of 3", timeout=SLOW)
    head(page).get_by_role("button", name="Cancel", exact=True).click(timeout=SLOW)
    page.get_by_role("dialog").get_by_role("button", name="Cancel the plan").click()
    expect(head(page)).to_contain_text(f"Plan {plan} is cancelled.", timeout=SLOW)
    expect(head(page).get_by_text("cancelled", exact=True)).to_be_visible()
    world.tell("wait")
    head(page).get_by_role("button", name="Resume").click()
    expect(head(page)).to_contain_text("3 runs go on", timeout=SLOW)
    expect(head(page)).to_contain_text("9 of 9", timeout=SLOW)
    expect(head(page).get_by_text("completed", exact=True)).to_be_visible(timeout=SLOW)
    # What the launches said is there for who wants to know.
    head(page).get_by_text("What the launches of this plan said").click()
    expect(head(page).get_by_role("region", name="What Nextflow printed").first).to_contain_text(
        "Submitted process"
    )
    check_axe(page, ".pm-Plan")
    screenshot("plan-launches-light")
    away(complaints)


@pytest.mark.nextflow
def test_a_server_that_dies_in_the_middle_of_a_request_loses_nothing(
    world, open_lab, page, screenshot, complaints
):
    bench = world.bench
    world.tell("broken")
    world.tell("wait", "s1")
    open_lab(world.lab)
    dialog = page.get_by_role("dialog")

    # A drawing is saved: the request does not arrive, and then its answer does not.
    drawing = Drawing.new(page)
    drawing.add("load", 0.4, 0.4)
    for after in (False, True):
        with dying(page, "PUT", "**/pm/api/templates/*", after=after):
            page.keyboard.press("Control+s")
            dialog.get_by_role("textbox").fill("kept")
            dialog.get_by_role("button", name="Save").click()
            expect(dialog).to_contain_text("The Jupyter server does not answer")
            dialog.get_by_role("button", name="Close").click()
        assert drawing.steps == ["load"]
        expect(page.get_by_role("button", name="unsaved")).to_be_visible()
    # What was stored the second time is just this: saved is saved.
    page.keyboard.press("Control+s")
    dialog.get_by_role("textbox").fill("kept")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="unsaved")).to_have_count(0)
    assert list(templates.get_template(bench.store, "kept").document["steps"]) == ["load"]

    # A draft is edited.
    plan = world.draft("dying", "s1")
    execute(page, "pm:open-preview", plan=plan)
    tab = page.locator(".pm-Preview")
    expect(tab.get_by_role("button", name="Look again")).to_be_visible()
    notes = tab.get_by_label("Notes")
    for after in (False, True):
        with dying(page, "PUT", f"**/pm/api/plans/{plan}*", after=after):
            notes.fill(f"answered: {after}")
            tab.get_by_label("Name").focus()
            expect(tab.get_by_role("alert")).to_contain_text("The Jupyter server does not answer")
        expect(notes).to_have_value(f"answered: {after}")
    screenshot("draft-server-away-light")
    tab.get_by_role("button", name="Look again").click()
    expect(tab.get_by_role("alert")).to_have_count(0)
    expect(notes).to_have_value("answered: True")

    # It is submitted: what the server did all the same is seen, and done once.
    for after in (False, True):
        with dying(page, "POST", f"**/pm/api/plans/{plan}/submit*", after=after):
            tab.get_by_role("button", name="Run 3 new", exact=True).click()
            expect(tab.get_by_role("alert")).to_contain_text("The Jupyter server does not answer")
    tab.get_by_role("button", name="Look again").click()
    expect(tab).to_contain_text("submitted")
    screenshot("submit-server-away-light")

    # It is cancelled.
    execute(page, "pm:open-plan", plan=plan)
    for after in (False, True):
        with dying(page, "POST", f"**/pm/api/plans/{plan}/cancel*", after=after):
            head(page).get_by_role("button", name="Cancel", exact=True).click()
            dialog.get_by_role("button", name="Cancel the plan").click()
            expect(head(page).get_by_role("alert")).to_contain_text(
                "The Jupyter server does not answer", timeout=SLOW
            )
    expect(head(page).get_by_text("cancelled", exact=True)).to_be_visible(timeout=SLOW)
    assert runs_of(bench, plan, "s1") <= 1
    # Chromium names what it was refused, too.
    page.goto("about:blank")
    assert all("ERR_CONNECTION" in each or "409" in each for each in complaints)
    complaints.clear()


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
    menu.click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Export as Nextflow Folder", exact=True).click()
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
    expect(page.get_by_role("button", name="unsaved")).to_have_count(0)
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


#: Keys of ours that another command has in the same place.
CLASHES = """() => {
    const bindings = window.jupyterapp.commands.keyBindings;
    const ours = bindings.filter(each => each.command.startsWith('pm:'));
    return ours.flatMap(own => bindings
        .filter(each => !each.command.startsWith('pm:')
            && each.selector === own.selector && each.keys.join() === own.keys.join())
        .map(each => `${own.keys.join(' ')}: ${own.command} and ${each.command}`));
}"""


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
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        set_theme(page, theme)
        short = theme.removeprefix("JupyterLab ").lower().replace(" ", "-")
        for view in ("Tree", "Table", "Timeline"):
            page.get_by_role("group", name="View").get_by_role("button", name=view).click()
            screenshot(f"plan-{view.lower()}-{short}")
    timeline = page.get_by_role("table", name="Runs of this plan in time")
    expect(timeline.get_by_role("row").nth(1)).to_contain_text(re.compile(r"began after 0:00"))
    check_axe(page, ".pm-Plan")


def set_theme(page: Page, theme: str) -> None:
    execute(page, "apputils:change-theme", theme=theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)


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
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if "/pm/api/" in request.url else None,
    )
    # What is opened is read once, and once more when the connection stands.
    for _ in range(60):
        before = len(asked)
        page.wait_for_timeout(2_000)
        if len(asked) == before and any("/pm/api/live" in url for url in heard):
            break
    else:
        raise AssertionError(f"it never became quiet: {heard} {asked}")
    asked.clear()
    page.wait_for_timeout(11_000)
    assert asked == []
    execute(page, "pm:new-pipeline")
    Drawing(page).wait()
    assert chunks(page) & heavy


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
