/** Finding runs in a lineage by what is known of them: method, sample, parameter, file. */

import React from 'react';

import { useHere } from '../screen/here';
import { Action } from '../screen/parts';
import type { IGraph, LineageRun } from './graph';
import { filesOf } from './graph';

const TEXTS = new WeakMap<LineageRun, string>();

/** What is known of a run, as one text. */
function told(run: LineageRun): string {
  const known = TEXTS.get(run) ?? textOf(run);
  TEXTS.set(run, known);
  return known;
}

function textOf(run: LineageRun): string {
  const parameters = (run.parameters ?? []).map(
    ({ function: owner, name, values }) =>
      `${owner}.${name} = ${values.join(', ')} ${name}=${values.join(',')}`
  );
  const words = [
    String(run.run_id),
    `${run.method} v${run.version}`,
    run.module,
    run.sample ?? '',
    run.branch,
    run.state,
    run.error ?? '',
    run.commit.slice(0, 10),
    filesOf(run).join('\n'),
    ...parameters
  ];
  return words.join('\n').toLocaleLowerCase();
}

/** The runs that have all words of a text, sources first; null, nothing is looked for. */
export function foundIn(graph: IGraph, text: string): readonly number[] | null {
  // "run 12" is that one, not also run 120.
  const exact = /\brun\s+(\d+)\b/i.exec(text);
  const words = text
    .toLocaleLowerCase()
    .replace(/\brun\s+\d+\b/, ' ')
    .split(/\s+/)
    .filter(word => word !== '' && word !== '=');
  if (words.length === 0 && exact === null) {
    return null;
  }
  return [...graph.runs.values()]
    .filter(run => exact === null || run.run_id === Number(exact[1]))
    .filter(run => {
      const all = told(run);
      return words.every(word => all.includes(word));
    })
    .map(run => run.run_id)
    .sort((a, b) => (graph.depth.get(a) ?? 0) - (graph.depth.get(b) ?? 0) || a - b);
}

interface IProps {
  text: string;
  onText: (text: string) => void;
  found: readonly number[] | null;
  current: number;
  onGo: (run: number) => void;
}

export function Find({ text, onText, found, current, onGo }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const at = found?.indexOf(current) ?? -1;
  const go = (by: number): void => {
    if (found !== null && found.length > 0) {
      const next = at < 0 ? (by > 0 ? 0 : found.length - 1) : at + by;
      onGo(found[(next + found.length) % found.length] ?? current);
    }
  };
  return (
    <form
      className="pm-Bar"
      role="search"
      aria-label={trans.__('Find in this lineage')}
      onSubmit={event => {
        event.preventDefault();
        go(1);
      }}
    >
      <input
        type="search"
        className="pm-Field"
        aria-label={trans.__('Find in this lineage')}
        placeholder={trans.__('Find: sample, threshold=0.5')}
        value={text}
        onChange={event => {
          onText(event.target.value);
        }}
        onKeyDown={event => {
          if (event.key === 'Enter' && event.shiftKey) {
            event.preventDefault();
            go(-1);
          }
        }}
      />
      {found !== null && (
        <>
          <Action
            label="‹"
            title={trans.__('The one before')}
            disabled={found.length === 0}
            onClick={() => {
              go(-1);
            }}
          />
          <Action
            label="›"
            title={trans.__('The next one')}
            disabled={found.length === 0}
            onClick={() => {
              go(1);
            }}
          />
        </>
      )}
      <span role="status" className="pm-Muted">
        {found === null
          ? ''
          : found.length === 0
            ? trans.__('No run of this lineage has that.')
            : at < 0
              ? trans._n('%1 run', '%1 runs', found.length)
              : trans.__('%1 of %2', at + 1, found.length)}
      </span>
    </form>
  );
}
