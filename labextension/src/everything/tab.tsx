/** The whole database as one graph: methods with how many runs they have, unfolding into them. */

import React from 'react';

import type { Everything, EverythingMethod } from '../api/everything';
import { getEverything } from '../api/everything';
import type { Run } from '../api/runs';
import { listRuns } from '../api/runs';
import { CommandIDs } from '../commands';
import { CountsBar } from '../marks/bar';
import { Model, useAsked, useModel } from '../screen/asked';
import type { IHere } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Action, Ago, CommandLink, RunLink, RunState, Shown, Trouble } from '../screen/parts';
import type { IChange } from '../tokens';
import { columnsOf, totalOf } from './columns';

interface IFilter {
  sample: string;
  plan: string;
  since: string;
}

const NO_FILTER: IFilter = { sample: '', plan: '', since: '' };

function queryOf({ sample, plan, since }: IFilter): {
  sample?: string;
  plan?: number;
  since?: string;
} {
  return {
    ...(sample === '' ? {} : { sample }),
    ...(/^\d{1,15}$/.test(plan) ? { plan: Number(plan) } : {}),
    ...(since === '' ? {} : { since })
  };
}

export default function EverythingTab(): React.JSX.Element {
  const { trans } = useHere();
  const [typed, setTyped] = React.useState<IFilter>(NO_FILTER);
  const [filter, setFilter] = React.useState<IFilter>(NO_FILTER);
  return (
    <div className="pm-Everything">
      <h2>{trans.__('Everything')}</h2>
      <form
        className="pm-Bar"
        role="search"
        onSubmit={event => {
          event.preventDefault();
          setFilter({
            sample: typed.sample.trim(),
            plan: typed.plan.trim(),
            since: typed.since
          });
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
          placeholder={trans.__('Plan')}
          inputMode="numeric"
          pattern="\d*"
          value={typed.plan}
          onChange={event => {
            setTyped({ ...typed, plan: event.target.value });
          }}
        />
        <select
          className="pm-Field"
          aria-label={trans.__('Time')}
          value={typed.since}
          onChange={event => {
            setTyped({ ...typed, since: event.target.value });
          }}
        >
          <option value="">{trans.__('At any time')}</option>
          <option value="1d">{trans.__('In the last day')}</option>
          <option value="1w">{trans.__('In the last week')}</option>
          <option value="30d">{trans.__('In the last 30 days')}</option>
        </select>
        <button type="submit" className="pm-Button pm-mod-main">
          {trans.__('Filter')}
        </button>
      </form>
      <Graph key={JSON.stringify(filter)} filter={filter} />
    </div>
  );
}

function Graph({ filter }: { filter: IFilter }): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const asked = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await getEverything(here.api, queryOf(filter));
    }, [here, filter])
  );
  useChanges(
    React.useCallback((change: IChange) => ['run', 'method', 'module'].includes(change.kind), []),
    asked.refresh,
    2000
  );
  return (
    <Shown asked={asked} loading={trans.__('Loading everything…')}>
      {everything =>
        everything.methods.length === 0 ? (
          <p className="pm-Screen-empty">
            {trans.__('No method is registered yet: register one with `pm method register`.')}
          </p>
        ) : (
          <Columns everything={everything} filter={filter} />
        )
      }
    </Shown>
  );
}

interface IColumnsProps {
  everything: Everything;
  filter: IFilter;
}

function Columns({ everything, filter }: IColumnsProps): React.JSX.Element {
  const { trans } = useHere();
  const columns = React.useMemo(() => columnsOf(everything), [everything]);
  return (
    <div
      className="pm-Everything-columns"
      role="region"
      aria-label={trans.__('Methods')}
      tabIndex={0}
    >
      {columns.map((column, place) => (
        <ul key={place} className="pm-Everything-column">
          {column.map(method => (
            <Method key={method.method} method={method} everything={everything} filter={filter} />
          ))}
        </ul>
      ))}
    </div>
  );
}

interface IMethodProps extends IColumnsProps {
  method: EverythingMethod;
}

function Method({ method, everything, filter }: IMethodProps): React.JSX.Element {
  const { marks, trans } = useHere();
  const [open, setOpen] = React.useState(false);
  const total = totalOf(method);
  const read = everything.edges.filter(edge => edge.target === method.method);
  return (
    <li className="pm-Everything-method">
      <button
        type="button"
        className="pm-Everything-fold"
        aria-expanded={open}
        disabled={total === 0}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <strong>{method.method}</strong>{' '}
        <span className="pm-Muted">
          {method.module} · {trans._n('%1 version', '%1 versions', method.versions)} ·{' '}
          {trans._n('%1 run', '%1 runs', total)}
        </span>
      </button>
      {total > 0 && <CountsBar counts={method.runs} marks={marks.run} trans={trans} />}
      {read.length > 0 && (
        <p className="pm-Muted pm-Everything-read">
          {trans.__('reads')} {read.map(edge => `${edge.source} (${edge.count})`).join(', ')}
        </p>
      )}
      {open && <Runs method={method.method} filter={filter} />}
    </li>
  );
}

/** Runs of one method, a page at a time. */
class RunPages extends Model {
  constructor(
    private readonly _here: IHere,
    private readonly _method: string,
    private readonly _filter: IFilter
  ) {
    super();
  }

  runs: Run[] = [];
  before: number | null = null;
  loaded = false;
  error: unknown = null;

  readonly more = async (): Promise<void> => {
    try {
      const page = await listRuns(this._here.api, {
        ...queryOf(this._filter),
        method: this._method,
        limit: 50,
        ...(this.before === null ? {} : { before: this.before })
      });
      this.runs = [...this.runs, ...page.runs];
      this.before = page.before;
      this.loaded = true;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.tell();
  };
}

function Runs({ method, filter }: { method: string; filter: IFilter }): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const pages = React.useMemo(() => new RunPages(here, method, filter), [here, method, filter]);
  useModel(pages);
  React.useEffect(() => {
    void pages.more();
  }, [pages]);
  return (
    <>
      {pages.error !== null && <Trouble error={pages.error} again={() => void pages.more()} />}
      {!pages.loaded && pages.error === null && <p role="status">{trans.__('Loading runs…')}</p>}
      <ul className="pm-Everything-runs" aria-label={trans.__('Runs of %1', method)}>
        {pages.runs.map(run => (
          <li key={run.run_id}>
            <RunLink run={run.run_id} /> <RunState run={run} />{' '}
            <span className="pm-Muted">
              {[run.sample ?? '', run.branch].filter(word => word !== '').join(' · ')}{' '}
              <Ago time={run.finished_at ?? run.started_at} />
            </span>{' '}
            <CommandLink
              command={CommandIDs.openLineage}
              args={{ run: run.run_id, direction: 'both' }}
              address={`lineage-${run.run_id}`}
              label={trans.__('Lineage of run %1', run.run_id)}
            >
              {trans.__('lineage')}
            </CommandLink>
          </li>
        ))}
      </ul>
      {pages.before !== null && (
        <Action label={trans.__('Older runs')} onClick={() => void pages.more()} />
      )}
    </>
  );
}
