/** A run in the right panel: the result first, then how it was made. */

import React from 'react';

import { getRun } from '../api/runs';
import { CommandIDs } from '../commands';
import { useAsked } from '../screen/asked';
import { useChanges, useHere } from '../screen/here';
import { Action, Shown } from '../screen/parts';
import type { IChange } from '../tokens';
import { Head } from './head';
import { LogShown } from './log_shown';
import { RunSections } from './sections';
import { touches } from './tab';

interface IProps {
  run: number;
  log: boolean;
}

export default function RunBeside({ run, log }: IProps): React.JSX.Element {
  const { api, commands, trans } = useHere();
  const asked = useAsked(React.useCallback(() => getRun(api, run), [api, run]));
  useChanges(
    React.useCallback((change: IChange) => touches(change, run), [run]),
    asked.refresh
  );
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <>
          <Head run={details} />
          <p className="pm-Bar pm-Head-more">
            <Action
              label={trans.__('Open run')}
              onClick={() => void commands.execute(CommandIDs.openRun, { run })}
            />
          </p>
          <LogShown.Provider value={log}>
            <RunSections run={details} />
          </LogShown.Provider>
        </>
      )}
    </Shown>
  );
}
