import { describe, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { Everything } from '../src/api/everything';
import { filterOf, NO_FILTER } from '../src/everything/filter';
import { RunPages } from '../src/everything/run_list';
import type { ILook } from '../src/everything/look';
import { foldsOf, readLook, textOf } from '../src/everything/look';
import { chainOf, columnsOf, linksOf, runLinksOf } from '../src/everything/shape';

import { run } from './records';
import type { IAnswer } from './server';
import { server } from './server';

/** Module a: one reads nothing, two reads one; b reads two, c reads b and one; d reads itself. */
const EVERYTHING: Everything = {
  methods: [
    { method: 'two', module: 'a', versions: 1, runs: { completed: 2, failed: 1 } },
    { method: 'one', module: 'a', versions: 2, runs: { completed: 3 } },
    { method: 'bee', module: 'b', versions: 1, runs: { completed: 4 } },
    { method: 'sea', module: 'c', versions: 1, runs: {} },
    { method: 'ring', module: 'd', versions: 1, runs: { completed: 5 } }
  ],
  edges: [
    { source: 'one', target: 'two', count: 3 },
    { source: 'two', target: 'bee', count: 4 },
    { source: 'one', target: 'sea', count: 1 },
    { source: 'two', target: 'sea', count: 2 },
    { source: 'bee', target: 'sea', count: 1 },
    { source: 'ring', target: 'ring', count: 4 }
  ]
};
const COLUMNS = columnsOf(EVERYTHING);

describe('the graph of everything', () => {
  it('puts what reads right of what it reads, and counts the runs of a module', () => {
    expect(COLUMNS.map(column => column.map(({ module }) => module))).toEqual([
      ['a', 'd'],
      ['b'],
      ['c']
    ]);
    const [a] = COLUMNS[0] ?? [];
    expect(a?.methods.map(({ method }) => method)).toEqual(['one', 'two']);
    expect(a?.runs).toEqual({ completed: 5, failed: 1 });
  });

  it('ends when modules read each other', () => {
    const ring = {
      ...EVERYTHING,
      edges: [...EVERYTHING.edges, { source: 'sea', target: 'one', count: 1 }]
    };
    expect(columnsOf(ring).flat()).toHaveLength(4);
  });

  it('links what is visible, with a lane of its own for a link that passes a column', () => {
    expect(linksOf(EVERYTHING, COLUMNS, module => module !== 'a')).toEqual([
      { from: 'module/a', to: 'method/bee', count: 4, lane: null },
      { from: 'module/a', to: 'method/sea', count: 3, lane: 0 },
      { from: 'method/bee', to: 'method/sea', count: 1, lane: null },
      { from: 'method/ring', to: 'method/ring', count: 4, lane: null }
    ]);
  });

  it('links runs in the lane of their methods, once for several inputs', () => {
    const edge = {
      ...{ run_id: 9, source_run_id: 1, input: 'a', output: 'o', ordinal: 0, label: null },
      equal_bytes: []
    };
    const listed = new Map([
      ['one', [1]],
      ['sea', [9]]
    ]);
    const links = linksOf(EVERYTHING, COLUMNS, () => true);
    expect(runLinksOf([edge, { ...edge, input: 'b' }], listed, links)).toEqual([
      { from: 'run/1', to: 'run/9', count: 1, lane: 0 }
    ]);
  });

  it('knows what leads to a node and what comes of it', () => {
    const links = linksOf(EVERYTHING, COLUMNS, () => true);
    expect([...chainOf(links, 'method/bee')].sort()).toEqual([
      'method/bee',
      'method/one',
      'method/sea',
      'method/two'
    ]);
    expect([...chainOf(links, 'method/ring')]).toEqual(['method/ring']);
  });
});

describe('the filter of everything', () => {
  it('is none where nothing was typed', () => {
    expect(filterOf({ sample: ' ', plan: '', since: '' })).toBe(NO_FILTER);
    expect(filterOf({ sample: ' s1 ', plan: '', since: '' })).toEqual({
      ...NO_FILTER,
      sample: 's1'
    });
  });
});

describe('the runs of a method', () => {
  it('are not said to have failed by an older answer that arrives late', async () => {
    const answers: ((body: IAnswer) => void)[] = [];
    const { settings } = server({
      '/base/pm/api/runs': () => new Promise<IAnswer>(resolve => answers.push(resolve))
    });
    const pages = new RunPages({ api: new Api(settings) }, 'scale', NO_FILTER);
    const asked = [pages.refresh(), pages.refresh()];
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.({ body: { runs: [run(4)], before: null, unsearched: false, counts: null } });
    await asked[1];
    answers[0]?.({ status: 500, body: '<html>Oops</html>' });
    await asked[0];
    expect([pages.error, pages.runs.length]).toEqual([null, 1]);
  });

  it('stay as many as were listed when they are asked for again', async () => {
    const { settings, requests } = server({
      '/base/pm/api/runs': () => {
        const query = new URL(requests[requests.length - 1]?.url ?? '').searchParams;
        const from = Number(query.get('before') ?? 3001) - 1;
        const limit = Number(query.get('limit'));
        const runs = Array.from({ length: limit }, (_, index) => run(from - index));
        return { body: { runs, before: from - limit + 1, unsearched: false, counts: null } };
      }
    });
    const pages = new RunPages({ api: new Api(settings) }, 'scale', NO_FILTER);
    await pages.refresh();
    for (let n = 0; n < 5; n++) {
      await pages.more();
    }
    const before = pages.runs.map(each => each.run_id);
    expect(before).toHaveLength(1200);
    await pages.refresh();
    expect(pages.runs.map(each => each.run_id)).toEqual(before);
    expect(pages.before).toBe(1801);
  });
});

it('everything is looked at as before after a reload, whatever the layout kept', () => {
  const look: ILook = {
    turned: ['method/scale', 'module/a'],
    many: true,
    chosen: [5, 2],
    place: { zoom: 1.25, left: 30, top: 400.5 }
  };
  expect(readLook(textOf(look))).toEqual(look);
  const first: ILook = {
    ...{ turned: [], many: null, chosen: [], place: { zoom: 1, left: 0, top: 0 } }
  };
  for (const text of [
    '',
    '[]',
    'null',
    '{"turned": [3], "many": 41, "chosen": ["5", 1.5], "place": {"zoom": "2", "left": -4}}'
  ]) {
    expect(readLook(text)).toEqual(first);
  }
  expect(readLook('{"place": {"zoom": 400}}').place.zoom).toBe(2);
});

it('what was folded stays folded, and what was unfolded stays so, when there are more methods', () => {
  const few = foldsOf(readLook(''), 40);
  expect([few.many, few.isOpen('module/a'), few.isOpen('method/scale')]).toEqual([
    ...[false, true, false]
  ]);
  const kept = textOf({ ...readLook(''), turned: ['module/a', 'method/scale'], many: few.many });
  for (const methods of [40, 41]) {
    const { isOpen } = foldsOf(readLook(kept), methods);
    const open = ['module/a', 'module/b', 'method/scale', 'method/gate'].filter(isOpen);
    expect(open).toEqual(['module/b', 'method/scale']);
  }
  expect(foldsOf(readLook(''), 41).isOpen('module/a')).toBe(false);
});
