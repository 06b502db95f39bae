"""A plan while it runs: watched, cancelled, resumed, retried, by real Nextflow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from pm_kernel import templates

from .axe import check_axe
from .drawing import Drawing
from .monitoring import (
    SLOW,
    away,
    close_what_the_lab_says,
    dying,
    execute,
    head,
    runs_of,
)
from .test_plans import wait_until_layout_holds


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
    # The status bar leads to the only plan that runs.
    status = page.get_by_role("button", name=re.compile(r"1 plan running: \d+ of \d+"))
    status.click()

    # What failed is named at once, and goes on elsewhere.
    failed = head(page).get_by_label("What failed")
    expect(failed).to_contain_text("ValueError: s2 is out of focus", timeout=SLOW)
    expect(failed).to_contain_text("2 were not run because of that")
    expect(head(page)).to_contain_text("1 failed")
    expect(status).to_be_visible()
    tree = page.get_by_role("tree", name="Runs of this plan by sample and branch")
    row = tree.get_by_role("treeitem").filter(has=page.get_by_text("s3", exact=True))
    expect(row).to_contain_text("3 of 3", timeout=SLOW)
    screenshot("plan-running-light")

    # The server dies in the middle. The page says so, finds it again by itself, and a browser that
    # was closed meanwhile shows the same.
    close_what_the_lab_says(page)
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
    back = "Taken back for 3 runs. 1 run is still to run again, with all that is made of it"
    expect(page.get_by_text(back)).to_be_visible(timeout=SLOW)
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
    expect(entry).to_contain_text("of 9", timeout=SLOW)
    running.get_by_role("button", name="Cancel all").click()
    expect(question).to_contain_text("Cancel all plans? What runs is ended; what has ended stays.")
    question.get_by_role("button", name="Cancel all").click()
    # That it was done is said until the state is read; from then on, how it ended.
    cancelled = re.compile(rf"Plan {plan} (is cancelled\.|\(cohort\) was cancelled: )")
    expect(head(page)).to_contain_text(cancelled, timeout=SLOW)
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
        expect(page.get_by_role("button", name="unsaved", exact=True)).to_be_visible()
    # What was stored the second time is just this: saved is saved.
    page.keyboard.press("Control+s")
    dialog.get_by_role("textbox").fill("kept")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="unsaved", exact=True)).to_have_count(0)
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
    # It is resumed, and the server really ends: what it began goes on, and is seen again.
    close_what_the_lab_says(page)
    world.tell("wait")
    world.tell("broken", "s1")
    with dying(page, "POST", f"**/pm/api/plans/{plan}/resume*", after=True, killed=world.lab):
        head(page).get_by_role("button", name="Resume").click()
        expect(head(page).get_by_role("alert").first).to_contain_text(
            "The Jupyter server does not answer", timeout=SLOW
        )
    world.lab.start()
    expect(head(page)).to_contain_text("0 of 3 (1 failed)", timeout=SLOW)
    # It is retried: a request that did not arrive is made once more, one that did is not needed.
    world.tell("broken")
    for after in (False, True):
        with dying(page, "POST", f"**/pm/api/plans/{plan}/retry*", after=after):
            head(page).get_by_role("button", name="Retry 1 failed").click()
            expect(head(page).get_by_role("alert").first).to_contain_text(
                "The Jupyter server does not answer", timeout=SLOW
            )
    expect(head(page)).to_contain_text("3 of 3", timeout=SLOW)
    expect(head(page).get_by_text("completed", exact=True)).to_be_visible(timeout=SLOW)
    # Chromium names what it was refused, too.
    page.goto("about:blank")
    assert all(
        re.search("ERR_CONNECTION|409|WebSocket connection|Failed to fetch", each)
        for each in complaints
    )
    complaints.clear()


@pytest.mark.nextflow
def test_a_plan_that_nextflow_cannot_begin_says_why_and_goes_on_when_that_is_mended(
    world, open_lab, page, screenshot
):
    world.tell("wait")
    world.tell("broken")
    root = world.bench.root
    site, gone = root / "nextflow.config", root / "queue-is-gone"
    # As when somebody changes the cluster after the preview.
    site.write_text(f"if (new File({str(gone)!r}).exists()) throw new Exception('fast is gone')\n")
    try:
        plan = world.draft("no queue", "s1")
        open_lab(world.lab, theme="JupyterLab Dark")
        execute(page, "pm:open-preview", plan=plan)
        run = page.get_by_role("button", name="Run 3 new", exact=True)
        expect(run).to_be_enabled(timeout=SLOW)
        gone.touch()
        run.click()
        told = page.get_by_text(re.compile(rf"Plan {plan} \(no queue\) failed: 0 of 3"))
        expect(told.first).to_be_visible(timeout=SLOW)
        execute(page, "pm:open-plans")
        page.get_by_role("button", name="Show what failed").first.click()
        alert = head(page).get_by_role("alert", name="Why the plan failed")
        expect(alert).to_contain_text("fast is gone", timeout=SLOW)
        alert.get_by_text("What the launches of this plan said").click()
        expect(alert.get_by_role("region", name="Nextflow's own log").first).to_be_visible()
        screenshot("plan-nextflow-failed-dark")
        gone.unlink()
        head(page).get_by_role("button", name="Resume").click()
        expect(head(page)).to_contain_text("3 of 3", timeout=SLOW)
        expect(alert).to_have_count(0)
        # What was said of its beginning has become how it ended.
        expect(head(page)).to_contain_text(f"Plan {plan} (no queue) is done: 3 of 3", timeout=SLOW)
    finally:
        site.unlink()
        gone.unlink(missing_ok=True)
