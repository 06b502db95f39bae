/** Walking along a lineage by keys, and what is said of where one is. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMark } from '../api/marks';
import { markOf } from '../marks/mark';
import type { GraphMove } from '../screen/graph_keys';
import { second } from './export';
import type { IGraph } from './graph';
import { changedOf } from './graph';
import type { ILayout } from './layout';

/** The run that one walks to; null, there is none there. */
export function neighbour(
  graph: IGraph,
  plan: ILayout,
  run: number,
  to: Exclude<GraphMove, 'in' | 'out' | 'fit'>
): number | null {
  if (to === 'left') {
    return graph.sources.get(run)?.[0] ?? null;
  }
  if (to === 'right') {
    return graph.readers.get(run)?.[0] ?? null;
  }
  if (to === 'first') {
    return graph.asked;
  }
  if (to === 'last') {
    return furthest(graph, run);
  }
  const depth = graph.depth.get(run);
  const at = (each: number): { x: number; y: number } => plan.places.get(each) ?? { x: 0, y: 0 };
  const column = [...graph.depth.keys()]
    .filter(each => graph.depth.get(each) === depth)
    .sort((a, b) => at(a).x - at(b).x || at(a).y - at(b).y);
  return column[column.indexOf(run) + (to === 'up' ? -1 : 1)] ?? null;
}

/** Its first input, and that one's, until there is none. */
function furthest(graph: IGraph, run: number): number {
  let last = run;
  for (let next: number | undefined = run; next !== undefined;) {
    last = next;
    next = graph.sources.get(last)?.[0];
  }
  return last;
}

/** What a screen reader says of the selected run. */
export function spoken(
  graph: IGraph,
  run: number,
  marks: IMark[],
  trans: TranslationBundle
): string {
  const found = graph.runs.get(run);
  if (found === undefined) {
    return '';
  }
  const mark = markOf(marks, found.state);
  return [
    `${found.method} v${found.version}`,
    second(found, marks, trans),
    mark.said,
    ...changedOf(found)
  ].join(', ');
}
