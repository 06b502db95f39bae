"""The whole way of somebody who has never seen the product, in one sitting.

From methods to a drawn pipeline, to branches and samples, to a preview, to runs that are watched
on the drawing, to the log of what failed, to a mended plan, and from its figure back to the first
input. Nothing is faked: the Lab, the database, Nextflow and the methods are real. Methods and
images are those that the demo puts into its workspace; without a mouse it is gone with smaller
ones, whose figure waits for what fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Page, expect
from psycopg import sql

from pm_kernel.config import default_cache_dir
from pm_kernel.demo import loading
from pm_kernel.domain.methods import MethodInput
from pm_kernel.workspace import init_workspace

from ..workbench import Workbench
from .axe import check_axe
from .drawing import Drawing
from .keys import Keys
from .lab import Lab, start_lab
from .measured import benchmark

pytestmark = pytest.mark.nextflow

#: Nextflow begins to work after some seconds, each of its tasks is a Python of its own, and all of
#: it shares two processors with the browser.
RUNS = 300_000

SEGMENT = '''
"""Find nuclei in an image."""
from pathlib import Path

from helper import segment

def run(image, output_dir):
    rows = segment(Path(image).read_text().split())
    (Path(output_dir) / "nuclei.csv").write_text("dna\\n" + "\\n".join(rows) + "\\n")
'''
GATE = '''
"""Keep the nuclei above a threshold."""
from pathlib import Path

from helper import gate

def run(nuclei, output_dir):
    kept = gate(Path(nuclei).read_text().split()[1:])
    print(f"WARNING: {len(kept)} nuclei are few")
    if not kept:
        raise ValueError("no nucleus is above the threshold")
    (Path(output_dir) / "kept.csv").write_text("dna\\n" + "\\n".join(kept) + "\\n")
'''
DRAW = """
\"\"\"Draw a histogram of what was kept.\"\"\"
import struct, zlib
from pathlib import Path

def run(kept, output_dir):
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
    header = struct.pack(">IIBBBBB", 64, 32, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\\0" + bytes(range(0, 256, 4)) for _ in range(32)))
    png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    (Path(output_dir) / "figure.png").write_bytes(png + chunk(b"IEND", b""))
"""


@pytest.fixture(scope="module")
def workplace(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: Any,
    database_template: str,
    _administration: psycopg.Connection[tuple[Any, ...]],
) -> Iterator[tuple[Lab, Workbench]]:
    """A Lab over a workspace with what the demo prepares, and three small methods."""
    name = f"journey_{uuid4().hex[:12]}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    _administration.execute(create.format(sql.Identifier(name), sql.Identifier(database_template)))
    url = postgres_server.url(name)
    # The engine is fetched once for the user, not once for each Lab.
    cache = {"PM_CACHE_DIR": str(default_cache_dir(os.environ))}
    folder = tmp_path_factory.mktemp("journey")
    with start_lab(folder, told_by_file=False, environ=cache) as lab:
        bench = Workbench.make(lab.root, url, cache=default_cache_dir(os.environ))
        with (lab.root / "pm.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'\n[database]\nurl = "{url}"\n')
        bench.method(
            "segment",
            SEGMENT,
            files={"helper.py": "def segment(rows, sigma: float = 1.5): return rows\n"},
            tracked=["helper.py:segment"],
            inputs={"image": "file"},
            outputs={"nuclei": ("nuclei.csv", "table")},
            module="finding",
        )
        bench.method(
            "gate",
            GATE,
            files={
                "helper.py": "def gate(rows, threshold: float = 0.5):\n"
                "    return [row for row in rows if float(row) > threshold]\n"
            },
            tracked=["helper.py:gate"],
            inputs={"nuclei": MethodInput("nuclei", "upstream", module="finding")},
            outputs={"kept": ("kept.csv", "table")},
            module="gating",
        )
        bench.method(
            "draw",
            DRAW,
            inputs={"kept": MethodInput("kept", "upstream", module="gating")},
            outputs={"figure": ("figure.png", "image")},
            module="figures",
        )
        (lab.root / "s1.txt").write_text("0.2 0.4 0.9")
        (lab.root / "s2.txt").write_text("0.6 0.7 0.8")
        init_workspace(lab.root)
        loading.load_samples(bench.settings)
        loading.load_methods(bench.settings, bench.store)
        yield lab, bench
        bench.close()
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    _administration.execute(drop.format(sql.Identifier(name)))


#: Of these the second is more than any peak can have.
HEIGHT = "find_g1_peak.min_relative_height"


def draw_by_hand(page: Page) -> Drawing:
    """Three methods out of the left panel, two links on the canvas."""
    drawing = Drawing.new(page)
    page.get_by_role("button", name="Show the methods").click()
    methods = page.get_by_role("region", name="Research Process Manager")
    methods.get_by_role("button", name="Add regionprops v1").dblclick()
    methods.get_by_role("button", name="Add quality_filter v1").dblclick()
    # The third is dragged to where it belongs.
    third = methods.get_by_role("button", name="Add ploidy_gate v1")
    third.scroll_into_view_if_needed()
    place = third.bounding_box()
    assert place is not None
    start = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    drawing.pull(start, drawing.empty_place(0.8, 0.75))
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.panel?.model.document.steps.size === 3"
    )
    drawing.connect("regionprops.nuclei", "quality_filter.nuclei")
    drawing.connect("quality_filter.nuclei", "ploidy_gate.nuclei")
    assert drawing.links == {
        "regionprops.nuclei > quality_filter.nuclei",
        "quality_filter.nuclei > ploidy_gate.nuclei",
    }
    return drawing


def fan_out(page: Page, drawing: Drawing) -> None:
    """Two samples of the demo's sheet, and two thresholds, of which one finds nothing."""
    page.get_by_role("button", name="Edit the samples").click()
    samples = page.get_by_role("dialog", name="Samples")
    # Asked over the dialog, which is still there afterwards.
    samples.get_by_role("button", name="From the file browser…").click()
    files = page.get_by_role("dialog").filter(has_text="Choose a sample sheet")
    files.get_by_text("samples", exact=True).dblclick()
    files.get_by_text("samples.csv", exact=True).click()
    files.get_by_role("button", name="Select").click()
    expect(files).to_have_count(0)
    for row in (4, 3):
        samples.get_by_role("button", name=f"Remove row {row}").click()
    cell = samples.get_by_role("textbox", name="image of row 2")
    expect(cell).to_have_value(re.compile(r"field_02\.png$"))
    samples.get_by_role("button", name="Done").click()

    # The first thing that was selected has opened the panel at the right.
    drawing.settled()
    page.mouse.click(*drawing.at("ploidy_gate"))
    beside = page.locator("#jp-property-inspector")
    beside.get_by_role("button", name="Branch here…").click()
    branches = page.get_by_role("dialog", name="Branches of ploidy_gate")
    branches.get_by_role("combobox", name="Branch by").select_option(HEIGHT)
    for value in ("0.7", "1.5"):
        field = branches.get_by_role("textbox", name=f"Next value of {HEIGHT}")
        field.fill(value)
        field.press("Enter")
    branches.get_by_role("button", name="Done").click()


def run_it(page: Page, drawing: Drawing, *, total: int, button: str) -> None:
    """Preview what is drawn, press the button that says what it will do, land on the drawing."""
    page.get_by_role("button", name=f"Preview {total} runs").click()
    preview = page.get_by_role("main")
    expect(
        preview.get_by_text("2 samples × ploidy_gate 2 = 4 paths, 4 final results")
    ).to_be_visible()
    preview.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="Back to the draft")).to_be_visible(timeout=RUNS)
    expect(drawing.canvas).to_be_visible()


def counts(drawing: Drawing, step: str) -> dict[str, int]:
    found: dict[str, int] = drawing.ask(f"model.states.get({step!r})?.counts ?? {{}}")
    return found


def until(page: Page, step: str, **wanted: int) -> None:
    """Wait, looking at the drawing only, until so many runs of a step are in these states."""
    page.wait_for_function(
        """([step, wanted]) => {
            const states = window.jupyterapp.shell.currentWidget?.panel?.canvas.scene.states;
            const counts = states?.get(step)?.counts ?? {};
            return Object.entries(wanted).every(([state, n]) => counts[state] === n);
        }""",
        arg=[step, wanted],
        timeout=RUNS,
    )


def test_from_an_empty_canvas_to_a_figure_and_back_to_its_first_input(
    workplace, open_lab, screenshot
):
    lab, bench = workplace
    page = open_lab(lab)
    drawing = draw_by_hand(page)
    screenshot("journey-1-drawn")
    fan_out(page, drawing)
    drawing.settled()
    screenshot("journey-2-fanned-out")

    page.get_by_role("button", name="Preview 8 runs").click()
    expect(page.get_by_role("main").get_by_text("8 runs: 8 new")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("how long it takes is not known")).to_be_visible()
    screenshot("journey-3-preview")
    page.get_by_role("tab", name="Pipeline").first.click()
    run_it(page, drawing, total=8, button="Run 8 new")

    # The same drawing, live: numbers go up by themselves, and one branch fails.
    until(page, "regionprops", completed=2)
    screenshot("journey-4-running")
    until(page, "ploidy_gate", completed=2, failed=2)
    assert counts(drawing, "quality_filter") == {"completed": 2}
    # So it is measured when a change is seen on the drawing.
    seen = benchmark("lab").SEEN_ON_CANVAS.replace("'segment'", "'ploidy_gate'")
    assert page.evaluate(seen, 2) > 0
    assert page.evaluate(benchmark("lab").DRAWN)
    screenshot("journey-5-failed")

    # Unfolded: which sample, which threshold, why.
    page.mouse.click(*drawing.at("ploidy_gate", part="foot"))
    runs = page.get_by_role("dialog", name="Runs of step ploidy_gate")
    failed = runs.get_by_role("listitem").filter(has_text="min_relative_height=1.5")
    expect(failed).to_have_count(2)
    expect(failed.first).to_contain_text("index 0 is out of bounds")
    check_axe(page, ".pm-Unfolded")
    screenshot("journey-6-unfolded")
    page.keyboard.press("Escape")
    expect(runs).to_have_count(0)
    # The same by key, at the step that the arrows have walked to.
    for key in ("ArrowLeft", "Shift+ArrowRight", "Shift+ArrowDown", "u"):
        page.keyboard.press(key)
    expect(failed).to_have_count(2)
    page.keyboard.press("u")
    expect(runs).to_have_count(0)

    # One click on "2 failed": the log, at the person's own line, and beside it what was tried.
    page.mouse.click(*drawing.at("ploidy_gate", part="trouble"))
    log = page.get_by_role("main").get_by_role("log")
    expect(log).to_contain_text("IndexError: index 0 is out of bounds")
    here = log.locator("[data-pm-here=true]")
    expect(here).to_contain_text('helper.py", line')
    expect(here.get_by_title("/launches/")).to_be_visible()
    beside = page.locator("#jp-property-inspector")
    tried = beside.get_by_role("row").filter(has_text="min_relative_height")
    expect(tried).to_contain_text("1.5")
    width = "row => row.scrollWidth <= row.closest('.pm-Section-body').clientWidth"
    assert tried.evaluate(width), "the value is out of sight"
    screenshot("journey-7-log")

    # Mended: what is good is reused, only the other branch runs.
    page.get_by_role("tab", name="Pipeline").first.click()
    page.get_by_role("button", name="Back to the draft").click()
    page.mouse.click(*drawing.at("ploidy_gate"))
    wrong = beside.get_by_role("textbox", name=f"Value 2 of {HEIGHT}")
    wrong.fill("0.9")
    wrong.press("Enter")
    drawing.settled()
    run_it(page, drawing, total=8, button="Run 2 new, reuse 6")
    until(page, "ploidy_gate", completed=2, reused=2)
    screenshot("journey-8-mended")

    # From a figure back to the first input.
    page.mouse.click(*drawing.at("ploidy_gate", part="foot"))
    expect(runs.get_by_role("listitem")).to_have_count(4)
    figure = runs.get_by_role("listitem").filter(has_text="min_relative_height=0.9").first
    figure.get_by_role("button", name="Lineage of run").click()
    graph = page.get_by_role("application", name="Lineage of run")
    expect(graph).to_be_visible()
    chain = page.get_by_role("complementary", name="The selected run")
    expect(chain.get_by_role("heading", name="ploidy_gate v1")).to_be_visible()
    expect(chain.get_by_role("row", name="min_relative_height")).to_contain_text("0.9")
    expect(chain.get_by_role("img", name="histogram")).to_be_visible()
    graph.focus()
    page.keyboard.press("ArrowLeft")
    expect(chain.get_by_role("heading", name="quality_filter v1")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(chain.get_by_role("heading", name="regionprops v1")).to_be_visible()
    expect(chain).to_contain_text(re.compile(r"field_0[12]\.png"))
    screenshot("journey-9-traced")
    assert bench.rows("SELECT count(*) AS n FROM runs WHERE status = 'failed'")[0]["n"] == 2


def test_the_same_way_is_gone_without_a_mouse(workplace, open_lab, screenshot):
    lab, _ = workplace
    page = open_lab(lab)
    keys = Keys(page)
    keys.run("New Pipeline")
    drawing = Drawing(page)
    drawing.wait()
    expect(drawing.canvas).to_be_focused()
    keys.press("t")
    table = page.get_by_role("region", name="Step table")
    adding = table.get_by_role("combobox", name="Add a step")
    expect(adding).to_be_focused()

    def add(method: str, data: str, source: str) -> None:
        """Add a step and say where its data comes from, as its list of sources calls it."""
        keys.to(adding, back=True)
        keys.type(method)
        expect(adding.locator("option:checked")).to_have_text(method)
        keys.press("Enter")
        expect(table.get_by_role("button", name=method, exact=True)).to_be_visible()
        binding = table.get_by_role("combobox", name=f"Data for {data}")
        keys.to(binding)
        keys.type(source)
        expect(binding.locator("option:checked")).to_have_text(source)
        # What is chosen by letters is taken by going on.
        keys.press("Tab")

    keys.press("Tab")
    add("segment", "image", "a column of the samples")
    add("gate", "nuclei", "segment.nuclei")
    # Two more thresholds than the default, of which one leaves nothing.
    several = table.get_by_role("button", name="Try several values of gate.threshold")
    keys.to(several, back=True)
    keys.press("Enter")
    value = table.get_by_role("textbox", name="Next value of gate.threshold")
    for threshold in ("0.25", "6"):
        expect(value).to_be_focused()
        keys.type(threshold)
        keys.press("Enter")
    add("draw", "kept", "gate.kept")
    assert drawing.links == {"segment.nuclei > gate.nuclei", "gate.kept > draw.kept"}

    keys.run("Edit Samples")
    samples = page.get_by_role("dialog", name="Samples")
    expect(samples.get_by_role("textbox", name="Names of samples")).to_be_focused()
    keys.type("s1\ns2")
    keys.to(samples.get_by_role("button", name="Add column image"))
    keys.press("Enter")
    for row in (1, 2):
        keys.to(samples.get_by_role("textbox", name=f"image of row {row}"))
        keys.type(f"s{row}.txt")
    keys.to(samples.get_by_role("button", name="Done"))
    keys.press("Enter")
    drawing.settled()
    screenshot("journey-keys-drawn")

    keys.press("Control+Enter")
    preview = page.get_by_role("main")
    expect(preview.get_by_text("2 samples × gate 3 = 6 paths, 6 final results")).to_be_visible()
    # What the default threshold, 0.5, made is there already where another test went before.
    keys.to(preview.get_by_role("button", name=re.compile("^Run [0-9]+ new")))
    keys.press("Enter")
    expect(page.get_by_role("button", name="Back to the draft")).to_be_visible(timeout=RUNS)
    expect(drawing.canvas).to_be_focused()
    page.wait_for_function(
        """() => {
            const states = window.jupyterapp.shell.currentWidget?.panel?.canvas.scene.states;
            return states?.get('gate')?.counts.failed === 2
                && states.get('draw')?.counts.blocked === 2 && !states.get('draw').counts.waiting
                && !states.get('draw').counts.running;
        }""",
        timeout=RUNS,
    )
    screenshot("journey-keys-ran")

    # The log of what failed, at the person's own line.
    keys.press("Shift+ArrowLeft", "u")
    runs = page.get_by_role("dialog", name="Runs of step gate")
    failed = runs.get_by_role("listitem").filter(has_text="threshold=6").first
    keys.to(failed.get_by_role("button", name=re.compile("^Log of run")))
    keys.press("Enter")
    log = page.get_by_role("main").get_by_role("log")
    expect(log.locator("[data-pm-here=true]")).to_contain_text("run.py")

    # And from a figure back to the first input.
    keys.press("Control+Shift+BracketLeft")
    expect(drawing.canvas).to_be_visible()
    expect(drawing.canvas).to_be_focused()
    keys.press("Shift+ArrowRight", "u")
    runs = page.get_by_role("dialog", name="Runs of step draw")
    figure = runs.get_by_role("listitem").filter(has_text="threshold=0.25").first
    keys.to(figure.get_by_role("button", name=re.compile("^Lineage of run")))
    keys.press("Enter")
    graph = page.get_by_role("application", name="Lineage of run")
    chain = page.get_by_role("complementary", name="The selected run")
    expect(chain.get_by_role("heading", name="draw v1")).to_be_visible()
    keys.to(graph)
    keys.press("ArrowLeft")
    expect(chain.get_by_role("heading", name="gate v1")).to_be_visible()
    expect(chain.get_by_role("row", name="threshold")).to_contain_text("0.25")
    keys.press("ArrowLeft")
    expect(chain.get_by_role("heading", name="segment v1")).to_be_visible()
    expect(chain).to_contain_text(re.compile(r"s[12]\.txt"))
    screenshot("journey-keys-traced")
