/** What can be done with the runs that are chosen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands';
import { MOST } from './choosing';

interface IProps {
  runs: ReadonlySet<number>;
  /** How many of them a filter hides. */
  hidden?: number;
  none: () => void;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** How many are chosen, and what can be done with them; nothing where none is. */
export function ChosenRuns(props: IProps): React.JSX.Element | null {
  const { runs, hidden = 0, none, commands, trans } = props;
  if (runs.size === 0) {
    return null;
  }
  const fits = runs.size > 1 && runs.size <= MOST;
  return (
    <div className="pm-Chosen" role="group" aria-label={trans.__('Chosen runs')}>
      <span role="status">
        {trans._n('%1 run chosen', '%1 runs chosen', runs.size)}
        {hidden > 0 && ` (${trans.__('%1 not shown', hidden)})`}
      </span>
      {commands.hasCommand(CommandIDs.compare) && (
        <button
          type="button"
          className="pm-Button"
          title={
            fits
              ? trans.__('Parameters, inputs, metrics and results side by side')
              : trans.__('Choose two to %1 runs', MOST)
          }
          disabled={!fits}
          onClick={() => void commands.execute(CommandIDs.compare, { runs: [...runs] })}
        >
          {fits ? trans.__('Compare %1 runs', runs.size) : trans.__('Compare')}
        </button>
      )}
      <button type="button" className="pm-Button" onClick={none}>
        {trans.__('Choose none')}
      </button>
    </div>
  );
}
