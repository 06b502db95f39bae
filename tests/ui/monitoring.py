"""A Lab over a workspace whose plans run by real Nextflow, and how a person uses it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from pm_kernel import planning
from pm_kernel.config import default_cache_dir
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.planning import PlanInput

from ..integration.factories import Rows
from ..workbench import Workbench, same_imports
from .bench import start_bench
from .lab import Lab

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


@contextmanager
def start_world(folder: Path, server: EmbeddedPostgres, template: str) -> Iterator[World]:
    """Start the Lab with the two methods of the pipeline above."""
    # What was fetched and learnt once need not be again.
    environ = {"PM_CACHE_DIR": str(default_cache_dir(os.environ))}
    with start_bench(folder, server, template, environ=environ) as (lab, bench):
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
    return page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .pm-PlanHead")


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
def dying(
    page: Page, method: str, address: str, *, after: bool, killed: Lab | None = None
) -> Iterator[None]:
    """The server dies when it gets such a request, or ``after`` it did what was asked.

    ``killed``: for all requests, until somebody starts it again.
    """
    caught = 0

    def handle(route: Route) -> None:
        nonlocal caught
        if route.request.method != method:
            route.fallback()
            return
        if after:
            route.fetch()
        if killed is not None:
            killed.kill()
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


def close_what_the_lab_says(page: Page) -> None:
    """The Lab itself tells in a dialog that its server is away."""
    page.add_locator_handler(
        page.get_by_role("dialog").filter(has_text="Server Connection Error"),
        lambda dialog: dialog.get_by_role("button").last.click(),
    )


def away(complaints: list[str]) -> None:
    """Chromium itself reports what it cannot reach; nothing else was reported."""
    unexpected = [
        each for each in complaints
        if not re.search(r"ERR_CONNECTION|WebSocket connection|Failed to fetch|50\d|net::", each)
    ]  # fmt: skip
    assert unexpected == []
    complaints.clear()


def set_theme(page: Page, theme: str) -> None:
    execute(page, "apputils:change-theme", theme=theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
