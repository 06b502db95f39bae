/** The tab of a log. */

import React from 'react';

import { getRun } from '../api/runs';
import { useAsked } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { RunLink, RunState, Shown } from '../screen/parts';
import type { IChange } from '../tokens';
import { LogView } from './log_view';
import { touches } from './tab';

export interface ILogArgs {
  run: number;
  /** The line to go to, from 1; 0, none. */
  line: number;
  [name: string]: number;
}

export default function LogTab({ args, tab }: { args: ILogArgs; tab: ITab }): React.JSX.Element {
  const here = useHere();
  const { run } = args;
  const { trans } = here;
  const asked = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await getRun(here.api, run);
    }, [here, run])
  );
  useChanges(
    React.useCallback((change: IChange) => touches(change, run), [run]),
    asked.refresh
  );
  const method = asked.value?.method;
  const found = method === undefined ? null : run;
  React.useEffect(() => {
    tab.select(found);
  }, [tab, found]);
  React.useEffect(() => {
    if (method !== undefined) {
      tab.setTitle(trans.__('Log %1 · %2', run, method));
    }
  }, [tab, run, method, trans]);
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <div className="pm-LogTab">
          <p className="pm-Bar pm-Log-note">
            <RunLink run={run} method={details.method} /> <RunState run={details} />
          </p>
          <LogView run={run} atTraceback={details.status === 'failed'} wanted={args} />
        </div>
      )}
    </Shown>
  );
}
