import { describe, expect, it } from 'vitest';

import type { Lineage, LineageRun } from '../src/api/runs';
import { clipped, escaped, svgOf, textOf } from '../src/lineage/export';
import { chainOf, graphOf } from '../src/lineage/graph';
import { layout, NODE } from '../src/lineage/layout';
import { neighbour } from '../src/lineage/walk';
import { lineageRun } from './records';
import { MARKS } from './server';

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
      label: null
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
    expect(neighbour(DIAMOND, plan, 4, 'ArrowLeft')).toBe(2);
    expect(neighbour(DIAMOND, plan, 4, 'ArrowRight')).toBe(5);
    expect(neighbour(DIAMOND, plan, 2, 'ArrowDown')).toBe(3);
    expect(neighbour(DIAMOND, plan, 3, 'ArrowUp')).toBe(2);
  });

  it('stays where there is nothing further', () => {
    expect(neighbour(DIAMOND, plan, 1, 'ArrowLeft')).toBeNull();
    expect(neighbour(DIAMOND, plan, 5, 'ArrowDown')).toBeNull();
    expect(neighbour(DIAMOND, plan, 5, 'a')).toBeNull();
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
          unexpected: false,
          not_applied: false
        }
      ]
    };
    const graph = { ...DIAMOND, runs: new Map([...DIAMOND.runs, [1, changed] as const]) };
    expect(textOf(graph, MARKS.run).split('\n')).toEqual([
      'Run 4 · scale v1 · s1  completed',
      '├─ Run 2 · scale v1 · s1  completed',
      '│  └─ Run 1 · scale v1 · s1  completed; scale.factor = 3.0',
      '└─ Run 3 · scale v1 · s1  completed',
      '   └─ Run 1 · scale v1 · s1  (above)',
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
    const svg = svgOf(graph, layout(graph), MARKS.run, colours);
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
