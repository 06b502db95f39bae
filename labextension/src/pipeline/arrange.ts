/** Places for steps: columns from left to right along the links, few crossings, nothing overlaps. */

import { graphlib, layout as dagre } from '@dagrejs/dagre';

import type { ICatalogue } from './catalogue';
import { declared } from './catalogue';
import type { IPipeline, IPoint } from './document';
import { edgesOf } from './document';
import { GAP, shapeOf, snapped } from './geometry';

/** Above this many steps the time that dagre takes is felt. */
const DAGRE_LIMIT = 150;

interface ISize {
  readonly width: number;
  readonly height: number;
}

/** Places for the named steps (all, by default), as if there were no others. */
export function arranged(
  document: IPipeline,
  catalogue: ICatalogue,
  only: ReadonlySet<string> = new Set(document.steps.keys())
): Map<string, IPoint> {
  const sizes = new Map<string, ISize>();
  for (const step of document.steps.values()) {
    if (only.has(step.name)) {
      sizes.set(step.name, shapeOf(step, declared(step, catalogue).version));
    }
  }
  const links = edgesOf(document)
    .filter(edge => sizes.has(edge.step) && sizes.has(edge.target) && edge.step !== edge.target)
    .map(edge => [edge.step, edge.target] as const);
  const places = sizes.size <= DAGRE_LIMIT ? byDagre(sizes, links) : inColumns(sizes, links);
  return new Map([...places].map(([name, { x, y }]) => [name, { x: snapped(x), y: snapped(y) }]));
}

type Links = readonly (readonly [string, string])[];

function byDagre(sizes: ReadonlyMap<string, ISize>, links: Links): Map<string, IPoint> {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', ranksep: GAP.column, nodesep: GAP.row, edgesep: 20 });
  // Numbers, since names are free text and dagre keeps nodes in plain objects.
  const names = [...sizes.keys()];
  const numbers = new Map(names.map((name, n) => [name, String(n)]));
  for (const [name, { width, height }] of sizes) {
    graph.setNode(numbers.get(name) ?? '', { width, height });
  }
  for (const [from, to] of links) {
    graph.setEdge(numbers.get(from) ?? '', numbers.get(to) ?? '', {});
  }
  dagre(graph);
  return new Map(
    names.map((name, n) => {
      const { x, y, width, height } = graph.node(String(n)) as IPoint & ISize;
      return [name, { x: x - width / 2, y: y - height / 2 }];
    })
  );
}

/** The level of a step is the length of the longest way to it; a level is a column. */
function inColumns(sizes: ReadonlyMap<string, ISize>, links: Links): Map<string, IPoint> {
  const above = new Map([...sizes.keys()].map(name => [name, new Set<string>()]));
  for (const [from, to] of links) {
    above.get(to)?.add(from);
  }
  const levels = levelsOf(above);
  const columns: string[][] = [];
  for (const [name, level] of levels) {
    (columns[level] ??= []).push(name);
  }
  const places = new Map<string, IPoint>();
  let x = 0;
  for (const column of columns) {
    const centre = new Map(column.map((name, n) => [name, barycentre(name, above, places) ?? n]));
    column.sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0));
    let y = 0;
    for (const name of column) {
      places.set(name, { x, y });
      y += (sizes.get(name)?.height ?? 0) + GAP.row;
    }
    x += Math.max(...column.map(name => sizes.get(name)?.width ?? 0)) + GAP.column;
  }
  return places;
}

function levelsOf(above: ReadonlyMap<string, ReadonlySet<string>>): Map<string, number> {
  const remaining = new Map([...above].map(([name, parents]) => [name, parents.size]));
  const below = new Map<string, string[]>();
  for (const [name, parents] of above) {
    for (const parent of parents) {
      below.set(parent, [...(below.get(parent) ?? []), name]);
    }
  }
  const levels = new Map([...above.keys()].map(name => [name, 0]));
  const ready = [...remaining].flatMap(([name, count]) => (count === 0 ? [name] : []));
  for (let name = ready.shift(); name !== undefined; name = ready.shift()) {
    for (const child of below.get(name) ?? []) {
      levels.set(child, Math.max(levels.get(child) ?? 0, (levels.get(name) ?? 0) + 1));
      const left = (remaining.get(child) ?? 0) - 1;
      remaining.set(child, left);
      if (left === 0) {
        ready.push(child);
      }
    }
  }
  return levels;
}

function barycentre(
  name: string,
  above: ReadonlyMap<string, ReadonlySet<string>>,
  places: ReadonlyMap<string, IPoint>
): number | undefined {
  const heights = [...(above.get(name) ?? [])].flatMap(parent => places.get(parent)?.y ?? []);
  return heights.length === 0 ? undefined : heights.reduce((sum, y) => sum + y, 0) / heights.length;
}
