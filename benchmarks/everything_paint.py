"""Everything, with 20,000 runs of 30 methods, in a real Lab in a real Chromium.

    python benchmarks/everything_paint.py [--chromium PATH] [--repeat N]

Each row is something that a person does there, until a frame shows it. The floor fetches the same
JSON from the same server in the same page and draws it bare, a line of text for each method or run.
Both are taken in turns; the code of the tab is loaded before, as after its first use.
"""

from __future__ import annotations

import statistics

from browser import parser, scratch_lab
from playwright.sync_api import Page

from pm_kernel.store.engine import Store
from tests.integration.factories import Rows

#: Samples and plans without a common divisor: a plan has runs of every sample.
MODULES, METHODS, PLANS, SAMPLES = 6, 5, 20, 97
#: Runs of each method, and of the one that is unfolded.
FEW, MANY = 600, 3_000
UNFOLDED = "method_2_3"

# Each as the first of its method, of another sample, plan and time.
RUNS = """
INSERT INTO runs (uuid, workspace_id, method_id, method_version_id, param_set_id, sample,
    execution_plan_id, status, started_at, finished_at, created_by, host)
SELECT gen_random_uuid(), workspace_id, method_id, method_version_id, param_set_id,
    'sample ' || n %% %(samples)s, (%(plans)s::bigint[])[1 + n %% %(many)s],
    CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'completed' END,
    now() - n * interval '2 hours', now() - n * interval '2 hours' + interval '20 seconds',
    created_by, host
FROM runs, generate_series(1, %(count)s) n WHERE id = %(first)s ORDER BY n DESC
"""
LINKS = """
INSERT INTO run_inputs (run_id, method_input_id, source_run_id, source_output, checksum, ordinal)
SELECT r.id, %(input)s, s.id, 'table', repeat('c', 64), 0
FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM runs WHERE method_id = %(method)s) r
JOIN (SELECT id, row_number() OVER (ORDER BY id) n FROM runs WHERE method_id = %(source)s) s
    ON s.n = 1 + (r.n - 1) %% %(few)s
"""


def build(store: Store) -> tuple[int, int]:
    """Fill a database; returns how many runs it has, and a plan with runs of sample 2."""
    rows = Rows(store)
    plans = [rows.plan(f"plan {n}") for n in range(PLANS)]
    before: list[int] = []
    total = 0
    # Modules are layers.
    for module in range(MODULES):
        methods = []
        for n in range(METHODS):
            name = f"method_{module}_{n}"
            row = rows.method(name, module=f"module_{module}", inputs=("one", "other"))
            first = rows.run(name, sample="sample 0")
            count = MANY if name == UNFOLDED else FEW
            values = {"samples": SAMPLES, "plans": plans, "many": PLANS, "count": count - 1}
            with store.transaction() as connection:
                raw = connection.connection.cursor()
                raw.execute(RUNS, {**values, "first": first})
                for source, name in zip((n, (n + 1) % METHODS), row.inputs, strict=True):
                    if before:
                        raw.execute(
                            LINKS,
                            {
                                "input": row.inputs[name],
                                "method": row.method_id,
                                "source": before[source],
                                "few": FEW,
                            },
                        )
            methods.append(row.method_id)
            total += count
        before = methods
    with store.transaction() as connection:
        connection.connection.cursor().execute("ANALYZE")
    # The second run of each method has this one: see RUNS, where lists begin with 1.
    return total, plans[2]


#: Milliseconds from doing something until a frame is drawn in which it is seen, or an error.
SEEN = """const seen = async (work, found) => {
  const begin = performance.now();
  await new Promise((done, fail) => {
    Promise.resolve(work()).catch(fail);
    const look = () => {
      if (found()) {
        requestAnimationFrame(() => requestAnimationFrame(done));
      } else if (performance.now() - begin > 120_000) {
        fail(new Error(`never seen: ${found}`));
      } else {
        requestAnimationFrame(look);
      }
    };
    look();
  });
  return performance.now() - begin;
};"""

OURS = f"""async ([method, ofPlan]) => {{
  {SEEN}
  const {{ commands, shell }} = window.jupyterapp;
  const all = selector => [...document.querySelectorAll(selector)];
  const total = () => document.querySelector('.pm-Everything-total')?.textContent ?? '';
  const type = (name, text) => {{
    const field = document.querySelector(`.pm-Everything form input[aria-label="${{name}}"]`);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text);
    field.dispatchEvent(new Event('input', {{ bubbles: true }}));
  }};
  const filter = async (name, text) => {{
    const before = total();
    type(name, text);
    await new Promise(requestAnimationFrame);
    return await seen(
      () => document.querySelector('.pm-Everything form').requestSubmit(),
      () => total() !== before && total() !== '');
  }};
  const open = await seen(
    () => void commands.execute('pm:open-everything'),
    () => all('.pm-Everything-method').length > 0);
  const unfold = await seen(
    () => document.querySelector(`button[data-pm-node="method/${{method}}"]`).click(),
    () => all('.pm-Everything-run').length > 0);
  const list = document.querySelector('.pm-Everything-runs');
  const times = [];
  let last = 0;
  for (let n = 0; n < 90; n++) {{
    const now = await new Promise(requestAnimationFrame);
    if (last > 0) times.push(now - last);
    last = now;
    list.scrollTop += 60;
  }}
  times.sort((a, b) => a - b);
  const sample = await filter('Sample', 'sample 2');
  const plan = await filter('Number of the plan', String(ofPlan));
  shell.currentWidget.close();
  return {{ open, unfold, sample, plan, scroll: times[44], late: times[84] }};
}}"""

FLOOR = f"""async path => {{
  {SEEN}
  let page = null;
  const time = await seen(
    async () => {{
      const response = await fetch(`/pm/api/${{path}}`);
      if (!response.ok) throw new Error(`${{path}}: ${{response.status}}`);
      const answer = await response.json();
      const sheet = document.createElement('pre');
      sheet.style = 'position: fixed; inset: 0; z-index: 9999; background: white';
      sheet.textContent = (answer.methods ?? answer.runs).map(
        each => JSON.stringify(each)).join('\\n');
      document.body.append(sheet);
      page = sheet;
    }},
    () => page !== null);
  page.remove();
  return time;
}}"""


def floors_of(plan: int) -> dict[str, str]:
    """What each thing that a person does asks of the server."""
    return {
        "open": "everything",
        "unfold": f"runs?method={UNFOLDED}&limit=200",
        "sample": "everything?sample=sample%202",
        "plan": f"everything?sample=sample%202&plan={plan}",
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--repeat", type=int, default=10)
    asked = options.parse_args()
    with scratch_lab(asked.chromium) as scratch:
        total, plan = build(scratch.bench.store)
        report(scratch.page(), total, plan, asked.repeat)


def report(page: Page, total: int, plan: int, repeat: int) -> None:
    paths = floors_of(plan)
    first = page.evaluate(OURS, [UNFOLDED, plan])
    floors: dict[str, list[float]] = {name: [] for name in paths}
    ours: dict[str, list[float]] = {name: [] for name in first}
    for _ in range(repeat):
        for name, path in paths.items():
            floors[name].append(page.evaluate(FLOOR, path))
        for name, time in page.evaluate(OURS, [UNFOLDED, plan]).items():
            ours[name].append(time)
    print(f"{total:,} runs, {repeat} turns; the very first opening took {first['open']:.0f} ms")
    print("| medians, ms | floor | ours | ours / floor |\n|---|---|---|---|")
    for name in paths:
        floor, own = statistics.median(floors[name]), statistics.median(ours[name])
        print(f"| {name} | {floor:.0f} | {own:.0f} | {own / floor:.1f} |")
    for name in ("scroll", "late"):
        print(f"| {name} | 16.7 | {statistics.median(ours[name]):.1f} | |")


if __name__ == "__main__":
    main()
