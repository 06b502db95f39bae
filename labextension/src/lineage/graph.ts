/** The lineage of a run as a graph: its runs, who read what of whom, and walks along it. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { LineageRun as SentRun, Lineage, LineageEdge } from '../api/runs';

export type LineageRun = SentRun & {
  /** The runs that are drawn as this one, itself among them. */
  readonly together?: readonly LineageRun[];
};

export interface IGraph {
  /** The run that was asked for. */
  readonly asked: number;
  /** Sources before their readers. */
  readonly runs: ReadonlyMap<number, LineageRun>;
  readonly edges: readonly LineageEdge[];
  /** The runs that a run read, in the order of its inputs, and those that read it. */
  readonly sources: ReadonlyMap<number, readonly number[]>;
  readonly readers: ReadonlyMap<number, readonly number[]>;
  /** Columns from the asked-for run: ancestors below 0, descendants above. */
  readonly depth: ReadonlyMap<number, number>;
  /** Whether there are more runs than were sent. */
  readonly truncated: boolean;
}

/** Join what was asked about one run: its ancestry, its descendants, or both. */
export function graphOf(parts: readonly Lineage[]): IGraph {
  const runs = new Map<number, LineageRun>();
  const depth = new Map<number, number>();
  const edges: LineageEdge[] = [];
  for (const part of parts) {
    for (const run of part.runs) {
      runs.set(run.run_id, run);
      depth.set(run.run_id, part.direction === 'up' ? -run.layer : run.layer);
    }
    edges.push(...part.edges);
  }
  return joined({
    asked: parts[0]?.run_id ?? 0,
    runs,
    edges,
    depth,
    truncated: parts.some(part => part.truncated)
  });
}

/** A graph with who read whom. */
export function joined(parts: Omit<IGraph, 'sources' | 'readers'>): IGraph {
  const { edges } = parts;
  const sources = new Map<number, number[]>();
  const readers = new Map<number, number[]>();
  const add = (to: Map<number, number[]>, key: number, value: number): void => {
    const known = to.get(key);
    if (known === undefined) {
      to.set(key, [value]);
    } else if (!known.includes(value)) {
      known.push(value);
    }
  };
  for (const edge of edges) {
    add(sources, edge.run_id, edge.source_run_id);
    add(readers, edge.source_run_id, edge.run_id);
  }
  return { ...parts, sources, readers };
}

/** All runs that lead to a run and all that came of it, with itself. */
export function chainOf(graph: IGraph, run: number): Set<number> {
  return reachedFrom(run, [graph.sources, graph.readers]);
}

/** All that is reached from a node by going one way only, for each of the ways; with itself. */
export function reachedFrom<T>(start: T, ways: readonly ReadonlyMap<T, readonly T[]>[]): Set<T> {
  const found = new Set<T>([start]);
  for (const onward of ways) {
    const waiting = [start];
    const seen = new Set<T>(waiting);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const each of onward.get(next) ?? []) {
        if (!seen.has(each)) {
          seen.add(each);
          found.add(each);
          waiting.push(each);
        }
      }
    }
  }
  return found;
}

/**
 * The parameters of a run that differ from their default, or were set and have none:
 * "filter_cells.threshold = 0.7".
 */
export function changedOf(run: LineageRun): string[] {
  return (run.parameters ?? [])
    .filter(parameter => parameter.stated)
    .map(({ function: owner, name, values }) => `${owner}.${name} = ${values.join(', ')}`);
}

/** The same without the functions, in so many letters: of a long one the value stays. */
export function changedShort(run: LineageRun, letters = Infinity): string {
  const changed = (run.parameters ?? []).filter(parameter => parameter.stated);
  const all = changed.map(({ name, values }) => `${name} = ${values.join(', ')}`).join(', ');
  const [first, ...rest] = changed;
  if (first === undefined || all.length <= letters) {
    return all;
  }
  const end = ` = ${first.values.join(', ')}${rest.length === 0 ? '' : ` +${rest.length}`}`;
  return clipped(clipped(first.name, Math.max(3, letters - end.length)) + end, letters);
}

/** The names of the files that a run read which no run made. */
export function filesOf(run: LineageRun): string[] {
  const names = (run.inputs ?? [])
    .filter(input => input.type === 'file')
    .map(input => (input.path ?? input.text ?? '').split('/').pop() ?? '')
    .filter(name => name !== '');
  return [...new Set(names)];
}

/** The same in so many letters: "from field_01.png, +2"; empty, it read none. */
export function filesShort(run: LineageRun, trans: TranslationBundle, letters = Infinity): string {
  const [first, ...rest] = filesOf(run);
  if (first === undefined) {
    return '';
  }
  const told = (name: string): string =>
    rest.length === 0 ? trans.__('from %1', name) : trans.__('from %1, +%2', name, rest.length);
  return told(clipped(first, Math.max(1, letters - told('').length)));
}

const LETTERS = new Intl.Segmenter();

/** Text cut to so many characters, none of them in two. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const letters = Array.from(LETTERS.segment(text.slice(0, most * 16)), each => each.segment);
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}
