/** Runs in the left panel: found, opened, chosen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IMarks } from '../api/marks';
import type { Run } from '../api/runs';
import { whichOf } from '../compare/which';
import { MarkLabel, markOf } from '../marks/mark';
import { Ago } from '../screen/ago';
import { ChosenRuns } from '../screen/chosen';
import { clicked, extended, isShifted, movedTo, NONE, toggled } from '../screen/choosing';
import { runItem } from '../screen/item';
import { FILTER_KEYS } from './filter';

/** What a filter looks like; its words are the same in every language. */
const EXAMPLE = 'method:label status:failed sample:s1';

interface IProps {
  runs: readonly Run[];
  marks: IMarks;
  filter: string;
  fault: string | null;
  find: (line: string) => void;
  more?: () => void;
  open?: (run: number) => void;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function RunsPart(props: IProps): React.JSX.Element {
  const { runs, marks, filter, fault, find, more, open, commands, trans } = props;
  const id = React.useId();
  const [chosen, setChosen] = React.useState(NONE);
  const order = runs.map(run => run.run_id);
  const names = React.useRef(new Map<number, HTMLButtonElement>());
  /** Up and down walk the list; with shift they choose what they come to. */
  const onKeyDown = (event: React.KeyboardEvent, run: number): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const next = by === 0 ? undefined : order[order.indexOf(run) + by];
    if (next === undefined) {
      return;
    }
    event.preventDefault();
    names.current.get(next)?.focus();
    if (event.shiftKey) {
      const begun = chosen.from === null ? toggled(chosen, [run]) : chosen;
      setChosen(extended(begun, next, order));
    } else {
      setChosen(movedTo(chosen, next));
    }
  };
  return (
    <>
      <input
        type="search"
        className="jp-mod-styled pm-Find"
        aria-label={trans.__('Filter runs')}
        aria-describedby={`${id}-help`}
        aria-invalid={fault !== null}
        placeholder={EXAMPLE}
        spellCheck={false}
        value={filter}
        onChange={event => {
          find(event.target.value);
        }}
      />
      <p id={`${id}-help`} className={fault === null ? 'pm-offscreen' : 'pm-Fault'} role="status">
        {fault ?? trans.__('Words like %1; known are %2.', 'status:failed', FILTER_KEYS.join(', '))}
      </p>
      <ChosenRuns
        runs={chosen.runs}
        none={() => {
          setChosen(NONE);
        }}
        commands={commands}
        trans={trans}
      />
      {runs.length === 0 && (
        <p className="pm-Hint">
          {filter === ''
            ? trans.__(
                'No runs yet. A run is one method on its data: start a pipeline to see some.'
              )
            : trans.__('No run fits this filter.')}
        </p>
      )}
      <ul className="pm-List" aria-label={trans.__('Runs, newest first')}>
        {runs.map(run => (
          <li
            key={run.run_id}
            className="pm-Item pm-mod-chooses"
            data-pm-chosen={chosen.runs.has(run.run_id)}
            {...runItem(run.run_id, chosen.runs)}
          >
            <input
              type="checkbox"
              aria-label={trans.__('Choose run %1', run.run_id)}
              title={trans.__('Choose runs to compare them')}
              checked={chosen.runs.has(run.run_id)}
              onChange={event => {
                setChosen(
                  isShifted(event)
                    ? extended(chosen, run.run_id, order)
                    : toggled(chosen, [run.run_id])
                );
              }}
            />
            <button
              ref={node => {
                if (node === null) {
                  names.current.delete(run.run_id);
                } else {
                  names.current.set(run.run_id, node);
                }
              }}
              type="button"
              className="pm-Item-name"
              disabled={open === undefined}
              onKeyDown={event => {
                onKeyDown(event, run.run_id);
              }}
              onClick={event => {
                const next = clicked(chosen, run.run_id, order, event);
                setChosen(next ?? movedTo(chosen, run.run_id));
                if (next === null) {
                  open?.(run.run_id);
                }
              }}
            >
              {trans.__('run %1', run.run_id)} · {run.method} v{run.version}
            </button>
            <span className="pm-Item-about" title={run.said}>
              <MarkLabel mark={markOf(marks.run, run.state)} />
              {which(run)}
              {' · '}
              <Ago time={run.started_at} />
            </span>
          </li>
        ))}
      </ul>
      {more !== undefined && (
        <button type="button" className="jp-mod-styled" onClick={more}>
          {trans.__('Show more')}
        </button>
      )}
    </>
  );
}

function which(run: Run): string {
  const words = whichOf(run);
  return words === '' ? '' : ` · ${words}`;
}
