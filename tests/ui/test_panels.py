"""The left panel and the preview of a draft, over a real workspace."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from pm_kernel import planning, templates
from pm_kernel.planning import PlanInput

from ..workbench import Workbench, same_imports
from .axe import check_axe
from .bench import add_gate, start_bench
from .drawing import Drawing
from .lab import Lab

#: A submit looks at disks and at the engine, on a machine that may have other things to do.
SLOW = 90_000

expect.set_options(timeout=60_000)

DOCUMENT = {
    "format": 1,
    "name": "cohort",
    "steps": {
        "segment": {"method": "segment"},
        "gate": {
            "method": "gate",
            "inputs": {"nuclei": {"from": "segment.nuclei"}},
            "branches": {"grid": {"gate.threshold": ["0.3", "0.5"]}},
        },
    },
}


@pytest.fixture(scope="module")
def bench_lab(
    tmp_path_factory: pytest.TempPathFactory, postgres_server, database_template
) -> Iterator[tuple[Lab, Workbench]]:
    with start_bench(
        tmp_path_factory.mktemp("bench"), postgres_server, database_template
    ) as started:
        _lab, bench = started
        image = bench.root / "s1.tif"
        image.write_text("an image")
        done = bench.pm("run", "segment", "--input", f"image=file:{image}", "--sample", "s1")
        assert done.returncode == 0, done.stderr
        yield started


def draft(bench: Workbench, **request: object) -> int:
    """Store a draft of the cohort with two samples."""
    rows = [{"sample": name, "image": f"file:{bench.root / 's1.tif'}"} for name in ("s1", "s2")]
    given = PlanInput(
        DOCUMENT, {"samples": {"columns": ["sample", "image"], "rows": rows}, **request}, bench.root
    )
    shown = planning.preview(bench.store, given, same_imports)
    return planning.store_plan(bench.store, bench.settings, given, shown, name="cohort")


def refused_as_provoked(complaints: list[str]) -> None:
    """Chromium itself reports every refusal as an error; nothing else was."""
    assert complaints
    assert all("409" in complaint for complaint in complaints)
    complaints.clear()


def open_panel(page: Page):
    """As a user does: the icon at the left edge."""
    panel = page.get_by_role("region", name="Research Process Manager")
    if not panel.is_visible():
        page.get_by_role("tab", name="Research Process Manager").click()
    expect(panel).to_be_visible()
    return panel


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_left_panel_lists_methods_by_module_and_finds_them(
    bench_lab, open_lab, screenshot, theme
):
    lab, bench = bench_lab
    draft(bench)
    page = open_lab(lab, theme=theme)
    panel = open_panel(page)
    expect(panel.get_by_role("heading", name="segmentation")).to_be_visible()
    expect(panel.get_by_role("list", name="Methods of gating")).to_contain_text("gate")
    panel.get_by_role("searchbox", name="Search methods").fill("threshold")
    expect(panel.get_by_role("list", name="Methods of segmentation")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(panel.get_by_role("button", name="Add gate v1")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_text("gate.threshold")).to_be_visible()
    panel.get_by_role("searchbox", name="Search methods").fill("segment")
    panel.get_by_role("button", name="Details of segment").click()
    # The value that the code gives at its call wins over the default, and is said to be that.
    expect(panel.get_by_text("1.5 (given in the code)")).to_be_visible()
    expect(panel.get_by_text("9007199254740993 (default)")).to_be_visible()
    check_axe(page, "#pm-palette")
    screenshot(f"palette-{theme.split()[-1].lower()}")


def test_the_left_panel_finds_runs_says_what_it_does_not_know_and_stays_folded(bench_lab, open_lab):
    lab, _ = bench_lab
    page = open_lab(lab)
    panel = open_panel(page)
    runs = panel.get_by_role("list", name="Runs, newest first")
    expect(runs).to_contain_text("segment v1")
    line = panel.get_by_role("searchbox", name="Filter runs")
    line.fill("method:segment status:failed")
    expect(panel.get_by_text("No run fits this filter.")).to_be_visible()
    line.fill("segment sample:s1 status:completed")
    expect(runs).to_contain_text("segment v1")
    line.fill("colour:blue")
    expect(panel.get_by_text('"colour" is not known')).to_be_visible()

    panel.get_by_role("button", name=re.compile("^Methods")).click()
    expect(panel.get_by_role("searchbox", name="Search methods")).to_have_count(0)
    page.wait_for_timeout(1500)
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored")
    panel = open_panel(page)
    button = panel.get_by_role("button", name=re.compile("^Methods"))
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    # Unfolded for whoever comes next: the Lab keeps it a moment later.
    expect(button).to_have_attribute("aria-expanded", "true")
    page.wait_for_timeout(1500)


def test_templates_are_renamed_and_deleted_and_tell_what_is_gone(
    bench_lab, open_lab, complaints, screenshot
):
    lab, bench = bench_lab
    templates.save_template(bench.store, bench.settings, "daily", DOCUMENT, expected=None)
    gone = {"format": 1, "name": "old", "steps": {"a": {"method": "vanished"}}}
    templates.save_template(bench.store, bench.settings, "old", gone, expected=None)
    page = open_lab(lab)
    panel = open_panel(page)
    listed = panel.get_by_role("list", name="Templates")
    expect(listed).to_contain_text("Uses what is not registered here: vanished.")
    listed.get_by_role("button", name="Rename template daily").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("weekly")
    dialog.get_by_role("button", name="Rename").click()
    expect(listed).to_contain_text("weekly")
    # Somebody else saves meanwhile: nothing is deleted, and it says why.
    listed.get_by_role("button", name="Delete template weekly").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    seen = templates.get_template(bench.store, "weekly")
    changed = {**DOCUMENT, "description": "changed"}
    templates.save_template(bench.store, bench.settings, "weekly", changed, expected=seen.revision)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("Changed meanwhile")
    screenshot("template-conflict")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    listed.get_by_role("button", name="Delete template weekly").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(listed).not_to_contain_text("weekly")
    refused_as_provoked(complaints)


def open_preview(page: Page, plan: int):
    """As the left panel does for a draft."""
    panel = open_panel(page)
    panel.get_by_role("list", name="Plans, active first").get_by_role(
        "button", name=f"cohort plan {plan}"
    ).click()
    tab = page.get_by_role("main")
    expect(tab.get_by_role("button", name="Look again")).to_be_visible()
    return tab


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark High Contrast"])
def test_a_draft_is_previewed_as_a_tree_with_numbers_and_reasons(
    bench_lab, open_lab, screenshot, theme
):
    lab, bench = bench_lab
    page = open_lab(lab, theme=theme)
    tab = open_preview(page, draft(bench))
    # Both samples name the same bytes: what was run for s1 answers for s2 too.
    expect(tab.get_by_text("6 runs: 4 new, 2 reused")).to_be_visible()
    expect(tab.get_by_role("button", name="Run 4 new, reuse 2")).to_be_enabled()
    expect(tab.get_by_text("2 samples × gate 2 = 4 paths, 4 final results")).to_be_visible()
    tree = tab.get_by_role("tree", name="Runs by sample and branch")
    expect(tree.get_by_role("treeitem", name="gate: threshold=0.3").first).to_be_visible()
    expect(tree).to_contain_text("reused from run 1")
    # By keyboard: the first row is reached by Tab, the others by arrows and by their names.
    tree.get_by_role("treeitem").first.focus()
    page.keyboard.press("ArrowDown")
    expect(tree.get_by_role("treeitem", name="segment, reused").first).to_be_focused()
    page.keyboard.type("gate, ")
    expect(tree.get_by_role("treeitem", name="gate, new").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    values = tree.locator("dl")
    expect(values).to_contain_text("gate v1")
    expect(values).to_contain_text("gate.threshold")
    expect(values).to_contain_text("0.3")
    check_axe(page, ".pm-Preview")
    screenshot(f"preview-{theme.split()[-1].lower()}")


def test_branches_are_skipped_and_taken_in_again(bench_lab, open_lab):
    lab, bench = bench_lab
    page = open_lab(lab)
    tab = open_preview(page, draft(bench))
    tree = tab.get_by_role("tree", name="Runs by sample and branch")
    tree.get_by_role("button", name="Skip gate: threshold=0.3").first.click()
    expect(tab.get_by_role("button", name="Run 3 new, reuse 2")).to_be_visible()
    skipped = tab.get_by_role("list", name="Skipped")
    expect(skipped).to_contain_text("sample s1, gate threshold=0.3")
    skipped.get_by_role("button", name=re.compile("Take in again")).click()
    expect(tab.get_by_role("button", name="Run 4 new, reuse 2")).to_be_visible()


def test_parts_of_the_tree_run_again_and_are_taken_back(bench_lab, open_lab, screenshot):
    lab, bench = bench_lab
    for threshold in ("0.7", "0.9"):
        words = ("--input", "nuclei=run:1/nuclei", "--set", f"gate.threshold={threshold}")
        done = bench.pm("run", "gate", *words, "--sample", "s1")
        assert done.returncode == 0, done.stderr
    # What the methods took is known: two minutes, and one.
    bench.execute(
        "UPDATE runs SET started_at = finished_at - interval '1 minute' "
        "* CASE WHEN id = 1 THEN 2 ELSE 1 END"
    )
    page = open_lab(lab)
    plan = draft(bench, branches={"gate": {"grid": {"gate.threshold": ["0.7", "0.9"]}}})
    tab = open_preview(page, plan)
    expect(tab.get_by_role("button", name="Reuse all 6")).to_be_visible()
    tree = tab.get_by_role("tree", name="Runs by sample and branch")
    # By keyboard: one branch of one sample, and what it does is seen in the tree and in the sum.
    branch = tree.get_by_role("checkbox", name="Run again: sample s1, gate threshold=0.7")
    branch.focus()
    page.keyboard.press("Space")
    expect(tab.get_by_text("6 runs: 1 new, 5 reused")).to_be_visible()
    expect(tree).to_contain_text("re-run asked")
    expect(branch).to_be_focused()
    asked = tab.get_by_role("list", name="Run again")
    expect(asked).to_contain_text("sample s1, gate threshold=0.7")
    asked.get_by_role("button", name=re.compile("^Reuse again")).click()
    expect(tab.get_by_role("button", name="Reuse all 6")).to_be_visible()
    # A single run, and with it all that takes its result; then a sample as a whole.
    tree.get_by_role("checkbox", name="Run again: segment, sample s1").check()
    expect(tab.get_by_role("button", name="Run 3 new, reuse 3")).to_be_visible()
    expect(tree).to_contain_text("upstream step 'segment' will run")
    tree.get_by_role("checkbox", name="Run again: segment, sample s1").uncheck()
    tree.get_by_role("checkbox", name="Run again: sample s2", exact=True).check()
    expect(tab.get_by_role("button", name="Run 3 new, reuse 3")).to_be_visible()
    expect(tab.get_by_text("about 4 min of work, at least 3 min on many")).to_be_visible()
    # What takes longer than a moment is counted, and can be left: nothing is changed then.
    held: list[Route] = []
    page.route(re.compile(r"/plans/[0-9]+/preview(\?|$)"), lambda route: held.append(route))
    first = tree.get_by_role("checkbox", name="Run again: sample s1", exact=True)
    first.check()
    expect(tab.get_by_text(re.compile("Looking again at 6 runs: [1-9]"))).to_be_visible()
    tab.get_by_role("button", name="Stop, change nothing").click()
    expect(first).not_to_be_checked()
    page.unroute_all()
    expect(tab.get_by_role("button", name="Run 3 new, reuse 3")).to_be_enabled()
    check_axe(page, ".pm-Preview")
    screenshot("preview-run-again")
    tab.get_by_role("button", name="Run 3 new, reuse 3").click()
    ended = "SELECT status FROM execution_plans WHERE id = %s AND finished_at IS NOT NULL"
    deadline = time.monotonic() + 300
    while not bench.rows(ended, plan) and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    assert bench.rows(ended, plan) == [{"status": "completed"}]
    runs = bench.rows("SELECT sample, plan_step FROM runs WHERE execution_plan_id = %s", plan)
    assert sorted((run["sample"], run["plan_step"]) for run in runs) == [
        ("s2", "gate"), ("s2", "gate"), ("s2", "segment")
    ]  # fmt: skip


def test_name_notes_and_metadata_stay_with_the_draft(bench_lab, open_lab):
    lab, bench = bench_lab
    page = open_lab(lab)
    plan = draft(bench)
    tab = open_preview(page, plan)
    tab.get_by_label("Name").fill("cohort A")
    tab.get_by_label("Notes").fill("first look")
    tab.get_by_label("Key").fill("ticket")
    tab.get_by_label("Value", exact=True).fill("42")
    tab.get_by_role("button", name="Add").click()
    expect(tab.get_by_role("button", name="Remove metadata ticket")).to_be_visible()
    expect(page.get_by_role("tab", name="Preview: cohort A")).to_be_visible()
    (row,) = bench.rows("SELECT name, notes, metadata FROM execution_plans WHERE id = %s", plan)
    assert (row["name"], row["notes"], row["metadata"]) == (
        "cohort A",
        "first look",
        {"ticket": "42"},
    )


def test_what_changed_since_the_preview_is_shown_before_it_runs(
    bench_lab, open_lab, complaints, screenshot
):
    lab, bench = bench_lab
    page = open_lab(lab)
    tab = open_preview(page, draft(bench))
    add_gate(bench, 2)
    tab.get_by_role("button", name="Run 4 new, reuse 2").click()
    alert = tab.get_by_role("alert")
    expect(alert).to_contain_text("Something changed since this preview", timeout=SLOW)
    expect(alert).to_contain_text("gate")
    screenshot("preview-difference")
    alert.get_by_role("button", name="Show the new preview").click()
    expect(tab.get_by_role("table", name="Steps of the plan")).to_contain_text("gate v2")
    expect(alert).to_have_count(0)
    refused_as_provoked(complaints)


def test_a_step_added_by_keyboard_is_set_in_the_right_panel(bench_lab, open_lab, screenshot):
    lab, _ = bench_lab
    page = open_lab(lab)
    panel = open_panel(page)
    panel.get_by_role("button", name=re.compile("^Add segment v")).press("Enter")
    # The first thing that is selected opens the panel at the right.
    right = page.locator("#jp-property-inspector")
    sigma = right.get_by_role("textbox", name="sigma")
    expect(sigma).to_have_attribute("placeholder", "1.5 (given in the code)")
    sigma.fill("wide")
    expect(right.get_by_text("Expected: a number.")).to_be_visible()
    sigma.fill("3")
    sigma.press("Enter")
    # A whole number for a number is said as it will be recorded.
    expect(sigma).to_have_value("3.0")
    right.get_by_role("button", name="Reset segment.sigma").click()
    expect(sigma).to_have_value("")
    right.get_by_role("button", name="Try several values of segment.sigma").click()
    right.get_by_role("textbox", name="Next value of segment.sigma").fill("2.5")
    right.get_by_role("textbox", name="Next value of segment.sigma").press("Enter")
    expect(right.get_by_role("textbox", name="Value 2 of segment.sigma")).to_have_value("2.5")
    expect(right.get_by_text("2 branches")).to_be_visible()
    right.get_by_role("combobox", name="Data for image").select_option("a file")
    right.get_by_role("textbox", name="File for image").fill("s1.tif")
    right.get_by_role("textbox", name="File for image").press("Enter")
    check_axe(page, ".pm-Inspector")
    screenshot("inspector-step")


def paste(page: Page, text: str) -> None:
    """Paste into what has the focus, as from a spreadsheet or an editor."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def test_an_earlier_run_feeds_a_step_by_mouse_and_by_keyboard(bench_lab, open_lab, screenshot):
    lab, _ = bench_lab
    page = open_lab(lab)
    drawing = Drawing.new(page)
    drawing.add("gate", 0.6, 0.2)
    bound = "JSON.stringify(model.document.steps.get('gate').inputs.get('nuclei') ?? null)"
    wired = '{"kind":"run","run":1,"output":"nuclei"}'

    # A click on the port lists what completed runs of modules that fit have made.
    page.mouse.click(*drawing.at("gate", port="nuclei", side="in"))
    picker = page.get_by_role("dialog", name="Data for gate.nuclei")
    offer = picker.get_by_role("option", name=re.compile("run 1 · segment v1"))
    expect(offer).to_contain_text("s1")
    expect(picker.get_by_role("option", name="Choose among all runs…")).to_be_visible()
    screenshot("port-runs")
    offer.click()
    assert drawing.ask(bound) == wired
    assert drawing.ask("model.undoName") == "take run 1"
    drawing.settled()
    expect(page.get_by_role("region", name="Problems")).to_have_count(0)
    page.keyboard.press("Control+z")
    assert drawing.ask(bound) == "null"

    # The same without a mouse: typed, or chosen from the list.
    page.keyboard.press("t")
    table = page.get_by_role("region", name="Step table")
    row = table.get_by_role("button", name="gate", exact=True)
    row.press("Enter")
    source = table.get_by_role("combobox", name="Data for nuclei")
    if source.count() == 0:
        row.press("Enter")
    source.select_option("run")
    typed = table.get_by_role("textbox", name="Run and result for nuclei")
    typed.fill("the first one")
    expect(table.get_by_role("alert")).to_contain_text("Expected: the number of a run")
    table.get_by_role("button", name="Choose a run for nuclei").press("Enter")
    chooser = page.get_by_role("dialog")
    expect(chooser.get_by_role("searchbox", name="Sample")).to_be_focused()
    expect(chooser).to_contain_text("segment v1 · s1")
    chooser.get_by_role("button", name="Use nuclei of run 1").press("Enter")
    expect(chooser).to_have_count(0)
    assert (drawing.ask(bound), drawing.ask("model.undoName")) == (wired, "take run 1")
    expect(typed).to_have_value("1.nuclei")

    # What is set here is what "Run this step" begins with, from the table and from the node.
    table.get_by_role("button", name="Run this step").press("Enter")
    screen = page.locator(".pm-Step:visible")
    expect(screen.get_by_role("heading", name="Run gate now")).to_be_visible()
    expect(screen.get_by_label("nuclei", exact=True)).to_have_value("run:1/nuclei")
    page.get_by_role("tab", name=re.compile("^Pipeline")).click()
    page.mouse.click(*drawing.at("gate"), button="right")
    page.get_by_role("menuitem", name="Run This Step Now…").click()
    expect(screen.get_by_label("nuclei", exact=True)).to_have_value("run:1/nuclei")
    # And of a method in the left panel, with nothing set.
    row = open_panel(page).get_by_role("button", name=re.compile("^Add gate v"))
    row.click(button="right")
    page.get_by_role("menuitem", name="Run a Method Now", exact=True).click()
    expect(screen.get_by_label("nuclei", exact=True)).to_have_value("")


def test_samples_are_typed_pasted_and_taken_from_a_file_whatever_they_hold(
    bench_lab, open_lab, screenshot, tmp_path
):
    lab, _ = bench_lab
    page = open_lab(lab)
    drawing = Drawing.new(page)
    drawing.add("segment", 0.5, 0.3)
    rows = "model.request.samples?.rows ?? model.request.samples ?? []"
    page.get_by_role("button", name="Edit the samples").click()
    dialog = page.get_by_role("dialog", name="Samples")
    names = dialog.get_by_role("textbox", name="Names of samples, one on each line")
    expect(names).to_be_focused()
    page.keyboard.type("s1\ns1")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("alert")).to_contain_text('Rows 1 and 2 are both called "s1".')
    # A block from a spreadsheet, header and all, becomes the table.
    names.focus()
    paste(page, "Sample\timage\tnote\ns1\ts1.tif\tfirst\ns2\ts2.tif\t\n")
    expect(dialog.get_by_role("textbox", name="image of row 2")).to_have_value("s2.tif")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    assert len(drawing.ask(rows)) == 2
    # A block pasted into a cell fills what is right of it and below, and adds rows.
    dialog.get_by_role("textbox", name="sample of row 2").focus()
    hostile = "<img src=x onerror=alert(1)>"
    paste(page, f"b\tb.tif\n{hostile}\tc.tif\ns1\td.tif\n")
    expect(dialog.get_by_role("textbox", name="sample of row 3")).to_have_value(hostile)
    expect(dialog.get_by_role("alert")).to_contain_text('Rows 1 and 4 are both called "s1".')
    same = dialog.get_by_role("textbox", name="sample of row 4")
    expect(same).to_have_attribute("aria-invalid", "true")
    screenshot("samples-duplicate")
    same.fill("s4")
    same.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_count(0)

    def take(text: bytes) -> None:
        sheet = tmp_path / "sheet.csv"
        sheet.write_bytes(text)
        with page.expect_file_chooser() as asked:
            dialog.get_by_role("button", name="From this computer…").click()
        asked.value.set_files(sheet)

    # A file without the names of the samples says which columns there are; renaming one mends it.
    take(b"name;image\na;1.tif\nb;2.tif;3\n")
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text('sheet.csv: There is no column "sample"')
    expect(alert).to_contain_text("the columns are: name, image. Rename one.")
    expect(alert).to_contain_text("Line 3 has 3 cells, more than there are columns")
    screenshot("samples-no-names")
    header = dialog.get_by_role("textbox", name="Name of column 1")
    header.fill("sample")
    header.press("Enter")
    expect(dialog.get_by_role("textbox", name="sample of row 2")).to_have_value("b")
    # What cannot be read changes nothing.
    take(b"sample\n\xff\xe4\n")
    expect(alert).to_contain_text("not UTF-8 text")
    expect(dialog.get_by_role("textbox", name="sample of row 2")).to_have_value("b")
    # A file of the folder is chosen in a dialog of its own, from which one comes back.
    (lab.root / "cohort.csv").write_bytes("sample,image\nü1,1.tif\n".encode("utf-16"))
    (lab.root / "empty.csv").write_text("")
    for name, chosen in (
        ("empty.csv", "Cancel"),
        ("empty.csv", "Select"),
        ("cohort.csv", "Select"),
    ):
        dialog.get_by_role("button", name="From the file browser…").click()
        chooser = page.get_by_role("dialog").filter(has_text="Choose a sample sheet")
        chooser.get_by_text(name, exact=True).click()
        if name == "cohort.csv":
            screenshot("samples-file-browser")
        chooser.get_by_role("button", name=chosen, exact=True).click()
        expect(dialog).to_be_visible()
        if (name, chosen) == ("empty.csv", "Select"):
            expect(alert).to_contain_text("empty.csv:")
            expect(dialog.get_by_role("textbox", name="sample of row 2")).to_have_value("b")
    expect(dialog.get_by_role("textbox", name="sample of row 1")).to_have_value("ü1")
    take("\ufeffsample,image\n".encode() + b"".join(b"n%d,s1.tif\n" % n for n in range(300)))
    expect(dialog.get_by_text("The first 200 of 300 samples are shown")).to_be_visible()
    check_axe(page, ".pm-EditorDialog")
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Edit the samples")).to_have_text("Samples: 300")
    # Each of these was one edit, which undo takes back.
    drawing.canvas.focus()
    page.keyboard.press("Control+z")
    assert [row["sample"] for row in drawing.ask(rows)] == ["ü1"]


def test_branches_are_given_by_form_by_list_and_by_grid(bench_lab, open_lab, screenshot):
    lab, _ = bench_lab
    page = open_lab(lab)
    drawing = Drawing.new(page)
    drawing.add("gate", 0.5, 0.3)
    execute = "window.jupyterapp.commands.execute('pm:edit-branches', {step: 'gate'})"
    page.evaluate(f"() => {{ void {execute}; }}")
    dialog = page.get_by_role("dialog", name="Branches of gate")
    dialog.get_by_role("button", name="Form").click()
    by = dialog.get_by_role("combobox", name="Branch by")
    by.select_option("gate.threshold")
    for name, value in (("strict", "0.9"), ("loose", "wide")):
        dialog.get_by_role("button", name="Add branch").click()
        branch = dialog.get_by_role("group", name=re.compile("^Branch branch")).last
        branch.get_by_role("textbox", name="gate.threshold").fill(value)
        branch.get_by_role("textbox", name="Name").fill(name)
        page.keyboard.press("Enter")
    loose = dialog.get_by_role("group", name="Branch loose")
    expect(loose.get_by_text("Expected: a number.")).to_be_visible()
    value = loose.get_by_role("textbox", name="gate.threshold")
    expect(value).to_have_value("wide")
    value.fill("0.1")
    value.press("Enter")
    second = loose.get_by_role("textbox", name="Name")
    second.fill("strict")
    expect(dialog.get_by_role("alert")).to_contain_text("Another branch has this name.")
    second.fill("loose")
    screenshot("branches-form")
    members = "model.document.steps.get('gate').branches.members"
    assert drawing.ask(f"{members}.map(each => each.name)") == ["strict", "loose"]

    # The same as a list: one row, one branch; a block of a spreadsheet adds rows.
    dialog.get_by_role("button", name="List").click()
    dialog.get_by_role("textbox", name="gate.threshold in branch 2").focus()
    paste(page, "0.2\n0.4\n")
    expect(dialog.get_by_role("textbox", name="gate.threshold in branch 3")).to_have_value("0.4")
    dialog.get_by_role("button", name="Remove branch 1").click()
    assert drawing.ask(f"{members}.map(each => [...each.values()].join())") == ["0.2", "0.4"]
    screenshot("branches-list")

    # As a grid every combination is a branch.
    dialog.get_by_role("button", name="Grid").click()
    dialog.get_by_role("combobox", name="Branch by").select_option("gate.keep")
    kept = dialog.get_by_role("combobox", name="Next value of gate.keep")
    kept.select_option("True")
    kept.select_option("False")
    expect(dialog.get_by_role("status").filter(has_text="4 branches")).to_have_text(
        "2 × 2 = 4 branches"
    )
    check_axe(page, ".pm-EditorDialog")
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Branches: 4")).to_be_visible()
