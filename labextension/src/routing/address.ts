/** What `/lab?pm=…` asks for. */

import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';

export interface IWanted {
  command: string;
  args: ReadonlyPartialJSONObject;
}

const RUNS: Partial<Record<string, string>> = {
  run: CommandIDs.openRun,
  log: CommandIDs.openLog,
  lineage: CommandIDs.openLineage
};

/**
 * Read an address: run-47, log-47, log-47-120 (its line 120), lineage-47, plan-12, step-12-segment
 * (of plan 12), compare-3-4, code-2-label_positive (its version 2), everything, plans. Null where it
 * is none of these.
 */
export function wantedBy(text: string): IWanted | null {
  if (text === 'plans') {
    return { command: CommandIDs.openPlans, args: {} };
  }
  if (text === 'everything') {
    return { command: CommandIDs.openEverything, args: {} };
  }
  const [, kind = '', number = '', rest = ''] = /^([a-z]+)-(\d{1,15})(?:-(.+))?$/s.exec(text) ?? [];
  const id = Number(number);
  if (kind === 'step' && rest !== '') {
    return { command: CommandIDs.openPlan, args: { plan: id, step: rest } };
  }
  if (kind === 'compare' && /^\d{1,15}(-\d{1,15})*$/.test(rest)) {
    const runs = [id, ...rest.split('-').map(Number)];
    return { command: CommandIDs.compare, args: { runs } };
  }
  if (kind === 'code' && id > 0 && rest !== '') {
    return { command: CommandIDs.openCode, args: { method: rest, version: id } };
  }
  if (kind === 'log' && id > 0 && /^\d{1,9}$/.test(rest)) {
    return { command: CommandIDs.openLog, args: { run: id, line: Number(rest) } };
  }
  if (id === 0 || rest !== '') {
    return null;
  }
  if (kind === 'plan') {
    return { command: CommandIDs.openPlan, args: { plan: id } };
  }
  const command = RUNS[kind];
  return command === undefined ? null : { command, args: { run: id } };
}

/** The query without ours. */
export function withoutOurs(search: string): string {
  const query = new URLSearchParams(search);
  query.delete('pm');
  const rest = query.toString();
  return rest === '' ? '' : `?${rest}`;
}
