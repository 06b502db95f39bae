"""Frame times of the canvas in a real Chromium, at 1,000 and 5,000 steps.

    python benchmarks/canvas.py [--chromium PATH]

The floor is the page itself: the time between two frames in which nothing is drawn. Ours draws each
frame anew: panning with what a screen shows at zoom 1, and with every step in view. Also measured:
opening the drawing, one edit, undoing it, and new states for 200 steps.
"""

from __future__ import annotations

from typing import Any

from browser import parser, scratch_lab
from playwright.sync_api import Page

PANEL = "window.jupyterapp.shell.currentWidget.panel"

OPENING = """async raw => {
  const { model, canvas } = PANEL;
  const begin = performance.now();
  model.openDocument(raw);
  canvas.drawNow();
  return performance.now() - begin;
}""".replace("PANEL", PANEL)
CLOSE_BY = "() => { PANEL.canvas.view = { x: -2000, y: -1000, scale: 1 }; }".replace("PANEL", PANEL)
ALL_IN_VIEW = "() => { PANEL.canvas.viewport.showAll(); }".replace("PANEL", PANEL)

FRAMES = """async ([moves, draws]) => {
  const canvas = PANEL.canvas;
  const times = [];
  let last = 0;
  for (let n = 0; n < 120; n++) {
    await new Promise(done => requestAnimationFrame(now => {
      if (last > 0) times.push(now - last);
      last = now;
      if (draws) {
        const { x, y, scale } = canvas.view;
        canvas.view = { x: x + (moves ? (n % 60 < 30 ? -7 : 7) / scale : 0), y, scale };
        canvas.drawNow();
      }
      done();
    }));
  }
  times.sort((a, b) => a - b);
  return [times[Math.floor(times.length * 0.5)], times[Math.floor(times.length * 0.95)]];
}""".replace("PANEL", PANEL)

DRAWING = """async () => {
  const canvas = PANEL.canvas;
  const times = [];
  for (let n = 0; n < 60; n++) {
    const begin = performance.now();
    canvas.drawNow();
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  return times[30];
}""".replace("PANEL", PANEL)

EDITS = """async () => {
  const { model, canvas } = PANEL;
  const timed = work => {
    const begin = performance.now(); work(); canvas.drawNow();
    return performance.now() - begin;
  };
  const names = [...model.document.steps.keys()];
  const state = { counts: { completed: 3, running: 1, waiting: 2 }, warned: 0, erred: 0,
    startedAt: new Date().toISOString(), finishedAt: null };
  const places = document => ({ ...document, layout: { ...document.layout, steps: new Map(
    [...document.layout.steps].map(([name, at]) => [name, { x: at.x + 20, y: at.y }])) } });
  return {
    move: timed(() => model.commit('move', places)),
    undo: timed(() => model.undo()),
    states: timed(() => model.setStates(
      new Map(names.slice(0, 200).map(name => [name, state])))),
  };
}""".replace("PANEL", PANEL)


def document(count: int) -> dict[str, Any]:
    """A grid of steps; each but the first of a row takes from the one before it."""
    wide = 50
    steps: dict[str, Any] = {}
    places: dict[str, list[int]] = {}
    for n in range(count):
        name = f"step_{n:05}"
        steps[name] = {"method": "double"}
        if n % wide:
            steps[name]["inputs"] = {"table": {"from": f"step_{n - 1:05}.table"}}
        places[name] = [(n % wide) * 300, (n // wide) * 180]
    return {"format": 1, "name": f"{count} steps", "steps": steps, "layout": {"steps": places}}


def main() -> None:
    with scratch_lab(parser(__doc__).parse_args().chromium) as scratch:
        scratch.bench.method("double", inputs={"table": "upstream"})
        page = scratch.page()
        for count in (1_000, 5_000):
            report(page, count)


def report(page: Page, count: int) -> None:
    page.evaluate("async () => { await window.jupyterapp.commands.execute('pm:new-pipeline'); }")
    page.wait_for_function(f"() => {PANEL} != null", timeout=120_000)
    opened = page.evaluate(OPENING, document(count))
    page.wait_for_timeout(3_000)
    print(f"\n{count:,} steps: opened in {opened:.0f} ms")
    print("| | frame p50 | p95 | drawing |\n|---|---|---|---|")
    page.evaluate(CLOSE_BY)
    line(page, "floor: nothing drawn", moves=False, draws=False)
    line(page, "panning at zoom 1", moves=True, draws=True)
    page.evaluate(ALL_IN_VIEW)
    line(page, "panning, all in view", moves=True, draws=True)
    edits = page.evaluate(EDITS)
    print(", ".join(f"{name} {time:.0f} ms" for name, time in edits.items()))


def line(page: Page, name: str, *, moves: bool, draws: bool) -> None:
    middle, late = page.evaluate(FRAMES, [moves, draws])
    drawing = page.evaluate(DRAWING) if draws else 0.0
    print(f"| {name} | {middle:.1f} | {late:.1f} | {drawing:.1f} |")


if __name__ == "__main__":
    main()
