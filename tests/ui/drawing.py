"""A pipeline tab as a person uses it: by mouse and keyboard, where things are drawn."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

#: The pipeline tab in front, as the page knows it.
PANEL = "window.jupyterapp.shell.currentWidget?.panel"

Point = tuple[float, float]


class Drawing:
    """The pipeline in front."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def new(cls, page: Page) -> Drawing:
        """Open an empty one by the launcher's tile."""
        page.get_by_role("main").get_by_role("button", name="New pipeline", exact=True).click()
        drawing = cls(page)
        drawing.wait()
        return drawing

    def wait(self) -> None:
        """Wait until the drawing is there."""
        self.page.wait_for_function(f"() => {PANEL} != null")
        expect(self.canvas).to_be_visible()

    @property
    def canvas(self) -> Locator:
        return self.page.locator(".pm-Pipeline:not(.lm-mod-hidden) .pm-Canvas")

    def ask(self, expression: str) -> Any:
        """What the tab knows; ``model`` is its model."""
        return self.page.evaluate(
            f"() => {{ const panel = {PANEL}; const model = panel.model; return {expression}; }}"
        )

    @property
    def steps(self) -> list[str]:
        return sorted(self.ask("[...model.document.steps.keys()]"))

    @property
    def links(self) -> set[str]:
        """``source.output > target.input`` of every link."""
        return set(
            self.ask(
                "[...model.document.steps.values()].flatMap(step => [...step.inputs].flatMap("
                "([name, each]) => each.kind === 'step'"
                " ? [`${each.step}.${each.output} > ${step.name}.${name}`] : []))"
            )
        )

    def at(self, step: str, **part: str) -> tuple[float, float]:
        """Where a step, its ``port`` (with ``side``) or its ``param`` is on the page."""
        place = self.ask(f"panel.canvas.pointOf({json.dumps(step)}, {json.dumps(part)})")
        assert place is not None, f"{step} is not drawn"
        return place["x"], place["y"]

    def empty_place(self, x: float = 0.5, y: float = 0.8) -> tuple[float, float]:
        """A point of the canvas, as fractions of its size."""
        box = self.canvas.bounding_box()
        assert box is not None
        return box["x"] + box["width"] * x, box["y"] + box["height"] * y

    def add(self, method: str, x: float, y: float) -> None:
        """Double-click an empty place, type the method's name, press Enter."""
        count = len(self.steps)
        self.page.mouse.dblclick(*self.empty_place(x, y))
        field = self.page.get_by_role("combobox", name="Add a step")
        field.fill(method)
        field.press("Enter")
        self.page.wait_for_function(f"n => {PANEL}?.model.document.steps.size > n", arg=count)

    def pull(
        self, start: tuple[float, float], end: tuple[float, float], *, drop: bool = True
    ) -> None:
        """Press at one point and move to another, as a hand does."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        self.page.mouse.move(*end, steps=4)
        if drop:
            self.page.mouse.up()

    def connect(self, source: str, target: str) -> None:
        """Pull a link from ``step.output`` to ``step.input``."""
        step, _, output = source.rpartition(".")
        other, _, name = target.rpartition(".")
        self.pull(self.at(step, port=output, side="out"), self.at(other, port=name, side="in"))

    def settled(self) -> None:
        """Wait until the server has looked at what is drawn."""
        self.page.wait_for_function(f"() => {PANEL}?.model.isChecked", timeout=60_000)
