import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { describe, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { IMark } from '../src/api/marks';
import type { Origin } from '../src/api/origin';
import type { Lineage, LineageRun, RunDetails } from '../src/api/runs';
import { CommandIDs } from '../src/commands';
import { readCompare } from '../src/compare/plugin';
import { LineageModel, MOST } from '../src/lineage/ask';
import { chosenAfter, drawn } from '../src/lineage/chosen';
import { citationOf, cited } from '../src/lineage/cite';
import { escaped, second, svgOf, textOf } from '../src/lineage/export';
import { foundIn } from '../src/lineage/find';
import { folded, foldKey } from '../src/lineage/fold';
import {
  chainOf,
  changedOf,
  changedShort,
  clipped,
  filesShort,
  graphOf
} from '../src/lineage/graph';
import { layout, NODE } from '../src/lineage/layout';
import type { ILook } from '../src/lineage/look';
import { readLook, textOf as keptOf } from '../src/lineage/look';
import { wordsAt } from '../src/lineage/moves';
import type { IFound } from '../src/lineage/origin';
import { foundOf, onDisk, showOrigin } from '../src/lineage/origin';
import { neighbour } from '../src/lineage/walk';
import { lineageRun, run } from './records';
import type { IHere } from '../src/screen/here';
import { Here } from '../src/screen/here';
import type { IAnswer } from './server';
import { MARKS, server, STATUS } from './server';
import { Told } from './told';

const trans = nullTranslator.load('');

function lineage(
  asked: number,
  runs: readonly LineageRun[],
  links: readonly (readonly [number, number])[],
  direction: Lineage['direction'] = 'up'
): Lineage {
  return {
    run_id: asked,
    direction,
    truncated: false,
    roots: [],
    runs,
    edges: links.map(([source_run_id, run_id]) => ({
      run_id,
      source_run_id,
      input: 'in',
      output: 'out',
      ordinal: 0,
      label: null,
      equal_bytes: []
    }))
  };
}

/** 1 → 2 → 4 and 1 → 3 → 4, then 4 → 5. */
const DIAMOND = graphOf([
  lineage(
    4,
    [lineageRun(1, 2), lineageRun(2, 1), lineageRun(3, 1), lineageRun(4, 0)],
    [
      [1, 2],
      [1, 3],
      [2, 4],
      [3, 4]
    ]
  ),
  lineage(4, [lineageRun(4, 0), lineageRun(5, 1)], [[4, 5]], 'down')
]);

describe('the graph', () => {
  it('knows what led to a run and what came of it, and nothing else', () => {
    expect([...chainOf(DIAMOND, 2)].sort()).toEqual([1, 2, 4, 5]);
    expect([...chainOf(DIAMOND, 4)].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('counts columns from the asked-for run, ancestors to the left', () => {
    expect([...DIAMOND.depth.entries()].sort()).toEqual([
      [1, -2],
      [2, -1],
      [3, -1],
      [4, 0],
      [5, 1]
    ]);
  });
});

describe('the layout', () => {
  it('puts every source left of its readers, without one node on another', () => {
    const { places, width, height } = layout(DIAMOND);
    const at = (run: number): { x: number; y: number } => places.get(run) ?? { x: NaN, y: NaN };
    for (const edge of DIAMOND.edges) {
      expect(at(edge.source_run_id).x + NODE.width).toBeLessThan(at(edge.run_id).x);
    }
    expect(Math.abs(at(2).y - at(3).y)).toBeGreaterThanOrEqual(NODE.height);
    expect(at(5).x + NODE.width).toBe(width);
    expect(height).toBeGreaterThan(2 * NODE.height);
  });

  it('makes a block of a thousand sources of one run', () => {
    const runs = Array.from({ length: 1000 }, (_, index) => lineageRun(index + 1, 1));
    const graph = graphOf([
      lineage(
        1001,
        [...runs, lineageRun(1001, 0)],
        runs.map(run => [run.run_id, 1001] as const)
      )
    ]);
    const { places, width, height } = layout(graph);
    expect(new Set([...places.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(1001);
    expect(places.get(1001)?.x).toBe(width - NODE.width);
    expect(width / height).toBeGreaterThan(0.5);
    expect(width / height).toBeLessThan(5);
  });

  it('lays a chain of a thousand runs out in one line, each right of what it was made from', () => {
    const runs = Array.from({ length: 1000 }, (_, index) => lineageRun(index + 1, 999 - index));
    const links = runs.slice(1).map(run => [run.run_id - 1, run.run_id] as const);
    const graph = graphOf([lineage(1000, runs, links)]);
    const plan = layout(graph);
    const places = runs.map(run => plan.places.get(run.run_id) ?? { x: NaN, y: NaN });
    expect(places.slice(1).every(({ x }, n) => x >= (places[n]?.x ?? NaN) + NODE.width)).toBe(true);
    expect(new Set(places.map(({ y }) => y)).size).toBe(1);
    expect(places[999]?.x).toBe(plan.width - NODE.width);
    expect(neighbour(graph, plan, 1000, 'left')).toBe(999);
    expect(graph.runs.size).toBe(1000);
  });

  it('crosses no links where none need to cross', () => {
    const links = [1, 2, 3, 4, 5].map(n => [n, 16 - n] as const);
    const runs = links.flatMap(([a, b]) => [lineageRun(a, 2), lineageRun(b, 1)]);
    const last = links.map(([, b]) => [b, 99] as const);
    const graph = graphOf([lineage(99, [...runs, lineageRun(99, 0)], [...links, ...last])]);
    const { places } = layout(graph);
    const y = (run: number): number => places.get(run)?.y ?? NaN;
    for (const [a, b] of links) {
      for (const [c, d] of links) {
        expect(Math.sign(y(a) - y(c))).toBe(Math.sign(y(b) - y(d)));
      }
    }
  });
});

describe('a walk by keys', () => {
  const plan = layout(DIAMOND);

  it('goes along the links and up and down the column', () => {
    expect(neighbour(DIAMOND, plan, 4, 'left')).toBe(2);
    expect(neighbour(DIAMOND, plan, 4, 'right')).toBe(5);
    expect(neighbour(DIAMOND, plan, 2, 'down')).toBe(3);
    expect(neighbour(DIAMOND, plan, 3, 'up')).toBe(2);
  });

  it('stays where there is nothing further', () => {
    expect(neighbour(DIAMOND, plan, 1, 'left')).toBeNull();
    expect(neighbour(DIAMOND, plan, 5, 'down')).toBeNull();
  });
});

describe('taken elsewhere', () => {
  it('is a tree of lines in which every run is told once', () => {
    const changed = {
      ...lineageRun(1, 2),
      parameters: [
        {
          function: 'scale',
          name: 'factor',
          type: 'float',
          default: '2.0',
          expected: '2.0',
          is_set: true,
          arrived: ['3.0'],
          reported: true,
          values: ['3.0'],
          changed: true,
          stated: true,
          unexpected: false,
          not_applied: false
        }
      ]
    };
    const graph = { ...DIAMOND, runs: new Map([...DIAMOND.runs, [1, changed] as const]) };
    expect(textOf(graph, MARKS.run, trans).split('\n')).toEqual([
      'How it was made:',
      'Run 4 · scale v1 · s1  completed',
      '├─ Run 2 · scale v1 · s1  completed',
      '│  └─ Run 1 · scale v1 · s1  completed; scale.factor = 3.0',
      '└─ Run 3 · scale v1 · s1  completed',
      '   └─ Run 1 · scale v1 · s1  (above)',
      '',
      'What was made of it:',
      'Run 4 · scale v1 · s1  completed',
      '└─ Run 5 · scale v1 · s1  completed',
      '',
      'Parameters were not read yet.',
      ''
    ]);
  });

  it('is only what was asked for, and says what is not in it', () => {
    const runs = [
      { ...lineageRun(4, 0), parameters: [] },
      { ...lineageRun(5, 1), parameters: [] }
    ];
    const part = { ...lineage(4, runs, [[4, 5]], 'down'), truncated: true };
    expect(textOf(graphOf([part]), MARKS.run, trans).split('\n')).toEqual([
      'Run 4 · scale v1 · s1  completed',
      '└─ Run 5 · scale v1 · s1  completed',
      '',
      'It has more runs; the 2 nearest are told.',
      ''
    ]);
  });

  it('is a drawing in which names are text, never markup', () => {
    const odd = { ...lineageRun(1, 0), sample: '<script>alert("x")</script>\u0000&' };
    const graph = graphOf([lineage(1, [odd], [])]);
    const colours = {
      paper: '#fff',
      node: '#fff',
      border: '#888',
      text: '#000',
      muted: '#555',
      asked: '#00f',
      states: { success: '#0a0' }
    };
    const svg = svgOf(graph, layout(graph), MARKS.run, colours, trans);
    const read = new DOMParser().parseFromString(svg, 'image/svg+xml');
    expect(read.querySelector('parsererror, script')).toBeNull();
    expect(read.querySelector('title')?.textContent).toContain('<script>alert("x")</script>&');
  });

  it('cuts no character in two', () => {
    expect(clipped('👩🏽‍🔬👩🏽‍🔬👩🏽‍🔬', 2)).toBe('👩🏽‍🔬…');
    expect(clipped('short', 10)).toBe('short');
    expect(escaped(`<a b="c">&'`)).toBe('&lt;a b=&quot;c&quot;&gt;&amp;&apos;');
  });
});

/** A run with one parameter, of one sample. */
function gated(run_id: number, layer: number, value: string, sample: string): LineageRun {
  const parameter = {
    ...{ function: 'gate', name: 'threshold', ordinal: 0, type: 'float', default: '0.5' },
    ...{ expected: value, is_set: value !== '0.5', reported: true, calls: 1, unexpected: false },
    ...{ not_applied: false, values: [value], arrived: [value] },
    ...{ changed: value !== '0.5', stated: value !== '0.5' }
  } as unknown as NonNullable<LineageRun['parameters']>[number];
  return { ...lineageRun(run_id, layer), method: 'gate', sample, parameters: [parameter] };
}

/** Three gates of three samples, read by one summary. */
const FAN = graphOf([
  lineage(
    9,
    [gated(1, 1, '0.5', 'a'), gated(2, 1, '0.7', 'b'), gated(3, 1, '0.7', 'c'), lineageRun(9, 0)],
    [
      [1, 9],
      [2, 9],
      [3, 9]
    ]
  )
]);

describe('alike runs', () => {
  it('are one node with all their values and one link', () => {
    const { graph, home } = folded(FAN, new Set(), trans);
    expect([...graph.runs.keys()]).toEqual([1, 9]);
    expect(graph.runs.get(1)?.together?.map(run => run.run_id)).toEqual([1, 2, 3]);
    expect(graph.edges).toHaveLength(1);
    expect([...home]).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [9, 9]
    ]);
    expect(changedShort(graph.runs.get(1) as LineageRun)).toBe('threshold = 0.5 | 0.7');
  });

  it('stand apart once they are unfolded', () => {
    const key = foldKey(FAN, FAN.runs.get(2) as LineageRun);
    expect(folded(FAN, new Set([key]), trans).graph.runs.size).toBe(4);
  });

  /** The node of three gates with these changes. */
  function gates(...changes: readonly Partial<LineageRun>[]): LineageRun {
    const runs = [...FAN.runs.values()].map((run, place) => ({ ...run, ...changes[place] }));
    const changed = { ...FAN, runs: new Map(runs.map(run => [run.run_id, run])) };
    return folded(changed, new Set(), trans).graph.runs.get(1) as LineageRun;
  }

  /** The parameters of a run whose only parameter has no default. */
  function required(...values: readonly string[]): Partial<LineageRun> {
    const [parameter] = gated(1, 1, '0.5', 'a').parameters ?? [];
    return {
      parameters:
        parameter === undefined ? [] : [{ ...parameter, default: null, changed: null, values }]
    };
  }

  it('say every state that is not as it should be', () => {
    const failed = gates({ state: 'altered' }, { state: 'tainted' }, { state: 'failed' });
    expect(failed.state).toBe('failed');
    const marks: IMark[] = [
      ...MARKS.run,
      { state: 'altered', glyph: '⚠', token: 'warn', said: 'altered' },
      { state: 'tainted', glyph: '△', token: 'warn', said: 'an upstream result was altered' }
    ];
    expect(second(failed, marks, trans)).toBe(
      '3 runs, 1 failed, 1 altered, 1 × an upstream result was altered'
    );
    expect(second(gates(), marks, trans)).toBe('3 runs');
  });

  it('say where they differ without a default', () => {
    expect(changedOf(gates(required('0.3'), required('0.7'), required('0.7')))).toEqual([
      'gate.threshold = 0.3 | 0.7'
    ]);
    expect(changedOf(gates(required('0.7'), required('0.7'), required('0.7')))).toEqual([]);
    expect(changedOf(gates(required('1', '2'), required('0.7'), required()))).toEqual([
      'gate.threshold = 1, 2 | 0.7 | not used'
    ]);
  });

  it('are chosen all together, and never one for another', () => {
    const { graph, home } = folded(FAN, new Set(), trans);
    const [group, last] = [1, 9].map(run => graph.runs.get(run) as LineageRun);
    if (group === undefined || last === undefined) {
      throw new Error('not drawn');
    }
    expect(chosenAfter([9], group, 'turned')).toEqual([9, 1, 2, 3]);
    expect(chosenAfter([9, 3], group, 'turned')).toEqual([9, 1, 2, 3]);
    expect(chosenAfter([1, 9, 2, 3], group, 'turned')).toEqual([9]);
    // Chosen before it was drawn with others, it stays the one that was chosen.
    expect(chosenAfter([3], last, 'turned')).toEqual([3, 9]);
    expect(chosenAfter([2, 9], last, 'along')).toEqual([2, 9]);
    expect(chosenAfter([2, 9], group, 'only')).toEqual([1, 2, 3]);
    expect(drawn([9, 2, 3], home)).toEqual([9, 1]);
    expect(drawn([2, 9, 3], home)).toEqual([9, 1]);
  });
});

describe('what is found in a lineage', () => {
  it('has all words, in whatever is known of a run', () => {
    expect(foundIn(FAN, 'gate threshold=0.7')).toEqual([2, 3]);
    expect(foundIn(FAN, 'threshold = 0.7 v1')).toEqual([2, 3]);
    expect(foundIn(FAN, 'RUN 9')).toEqual([9]);
    expect(foundIn(FAN, 'nothing of this')).toEqual([]);
    expect(foundIn(FAN, '  ')).toBeNull();
  });
});

describe('the words of a node', () => {
  it('become fewer, not smaller, where nodes are small', () => {
    expect(wordsAt(1)).toMatchObject({ size: 12, lines: 4 });
    for (const zoom of [0.35, 0.45, 0.6, 0.8]) {
      expect(wordsAt(zoom).size * zoom).toBeGreaterThan(9.5);
      expect(wordsAt(zoom).lines * wordsAt(zoom).step).toBeLessThanOrEqual(NODE.height);
    }
  });

  it('keep the value of a long parameter', () => {
    const run = gated(2, 1, '0.7', 'b');
    expect(changedShort(run, 12)).toBe('thres… = 0.7');
  });
});

it('says how many were chosen where not all of them are compared', () => {
  const runs = Array.from({ length: 30 }, (_, index) => index + 1);
  const args = readCompare({ runs });
  expect(args).toMatchObject({ runs: runs.slice(0, 20), chosen: 30 });
  expect(readCompare(args)).toEqual(args);
  expect(readCompare({ runs: [1, 2] }).chosen).toBe(2);
});

it('says from which files a run began, in so many letters', () => {
  const input = { type: 'file', text: null } as const;
  const inputs = ['in/field_01.png', 'in/field_02.png'].map(path => ({ ...input, path }));
  const run = { ...lineageRun(1, 0), inputs } as unknown as LineageRun;
  expect(filesShort(run, trans)).toBe('from field_01.png, +1');
  expect(filesShort(run, trans, 16)).toBe('from field_…, +1');
  expect(filesShort(lineageRun(1, 0), trans)).toBe('');
});

describe('a citation', () => {
  const details = { ...lineageRun(9, 0), plan_name: 'cohort', outputs: [] };
  const cite = (ancestry: Lineage, changes: Partial<RunDetails> = {}): string =>
    citationOf({ ...details, ...changes } as unknown as RunDetails, ancestry);
  const fan = (changes: Partial<Lineage> = {}): Lineage => ({
    ...lineage(
      9,
      [...FAN.runs.values()],
      [
        [1, 9],
        [2, 9],
        [3, 9]
      ]
    ),
    ...changes
  });

  it('tells the parameters of all that led to a result', () => {
    const read = { ...fan(), runs: fan().runs.map(run => ({ parameters: [], ...run })) };
    const text = cite(read);
    expect(text).toContain('scale v1 (commit 593c864b30) · run 9 · s1 · plan 12 “cohort”');
    expect(text).toContain('completed 2026-02-14T10:24:00Z · by me');
    expect(text).toMatch(/ · with gate.threshold = 0.7 \(gate v1\)$/);
  });

  it('tells values for which there is no default', () => {
    const [run] = fan().runs;
    const parameters = (run?.parameters ?? []).map(each => ({ ...each, default: null }));
    const of = (values: readonly string[]): string =>
      cite({
        ...lineage(9, [{ ...details, layer: 0, parameters: [] }], [[1, 9]]),
        runs: [
          { ...details, layer: 0, parameters: [] },
          { ...(run as LineageRun), parameters: parameters.map(each => ({ ...each, values })) }
        ]
      });
    expect(of(['0.5'])).toMatch(/ · with gate.threshold = 0.5 \(gate v1\)$/);
    // Its function was never entered: it had no part in the result.
    expect(of([])).toMatch(/ · all parameters as by default$/);
  });

  it('states nothing of runs whose parameters it does not have', () => {
    const unread = fan().runs.map(run => lineageRun(run.run_id, run.layer));
    expect(cite(fan({ runs: unread }))).toMatch(/ · of the 0 nearest runs alone: /);
    expect(cite(fan({ truncated: true }))).toMatch(/ · of the 3 nearest runs alone: with gate/);
  });

  it('tells that a result was altered', () => {
    expect(cite(fan(), { state: 'tainted', said: 'an upstream result was altered' })).toContain(
      'completed 2026-02-14T10:24:00Z · an upstream result was altered · by me'
    );
  });

  it('asks for the whole ancestry itself', async () => {
    const { settings, requests } = server({
      '/base/pm/api/runs/9': { body: details },
      '/base/pm/api/runs/9/lineage': { body: fan() }
    });
    expect(await cited(new Api(settings), 9)).toContain('with gate.threshold = 0.7');
    const { searchParams } = new URL(requests[1]?.url ?? '');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      direction: 'up',
      limit: String(MOST),
      details: 'true'
    });
  });
});

describe('a lineage that is asked for again', () => {
  function asked(
    direction: Lineage['direction'] = 'up',
    more: readonly LineageRun[] = []
  ): { model: LineageModel; limits: (string | null)[]; told: boolean[] } {
    const { settings, requests } = server({
      '/base/pm/api/runs/9/lineage': () => {
        const query = new URL(requests[requests.length - 1]?.url ?? '').searchParams;
        limits.push(query.get('limit'));
        const runs = [...FAN.runs.values(), ...more].map(run => ({
          ...run,
          parameters: run.parameters ?? []
        }));
        const bare = runs.map(run => lineageRun(run.run_id, run.layer));
        const body = lineage(9, query.get('details') === 'true' ? runs : bare, []);
        return { body };
      }
    });
    const limits: (string | null)[] = [];
    const told: boolean[] = [];
    const here = { api: new Api(settings), ready: () => Promise.resolve() } as unknown as IHere;
    const model = new LineageModel(here, 9, direction);
    model.changed.connect(() => {
      if (model.state.kind === 'ready') {
        told.push([...model.state.value.runs.values()].every(run => run.parameters !== undefined));
      }
    });
    return { model, limits, told };
  }

  it('shows its shape first, and keeps parameters from then on', async () => {
    const { model, told } = asked();
    await model.refresh();
    expect(told).toEqual([false, true]);
    await model.refresh();
    expect(told).toEqual([false, true, true]);
  });

  it('stays as large as was wanted', async () => {
    const { model, limits } = asked();
    await model.refresh();
    await model.all();
    await model.refresh();
    expect(limits).toEqual(['1000', '1000', String(MOST), String(MOST)]);
  });

  it('asks for all only where it has grown', async () => {
    const more: LineageRun[] = [];
    const { model, limits, told } = asked('down', more);
    await model.refresh();
    await model.grown();
    expect(limits).toHaveLength(3);
    more.push(lineageRun(10, 1));
    await model.grown();
    expect(limits).toHaveLength(5);
    expect(told).toEqual([false, true, true]);
    expect(model.state).toMatchObject({ kind: 'ready' });
  });
});

it('is looked at as before after a reload, whatever the layout kept', () => {
  const look: ILook = {
    form: 'table',
    fold: true,
    apart: ['[-1,"gate",1]'],
    chosen: [9, 2],
    middle: { of: 'up together', x: 300, y: -20.5, zoom: 0.7 },
    top: 812
  };
  expect(readLook(keptOf(look))).toEqual(look);
  const first: ILook = {
    ...{ form: 'graph', fold: null, apart: [], chosen: null, middle: null, top: 0 }
  };
  for (const text of [
    '',
    'null',
    '{"form": 3, "fold": "no", "apart": [3], "chosen": {}, "middle": {"x": 1}, "top": -1}',
    '{"middle": {"of": "up apart", "x": 1, "y": 1, "zoom": 0}}'
  ]) {
    expect(readLook(text)).toEqual(first);
  }
});

describe('a file of the file browser', () => {
  it('is told as what it is, and who else made the same', () => {
    const made = [7, 5, 4, 3, 2, 1, 9].map(run_id => ({
      ...{ run: run(run_id), output: 'figure', path: 'a.png' }
    }));
    const origin = {
      ...{ path: 'a.png', size: 1, checksum: '', read: [], place: null, searched: true },
      missing: null
    };
    const found = (name: string, changes: Partial<Origin>): IFound | null =>
      foundOf(name, { ...origin, made, ...changes }, MARKS, trans);
    const is = 'fig.png is "figure" of run 7 · scale v1.';
    expect(found('fig.png', { made: made.slice(0, 1) })).toEqual({ is, warnings: [], others: [] });
    expect(found('fig.png', {})?.others).toEqual([
      'The same content was made by run 5, run 4, run 3, run 2, run 1.',
      'And by 1 more.'
    ]);
    expect(found('fig.png', { made: [] })).toBeNull();
  });

  it('of a run that was altered since, or rests on what was, is warned of', () => {
    const marks = {
      ...MARKS,
      run: [
        ...MARKS.run,
        { state: 'altered', glyph: '⚠', token: 'warn', said: 'altered' } as const,
        {
          state: 'tainted',
          glyph: '△',
          token: 'warn',
          said: 'an upstream result was altered'
        } as const
      ]
    };
    const warned = (state: RunDetails['state']): readonly string[] | undefined =>
      foundOf(
        'fig.png',
        {
          ...{ path: 'a.png', size: 1, checksum: '', read: [], place: null, searched: true },
          made: [{ run: run(7, { state }), output: 'figure', path: 'fig.png' }],
          missing: null
        },
        marks,
        trans
      )?.warnings;
    expect(warned('completed')).toEqual([]);
    expect(warned('altered')).toEqual([
      'Files of run 7 were altered since it was recorded: `pm verify 7` says which.'
    ]);
    expect(warned('tainted')).toEqual([
      'Run 7 rests on what is not as it was: an upstream result was altered.'
    ]);
  });

  it('that is no result is told as such where it is read to the end, by the word of its mark', async () => {
    const failed = run(3, { status: 'running', state: 'silent' });
    const origin = {
      ...{ path: 'b.png', size: 1, checksum: '', read: [], searched: true, missing: null },
      made: [{ run: failed, output: null, path: 'run.log' }],
      place: { run_id: 2, path: 'b.png', state: 'altered' as const }
    };
    const silent = { state: 'silent', glyph: '◌', token: 'warn', said: 'no sign of life' } as const;
    const marks = { ...MARKS, run: [...MARKS.run, silent] };
    let answer: (answer: IAnswer) => void = () => undefined;
    const { settings, requests } = server({
      '/base/pm/api/status': { body: { ...STATUS, marks } },
      '/base/pm/api/origin': () =>
        new Promise<IAnswer>(resolve => {
          answer = resolve;
        })
    });
    const opened: unknown[] = [];
    const commands = new CommandRegistry();
    commands.addCommand(CommandIDs.openLineage, { execute: given => opened.push(given) });
    const here = new Here(new Api(settings), new Told(), commands, trans);
    const shown = showOrigin(here, 'paper/b.png');
    // It takes long, which is said until the answer is there.
    await expect.poll(() => requests.length).toBe(2);
    await expect.poll(() => Notification.manager.count, { timeout: 20_000 }).toBe(1);
    answer({ body: origin });
    const dialog = (): HTMLElement | null => document.querySelector('.jp-Dialog');
    await expect.poll(() => dialog()?.textContent).toContain('b.png is "run.log" of run 3');
    expect(Notification.manager.count).toBe(0);
    expect(dialog()?.textContent).toContain('run 2, which did not leave it so.');
    expect(dialog()?.textContent).toContain('That run: no sign of life. What it left behind is no');
    expect(opened).toEqual([]);
    dialog()?.querySelector('button')?.click();
    await shown;
    expect(opened).toEqual([{ run: 3 }]);
  }, 60_000);

  it('is asked for only where it is on the disk of the server', () => {
    const contents = {
      driveName: (path: string) => (path.includes(':') ? (path.split(':')[0] ?? '') : ''),
      localPath: (path: string) => path.split(':').pop() ?? ''
    };
    expect(onDisk(contents, 'paper/a.png')).toBe('paper/a.png');
    expect(onDisk(contents, 'RTC:paper/a.png')).toBe('paper/a.png');
    expect(onDisk(contents, 's3:bucket/a.png')).toBeNull();
  });
});
