/** Which runs of the database are looked at. */

import React from 'react';

import type { IEverythingQuery } from '../api/everything';
import { listPlans } from '../api/plans';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { Action } from '../screen/parts';

export interface IFilter {
  readonly sample: string;
  readonly plan: string;
  readonly since: string;
}

export const NO_FILTER: IFilter = { sample: '', plan: '', since: '' };

export function queryOf({ sample, plan, since }: IFilter): IEverythingQuery {
  return {
    ...(sample === '' ? {} : { sample }),
    ...(/^\d{1,15}$/.test(plan) ? { plan: Number(plan) } : {}),
    ...(since === '' ? {} : { since })
  };
}

/** What was typed, as a filter; with nothing typed, none. */
export function filterOf({ sample, plan, since }: IFilter): IFilter {
  const filter = { sample: sample.trim(), plan: plan.trim(), since };
  return Object.values(filter).every(text => text === '') ? NO_FILTER : filter;
}

interface IProps {
  filter: IFilter;
  onChange: (filter: IFilter) => void;
}

export function FilterForm({ filter, onChange }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const offered = React.useId();
  const [typed, setTyped] = React.useState(filter);
  const form = React.useRef<HTMLFormElement>(null);
  const give = (next: IFilter): void => {
    setTyped(next);
    onChange(filterOf(next));
  };
  return (
    <form
      ref={form}
      className="pm-Bar"
      role="search"
      aria-label={trans.__('Which runs')}
      onSubmit={event => {
        event.preventDefault();
        give(typed);
      }}
    >
      <input
        className="pm-Field"
        aria-label={trans.__('Sample')}
        placeholder={trans.__('Sample')}
        value={typed.sample}
        onChange={event => {
          setTyped({ ...typed, sample: event.target.value });
        }}
      />
      <input
        className="pm-Field"
        aria-label={trans.__('Number of the plan')}
        placeholder={trans.__('Number of the plan')}
        inputMode="numeric"
        list={offered}
        pattern="\s*\d{0,15}\s*"
        title={trans.__('The number of a plan')}
        value={typed.plan}
        onChange={event => {
          setTyped({ ...typed, plan: event.target.value });
        }}
      />
      <Plans id={offered} />
      <select
        className="pm-Field"
        aria-label={trans.__('Time')}
        value={typed.since}
        onChange={event => {
          const next = { ...typed, since: event.target.value };
          // What is typed wrongly is not a filter: it is said, as by "Filter".
          if (form.current?.reportValidity() === false) {
            setTyped(next);
          } else {
            give(next);
          }
        }}
      >
        <option value="">{trans.__('At any time')}</option>
        <option value="1h">{trans.__('In the last hour')}</option>
        <option value="1d">{trans.__('In the last day')}</option>
        <option value="1w">{trans.__('In the last week')}</option>
        <option value="30d">{trans.__('In the last 30 days')}</option>
      </select>
      <button type="submit" className="pm-Button pm-mod-main">
        {trans.__('Filter')}
      </button>
      {filter !== NO_FILTER && (
        <Action
          label={trans.__('Show all')}
          onClick={() => {
            setTyped(NO_FILTER);
            onChange(NO_FILTER);
            // The button goes.
            form.current?.querySelector('input')?.focus();
          }}
        />
      )}
    </form>
  );
}

/** Plans that are offered to choose from; any other can be typed. */
const OFFERED = 200;

/** The newest plans by name. Without an answer nothing is offered. */
function Plans({ id }: { id: string }): React.JSX.Element {
  const here = useHere();
  const asked = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await listPlans(here.api, { limit: OFFERED });
    }, [here])
  );
  return (
    <datalist id={id}>
      {(asked.value ?? []).map(plan => (
        <option key={plan.plan_id} value={plan.plan_id} label={plan.name} />
      ))}
    </datalist>
  );
}
