"""First paint of a lineage of 1,000 runs, in a real Lab in a real Chromium.

    python benchmarks/lineage_paint.py [--chromium PATH] [--repeat N]

The floor fetches the same JSON from the same server in the same page and draws it bare: a rectangle
for each run, one path for all links. Ours opens the tab: from the command until runs are on screen,
as it begins, with alike runs as one node, and with each run as a node of its own, of which those in
view are drawn. They take turns; the code of the tab is loaded before, as after its first use.
"""

from __future__ import annotations

import statistics

from browser import parser, scratch_lab
from playwright.sync_api import Page

from pm_kernel.store.engine import Store
from tests.integration.factories import Rows

LAYERS, WIDTH = 37, 27

OURS = """async ([run, fold]) => {
  const { commands, shell } = window.jupyterapp;
  const begin = performance.now();
  void commands.execute('pm:open-lineage', { run, look: JSON.stringify({ fold }) });
  await new Promise(done => {
    const look = () => requestAnimationFrame(
      document.querySelector('.pm-Lineage-drawing [data-pm-run]') === null ? look : done);
    look();
  });
  const time = performance.now() - begin;
  shell.currentWidget.close();
  return time;
}"""

FLOOR = """async run => {
  const begin = performance.now();
  const answer = await fetch(`/pm/api/runs/${run}/lineage?direction=up&limit=1000&details=false`);
  const { runs, edges } = await answer.json();
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.style = 'position: fixed; inset: 0; width: 100%; height: 100%; z-index: 9999';
  const columns = new Map();
  const places = new Map();
  for (const { run_id, layer } of runs) {
    const row = columns.get(layer) ?? 0;
    columns.set(layer, row + 1);
    const [x, y] = [1200 - layer * 30, row * 25];
    places.set(run_id, [x, y]);
    const box = document.createElementNS(svg.namespaceURI, 'rect');
    for (const [name, value] of Object.entries({ x, y, width: 20, height: 15 })) {
      box.setAttribute(name, value);
    }
    svg.append(box);
  }
  const path = document.createElementNS(svg.namespaceURI, 'path');
  path.setAttribute('stroke', 'black');
  path.setAttribute('d', edges.map(({ run_id, source_run_id }) =>
    `M${places.get(source_run_id)}L${places.get(run_id)}`).join(''));
  svg.append(path);
  document.body.append(svg);
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const time = performance.now() - begin;
  svg.remove();
  return time;
}"""


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--repeat", type=int, default=15)
    asked = options.parse_args()
    with scratch_lab(asked.chromium) as scratch:
        last = build(scratch.bench.store)
        report(scratch.page(), last, asked.repeat)


def build(store: Store) -> int:
    """Write layers of runs that each read two of the layer before; returns the last one."""
    rows = Rows(store)
    before: list[int] = []
    for layer in range(LAYERS):
        method = f"method_{layer % 6}"
        rows.method(method, inputs=("one", "other"))
        before = [
            rows.run(
                method,
                sample=f"sample {n}",
                params={f"{method}.level": str(n)},
                inputs={"one": before[n], "other": before[(n + 1) % WIDTH]} if before else {},
            )
            for n in range(WIDTH)
        ]
    rows.method("summary", inputs=("table",))
    return rows.run("summary", inputs={"table": before})


def report(page: Page, run: int, repeat: int) -> None:
    first = page.evaluate(OURS, [run, None])
    floors, folded, apart = [], [], []
    for _ in range(repeat):
        page.wait_for_timeout(500)
        floors.append(page.evaluate(FLOOR, run))
        page.wait_for_timeout(500)
        folded.append(page.evaluate(OURS, [run, None]))
        page.wait_for_timeout(500)
        apart.append(page.evaluate(OURS, [run, False]))
    print(f"{LAYERS * WIDTH + 1:,} runs, {repeat} turns; the very first took {first:.0f} ms")
    print("| | floor | ours | ours / floor |\n|---|---|---|---|")
    for how, ours in (("folded", folded), ("each run apart", apart)):
        for name, choose in (("median", statistics.median), ("least", min)):
            floor, own = choose(floors), choose(ours)
            print(f"| {how}, {name} | {floor:.0f} | {own:.0f} | {own / floor:.1f} |")


if __name__ == "__main__":
    main()
