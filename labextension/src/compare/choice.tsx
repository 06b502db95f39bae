/** Which runs are compared: left out, typed, or chosen among what is near the first one. */

import React from 'react';

import type { Run } from '../api/runs';
import { getRun, listRuns } from '../api/runs';
import { useAsked } from '../screen/asked';
import { MOST } from '../screen/choosing';
import { useHere } from '../screen/here';
import { Action, RunLink } from '../screen/parts';
import { whichOf } from './which';

/** Runs that are offered. */
const OFFERED = 200;

interface IProps {
  runs: readonly number[];
  onChange: (runs: readonly number[]) => void;
}

export function RunChoice({ runs, onChange }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const [typed, setTyped] = React.useState('');
  const near = useNear(runs[0]);
  const known = new Map(near.map(run => [run.run_id, run]));
  const add = (more: readonly number[]): void => {
    onChange([...new Set([...runs, ...more])].slice(0, MOST));
  };
  const offers = offersFor(near, runs);
  return (
    <>
      <ul className="pm-Compare-runs" aria-label={trans.__('Runs that are compared')}>
        {runs.map(run => (
          <li key={run} className="pm-Compare-run">
            <RunLink run={run} method={known.get(run)?.method ?? null} />
            <span className="pm-Muted">{whichOf(known.get(run))}</span>
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Leave out run %1', run)}
              title={trans.__('Leave out run %1', run)}
              onClick={() => {
                onChange(runs.filter(each => each !== run));
              }}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <form
        className="pm-Bar"
        onSubmit={event => {
          event.preventDefault();
          add((typed.match(/\d{1,15}/g) ?? []).map(Number).filter(run => run > 0));
          setTyped('');
        }}
      >
        {offers.branches.length > 0 && (
          <Action
            label={trans._n(
              'Add its other branch',
              'Add its %1 other branches',
              offers.branches.length
            )}
            onClick={() => {
              add(offers.branches);
            }}
          />
        )}
        {offers.samples.length > 0 && (
          <Action
            label={trans._n(
              'Add the other sample',
              'Add the %1 other samples',
              offers.samples.length
            )}
            onClick={() => {
              add(offers.samples);
            }}
          />
        )}
        {offers.others.length > 0 && (
          <select
            className="pm-Field"
            aria-label={trans.__('Add another run of this method')}
            value=""
            onChange={event => {
              add([Number(event.target.value)]);
            }}
          >
            <option value="">{trans.__('Add another run of this method')}</option>
            {offers.others.map(run => (
              <option key={run.run_id} value={run.run_id}>
                {[trans.__('run %1', run.run_id), `v${run.version}`, whichOf(run), run.said]
                  .filter(word => word !== '')
                  .join(' · ')}
              </option>
            ))}
          </select>
        )}
        <input
          className="pm-Field"
          aria-label={trans.__('Numbers of runs to add')}
          placeholder={trans.__('Runs to add: 47, 48')}
          value={typed}
          onChange={event => {
            setTyped(event.target.value);
          }}
        />
        <button type="submit" className="pm-Button" disabled={!/[1-9]/.test(typed)}>
          {trans.__('Add')}
        </button>
      </form>
    </>
  );
}

const NONE: readonly Run[] = [];

/** The first run, and the newest runs of its method. Without an answer nothing is offered. */
function useNear(first: number | undefined): readonly Run[] {
  const here = useHere();
  const asked = useAsked(
    React.useCallback(async () => {
      if (first === undefined) {
        return NONE;
      }
      await here.ready();
      const run = await getRun(here.api, first);
      const { runs } = await listRuns(here.api, { method: run.method, limit: OFFERED });
      return [run, ...runs.filter(each => each.run_id !== first)];
    }, [here, first])
  );
  return asked.value ?? NONE;
}

interface IOffers {
  readonly branches: readonly number[];
  readonly samples: readonly number[];
  readonly others: readonly Run[];
}

/** What could be added: of the same plan other branches and samples, and any run of the method. */
export function offersFor(near: readonly Run[], runs: readonly number[]): IOffers {
  const [first, ...rest] = near;
  const others = rest.filter(run => !runs.includes(run.run_id));
  if (first === undefined || runs.length >= MOST) {
    return { branches: [], samples: [], others: [] };
  }
  const together = others.filter(
    run => first.plan_id !== null && run.plan_id === first.plan_id && run.status === 'completed'
  );
  const numbers = (fits: (run: Run) => boolean): number[] =>
    together.filter(fits).map(run => run.run_id);
  return {
    branches: numbers(run => run.sample === first.sample && run.branch !== first.branch),
    samples: numbers(run => run.sample !== first.sample && run.branch === first.branch),
    others
  };
}
