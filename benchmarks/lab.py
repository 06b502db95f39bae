"""What the Lab costs, in a real Chromium: its start with us, and a change until it is seen.

    python benchmarks/lab.py [--chromium PATH] [--only PART]

Start: the floor is the same Lab with our extension switched off, taken in turns. State to pixel:
200 runs of a plan are in flight with their heartbeats, five others end in each second, and for
each that ended one begins; one of them fails. The floor is PostgreSQL telling a bare listener of
that commit; ours ends with the frame after the plan's tab, then the drawing in which the plan is
viewed, has changed. Table: a plan of 10,000 runs; the floor is a frame without work.
"""

from __future__ import annotations

import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Callable

import psycopg
from browser import ScratchLab, parser, scratch_lab
from playwright.sync_api import Browser, Page

from tests.integration.factories import Rows
from tests.ui.lab import Lab, start_lab
from tests.workbench import Workbench

STARTS = 8
CHANGES = 60
IN_FLIGHT = 200
#: Runs of the plans that are watched: all of them are read again at each change, and more seldom.
TOTALS = (950, 2_000)

#: Resolve with the time at which a frame is drawn that shows so many failed runs.
SEEN_IN_TAB = """failed => new Promise(done => {
  const look = () => {
    const heads = [...document.querySelectorAll('.pm-PlanHead .pm-Counts-text')];
    const text = heads.find(each => each.offsetParent !== null)?.textContent ?? '';
    if (text.includes(`${failed} failed`)) {
      requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now() / 1000)));
      return true;
    }
    return false;
  };
  if (look()) return;
  const watch = new MutationObserver(() => { if (look()) watch.disconnect(); });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
})"""
SEEN_ON_CANVAS = """failed => new Promise(done => {
  const { model } = window.jupyterapp.shell.currentWidget.panel;
  const look = () => {
    if (model.states.get('segment')?.counts.failed === failed) {
      model.statesChanged.disconnect(look);
      requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now() / 1000)));
    }
  };
  model.statesChanged.connect(look);
  look();
})"""


def main() -> None:
    parts = {"start": starts, "changes": changes, "table": table}
    options = parser(__doc__)
    options.add_argument("--only", choices=parts, help="one part alone")
    given = options.parse_args()
    with scratch_lab(given.chromium) as scratch:
        for name, part in parts.items():
            if given.only in (None, name):
                part(scratch)


#: Milliseconds from an event until the frame after it; and between frames while the table scrolls.
TABLE = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const painted = async work => {
    await frame();
    const begin = performance.now();
    work();
    await frame();
    await frame();
    return performance.now() - begin;
  };
  const table = document.querySelector('.pm-Grid');
  const header = [...table.querySelectorAll('.pm-Grid-sort')].find(
    each => each.textContent.startsWith('Sample'));
  const field = document.querySelector('.pm-Plan input[type=search]');
  const type = text => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const floor = await painted(() => {});
  const sorted = await painted(() => header.click());
  const found = await painted(() => type('sample 77'));
  const all = await painted(() => type(''));
  const times = [];
  let last = 0;
  for (let n = 0; n < 120; n++) {
    const now = await frame();
    if (last > 0) times.push(now - last);
    last = now;
    table.scrollTop += 700;
  }
  times.sort((a, b) => a - b);
  return { floor, sorted, found, all, scroll: times[60], late: times[114] };
}"""


def table(scratch: ScratchLab) -> None:
    bench = scratch.bench
    rows = Rows(bench.store)
    # A run of its own tells the version that all of them are of.
    version = bench.run_row(rows.run("table"))["method_version_id"]
    plan = rows.plan(name="large", status="completed")
    bench.execute(
        "INSERT INTO planned_runs (plan_id, ordinal, key, step, sample, decision,"
        " method_version_id) SELECT %s, n, 'table ' || n, 'table', 'sample ' || n / 4, 'run', %s"
        " FROM generate_series(1, 10000) AS n",
        plan,
        version,
    )
    page = scratch.page()
    begin = time.time()
    page.evaluate(
        "async plan => { await window.jupyterapp.commands.execute('pm:open-plan', {plan}); }", plan
    )
    page.get_by_role("tree").wait_for(timeout=120_000)
    opened = time.time() - begin
    page.get_by_role("button", name="Table", exact=True).click()
    page.get_by_role("table", name="Runs of this plan").wait_for()
    times = page.evaluate(TABLE)
    print(f"\n10,000 runs: opened in {opened:.1f} s; ms until a frame shows it:")
    print(", ".join(f"{name} {value:.0f}" for name, value in times.items()))


def starts(scratch: ScratchLab) -> None:
    bare = scratch.folder / "without"
    bare.mkdir()
    with start_lab(bare, server_half=False, told_by_file=False) as floor:
        config = bare / "config" / "labconfig"
        config.mkdir(parents=True)
        (config / "page_config.json").write_text(
            json.dumps({"disabledExtensions": {"research-process-manager": True}})
        )
        times: dict[str, list[float]] = {"without": [], "with": []}
        for n in range(2 * (STARTS + 1)):
            name, lab = (("without", floor), ("with", scratch.lab))[n % 2]
            took = start(scratch.browser, lab)
            if n > 1:  # each server has answered once
                times[name].append(took)
    middle = {name: statistics.median(each) for name, each in times.items()}
    print("| start of the Lab, ms | median | least |\n|---|---|---|")
    for name, each in times.items():
        print(f"| {name} | {middle[name]:.0f} | {min(each):.0f} |")
    print(f"ratio of medians {middle['with'] / middle['without']:.2f}, "
          f"of the least {min(times['with']) / min(times['without']):.2f}\n")  # fmt: skip


def start(browser: Browser, lab: Lab) -> float:
    """Milliseconds from the request to a Lab that has restored its layout; nothing is cached."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(lab.url("lab/workspaces/start"), wait_until="commit")
    page.wait_for_function("() => window.jupyterapp", timeout=120_000)
    took: float = page.evaluate(
        "async () => { await window.jupyterapp.restored; return performance.now(); }"
    )
    context.close()
    return took


def changes(scratch: ScratchLab) -> None:
    rows = Rows(scratch.bench.store)
    for total in TOTALS:
        changes_of(scratch, rows, total)


def changes_of(scratch: ScratchLab, rows: Rows, total: int) -> None:
    bench = scratch.bench
    document = {"format": 1, "steps": {"segment": {"method": "segment"}}}
    plan = rows.plan(name=f"of {total:,}", status="running", document=document)
    launch = rows.launch(plan)
    bench.execute(
        "INSERT INTO planned_runs (plan_id, ordinal, key, step, sample, decision,"
        " method_version_id, launch_id) SELECT %s, n, 'segment ' || n, 'segment', 's' || n, 'run',"
        " %s, %s FROM generate_series(1, %s) AS n",
        plan,
        rows.method("segment").version_id,
        launch,
        total,
    )
    found = bench.rows("SELECT id FROM planned_runs WHERE plan_id = %s ORDER BY ordinal", plan)
    waiting = [row["id"] for row in found]

    def begin() -> int:
        return rows.run("segment", plan=plan, planned_run_id=waiting.pop(), launch_id=launch,
                        status="running")  # fmt: skip

    running = [begin() for _ in range(IN_FLIGHT)]
    page = scratch.page()
    page.evaluate(
        "async plan => { await window.jupyterapp.commands.execute('pm:open-plan', {plan}); }", plan
    )
    page.get_by_role("tree").wait_for(timeout=120_000)
    stop = threading.Event()
    beating = threading.Thread(target=beat, args=(bench, running, waiting, begin, stop))
    beating.start()
    floor: list[float] = []
    ours: dict[str, list[float]] = {"seen in the plan's tab": [], "seen on the canvas": []}
    try:
        for n in range(2 * CHANGES):
            place, seen_there = "seen in the plan's tab", SEEN_IN_TAB
            if n >= CHANGES:
                place, seen_there = "seen on the canvas", SEEN_ON_CANVAS
            if n == CHANGES:
                page.evaluate(OPEN_DRAWING, plan)
                page.wait_for_function(DRAWN, timeout=120_000)
            if n % CHANGES == 0:
                page.wait_for_timeout(2_000)
            told, seen = one_change(page, bench, running.pop(), n + 1, seen_there)
            floor.append(told)
            ours[place].append(seen)
            # Not in step with anything that beats.
            page.wait_for_timeout(random.uniform(200, 900))
    finally:
        stop.set()
        beating.join()
    page.close()
    print(f"| {IN_FLIGHT} of {total:,} runs in flight, ms | median | p95 | most |")
    print("|---|---|---|---|")
    for name, each in {"told by PostgreSQL": floor, **ours}.items():
        each.sort()
        late = each[int(len(each) * 0.95)]
        print(f"| {name} | {statistics.median(each):.0f} | {late:.0f} | {each[-1]:.0f} |")


OPEN_DRAWING = """async plan => {
  await window.jupyterapp.commands.execute('pm:open-pipeline', {plan});
  await window.jupyterapp.commands.execute('pm:view-plan', {plan});
}"""
DRAWN = "() => window.jupyterapp.shell.currentWidget?.panel?.model.states.size > 0"


def one_change(
    page: Page, bench: Workbench, run: int, number: int, seen_there: str
) -> tuple[float, float]:
    """End a run; milliseconds until a listener is told and until a frame shows it."""
    with psycopg.connect(bench.url, autocommit=True) as listener:
        listener.execute("LISTEN pm")
        handle = page.evaluate_handle(
            f"failed => {{ window.pmSeen = ({seen_there})(failed); }}", number
        )
        bench.execute(
            "UPDATE runs SET status = 'failed', error = 'ValueError: odd', finished_at = now()"
            " WHERE id = %s",
            run,
        )
        committed = time.time()
        told = committed
        for note in listener.notifies(timeout=10):
            if f'"id" : {run}' in note.payload or f'"id": {run}' in note.payload:
                told = time.time()
                break
    seen = float(page.evaluate("() => window.pmSeen"))
    handle.dispose()
    return (told - committed) * 1000, (seen - committed) * 1000


def beat(
    bench: Workbench,
    running: list[int],
    waiting: list[int],
    begin: Callable[[], int],
    stop: threading.Event,
) -> None:
    """Heartbeats of what is in flight, and ends of some; for each that ended one begins."""
    with psycopg.connect(bench.url, autocommit=True) as connection:
        for n in itertools.count():
            if stop.wait(0.025):
                return
            beats = "UPDATE runs SET heartbeat_at = now() WHERE id = %s"
            connection.execute(beats, (random.choice(list(running)),))
            if n % 8 == 0 and waiting:
                ends = "UPDATE runs SET status = 'cancelled', finished_at = now() WHERE id = %s"
                connection.execute(ends, (running.pop(0),))
            while len(running) < IN_FLIGHT and waiting:
                running.append(begin())


if __name__ == "__main__":
    main()
