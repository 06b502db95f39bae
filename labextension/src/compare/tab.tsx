/** Runs side by side: what differs is marked, and their results stand beside each other. */

import React from 'react';

import { compareRuns } from '../api/compare';
import { useAsked } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Shown } from '../screen/parts';
import type { IChange } from '../tokens';
import { RunChoice } from './choice';
import { Differences, Summary } from './differences';
import { Results } from './results';

export interface ICompareArgs {
  runs: number[];
  /** Names the tab, also when it compares others by now. */
  tab: string;
  /** How many were chosen: more than are compared at once, perhaps. */
  chosen: number;
  [name: string]: number[] | string | number;
}

/** The least milliseconds between two comparisons: each reads all that is recorded of the runs. */
const GAP = 2_000;

interface IProps {
  args: ICompareArgs;
  tab: ITab<ICompareArgs>;
}

export default function CompareTab({ args, tab }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const { runs } = args;
  React.useEffect(() => {
    tab.setTitle(
      runs.length === 0 ? trans.__('Compare runs') : trans.__('Compare %1', runs.join(', '))
    );
  }, [tab, runs, trans]);
  return (
    <div className="pm-Compare">
      <h2>{trans.__('Compare runs')}</h2>
      <RunChoice
        runs={runs}
        onChange={changed => {
          tab.turn({ ...args, runs: [...changed], chosen: changed.length });
        }}
      />
      {args.chosen > runs.length && (
        <p className="pm-Bar pm-Log-note" role="status">
          {trans.__(
            '%1 runs were chosen; the first %2 are compared, no more are at once.',
            args.chosen,
            runs.length
          )}
        </p>
      )}
      {runs.length < 2 ? (
        <p className="pm-Screen-empty">
          {trans.__(
            'Add at least two runs: here, or choose them in a plan, a lineage or in Everything.'
          )}
        </p>
      ) : (
        <Compared key={runs.join()} runs={runs} />
      )}
    </div>
  );
}

function Compared({ runs }: { runs: readonly number[] }): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const [all, setAll] = React.useState(false);
  const [upstream, setUpstream] = React.useState(true);
  const asked = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await compareRuns(here.api, runs, upstream);
    }, [here, runs, upstream])
  );
  useChanges(
    React.useCallback(
      ({ kind, id }: IChange) => (kind === 'run' || kind === 'checked') && runs.includes(id),
      [runs]
    ),
    asked.refresh,
    GAP
  );
  return (
    <>
      <p className="pm-Bar">
        <label>
          <input
            type="checkbox"
            checked={all}
            onChange={event => {
              setAll(event.target.checked);
            }}
          />{' '}
          {trans.__('Also what is the same')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={upstream}
            onChange={event => {
              setUpstream(event.target.checked);
            }}
          />{' '}
          {trans.__('Also the parameters of everything they were made from')}
        </label>
      </p>
      <Shown asked={asked} loading={trans.__('Comparing…')}>
        {comparison => (
          <>
            <Summary comparison={comparison} />
            <Results runs={comparison.runs} />
            {comparison.sections.map(section => (
              <Differences key={section.kind} section={section} comparison={comparison} all={all} />
            ))}
          </>
        )}
      </Shown>
    </>
  );
}
