/** Which runs of a lineage are chosen: always runs themselves, also while several are drawn as one. */

import type { LineageRun } from './graph';

/** Only these, these too or no more, or these too on the way along. */
export type Choosing = 'only' | 'turned' | 'along';

/** What is chosen after a node was; a node of several runs means all of them. */
export function chosenAfter(
  selected: readonly number[],
  node: LineageRun,
  how: Choosing
): number[] {
  const meant = (node.together ?? [node]).map(run => run.run_id);
  if (how === 'only') {
    return meant;
  }
  const set = new Set(meant);
  const others = selected.filter(run => !set.has(run));
  const all = selected.length - others.length === meant.length;
  return how === 'turned' && all ? others : [...others, ...meant];
}

/** The nodes as which runs are drawn, each once; that of the last run is the last. */
export function drawn(
  selected: readonly number[],
  home: ReadonlyMap<number, number>
): readonly number[] {
  const nodes = selected.map(run => home.get(run) ?? run);
  return [...new Set(nodes.reverse())].reverse();
}
