/** The planned runs of a plan as a table: sorted, filtered, as fast with ten thousand as with ten. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import { CommandIDs } from '../commands';
import { MarkLabel, markOf } from '../marks/mark';
import {
  clicked,
  extended,
  isOnControl,
  isShifted,
  keepText,
  movedTo,
  toggled
} from '../screen/choosing';
import { useHere } from '../screen/here';
import { NO_ITEM, runItem } from '../screen/item';
import { Action, CommandLink, RunLink } from '../screen/parts';
import { Rows } from '../screen/rows';
import { took } from '../screen/words';
import { useCauses } from './causes';
import type { IRowsOfPlan, ISort } from './look';
import type { Column, IFilter } from './rows';
import { ALL, filtered, noteOf, runsOf, secondsOf, sorted } from './rows';

interface IProps extends IRowsOfPlan {
  filter: IFilter;
  onFilter: (filter: IFilter) => void;
  sort: ISort;
  onSort: (sort: ISort) => void;
}

export function PlanTable(props: IProps): React.JSX.Element {
  const { plan, rows, chosen, onChoose, onSelect, filter, onFilter, sort, onSort } = props;
  const { marks, trans } = useHere();
  const shown = React.useMemo(
    () => sorted(filtered(rows, filter), sort.column, sort.descending),
    [rows, filter, sort]
  );
  const columns: readonly (readonly [Column, string])[] = [
    ['state', trans.__('State')],
    ['step', trans.__('Step')],
    ['sample', trans.__('Sample')],
    ['branch', trans.__('Branch')],
    ['run', trans.__('Run')],
    ['took', trans.__('Took')],
    ['note', trans.__('Why')]
  ];
  const because = useCauses(rows);
  const order = (): number[] => runsOf(shown);
  const steps = React.useMemo(() => [...new Set(rows.map(row => row.step))], [rows]);
  const states = React.useMemo(() => [...new Set(rows.map(row => row.state))], [rows]);
  const head = (
    <div role="rowgroup" className="pm-Grid-head">
      <div role="row" className="pm-Grid-row" aria-rowindex={1}>
        <span role="columnheader">
          <span className="pm-offscreen">{trans.__('Chosen')}</span>
        </span>
        {columns.map(([column, label]) => (
          <span
            key={column}
            role="columnheader"
            className={column === 'took' ? 'pm-Table-number' : undefined}
            aria-sort={
              sort.column !== column ? 'none' : sort.descending ? 'descending' : 'ascending'
            }
          >
            <button
              type="button"
              className="pm-Grid-sort"
              onClick={() => {
                onSort(
                  sort.column !== column
                    ? { column, descending: false }
                    : sort.descending
                      ? { column: null, descending: false }
                      : { column, descending: true }
                );
              }}
            >
              {label}
              <span aria-hidden="true">
                {sort.column === column ? (sort.descending ? ' ▾' : ' ▴') : ''}
              </span>
            </button>
          </span>
        ))}
      </div>
    </div>
  );
  return (
    <>
      <div className="pm-Bar pm-Log-bar" role="search">
        <input
          className="pm-Field"
          type="search"
          aria-label={trans.__('Filter the runs of this plan')}
          placeholder={trans.__('Filter')}
          value={filter.text}
          onChange={event => {
            onFilter({ ...filter, text: event.target.value });
          }}
        />
        <select
          className="pm-Field"
          aria-label={trans.__('State')}
          value={filter.state}
          onChange={event => {
            onFilter({ ...filter, state: event.target.value });
          }}
        >
          <option value="">{trans.__('Every state')}</option>
          {states.map(state => (
            <option key={state} value={state}>
              {markOf(marks.run, state).said}
            </option>
          ))}
        </select>
        <select
          className="pm-Field"
          aria-label={trans.__('Step')}
          value={filter.step}
          onChange={event => {
            onFilter({ ...filter, step: event.target.value });
          }}
        >
          <option value="">{trans.__('Every step')}</option>
          {steps.map(step => (
            <option key={step} value={step}>
              {step}
            </option>
          ))}
        </select>
        <span role="status">{trans.__('%1 of %2 runs', shown.length, rows.length)}</span>
        {filter !== ALL && (
          <Action
            label={trans.__('Show all')}
            onClick={() => {
              onFilter(ALL);
            }}
          />
        )}
      </div>
      <Rows
        className="pm-Grid"
        role="table"
        label={trans.__('Runs of this plan')}
        count={shown.length}
        height={28}
        top={props.top}
        onTop={props.onTop}
        head={head}
        row={index => {
          const row = shown[index];
          return (
            row !== undefined && (
              <Row
                key={row.planned_id}
                plan={plan}
                row={row}
                cause={because(row)}
                index={index}
                chosen={chosen.runs}
                onTick={(run, shift) => {
                  onChoose(shift ? extended(chosen, run, order()) : toggled(chosen, [run]));
                }}
                onClick={event => {
                  const { run_id: run } = row;
                  if (run !== null) {
                    onChoose(clicked(chosen, run, order(), event) ?? movedTo(chosen, run));
                  }
                }}
                onSelect={() => {
                  onSelect(row.run_id);
                }}
              />
            )
          );
        }}
      />
      {shown.length === 0 && (
        <p className="pm-Screen-empty">{trans.__('No run of this plan fits the filter.')}</p>
      )}
    </>
  );
}

interface IRowProps {
  plan: number;
  row: PlannedRun;
  /** Which run kept it from running. */
  cause: string;
  index: number;
  chosen: ReadonlySet<number>;
  onTick: (run: number, shift: boolean) => void;
  onClick: (event: React.MouseEvent) => void;
  onSelect: () => void;
}

function Row(props: IRowProps): React.JSX.Element {
  const { plan, row, cause, index, chosen, onTick, onClick, onSelect } = props;
  const { marks, trans } = useHere();
  const seconds = secondsOf(row);
  const note = noteOf(row, cause);
  const { run_id: run } = row;
  return (
    <div
      role="row"
      className="pm-Grid-row"
      aria-rowindex={index + 2}
      data-pm-chosen={run !== null && chosen.has(run)}
      {...(run === null ? NO_ITEM : runItem(run, chosen, plan))}
      onFocus={onSelect}
      onMouseDown={keepText}
      onClick={event => {
        onSelect();
        if (!isOnControl(event)) {
          onClick(event);
        }
      }}
    >
      <span role="cell">
        {run !== null && (
          <input
            type="checkbox"
            aria-label={trans.__('Choose run %1', run)}
            checked={chosen.has(run)}
            onChange={event => {
              onTick(run, isShifted(event));
            }}
          />
        )}
      </span>
      <span role="cell">
        <MarkLabel mark={markOf(marks.run, row.state)} />
      </span>
      <span role="cell" title={`${row.method} v${row.version}`}>
        {row.step}
      </span>
      <span role="cell">{row.sample ?? ''}</span>
      <span role="cell" title={row.branch}>
        {row.branch}
      </span>
      <span role="cell">
        {run !== null && (
          <>
            <RunLink run={run} />{' '}
            <CommandLink
              command={CommandIDs.openLog}
              args={{ run }}
              address={`log-${run}`}
              label={trans.__('Log of run %1', run)}
            >
              {trans.__('log')}
            </CommandLink>
          </>
        )}
      </span>
      <span role="cell" className="pm-Table-number">
        {seconds === null ? '' : took(seconds, trans)}
      </span>
      <span role="cell" title={note}>
        {note}
      </span>
    </div>
  );
}
