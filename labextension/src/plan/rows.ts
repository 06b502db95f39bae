/** The planned runs of a plan, grouped, sorted and filtered. */

import type { PlannedRun } from '../api/plans';
import { lastLine } from '../screen/words';

export type Counts = Record<string, number>;

export function countsOf(rows: readonly PlannedRun[]): Counts {
  const counts: Counts = {};
  for (const row of rows) {
    counts[row.state] = (counts[row.state] ?? 0) + 1;
  }
  return counts;
}

export interface IFilter {
  text: string;
  state: string;
  step: string;
}

export const ALL: IFilter = { text: '', state: '', step: '' };

export function filtered(rows: readonly PlannedRun[], filter: IFilter): readonly PlannedRun[] {
  const text = filter.text.trim().toLowerCase();
  if (text === '' && filter.state === '' && filter.step === '') {
    return rows;
  }
  return rows.filter(
    row =>
      (filter.state === '' || row.state === filter.state) &&
      (filter.step === '' || row.step === filter.step) &&
      (text === '' || wordsOf(row).includes(text))
  );
}

function wordsOf(row: PlannedRun): string {
  const { step, sample, branch, state, run_id, method, error, reason } = row;
  const run = run_id === null ? '' : `run ${run_id}`;
  return [step, sample ?? '', branch, state, run, method, error ?? '', reason]
    .join(' ')
    .toLowerCase();
}

export const COLUMNS = ['state', 'step', 'sample', 'branch', 'run', 'took', 'note'] as const;
export type Column = (typeof COLUMNS)[number];

/** What a row took, in seconds; null, it has not ended (or did not run here). */
export function secondsOf(row: PlannedRun): number | null {
  return row.started_at === null || row.finished_at === null || row.state === 'reused'
    ? null
    : (Date.parse(row.finished_at) - Date.parse(row.started_at)) / 1000;
}

/** Planned runs that are not run, each with the run above it because of which that is so. */
export type Causes = ReadonlyMap<number, number>;

/** Find them; rows come after what they take from. */
export function causesOf(rows: readonly PlannedRun[]): Causes {
  const causes = new Map<number, number>();
  const ended = new Map<number, number>();
  for (const row of rows) {
    if (row.run_id !== null && (row.state === 'failed' || row.state === 'cancelled')) {
      ended.set(row.planned_id, row.run_id);
    } else if (row.state === 'blocked') {
      const cause = row.parents
        .map(parent => ended.get(parent) ?? causes.get(parent))
        .find(found => found !== undefined);
      if (cause !== undefined) {
        causes.set(row.planned_id, cause);
      }
    }
  }
  return causes;
}

/**
 * What there is to say of a row: why it failed, or why it is reused or not run.
 *
 * @param cause - says which run kept it from running, or that it is to run again
 */
export function noteOf(row: PlannedRun, cause = ''): string {
  const error = row.error === null ? '' : lastLine(row.error);
  if (row.again_by !== null && cause !== '') {
    return error === '' ? cause : `${cause} · ${error}`;
  }
  if (error !== '' || cause !== '') {
    return error === '' ? cause : error;
  }
  // Why it was to be run is of no interest once it has.
  return row.state === 'completed' || row.state === 'running' ? '' : row.reason;
}

const WORST_FIRST = ['failed', 'blocked', 'running', 'waiting', 'cancelled', 'completed', 'reused'];

const TEXT = new Intl.Collator(undefined, { numeric: true });

const VALUES: Record<Column, (row: PlannedRun) => number | string | null> = {
  state: row => WORST_FIRST.indexOf(row.state),
  step: row => row.step,
  sample: row => row.sample,
  branch: row => row.branch,
  run: row => row.run_id,
  took: secondsOf,
  note: row => noteOf(row)
};

/** Rows in the order of a column; what has no value comes last in both directions. */
export function sorted(
  rows: readonly PlannedRun[],
  column: Column | null,
  descending: boolean
): readonly PlannedRun[] {
  if (column === null) {
    return rows;
  }
  const keyed = rows.map(row => ({ row, key: VALUES[column](row) }));
  const sign = descending ? -1 : 1;
  const empty = (key: number | string | null): boolean => key === null || key === '';
  keyed.sort((a, b) => {
    if (empty(a.key) || empty(b.key)) {
      return Number(empty(a.key)) - Number(empty(b.key));
    }
    const order =
      typeof a.key === 'number' && typeof b.key === 'number'
        ? a.key - b.key
        : TEXT.compare(String(a.key), String(b.key));
    return sign * order;
  });
  return keyed.map(({ row }) => row);
}

/** A sample or a branch of it, or one planned run, as a line of the tree. */
export type Line =
  | {
      kind: 'group';
      key: string;
      level: number;
      label: string;
      rows: readonly PlannedRun[];
      sample: string | null;
      branch: string | null;
      open: boolean;
    }
  | { kind: 'run'; key: string; level: number; row: PlannedRun };

/** The tree sample → branch → step as the lines that are visible. */
export function treeLines(
  rows: readonly PlannedRun[],
  closed: ReadonlySet<string>,
  allSamples: string
): Line[] {
  const samples = new Map<string | null, PlannedRun[]>();
  for (const row of rows) {
    const group = samples.get(row.sample);
    if (group === undefined) {
      samples.set(row.sample, [row]);
    } else {
      group.push(row);
    }
  }
  // What belongs to no sample gathers from all of them, so it comes last.
  const order = [...samples.keys()].sort((a, b) => Number(a === null) - Number(b === null));
  const lines: Line[] = [];
  for (const sample of order) {
    const ofSample = samples.get(sample) ?? [];
    const key = JSON.stringify([sample]);
    const open = !closed.has(key);
    lines.push({
      kind: 'group',
      key,
      level: 1,
      label: sample ?? allSamples,
      rows: ofSample,
      sample,
      branch: null,
      open
    });
    if (!open) {
      continue;
    }
    const branches = new Map<string, PlannedRun[]>();
    for (const row of ofSample) {
      const group = branches.get(row.branch);
      if (group === undefined) {
        branches.set(row.branch, [row]);
      } else {
        group.push(row);
      }
    }
    for (const [branch, ofBranch] of branches) {
      addBranch(lines, sample, branch, ofBranch, closed);
    }
  }
  return lines;
}

function addBranch(
  lines: Line[],
  sample: string | null,
  branch: string,
  rows: readonly PlannedRun[],
  closed: ReadonlySet<string>
): void {
  const level = branch === '' ? 2 : 3;
  if (branch !== '') {
    const key = JSON.stringify([sample, branch]);
    const open = !closed.has(key);
    lines.push({ kind: 'group', key, level: 2, label: branch, rows, sample, branch, open });
    if (!open) {
      return;
    }
  }
  for (const row of rows) {
    lines.push({ kind: 'run', key: `run ${row.planned_id}`, level, row });
  }
}

/** The rows of a group that none other of the group feeds: running them again runs all. */
export function topOf(rows: readonly PlannedRun[]): PlannedRun[] {
  const inside = new Set(rows.map(row => row.planned_id));
  return rows.filter(row => !row.parents.some(parent => inside.has(parent)));
}

/** The rows that had their try: what can be asked for again while the others run. */
export function endedOf(rows: readonly PlannedRun[]): PlannedRun[] {
  return rows.filter(row => row.run_id !== null && row.state !== 'running');
}

/** The runs of rows; a row that has not run has none. */
export function runsOf(rows: readonly PlannedRun[]): number[] {
  return rows.flatMap(({ run_id: run }) => (run === null ? [] : [run]));
}

/** The rows of a group that feed none other of it: its results. */
export function lastOf(rows: readonly PlannedRun[]): PlannedRun[] {
  const feeding = new Set(rows.flatMap(row => row.parents));
  return rows.filter(row => !feeding.has(row.planned_id));
}

/**
 * What a failed run was given that no run of the same step that succeeded was: often the reason.
 */
export function suspects(row: PlannedRun, rows: readonly PlannedRun[]): string[] {
  const well = rows.filter(
    each => each.step === row.step && (each.state === 'completed' || each.state === 'reused')
  );
  if (well.length === 0) {
    return [];
  }
  return Object.entries(row.set_params)
    .filter(([name, value]) => well.every(each => each.set_params[name] !== value))
    .map(([name, value]) => {
      const others = [...new Set(well.map(each => each.set_params[name] ?? '–'))];
      return `${name} = ${value} (${others.slice(0, 3).join(', ')})`;
    });
}
