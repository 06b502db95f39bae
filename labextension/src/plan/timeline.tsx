/** The runs of a plan along the time that they took. */

import { Time } from '@jupyterlab/coreutils';
import React from 'react';

import type { PlannedRun } from '../api/plans';
import { markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import { NO_ITEM, runItem } from '../screen/item';
import { RunLink } from '../screen/parts';
import { Rows } from '../screen/rows';
import { clock, took } from '../screen/words';
import type { IRowsOfPlan } from './look';

interface IBar {
  row: PlannedRun;
  start: number;
  end: number;
}

/** The runs that this plan executed, by their beginning; those that run end now. */
export function barsOf(rows: readonly PlannedRun[], now: number): IBar[] {
  return rows
    .filter(row => row.started_at !== null && row.state !== 'reused')
    .map(row => ({
      row,
      start: Date.parse(row.started_at ?? ''),
      end: row.finished_at === null ? now : Date.parse(row.finished_at)
    }))
    .sort((a, b) => a.start - b.start || a.row.planned_id - b.row.planned_id);
}

export function PlanTimeline(props: IRowsOfPlan): React.JSX.Element {
  const { plan, rows, chosen, onSelect } = props;
  const { marks, trans } = useHere();
  const [now, setNow] = React.useState(() => Date.now());
  const running = rows.some(row => row.state === 'running');
  React.useEffect(() => {
    if (!running) {
      return;
    }
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [running]);
  const bars = React.useMemo(() => barsOf(rows, now), [rows, now]);
  if (bars.length === 0) {
    return <p className="pm-Screen-empty">{trans.__('Nothing has begun to run yet.')}</p>;
  }
  const from = bars[0]?.start ?? 0;
  const to = bars.reduce((latest, bar) => Math.max(latest, bar.end), from + 1000);
  const share = (time: number): number => ((time - from) / (to - from)) * 100;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const head = (
    <div role="rowgroup" className="pm-Grid-head">
      <div role="row" className="pm-Timeline-row" aria-rowindex={1}>
        <span role="columnheader">{trans.__('Run')}</span>
        <span role="columnheader" className="pm-Timeline-ticks">
          {ticks.map(tick => (
            <span key={tick}>{clock(((to - from) / 1000) * tick)}</span>
          ))}
        </span>
      </div>
    </div>
  );
  return (
    <Rows
      className="pm-Timeline"
      role="table"
      label={trans.__('Runs of this plan in time')}
      count={bars.length}
      height={26}
      top={props.top}
      onTop={props.onTop}
      head={head}
      row={index => {
        const bar = bars[index];
        if (bar === undefined) {
          return null;
        }
        const { row, start, end } = bar;
        const seconds = (end - start) / 1000;
        const mark = markOf(marks.run, row.state);
        return (
          <div
            key={row.planned_id}
            role="row"
            className="pm-Timeline-row"
            aria-rowindex={index + 2}
            {...(row.run_id === null ? NO_ITEM : runItem(row.run_id, chosen.runs, plan))}
            onFocus={() => {
              onSelect(row.run_id);
            }}
            onClick={() => {
              onSelect(row.run_id);
            }}
          >
            <span role="rowheader" title={[row.step, row.sample, row.branch].join(' · ')}>
              {row.run_id === null ? row.step : <RunLink run={row.run_id} method={row.step} />}{' '}
              <span className="pm-Muted">
                {[row.sample ?? '', row.branch].filter(word => word !== '').join(' · ')}
              </span>
            </span>
            <span role="cell" className="pm-Timeline-lane">
              <span
                className="pm-Timeline-bar"
                data-pm-token={mark.token}
                title={`${mark.said}, ${Time.format(new Date(start))}, ${took(seconds, trans)}`}
                style={{ left: `${share(start)}%`, width: `${share(end) - share(start)}%` }}
              />
              <span className="pm-offscreen">
                {trans.__(
                  '%1, began after %2, took %3',
                  mark.said,
                  clock((start - from) / 1000),
                  took(seconds, trans)
                )}
              </span>
            </span>
          </div>
        );
      }}
    />
  );
}
