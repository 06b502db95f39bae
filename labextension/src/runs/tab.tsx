/** The tab of a run: the result first, then how it was made. */

import React from 'react';

import { getRun } from '../api/runs';
import { Made } from '../lineage/made';
import { useAsked } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Section, Shown } from '../screen/parts';
import type { IChange } from '../tokens';
import { RunSections } from './sections';
import { Head, runTitle } from './head';

export interface IRunArgs {
  run: number;
  [name: string]: number;
}

export default function RunTab({ args, tab }: { args: IRunArgs; tab: ITab }): React.JSX.Element {
  const here = useHere();
  const { run } = args;
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
  const { value } = asked;
  const { trans } = here;
  React.useEffect(() => {
    if (value !== undefined) {
      tab.setTitle(trans.__('Run %1 · %2', run, value.method), runTitle(value, trans));
    }
  }, [tab, run, value, trans]);
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <article className="pm-Run" aria-busy={asked.busy}>
          <Head run={details} />
          <RunSections run={details}>
            <Section title={trans.__('How it was made')}>
              <Made run={run} />
            </Section>
          </RunSections>
        </article>
      )}
    </Shown>
  );
}

/** Whether a change concerns a run. */
export function touches(change: IChange, run: number): boolean {
  return (change.kind === 'run' || change.kind === 'checked') && change.id === run;
}
