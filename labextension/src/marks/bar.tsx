/** A thin bar with one segment per state, and the count in words beside it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMark } from '../api/marks';
import { markOf } from './mark';

/** From what is done to what waits. */
const ORDER = ['completed', 'reused', 'running', 'failed', 'cancelled', 'blocked', 'waiting'];

interface IProps {
  counts: Record<string, number>;
  marks: IMark[];
  trans: TranslationBundle;
}

export function CountsBar({ counts, marks, trans }: IProps): React.JSX.Element {
  const segments = ordered(counts);
  const text = countsText(counts, trans);
  const detail = segments.map(([state, n]) => `${n} ${markOf(marks, state).said}`).join(', ');
  return (
    <span className="pm-Counts" title={detail}>
      <span className="pm-Counts-bar" role="img" aria-label={detail || text}>
        {segments.map(([state, n]) => (
          <span
            key={state}
            className="pm-Counts-segment"
            data-pm-token={markOf(marks, state).token}
            style={{ flexGrow: n }}
          />
        ))}
      </span>
      <span className="pm-Counts-text">{text}</span>
    </span>
  );
}

/** The states that occur, in the order in which work goes through them; unknown ones last. */
export function ordered(counts: Record<string, number>): [string, number][] {
  const place = (state: string): number => {
    const index = ORDER.indexOf(state);
    return index < 0 ? ORDER.length : index;
  };
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => place(a) - place(b));
}

/** "17 of 26 (6 reused, 1 failed)". */
export function countsText(counts: Record<string, number>, trans: TranslationBundle): string {
  const of = (state: string): number => counts[state] ?? 0;
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const done = of('completed') + of('reused');
  const extra = [
    of('reused') > 0 ? trans.__('%1 reused', of('reused')) : '',
    of('failed') > 0 ? trans.__('%1 failed', of('failed')) : ''
  ].filter(text => text !== '');
  const base = trans.__('%1 of %2', done, total);
  return extra.length === 0 ? base : `${base} (${extra.join(', ')})`;
}
