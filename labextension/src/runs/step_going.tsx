/** A run that was started here, from its first line to its result. */

import React from 'react';

import { getRun } from '../api/runs';
import { useAsked } from '../screen/asked';
import { useChanges, useHere } from '../screen/here';
import { RunLink, RunState, Section, Shown } from '../screen/parts';
import type { IChange } from '../tokens';
import { LogView } from './log_view';
import { Metrics, Outputs } from './outputs';
import { Stop } from './stop';
import { touches } from './tab';

export function Going({ run }: { run: number }): React.JSX.Element {
  const { api, trans } = useHere();
  const asked = useAsked(React.useCallback(() => getRun(api, run), [api, run]));
  useChanges(
    React.useCallback((change: IChange) => touches(change, run), [run]),
    asked.refresh
  );
  const place = React.useRef<HTMLElement>(null);
  const there = asked.value !== undefined;
  React.useEffect(() => {
    // It appears below a form that may fill the screen.
    place.current?.scrollIntoView({ block: 'nearest' });
  }, [there]);
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <section ref={place} className="pm-Step-going" aria-label={trans.__('Run %1', run)}>
          <p className="pm-Bar">
            <RunLink run={run} method={details.method} /> <RunState run={details} />
            <Stop run={details} />
          </p>
          {details.status === 'completed' && (
            <Section title={trans.__('Result')}>
              <Metrics metrics={details.metrics} />
              <Outputs run={run} />
            </Section>
          )}
          <Section title={trans.__('Log')}>
            <LogView
              key={String(details.status === 'failed')}
              run={run}
              atTraceback={details.status === 'failed'}
              className="pm-mod-inside"
            />
          </Section>
        </section>
      )}
    </Shown>
  );
}
