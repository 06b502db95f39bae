/** The planned runs of a plan as a tree: sample, branch, step. Walked by arrow keys. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import { CommandIDs } from '../commands';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import type { IItemProps } from '../screen/item';
import { item, NO_ITEM } from '../screen/item';
import { Action, RunLink } from '../screen/parts';
import { Rows } from '../screen/rows';
import { took } from '../screen/words';
import type { Line } from './rows';
import { useCauses } from './causes';
import { countsOf, endedOf, noteOf, secondsOf, treeLines } from './rows';

/** Run what failed of a sample or one of its branches, or all of it, or take that back. */
export type Again = (
  what: 'retry' | 'again' | 'back',
  sample: string | null,
  branch: string | null,
  rows: readonly PlannedRun[]
) => void;

interface IProps {
  plan: number;
  rows: readonly PlannedRun[];
  /** The plan is being worked on: what is asked for again begins when its launch has ended. */
  active: boolean;
  /** Absent where nothing can be run again. */
  again?: Again;
}

export function PlanTree({ plan, rows, active: isActive, again }: IProps): React.JSX.Element {
  const { commands, trans } = useHere();
  const [closed, setClosed] = React.useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = React.useState(0);
  const [goTo, setGoTo] = React.useState<{ index: number } | null>(null);
  const lines = React.useMemo(
    () => treeLines(rows, closed, trans.__('all samples')),
    [rows, closed, trans]
  );
  const because = useCauses(rows);
  const base = React.useId();
  const fold = (line: Line, close: boolean): void => {
    const next = new Set(closed);
    if (close) {
      next.add(line.key);
    } else {
      next.delete(line.key);
    }
    setClosed(next);
  };
  const go = (index: number): void => {
    const to = Math.max(0, Math.min(lines.length - 1, index));
    setActive(to);
    setGoTo({ index: to });
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const line = lines[active];
    if (line === undefined || event.target !== event.currentTarget) {
      return;
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      go(active + (event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Home' || event.key === 'End') {
      go(event.key === 'Home' ? 0 : lines.length - 1);
    } else if (event.key === 'ArrowRight' && line.kind === 'group') {
      if (line.open) {
        go(active + 1);
      } else {
        fold(line, false);
      }
    } else if (event.key === 'ArrowLeft') {
      if (line.kind === 'group' && line.open) {
        fold(line, true);
      } else {
        go(parentOf(lines, active));
      }
    } else if (event.key === 'Enter' && line.kind === 'run' && line.row.run_id !== null) {
      void commands.execute(CommandIDs.openRun, { run: line.row.run_id });
    } else if (event.key === 'Enter' && line.kind === 'group') {
      fold(line, line.open);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Rows
      className="pm-PlanTree"
      role="tree"
      label={trans.__('Runs of this plan by sample and branch')}
      item={itemOf(lines[active], plan)}
      active={lines.length === 0 ? undefined : `${base}-${active}`}
      count={lines.length}
      height={28}
      goTo={goTo}
      onKeyDown={onKeyDown}
      row={index => {
        const line = lines[index];
        return (
          line !== undefined && (
            <div
              key={line.key}
              id={`${base}-${index}`}
              role="treeitem"
              className="pm-PlanTree-line"
              aria-level={line.level}
              aria-expanded={line.kind === 'group' ? line.open : undefined}
              aria-selected={index === active}
              {...itemOf(line, plan)}
              style={{ paddingLeft: line.level * 20 - 8 }}
              onClick={() => {
                setActive(index);
              }}
            >
              {line.kind === 'group' ? (
                <Group
                  line={line}
                  onToggle={() => {
                    fold(line, line.open);
                  }}
                  active={isActive}
                  again={again}
                />
              ) : (
                <Leaf row={line.row} note={noteOf(line.row, because(line.row))} />
              )}
            </div>
          )
        );
      }}
    />
  );
}

/** What the context menu of a line is about. */
function itemOf(line: Line | undefined, plan: number): IItemProps {
  const run = line?.kind === 'run' ? line.row.run_id : null;
  return run === null ? NO_ITEM : item('run', run, plan);
}

function parentOf(lines: readonly Line[], at: number): number {
  const level = lines[at]?.level ?? 1;
  for (let index = at - 1; index >= 0; index--) {
    if ((lines[index]?.level ?? level) < level) {
      return index;
    }
  }
  return at;
}

interface IGroupProps {
  line: Line & { kind: 'group' };
  onToggle: () => void;
  active: boolean;
  again: IProps['again'];
}

function Group({ line, onToggle, active, again }: IGroupProps): React.JSX.Element {
  const { marks, trans } = useHere();
  const failed = line.rows.filter(row => row.state === 'failed').length;
  return (
    <>
      <span className="pm-PlanTree-fold" aria-hidden="true" onClick={onToggle}>
        {line.open ? '▾' : '▸'}
      </span>
      <strong>{line.label}</strong>
      <span className="pm-PlanTree-counts">
        <CountsBar counts={countsOf(line.rows)} marks={marks.run} trans={trans} />
      </span>
      {again !== undefined && active && failed > 0 && (
        <Action
          label={trans.__('Retry %1 failed', failed)}
          title={trans.__('Run what failed of %1 in a launch after the running one', line.label)}
          onClick={() => {
            again('retry', line.sample, line.branch, line.rows);
          }}
        />
      )}
      {again !== undefined && (!active || endedOf(line.rows).length > 0) && (
        <Action
          label={trans.__('Run again')}
          title={
            active
              ? trans.__(
                  'Run all of %1 again that has ended, when the launch that runs now has ended',
                  line.label
                )
              : trans.__('Run all of %1 again, also what has a result', line.label)
          }
          onClick={() => {
            again('again', line.sample, line.branch, line.rows);
          }}
        />
      )}
      {again !== undefined && line.rows.some(row => row.again_by !== null) && (
        <Action
          label={trans.__('Take back')}
          title={trans.__('Leave %1 as it is', line.label)}
          onClick={() => {
            again('back', line.sample, line.branch, line.rows);
          }}
        />
      )}
    </>
  );
}

function Leaf({ row, note }: { row: PlannedRun; note: string }): React.JSX.Element {
  const { marks, trans } = useHere();
  const seconds = secondsOf(row);
  return (
    <>
      <MarkLabel mark={{ ...markOf(marks.run, row.state), said: row.step }} />
      <span className="pm-Muted">{markOf(marks.run, row.state).said}</span>
      {row.run_id !== null && <RunLink run={row.run_id} />}
      {seconds !== null && <span className="pm-Muted">{took(seconds, trans)}</span>}
      <span className="pm-Muted pm-PlanTree-note">{note}</span>
    </>
  );
}
