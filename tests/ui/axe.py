"""Whether a part of the page can be used without seeing it, as far as a program can tell."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def check_axe(page: Page, selector: str) -> None:
    """Fail on every serious finding of axe inside ``selector``."""
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        """async selector => {
            const {violations} = await window.axe.run(selector, {resultTypes: ['violations']});
            return violations
                .filter(each => ['serious', 'critical'].includes(each.impact))
                .map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' | ')}`);
        }""",
        selector,
    )
    assert found == []
