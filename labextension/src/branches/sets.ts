/** Branches of a step as sets of values, and the same in another form. */

import type { Branches, INamedBranch, Params } from '../pipeline/document';

export type BranchKind = Branches['kind'];

/** More branches at one step than this are refused by the server. */
export const MAX_BRANCHES = 10_000;

/** How many branches there are; 0 where the step does not branch. */
export function count(branches: Branches | null): number {
  if (branches === null) {
    return 0;
  }
  return branches.kind === 'grid'
    ? branches.axes.size === 0
      ? 0
      : [...branches.axes.values()].reduce((product, values) => product * values.length, 1)
    : branches.members.length;
}

/** The parameters that any branch sets, by name. */
export function branching(branches: Branches | null): readonly string[] {
  if (branches === null) {
    return [];
  }
  const names =
    branches.kind === 'grid'
      ? [...branches.axes.keys()]
      : setsOf(branches).flatMap(params => [...params.keys()]);
  return [...new Set(names)].sort();
}

/** Every branch as the values it sets; a grid is multiplied out, the last parameter fastest. */
export function setsOf(branches: Branches | null): readonly Params[] {
  if (branches === null) {
    return [];
  }
  if (branches.kind === 'listed') {
    return branches.members;
  }
  if (branches.kind === 'named') {
    return branches.members.map(each => each.params);
  }
  if (count(branches) > MAX_BRANCHES) {
    return [];
  }
  let sets: Params[] = branches.axes.size === 0 ? [] : [new Map()];
  for (const [name, values] of [...branches.axes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    sets = sets.flatMap(params => values.map(value => new Map([...params, [name, value]])));
  }
  return sets;
}

/** The same branches in another form; as a grid every combination of the values is one. */
export function as(kind: BranchKind, branches: Branches | null): Branches {
  const sets = setsOf(branches);
  switch (kind) {
    case 'grid':
      return {
        kind,
        axes: new Map(
          branching(branches).map(name => [
            name,
            [...new Set(sets.flatMap(params => params.get(name) ?? []))]
          ])
        )
      };
    case 'listed':
      return { kind, members: sets };
    case 'named':
      return {
        kind,
        members:
          branches?.kind === 'named'
            ? branches.members
            : distinct(sets.map(said)).map((name, place) => ({
                name,
                params: sets[place] ?? new Map<string, string>()
              }))
      };
  }
}

/** What is written; branches without one member are none. */
export function orNone(branches: Branches): Branches | null {
  return count(branches) === 0 ? null : branches;
}

/** A branch in words: `k=5, sigma=1.0`; the function is left out, as the server does. */
export function said(params: Params): string {
  const words = [...params]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name.slice(name.lastIndexOf('.') + 1)}=${text}`);
  return words.length === 0 ? 'default' : words.join(', ').slice(0, 190);
}

/** A name that no branch has yet. */
export function freeName(members: readonly INamedBranch[], wanted: string): string {
  return distinct([...members.map(each => each.name), wanted]).at(-1) ?? wanted;
}

function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map(name => {
    let candidate = name;
    for (let number = 2; taken.has(candidate); number++) {
      candidate = `${name} #${number}`;
    }
    taken.add(candidate);
    return candidate;
  });
}
