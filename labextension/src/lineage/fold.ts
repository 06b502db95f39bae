/** Runs of one method version in one column, drawn as one: a thousand runs become a few nodes. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IGraph, LineageRun } from './graph';
import { joined } from './graph';

export interface IFolded {
  readonly graph: IGraph;
  /** The run as which a run is drawn; itself, where it stands alone. */
  readonly home: ReadonlyMap<number, number>;
}

/** A lineage with more runs than this begins folded. */
export const MANY = 60;

/** What the runs of one node have in common. */
export function foldKey(graph: IGraph, run: LineageRun): string {
  return JSON.stringify([graph.depth.get(run.run_id), run.method, run.version]);
}

/** The graph with alike runs together, but those whose key is in `open`. */
export function folded(
  graph: IGraph,
  open: ReadonlySet<string>,
  trans: TranslationBundle
): IFolded {
  const groups = new Map<string, LineageRun[]>();
  for (const run of graph.runs.values()) {
    const key = foldKey(graph, run);
    // The one that was asked for always stands alone.
    const own = open.has(key) || run.run_id === graph.asked ? `${key} ${run.run_id}` : key;
    const known = groups.get(own);
    if (known === undefined) {
      groups.set(own, [run]);
    } else {
      known.push(run);
    }
  }
  const runs = new Map<number, LineageRun>();
  const home = new Map<number, number>();
  const depth = new Map<number, number>();
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) {
      continue;
    }
    runs.set(first.run_id, group.length === 1 ? first : together(first, group, trans));
    depth.set(first.run_id, graph.depth.get(first.run_id) ?? 0);
    group.forEach(run => home.set(run.run_id, first.run_id));
  }
  const edges = new Map<string, IGraph['edges'][number]>();
  for (const edge of graph.edges) {
    const [source, run] = [home.get(edge.source_run_id), home.get(edge.run_id)];
    if (source !== undefined && run !== undefined && source !== run) {
      edges.set(`${source} ${run}`, { ...edge, source_run_id: source, run_id: run });
    }
  }
  const { asked, truncated } = graph;
  return { graph: joined({ asked, truncated, runs, depth, edges: [...edges.values()] }), home };
}

/** So many different values are told; of more, how many they are. */
const TOLD = 3;

/** Alike runs as one: what differs among them is said to. */
function together(
  first: LineageRun,
  group: readonly LineageRun[],
  trans: TranslationBundle
): LineageRun {
  const odd = group.find(run => run.state === 'failed') ?? group.find(run => !isFine(run));
  const { state, status } = odd ?? first;
  const merged: LineageRun = {
    ...first,
    ...{ state, status, sample: null, branch: '', error: null },
    together: group
  };
  if (first.parameters === undefined) {
    return merged;
  }
  const inputs = group.flatMap(run => run.inputs ?? []);
  return { ...merged, inputs, parameters: parametersOf(group, trans) };
}

function isFine(run: LineageRun): boolean {
  return run.state === 'completed' || run.state === 'reused';
}

type Parameters = NonNullable<LineageRun['parameters']>;

/**
 * Every parameter of alike runs once, with what each of them used. Its values are told where one
 * of them states it, and where they differ: without a default nothing else would tell.
 */
export function parametersOf(group: readonly LineageRun[], trans: TranslationBundle): Parameters {
  const merged = new Map<string, { parameter: Parameters[number]; used: Set<string> }>();
  for (const parameter of group.flatMap(run => run.parameters ?? [])) {
    const name = `${parameter.function}.${parameter.name}`;
    const known = merged.get(name) ?? { parameter, used: new Set() };
    known.used.add(parameter.values.join(', '));
    const stated = known.parameter.stated || parameter.stated || known.used.size > 1;
    merged.set(name, { parameter: { ...known.parameter, stated }, used: known.used });
  }
  return [...merged.values()].map(({ parameter, used }) => {
    // Of a run whose function was never entered it had no part in the result.
    const values = [...used].filter(value => value !== '');
    const told = values.length > TOLD ? [trans.__('%1 values', values.length)] : values;
    const all = used.has('') ? [...told, trans.__('not used')] : told;
    return { ...parameter, values: [all.join(' | ')] };
  });
}
