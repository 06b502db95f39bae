/** Everything that is recorded of the selected run of a lineage. */

import React from 'react';

import { getRun } from '../api/runs';
import { CommandIDs } from '../commands';
import { CodeLink } from '../runs/code';
import { Head } from '../runs/head';
import { RunSections } from '../runs/sections';
import { touches } from '../runs/tab';
import { useAsked } from '../screen/asked';
import { useChanges, useHere } from '../screen/here';
import { Action, RunLink, Section, Shown, Trouble } from '../screen/parts';
import type { IChange } from '../tokens';
import { cited } from './cite';
import { copy } from '../screen/copy';
import type { IGraph } from './graph';

export function Selected({ run, graph }: { run: number; graph: IGraph }): React.JSX.Element {
  const { api, commands, trans } = useHere();
  const [said, setSaid] = React.useState('');
  const [error, setError] = React.useState<unknown>(null);
  const asked = useAsked(React.useCallback(() => getRun(api, run), [api, run]));
  useChanges(
    React.useCallback((change: IChange) => touches(change, run), [run]),
    asked.refresh
  );
  const readers = graph.readers.get(run) ?? [];
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <>
          <Head run={details} lineage={false} />
          <p className="pm-Bar pm-Head-more">
            <span>
              <CodeLink run={details} /> · {trans.__('by %1', details.created_by)}
            </span>
          </p>
          <p className="pm-Bar pm-Head-more">
            <Action
              label={trans.__('Open run')}
              onClick={() => void commands.execute(CommandIDs.openRun, { run })}
            />
            {run !== graph.asked && (
              <Action
                label={trans.__('Lineage of this run')}
                onClick={() => void commands.execute(CommandIDs.openLineage, { run })}
              />
            )}
            <Action
              label={trans.__('Copy citation')}
              title={trans.__('One line: what this is, what made it, and with which parameters')}
              onClick={() => {
                setError(null);
                setSaid(trans.__('Asking…'));
                cited(api, run)
                  .then(text => {
                    setSaid(copy(text, trans));
                  })
                  .catch((problem: unknown) => {
                    setSaid('');
                    setError(problem);
                  });
              }}
            />
            <span role="status">{said}</span>
          </p>
          {error !== null && <Trouble error={error} />}
          <RunSections run={details} how>
            {readers.length > 0 && (
              <Section title={trans.__('Read by')}>
                <p className="pm-Bar">
                  {readers.slice(0, 50).map(each => (
                    <RunLink key={each} run={each} method={graph.runs.get(each)?.method ?? null} />
                  ))}
                  {readers.length > 50 && trans.__('and %1 more', readers.length - 50)}
                </p>
              </Section>
            )}
          </RunSections>
        </>
      )}
    </Shown>
  );
}
