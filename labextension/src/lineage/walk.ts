/** Walking along a lineage by keys, and what is said of where one is. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMark } from '../api/marks';
import { markOf } from '../marks/mark';
import { second } from './export';
import type { IGraph } from './graph';
import { changedOf } from './graph';
import type { ILayout } from './layout';

/** The run that an arrow key leads to. */
export function neighbour(graph: IGraph, plan: ILayout, run: number, key: string): number | null {
  if (key === 'ArrowLeft') {
    return graph.sources.get(run)?.[0] ?? null;
  }
  if (key === 'ArrowRight') {
    return graph.readers.get(run)?.[0] ?? null;
  }
  if (key === 'Home') {
    return graph.asked;
  }
  if (key === 'End') {
    return furthest(graph, run);
  }
  if (key !== 'ArrowUp' && key !== 'ArrowDown') {
    return null;
  }
  const depth = graph.depth.get(run);
  const at = (each: number): { x: number; y: number } => plan.places.get(each) ?? { x: 0, y: 0 };
  const column = [...graph.depth.keys()]
    .filter(each => graph.depth.get(each) === depth)
    .sort((a, b) => at(a).x - at(b).x || at(a).y - at(b).y);
  return column[column.indexOf(run) + (key === 'ArrowUp' ? -1 : 1)] ?? null;
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
