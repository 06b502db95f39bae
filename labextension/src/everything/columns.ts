/** Methods in columns: whatever reads comes right of what it reads. */

import type { Everything, EverythingMethod } from '../api/everything';

/** The methods by column. Methods that read each other in a ring stay where they were met first. */
export function columnsOf({ methods, edges }: Everything): EverythingMethod[][] {
  const sources = new Map<string, string[]>();
  for (const { source, target } of edges) {
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
  const columns: EverythingMethod[][] = [];
  for (const method of methods) {
    (columns[walk(method.method, new Set())] ??= []).push(method);
  }
  return columns.filter(column => (column as EverythingMethod[] | undefined) !== undefined);
}

export function totalOf(method: EverythingMethod): number {
  return Object.values(method.runs).reduce((sum, count) => sum + count, 0);
}
