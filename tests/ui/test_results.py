"""From a result to its first input, a failure to its traceback, a plan while it changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Page, expect
from psycopg import sql

from pm_kernel.embedded import EmbeddedPostgres

from ..integration.factories import Rows
from ..workbench import Workbench
from .axe import check_axe
from .lab import Lab, start_lab

DRAW = """
import struct, zlib
from pathlib import Path

def run(table, output_dir):
    print("drawing", Path(table).name)
    print("WARNING: only one row")
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
    header = struct.pack(">IIBBBBB", 64, 32, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\\0" + bytes(range(0, 256, 4)) for _ in range(32)))
    png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    (Path(output_dir) / "figure.png").write_bytes(png + chunk(b"IEND", b""))
    (Path(output_dir) / "note.json").write_text('{"exact": 1.0, "large": 12345678901234567890}')
    return {"n": 1}
"""
BREAK = """
def run(table, output_dir):
    print("about to break")
    raise ValueError("the table has no <b>column</b>")
"""


@dataclass(frozen=True)
class Results:
    """A Lab over a workspace that has runs."""

    lab: Lab
    bench: Workbench
    rows: Rows


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: EmbeddedPostgres,
    database_template: str,
) -> Iterator[Results]:
    """Run 1 makes a table, run 2 a figure of it, run 3 breaks on it."""
    name = f"results_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(database_template)
            )
        )
        url = postgres_server.url(name)
        with start_lab(tmp_path_factory.mktemp("results"), told_by_file=False) as lab:
            bench = Workbench.make(lab.root, url)
            with (lab.root / "pm.toml").open("a", encoding="utf-8") as file:
                file.write(f'\n[database]\nurl = "{url}"\n')
            bench.method("scale")
            outputs = {"figure": ("figure.png", "image"), "note": ("note.json", "json")}
            bench.method("draw", DRAW, inputs={"table": "upstream"}, outputs=outputs)
            bench.method("break", BREAK, inputs={"table": "upstream"})
            first = bench.pm("run", "scale", "--sample", "s1", "--set", "scale.factor=3")
            assert first.returncode == 0, first.stderr
            second = bench.pm("run", "draw", "--sample", "s1", "--input", "table=run:1/table")
            assert second.returncode == 0, second.stderr
            bench.pm("run", "break", "--sample", "s1", "--input", "table=run:1/table")
            yield Results(lab, bench, Rows(bench.store))
            bench.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(page: Page, command: str, **args: object) -> None:
    page.evaluate(
        "async ([id, args]) => { await window.jupyterapp.commands.execute(id, args); }",
        [command, args],
    )


def copied(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


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


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
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
    screenshot(f"lineage-{theme.split()[-1].lower()}")
    check_axe(page, ".pm-Lineage")
    page.get_by_role("button", name="Copy as text").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert copied(page) == (
        "Run 2 · draw v1 · s1  completed\n└─ Run 1 · scale v1 · s1  completed; scale.factor = 3\n"
    )
    page.get_by_role("button", name="Copy as Mermaid").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('graph')")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Table", exact=True).click()
    table = page.get_by_role("table", name="Runs of this lineage, sources first")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("row").nth(1)).to_contain_text("scale.factor = 3")
    check_axe(page, ".pm-Lineage")


def test_a_failed_run_opens_at_its_traceback(results, open_lab, page, screenshot):
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


def test_all_logs_are_searched(results, open_lab, page):
    open_lab(results.lab)
    execute(page, "pm:search-logs", text="only one")
    table = page.get_by_role("table", name="Log entries, newest first")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table.get_by_role("link", name="run 2 · draw")).to_be_visible()
    check_axe(page, ".pm-Search")


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
