"""A real Lab in a real Chromium over an empty workspace: what benchmarks of screens begin with.

options = parser(__doc__).parse_args()
with scratch_lab(options.chromium) as scratch:
    page = scratch.page()
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.store import schema
from pm_kernel.store.engine import Store
from tests.ui.lab import Lab, start_lab
from tests.workbench import Workbench

READY = "() => window.jupyterapp?.restored"


@dataclass(frozen=True)
class ScratchLab:
    """A Lab over an empty workspace, and the browser that looks at it."""

    browser: Browser
    lab: Lab
    bench: Workbench
    #: For other files; it goes when the benchmark ends.
    folder: Path

    def page(self) -> Page:
        """Open the Lab; returns when it has restored its layout."""
        page = self.browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(self.lab.url("lab"))
        page.wait_for_function(READY, timeout=120_000)
        return page


def parser(text: str | None) -> argparse.ArgumentParser:
    """Return a command line that says which Chromium; ``text`` describes the benchmark."""
    options = argparse.ArgumentParser(description=(text or "").splitlines()[0])
    options.add_argument(
        "--chromium", default=os.environ.get("PM_CHROMIUM") or shutil.which("chromium")
    )
    return options


@contextmanager
def scratch_lab(chromium: str | None) -> Iterator[ScratchLab]:
    """Start a database, a Lab and a browser, and end them afterwards."""
    with tempfile.TemporaryDirectory(prefix="pm-benchmark-") as place:
        folder = Path(place)
        server = EmbeddedPostgres(folder / ".postgres", state_dir=folder / "state")
        server.start()
        try:
            with (
                _workspace(folder / "lab", server.url("postgres")) as (lab, bench),
                sync_playwright() as playwright,
            ):
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                yield ScratchLab(browser, lab, bench, folder)
                browser.close()
        finally:
            server.stop()


@contextmanager
def _workspace(folder: Path, url: str) -> Iterator[tuple[Lab, Workbench]]:
    store = Store(url, pooled=False)
    schema.upgrade(store)
    store.close()
    folder.mkdir()
    with start_lab(folder, told_by_file=False) as lab:
        bench = Workbench.make(lab.root, url)
        with (lab.root / "pm.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[database]\nurl = {json.dumps(url)}\n")
        yield lab, bench
        bench.close()
