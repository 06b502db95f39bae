import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { describe, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import type { PlannedRun } from '../src/api/plans';
import { CommandIDs } from '../src/commands';
import { Live } from '../src/live/live';
import {
  ALL,
  causesOf,
  filtered,
  lastOf,
  noteOf,
  sorted,
  suspects,
  topOf,
  treeLines
} from '../src/plan/rows';
import { copyPython, runAgain, takeBack } from '../src/plan/actions';
import { addCommands } from '../src/plan/commands';
import type { ILook } from '../src/plan/look';
import { readLook, textOf } from '../src/plan/look';
import { barsOf } from '../src/plan/timeline';
import type { IPlanNow } from '../src/plan/watch';
import { changed, PlanWatch } from '../src/plan/watch';
import { wantedBy, withoutOurs } from '../src/routing/address';
import { clicked, extended, movedTo, NONE, still, toggled } from '../src/screen/choosing';
import { Here } from '../src/screen/here';
import type { IItemProps } from '../src/screen/item';
import { hasItem, item, planItem, runItem, withItem } from '../src/screen/item';
import type { IChange } from '../src/tokens';
import { plannedRun, run } from './records';
import type { Answers, IAnswer } from './server';
import { PLAN, server, STATUS } from './server';

const ROWS: PlannedRun[] = [
  plannedRun(1, { step: 'segment', sample: 's10', state: 'completed', run_id: 7 }),
  plannedRun(2, { step: 'gate', sample: 's10', branch: 'tight', parents: [1], state: 'failed' }),
  plannedRun(3, { step: 'gate', sample: 's10', branch: 'wide', parents: [1], state: 'reused' }),
  plannedRun(4, { step: 'segment', sample: 's9' }),
  plannedRun(5, { step: 'figure', sample: null, parents: [2, 3], state: 'blocked' })
];
const ids = (rows: readonly PlannedRun[]): number[] => rows.map(row => row.planned_id);

describe('the runs of a plan', () => {
  it('are filtered by text, state and step together', () => {
    expect(ids(filtered(ROWS, { ...ALL, text: ' TIGHT ' }))).toEqual([2]);
    expect(ids(filtered(ROWS, { ...ALL, text: 'run 7' }))).toEqual([1]);
    expect(ids(filtered(ROWS, { text: 's10', state: 'reused', step: 'gate' }))).toEqual([3]);
    expect(filtered(ROWS, ALL)).toBe(ROWS);
  });

  it('are sorted as people count, what has no value last in both directions', () => {
    expect(ids(sorted(ROWS, 'sample', false))).toEqual([4, 1, 2, 3, 5]);
    expect(ids(sorted(ROWS, 'sample', true))).toEqual([1, 2, 3, 4, 5]);
    expect(ids(sorted(ROWS, 'state', false))[0]).toBe(2);
  });

  it('are a tree of samples and branches, with what belongs to all samples at the end', () => {
    const said = (closed: ReadonlySet<string>): string[] =>
      treeLines(ROWS, closed, 'all samples').map(
        line => `${line.level} ${line.kind === 'group' ? line.label : line.row.step}`
      );
    expect(said(new Set())).toEqual([
      '1 s10',
      '2 segment',
      '2 tight',
      '3 gate',
      '2 wide',
      '3 gate',
      '1 s9',
      '2 segment',
      '1 all samples',
      '2 figure'
    ]);
    expect(said(new Set(['["s10"]'])).slice(0, 2)).toEqual(['1 s10', '1 s9']);
  });

  it('are run again from those that none other feeds', () => {
    expect(ids(topOf(ROWS))).toEqual([1, 4]);
    expect(ids(topOf(ROWS.slice(1, 3)))).toEqual([2, 3]);
  });

  it('say what is the matter in one line', () => {
    const error = 'Traceback (most recent call last):\n  File "x"\nValueError: no column';
    expect(noteOf(plannedRun(1, { error }))).toBe('ValueError: no column');
    expect(noteOf(plannedRun(1, { reason: 'run 12 failed' }))).toBe('run 12 failed');
  });

  it('that failed name what those that succeeded were not given', () => {
    const failed = plannedRun(9, { state: 'failed', set_params: { 'f.a': '2', 'f.b': '1' } });
    const well = plannedRun(8, { state: 'completed', set_params: { 'f.a': '3', 'f.b': '1' } });
    expect(suspects(failed, [failed, well])).toEqual(['f.a = 2 (3)']);
    expect(suspects(failed, [failed])).toEqual([]);
  });

  it('stand in the timeline by their beginning, those of other plans left out', () => {
    const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
    const bars = barsOf(
      [
        plannedRun(1, { state: 'running', started_at: at(20) }),
        plannedRun(2, { state: 'completed', started_at: at(10), finished_at: at(15) }),
        plannedRun(3, { state: 'reused', started_at: at(1), finished_at: at(2) }),
        plannedRun(4)
      ],
      30_000
    );
    expect(bars.map(({ row, start, end }) => [row.planned_id, start, end])).toEqual([
      [2, 10_000, 15_000],
      [1, 20_000, 30_000]
    ]);
  });

  it('of which ten thousand there are, are sorted and filtered in no time', () => {
    const many = Array.from({ length: 10_000 }, (_, n) =>
      plannedRun(n, { sample: `s${n % 977}`, state: n % 7 === 0 ? 'failed' : 'completed' })
    );
    expect(sorted(filtered(many, { ...ALL, state: 'failed' }), 'sample', true)).toHaveLength(1429);
  });
});

/** A server with a plan of so many runs. */
function planOf(total: number): {
  watch: PlanWatch;
  here: Here;
  asked: string[];
  answers: Answers;
} {
  const asked: string[] = [];
  const answers: Answers = {
    '/base/pm/api/status': { body: STATUS },
    '/base/pm/api/plans/12': () => {
      asked.push('plan');
      return { body: { ...PLAN, document: {}, request: {}, base: '', revision: '', steps: [] } };
    },
    '/base/pm/api/plans/12/status': () => {
      asked.push('status');
      return { body: { ...PLAN, steps: [] } };
    },
    '/base/pm/api/plans/12/runs': () => {
      const query = new URL(requests[requests.length - 1]?.url ?? '').searchParams;
      const first = Number(query.get('first'));
      asked.push(`runs ${first}`);
      const end = Math.min(total, first + Number(query.get('limit')));
      const page = Array.from({ length: end - first }, (_, n) => plannedRun(first + n + 1));
      return { body: { planned_runs: page, total, next: end < total ? end : null } };
    }
  };
  const { settings, requests } = server(answers);
  const api = new Api(settings);
  const here = new Here(api, new Live(api), new CommandRegistry(), nullTranslator.load(''));
  return { watch: new PlanWatch(here, 12), here, asked, answers };
}

const change = (changes: Partial<IChange> = {}): IChange => ({
  kind: 'run',
  id: 70,
  status: 'running',
  plan: 12,
  planned: 3,
  step: 'scale',
  ...changes
});

describe('a plan that is watched', () => {
  it('is concerned by what happens to it and to nothing else', () => {
    const { watch } = planOf(1);
    expect(watch.fits(change())).toBe(true);
    expect(watch.fits(change({ plan: 13 }))).toBe(false);
  });

  it('is read anew when it is small', async () => {
    const { watch, asked } = planOf(26);
    await watch.refresh();
    watch.fits(change());
    await watch.look();
    expect(asked.filter(what => what === 'runs 0')).toHaveLength(2);
    // The plan itself is as it was, until something of it is heard.
    expect(asked.filter(what => what === 'plan')).toHaveLength(1);
    watch.fits(change({ kind: 'plan', id: 12 }));
    await watch.look();
    expect(asked.filter(what => what === 'plan')).toHaveLength(2);
    watch.dispose();
  });

  it('changes the rows that it hears of at once when it is large', async () => {
    const { watch, asked } = planOf(12_500);
    await watch.refresh();
    expect(asked).toContain('runs 10000');
    const before = asked.length;
    watch.fits(change());
    await watch.look();
    expect(asked.slice(before)).toEqual(['status']);
    const rows = watch.state.kind === 'ready' ? watch.state.value.rows : [];
    expect(rows[2]).toMatchObject({ planned_id: 3, run_id: 70, state: 'running' });
    watch.dispose();
  });

  it('shows a state when it is heard of, before anything is asked', async () => {
    const { watch, asked } = planOf(3);
    await watch.refresh();
    const before = asked.length;
    const shown = new Promise<void>(done => {
      watch.changed.connect(() => {
        done();
      });
    });
    watch.fits(change({ status: 'completed' }));
    await shown;
    expect(asked).toHaveLength(before);
    const value = watch.state.kind === 'ready' ? watch.state.value : null;
    expect(value?.rows[2]).toMatchObject({ run_id: 70, state: 'completed' });
    expect(value?.status.counts).toEqual({ completed: 12, reused: 6, waiting: 8 });
    // It ended: that it began, told late, is no news.
    expect(changed(value?.rows ?? [], [change()])).toBe(value?.rows);
    watch.dispose();
  });

  it('keeps what is known when the server goes away', async () => {
    const { watch, answers } = planOf(3);
    await watch.refresh();
    answers['/base/pm/api/plans/12'] = { status: 500, body: '<html>Oops</html>' };
    await watch.refresh();
    expect(watch.state).toMatchObject({ kind: 'ready', trouble: { status: 500 } });
    watch.dispose();
  });
});

describe('a plan of which something is heard while it is read', () => {
  /** Hold back the next answer for this path until it is let go. */
  function held(answers: Answers, path: string): () => void {
    const before = answers[path];
    let letGo = (): void => undefined;
    const wait = new Promise<void>(done => {
      letGo = done;
    });
    answers[path] = async request => {
      answers[path] = before as IAnswer;
      const answer = typeof before === 'function' ? await before(request) : (before as IAnswer);
      await wait;
      return answer;
    };
    return letGo;
  }
  const valueOf = (watch: PlanWatch): IPlanNow => {
    if (watch.state.kind !== 'ready') {
      throw new Error('It is not read yet.');
    }
    return watch.state.value;
  };

  it('shows the rows of a long reading, though its counts were read once more meanwhile', async () => {
    const { watch, answers } = planOf(1200);
    await watch.refresh();
    const rows = Array.from({ length: 1200 }, (_, n) =>
      plannedRun(n + 1, { reason: 'read again', ...(n < 2 ? { state: 'failed', run_id: n } : {}) })
    );
    answers['/base/pm/api/plans/12/runs'] = {
      body: { planned_runs: rows, total: 1200, next: null }
    };
    const letGo = held(answers, '/base/pm/api/plans/12/runs');
    const reading = watch.refresh();
    watch.fits(change({ status: 'completed' }));
    answers['/base/pm/api/plans/12/status'] = {
      body: { ...PLAN, counts: { completed: 20 }, steps: [] }
    };
    await watch.look();
    expect(valueOf(watch).rows[2]).toMatchObject({ run_id: 70, state: 'completed' });
    letGo();
    await reading;
    // What was heard is newer than what was read, and so are the counts.
    const { rows: shown, status } = valueOf(watch);
    expect(shown[0]).toMatchObject({ reason: 'read again', state: 'failed' });
    expect(shown[2]).toMatchObject({ reason: 'read again', run_id: 70, state: 'completed' });
    expect(status.counts).toEqual({ completed: 20 });
    watch.dispose();
  });

  it('counts once what is in the answer already', async () => {
    const { watch, answers } = planOf(3);
    await watch.refresh();
    const letGo = held(answers, '/base/pm/api/plans/12/status');
    const looking = watch.look();
    watch.fits(change({ status: 'completed' }));
    letGo();
    await looking;
    expect(valueOf(watch).rows[2]).toMatchObject({ run_id: 70, state: 'completed' });
    expect(valueOf(watch).status.counts).toEqual(PLAN.counts);
    watch.dispose();
  });

  it('draws nothing while nobody sees it, and then the last that was heard', async () => {
    const { here } = planOf(3);
    let isSeen = false;
    const watch = new PlanWatch(here, 12, () => isSeen);
    await watch.refresh();
    const { version } = watch;
    vi.useFakeTimers();
    try {
      watch.fits(change());
      watch.fits(change({ status: 'completed' }));
      watch.fits(change({ status: null }));
      vi.advanceTimersByTime(1_000);
      expect(watch.version).toBe(version);
    } finally {
      vi.useRealTimers();
    }
    isSeen = true;
    const looking = watch.look();
    expect(valueOf(watch).rows[2]).toMatchObject({ run_id: 70, state: 'completed' });
    await looking;
    watch.dispose();
  });

  it('has no times of the run before where another was begun', () => {
    const at = '2026-02-14T10:23:00+00:00';
    const row = plannedRun(3, {
      run_id: 60,
      state: 'failed',
      started_at: at,
      finished_at: at
    });
    expect(changed([row], [change()])[0]).toMatchObject({
      run_id: 70,
      state: 'running',
      started_at: null,
      finished_at: null
    });
    const running = { ...row, state: 'running' as const, finished_at: null };
    const ended = change({ id: 60, status: 'completed' });
    expect(changed([running], [ended])[0]).toMatchObject({ state: 'completed', started_at: at });
  });

  it('is read with its plan at the next look where that could not be read', async () => {
    const { watch, asked, answers } = planOf(3);
    await watch.refresh();
    const status = answers['/base/pm/api/plans/12/status'] as IAnswer;
    answers['/base/pm/api/plans/12/status'] = { status: 500, body: '<html>Oops</html>' };
    watch.fits(change());
    watch.fits(change({ kind: 'plan', id: 12 }));
    await watch.look();
    answers['/base/pm/api/plans/12/status'] = status;
    watch.fits(change());
    await watch.look();
    expect(asked.filter(what => what === 'plan')).toHaveLength(2);
    watch.dispose();
  });
});

describe('an address', () => {
  it.each([
    ['run-47', 'pm:open-run', { run: 47 }],
    ['log-47', 'pm:open-log', { run: 47 }],
    ['log-47-120', 'pm:open-log', { run: 47, line: 120 }],
    ['code-2-label_positive', 'pm:open-code', { method: 'label_positive', version: 2 }],
    ['lineage-47', 'pm:open-lineage', { run: 47 }],
    ['plan-12', 'pm:open-plan', { plan: 12 }],
    ['step-12-label-positive', 'pm:open-plan', { plan: 12, step: 'label-positive' }],
    ['compare-3-4-5', 'pm:compare', { runs: [3, 4, 5] }]
  ])('%s opens what it names', (text, command, args) => {
    expect(wantedBy(text)).toEqual({ command, args });
  });

  it.each([
    '',
    'run-',
    'run-0',
    'log-47-x',
    'code-0-a',
    'run-4x',
    'toString-4',
    'run-47-more',
    '<b>'
  ])('%j opens nothing', text => {
    expect(wantedBy(text)).toBeNull();
  });

  it('loses only what is ours', () => {
    expect(withoutOurs('?pm=run-47&reset=1')).toBe('?reset=1');
    expect(withoutOurs('?pm=run-47')).toBe('');
  });
});

describe('runs of a list', () => {
  const keys = { ctrlKey: false, metaKey: false, shiftKey: false };
  const order = [9, 8, 7, 6];

  it('are chosen one by one with ctrl, up to another with shift, and opened without', () => {
    expect(clicked(NONE, 9, order, keys)).toBeNull();
    const one = clicked(NONE, 8, order, { ...keys, ctrlKey: true }) ?? NONE;
    expect([...one.runs]).toEqual([8]);
    const up = clicked(one, 6, order, { ...keys, shiftKey: true }) ?? NONE;
    expect([...up.runs]).toEqual([8, 7, 6]);
    expect([...toggled(up, [7]).runs]).toEqual([8, 6]);
    // The one that was chosen last may be filtered away by now.
    expect([...extended({ runs: new Set([3]), from: 3 }, 7, order).runs]).toEqual([3, 7]);
  });

  it('are chosen from where the keys went last, and no more when they are listed no more', () => {
    const one = toggled(NONE, [9]);
    expect([...extended(movedTo(one, 7), 6, order).runs]).toEqual([9, 7, 6]);
    expect(movedTo(one, 9)).toBe(one);
    expect([...still(toggled(one, [7]), [9, 8]).runs]).toEqual([9]);
    expect(still(one, order)).toBe(one);
  });
});

describe('how a plan is looked at', () => {
  it('is read back as it was kept, and what nobody wrote as at first', () => {
    const look: ILook = {
      view: 'table',
      filter: { text: 's1', state: 'failed', step: '' },
      sort: { column: 'took', descending: true },
      folded: ['["s1"]'],
      top: { table: 120 }
    };
    expect(readLook(textOf(look), '')).toEqual(look);
    const odd =
      '{"view": 3, "sort": {"column": "x"}, "filter": null, "folded": [1], "top": {"a": "b"}}';
    expect(readLook(odd, '')).toEqual(readLook('', ''));
    expect(readLook('', 'gate')).toMatchObject({ view: 'table', filter: { step: 'gate' } });
  });
});

describe('what a row is about', () => {
  const app = (html: string): Pick<JupyterFrontEnd, 'contextMenuHitTest'> => {
    const host = document.createElement('div');
    host.innerHTML = html;
    const clicked = host.querySelector('b');
    return {
      contextMenuHitTest: fits => {
        for (let node = clicked?.parentElement; node instanceof HTMLElement;) {
          if (fits(node)) {
            return node;
          }
          node = node.parentElement;
        }
        return undefined;
      }
    };
  };

  it('is what a command of a context menu acts on', () => {
    const row = app('<ul><li data-pm-item="run" data-pm-id="47"><b></b></li></ul>');
    expect(withItem(row, { context: 'run' })).toEqual({ context: 'run', run: 47, runs: [47] });
    expect(hasItem(row, { context: 'plan' })).toBe(false);
    expect(withItem(row, { run: 3 })).toEqual({ run: 3 });
  });

  it('decides what can be done with a plan: only what runs is cancelled, only what fell short resumed', () => {
    const enabled = (status: string): string[] => {
      const row = document.createElement('li');
      Object.entries<string>(planItem({ plan_id: 12, status }) as never).forEach(
        ([name, value]) => {
          row.setAttribute(name, value);
        }
      );
      const commands = new CommandRegistry();
      addCommands({
        app: { ...app(row.outerHTML.replace('></', '><b></b></')), commands } as never,
        here: { trans: nullTranslator.load('') } as never,
        pipelines: { current: null } as never,
        palette: null,
        inFront: () => null
      });
      return [CommandIDs.cancelPlan, CommandIDs.resumePlan, CommandIDs.retryPlan].filter(id =>
        commands.isEnabled(id, { context: 'plan' })
      );
    };
    const { cancelPlan, resumePlan, retryPlan } = CommandIDs;
    expect(enabled('submitted')).toEqual([cancelPlan]);
    expect(enabled('running')).toEqual([cancelPlan, retryPlan]);
    expect(enabled('partial')).toEqual([resumePlan, retryPlan]);
    expect(enabled('completed')).toEqual([]);
    expect(enabled('draft')).toEqual([]);
  });

  it('names the plan that lists it, which may have reused the run of another', () => {
    const row = app('<p data-pm-item="run" data-pm-id="31" data-pm-plan="12"><b></b></p>');
    expect(withItem(row, { context: 'run' })).toMatchObject({ run: 31, within: 12 });
    expect(hasItem(row, { context: 'plan' })).toBe(false);
    expect(item('run', 31, 12)).toEqual({
      'data-pm-item': 'run',
      'data-pm-id': '31',
      'data-pm-plan': '12'
    });
  });

  it('is all that is chosen, where it is one of them; of a branch its results', () => {
    const chosen = new Set([4, 7]);
    const attributes = (of: IItemProps): string =>
      Object.entries(of)
        .map(([name, value]) => `${name}="${value}"`)
        .join(' ');
    const row = app(`<li ${attributes(runItem(7, chosen))}><b></b></li>`);
    expect(withItem(row, { context: 'run' })).toMatchObject({ run: 7, runs: [4, 7] });
    const other = app(`<li ${attributes(runItem(9, chosen))}><b></b></li>`);
    expect(withItem(other, { context: 'run' })).toMatchObject({ run: 9, runs: [9] });
    const branch = app(`<li ${attributes(item('branch', 'low', 3, [8, 9]))}><b></b></li>`);
    expect(withItem(branch, { context: 'branch' })).toMatchObject({ runs: [8, 9] });
    expect(hasItem(branch, { context: 'run' })).toBe(false);
    expect(ids(lastOf(ROWS.slice(0, 3)))).toEqual([2, 3]);
  });

  it('is not what lies around a row that is about nothing', () => {
    const row = app(
      '<div data-pm-item="run" data-pm-id="4"><p data-pm-item="none"><b></b></p></div>'
    );
    expect(hasItem(row, { context: 'run' })).toBe(false);
  });

  it('is no number where none was written', () => {
    const row = app('<li data-pm-item="plan" data-pm-id="12; DROP"><b></b></li>');
    expect(hasItem(row, { context: 'plan' })).toBe(false);
    expect(withItem(app('<i><b></b></i>'), { context: 'plan' })).toEqual({ context: 'plan' });
  });
});

describe('a run that was not run', () => {
  it('names the run above it that did not complete, however far up', () => {
    const rows = [
      plannedRun(1, { state: 'failed', run_id: 12 }),
      plannedRun(2, { state: 'blocked', parents: [1] }),
      plannedRun(3, { state: 'blocked', parents: [2] }),
      plannedRun(4, { state: 'waiting', parents: [] })
    ];
    expect([...causesOf(rows)]).toEqual([
      [2, 12],
      [3, 12]
    ]);
  });
});

describe('a run that is run again', () => {
  const door = (kind: string): ReturnType<typeof server> =>
    server({
      '/base/pm/api/plans/12/status': { body: { ...PLAN, kind, steps: [] } },
      '/base/pm/api/plans/12/retry': { body: { ...PLAN, runs: 3, queued: false } }
    });

  it.each([
    ['completed', true],
    ['failed', false],
    ['cancelled', false]
  ] as const)('in the plan that is named, %s, gives a result up: %s', async (status, again) => {
    const { settings, requests } = door('plan');
    const api = new Api(settings);
    const commands = new CommandRegistry();
    const answer = await runAgain({ api, commands }, run(31, { status, plan_id: 5 }), 12);
    expect(answer).toMatchObject({ runs: 3 });
    const asked = requests.find(each => each.method === 'POST');
    expect(await asked?.json()).toEqual({ run_id: 31, again });
  });

  it('leaves everything as it is where the person says no', async () => {
    const { settings, requests } = door('plan');
    const here = { api: new Api(settings), commands: new CommandRegistry() };
    expect(await runAgain(here, run(31), 12, () => Promise.resolve(false))).toBeNull();
    expect(requests.filter(each => each.method === 'POST')).toHaveLength(0);
  });

  it('that belongs to no pipeline is begun with its form', async () => {
    const { settings, requests } = door('run');
    const commands = new CommandRegistry();
    const opened: unknown[] = [];
    commands.addCommand('pm:run-step', { execute: args => opened.push(args) });
    expect(await runAgain({ api: new Api(settings), commands }, run(31), 12)).toBeNull();
    expect(opened).toEqual([{ method: 'scale', version: 1 }]);
    expect(requests.filter(each => each.method === 'POST')).toHaveLength(0);
  });
});

describe('what is taken back', () => {
  it.each([
    [1, 0, 'Taken back for 1 run'],
    [3, 1, 'Taken back for 3 runs. 1 run is still to run again, with all that is made of it'],
    [1, 2, 'Taken back for 1 run. 2 runs are still to run again, with all that is made of them']
  ])('is told for %i, with the %i that are left', async (runs, again, told) => {
    const { settings } = server({
      '/base/pm/api/plans/12/take_back': { body: { ...PLAN, again, runs } }
    });
    expect(await takeBack({ api: new Api(settings), trans: nullTranslator.load('') }, 12)).toBe(
      told
    );
  });
});

it('the Python of a plan that came too late for the browser to copy is not said to be copied', async () => {
  const { settings } = server({ '/base/pm/api/plans/12/python': { body: { python: 'p = 1' } } });
  Object.defineProperty(navigator, 'userActivation', {
    value: { isActive: false },
    configurable: true
  });
  const asked = copyPython({ api: new Api(settings), trans: nullTranslator.load('') }, 12);
  await expect(asked).rejects.toThrow('Click again');
  Reflect.deleteProperty(navigator, 'userActivation');
});
