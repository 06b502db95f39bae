/** What is written on nodes. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Binding } from '../pipeline/document';
import type { IParamRow } from '../pipeline/geometry';
import { clock, secondsBetween } from '../screen/words';
import type { IStepState } from '../tokens';
import type { StepNode } from './scene';

type Counts = Readonly<Record<string, number>>;

/** The words of nodes, in the person's language. */
export class Words {
  constructor(private readonly _trans: TranslationBundle) {}

  /** "×4", of branches. */
  times(count: number): string {
    return this._trans.__('×%1', count);
  }

  get chooseData(): string {
    return this._trans.__('choose data…');
  }

  /** "run 47.table": an output of a run. */
  result(run: number, output: string): string {
    return this._trans.__('run %1.%2', run, output);
  }

  /** "latest (v2)" or "v2". */
  version({ step, version }: StepNode): string {
    if (step.version !== 'latest') {
      return this._trans.__('v%1', step.version);
    }
    return version === undefined ? '?' : this._trans.__('latest (v%1)', version.version);
  }

  /** "v3 available", where a step stays at an older version. */
  newer({ step, latest }: StepNode): string {
    return step.version !== 'latest' && latest !== null && latest > step.version
      ? this._trans.__('v%1 available', latest)
      : '';
  }

  /** "2 failed" or "3 not run": what a person must know before the numbers. */
  trouble(counts: Counts): string {
    const failed = counts['failed'] ?? 0;
    const blocked = counts['blocked'] ?? 0;
    if (failed > 0) {
      return this._trans.__('%1 failed', failed);
    }
    return blocked > 0 ? this._trans.__('%1 not run', blocked) : '';
  }

  /** "17 of 26 (6 reused)". */
  done(counts: Counts): string {
    const of = (state: string): number => counts[state] ?? 0;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const done = of('completed') + of('reused');
    return of('reused') > 0
      ? this._trans.__('%1 of %2 (%3 reused)', done, total, of('reused'))
      : this._trans.__('%1 of %2', done, total);
  }

  /** "0:42": how long runs of the step were at work, from the first one's begin to the last one's end. */
  elapsed({ startedAt, finishedAt, idle }: IStepState): string {
    return startedAt === null
      ? ''
      : clock(Math.max(0, secondsBetween(startedAt, finishedAt) - idle));
  }
}

/** The last part of `function.parameter`. */
export function shortName(param: string): string {
  return param.slice(param.lastIndexOf('.') + 1);
}

/** "0.3 | 0.5 ×2", or the one value. */
export function valueText(row: IParamRow, words: Words): string {
  if (row.tried.length > 0) {
    return `${row.tried.join(' | ')} ${words.times(row.tried.length)}`;
  }
  return row.text ?? '…';
}

/** A binding that is no link, in a word. */
export function chipText(binding: Binding, words: Words): string | null {
  switch (binding.kind) {
    case 'step':
      return null;
    case 'column':
      return `▤ ${binding.column}`;
    case 'value':
      return `= ${binding.text}`;
    case 'file':
      return binding.path.slice(binding.path.lastIndexOf('/') + 1);
    case 'run':
      return words.result(binding.run, binding.output);
  }
}

/** The state that a person must know first. */
export function worstOf(counts: Counts | undefined): string | null {
  const order = ['failed', 'running', 'blocked', 'cancelled', 'waiting', 'reused', 'completed'];
  const there = order.find(state => (counts?.[state] ?? 0) > 0);
  if (there === 'reused' && (counts?.['completed'] ?? 0) > 0) {
    return 'completed';
  }
  return there ?? null;
}
