"""A person without a mouse: what is wanted is reached by the keyboard, or it is out of reach."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class Keys:
    """The keyboard of a page, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def run(self, command: str) -> None:
        """Run a command of the palette, by its name."""
        self.press("Control+Shift+C")
        palette = self.page.locator(".lm-CommandPalette:visible")
        expect(palette.locator("input")).to_be_focused()
        self.type(command)
        found = palette.locator(".lm-CommandPalette-item.lm-mod-active")
        expect(found).to_contain_text(command)
        self.press("Enter")

    def to(self, wanted: Locator, *, back: bool = False, most: int = 80) -> None:
        """Walk by Tab until this has the focus."""
        expect(wanted).to_be_visible()
        for _ in range(most):
            self.press("Shift+Tab" if back else "Tab")
            if wanted.evaluate("wanted => wanted === document.activeElement"):
                return
        raise AssertionError(f"{wanted} is not reached by Tab")
