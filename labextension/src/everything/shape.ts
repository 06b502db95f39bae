/** The whole database as nodes and links: modules, and the methods of those that are unfolded. */

import type { Everything, EverythingMethod, RunEdge } from '../api/everything';
import { reachedFrom } from '../lineage/graph';

export interface IModule {
  readonly module: string;
  /** Sources before their readers. */
  readonly methods: readonly EverythingMethod[];
  /** How many runs of its methods are in each state. */
  readonly runs: Readonly<Record<string, number>>;
}

/** So many inputs of what `to` stands for were results of what `from` stands for. */
export interface ILink {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  /** Which lane above the cards it takes, where it passes a whole column; else null. */
  readonly lane: number | null;
}

type Arrow = Readonly<{ source: string; target: string }>;

export const moduleKey = (module: string): string => `module/${module}`;
export const methodKey = (method: string): string => `method/${method}`;
export const runKey = (run: number): string => `run/${run}`;

export function totalOf(runs: Readonly<Record<string, number>>): number {
  return Object.values(runs).reduce((sum, count) => sum + count, 0);
}

/** The modules by column: whatever reads comes right of what it reads. */
export function columnsOf({ methods, edges }: Everything): IModule[][] {
  const homes = homesOf(methods);
  const modules = new Map<string, EverythingMethod[]>();
  for (const method of columned(methods, each => each.method, edges).flat()) {
    modules.set(method.module, [...(modules.get(method.module) ?? []), method]);
  }
  const arrows = edges.map(({ source, target }) => ({
    source: homes.get(source) ?? '',
    target: homes.get(target) ?? ''
  }));
  const names = [...modules.keys()].sort((a, b) => a.localeCompare(b));
  return columned(names, name => name, arrows).map(column =>
    column.map(module => {
      const inside = modules.get(module) ?? [];
      const runs: Record<string, number> = {};
      for (const [state, count] of inside.flatMap(method => Object.entries(method.runs))) {
        runs[state] = (runs[state] ?? 0) + count;
      }
      return { module, methods: inside, runs };
    })
  );
}

/** Things by column. Those that read each other in a ring stay where they were met first. */
function columned<T>(
  things: readonly T[],
  named: (thing: T) => string,
  arrows: readonly Arrow[]
): T[][] {
  const sources = new Map<string, string[]>();
  for (const { source, target } of arrows) {
    if (source !== target) {
      sources.set(target, [...(sources.get(target) ?? []), source]);
    }
  }
  const depth = new Map<string, number>();
  const walk = (name: string, above: ReadonlySet<string>): number => {
    const known = depth.get(name);
    if (known !== undefined) {
      return known;
    }
    const below = new Set([...above, name]);
    const depths = (sources.get(name) ?? [])
      .filter(source => !below.has(source))
      .map(source => walk(source, below) + 1);
    const found = Math.max(0, ...depths);
    depth.set(name, found);
    return found;
  };
  const columns: T[][] = [];
  for (const thing of things) {
    (columns[walk(named(thing), new Set())] ??= []).push(thing);
  }
  return columns.filter(column => (column as T[] | undefined) !== undefined);
}

function homesOf(methods: readonly EverythingMethod[]): Map<string, string> {
  return new Map(methods.map(({ method, module }) => [method, module]));
}

/** The links between what is visible; those inside of a folded module are not. */
export function linksOf(
  { methods, edges }: Everything,
  columns: readonly (readonly IModule[])[],
  isOpen: (module: string) => boolean
): ILink[] {
  const homes = homesOf(methods);
  const columnOf = new Map(
    columns.flatMap((column, place) => column.map(({ module }) => [module, place] as const))
  );
  const visible = (method: string): string => {
    const module = homes.get(method) ?? '';
    return isOpen(module) ? methodKey(method) : moduleKey(module);
  };
  const links = new Map<string, ILink>();
  let lanes = 0;
  for (const { source, target, count } of edges) {
    const [from, to] = [visible(source), visible(target)];
    if (from === to && from.startsWith('module/')) {
      continue;
    }
    const key = JSON.stringify([from, to]);
    const known = links.get(key);
    const place = (method: string): number => columnOf.get(homes.get(method) ?? '') ?? 0;
    const passes = place(target) - place(source) > 1;
    const lane = known === undefined ? (passes ? lanes++ : null) : known.lane;
    links.set(key, { from, to, count: count + (known?.count ?? 0), lane });
  }
  return [...links.values()];
}

/** The links between runs that are listed, each in the lane of its methods. */
export function runLinksOf(
  edges: readonly RunEdge[],
  listed: ReadonlyMap<string, readonly number[]>,
  links: readonly ILink[]
): ILink[] {
  const owners = new Map<number, string>();
  for (const [method, runs] of listed) {
    runs.forEach(run => owners.set(run, methodKey(method)));
  }
  const lanes = new Map(links.map(({ from, to, lane }) => [JSON.stringify([from, to]), lane]));
  const found = new Map<string, ILink>();
  for (const { source_run_id: source, run_id: run } of edges) {
    const [from, to] = [owners.get(source), owners.get(run)];
    const lane = lanes.get(JSON.stringify([from, to])) ?? null;
    found.set(`${source}-${run}`, { from: runKey(source), to: runKey(run), count: 1, lane });
  }
  return [...found.values()];
}

/** All that leads to a node and all that comes of it, with itself. */
export function chainOf(links: readonly ILink[], key: string): Set<string> {
  const sources = new Map<string, string[]>();
  const readers = new Map<string, string[]>();
  for (const { from, to } of links) {
    sources.set(to, [...(sources.get(to) ?? []), from]);
    readers.set(from, [...(readers.get(from) ?? []), to]);
  }
  return reachedFrom(key, [sources, readers]);
}
