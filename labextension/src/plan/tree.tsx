/** The planned runs of a plan as a tree: sample, branch, step. Walked by arrow keys. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import { CommandIDs } from '../commands';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import { extended, isOnControl, isShifted, keepText, movedTo, toggled } from '../screen/choosing';
import { useHere } from '../screen/here';
import type { IItemProps } from '../screen/item';
import { item, NO_ITEM, runItem } from '../screen/item';
import { Action, RunLink } from '../screen/parts';
import { Rows } from '../screen/rows';
import type { ITreeLine } from '../screen/tree_keys';
import { treeMove, TypeAhead } from '../screen/tree_keys';
import { took } from '../screen/words';
import type { Line } from './rows';
import { useCauses } from './causes';
import type { IRowsOfPlan } from './look';
import { countsOf, endedOf, lastOf, noteOf, runsOf, secondsOf, treeLines } from './rows';

/** Run what failed of a sample or one of its branches, or all of it, or take that back. */
export type Again = (
  what: 'retry' | 'again' | 'back',
  sample: string | null,
  branch: string | null,
  rows: readonly PlannedRun[]
) => void;

interface IProps extends IRowsOfPlan {
  /** Keys of the groups that are folded. */
  folded: readonly string[];
  onFold: (folded: readonly string[]) => void;
  /** The plan is being worked on: what is asked for again begins when its launch has ended. */
  active: boolean;
  /** Absent where nothing can be run again. */
  again?: Again;
}

export function PlanTree(props: IProps): React.JSX.Element {
  const { plan, rows, chosen, onChoose, onSelect, folded, onFold, active: isActive, again } = props;
  const { commands, trans } = useHere();
  const closed = React.useMemo(() => new Set(folded), [folded]);
  const [active, setActive] = React.useState(0);
  const [goTo, setGoTo] = React.useState<{ index: number } | null>(null);
  const lines = React.useMemo(
    () => treeLines(rows, closed, trans.__('all samples')),
    [rows, closed, trans]
  );
  const walked = React.useMemo(() => lines.map(walkedOf), [lines]);
  const [ahead] = React.useState(() => new TypeAhead());
  const results = React.useMemo(() => resultsIn(lines), [lines]);
  const because = useCauses(rows);
  const base = React.useId();
  const fold = (line: Line, close: boolean): void => {
    const next = new Set(closed);
    if (close) {
      next.add(line.key);
    } else {
      next.delete(line.key);
    }
    onFold([...next]);
  };
  const go = (index: number, isChoosing = false): void => {
    const to = Math.max(0, Math.min(lines.length - 1, index));
    turnTo(to);
    setGoTo({ index: to });
    if (!isChoosing) {
      goOnFrom(lines[to]);
    }
  };
  /** What is chosen with shift next begins at this line. */
  const goOnFrom = (line: Line | undefined): void => {
    onChoose(movedTo(chosen, line?.kind === 'run' ? line.row.run_id : null));
  };
  const turnTo = (index: number): void => {
    setActive(index);
    const line = lines[index];
    onSelect(line?.kind === 'run' ? line.row.run_id : null);
  };
  const order = (): number[] =>
    lines.flatMap(line => (line.kind === 'run' ? runsOf([line.row]) : []));
  /** With shift up to this run; a group stands for its results. */
  const choose = (line: Line, shift: boolean): void => {
    const runs = results(line);
    const [run] = runs;
    if (run !== undefined) {
      onChoose(
        shift && line.kind === 'run' ? extended(chosen, run, order()) : toggled(chosen, runs)
      );
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const line = lines[active];
    if (line === undefined || event.target !== event.currentTarget) {
      return;
    }
    const move = treeMove(event.key, walked, active);
    const typed = ahead.find(event, walked, active);
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const to = active + (event.key === 'ArrowDown' ? 1 : -1);
      go(to, event.shiftKey);
      const next = lines[to];
      if (event.shiftKey && next !== undefined) {
        const mine = line.kind === 'run' ? runsOf([line.row]) : [];
        const begun = chosen.from === null ? toggled(chosen, mine) : chosen;
        const [run] = next.kind === 'run' ? runsOf([next.row]) : [];
        onChoose(run === undefined ? begun : extended(begun, run, order()));
      }
    } else if (typed !== null) {
      go(typed);
    } else if (event.key === ' ') {
      choose(line, event.shiftKey);
    } else if (move !== null && 'to' in move) {
      go(move.to);
    } else if (move !== null) {
      fold(line, move.fold);
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
      item={itemOf(lines[active], results, plan, chosen.runs)}
      top={props.top}
      onTop={props.onTop}
      active={lines.length === 0 ? undefined : `${base}-${active}`}
      count={lines.length}
      height={28}
      goTo={goTo}
      onKeyDown={onKeyDown}
      row={index => {
        const line = lines[index];
        const checked = line && checkedOf(results(line), chosen.runs);
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
              aria-checked={checked}
              data-pm-chosen={checked === true}
              {...itemOf(line, results, plan, chosen.runs)}
              style={{ paddingLeft: line.level * 20 - 8 }}
              onMouseDown={keepText}
              onClick={event => {
                turnTo(index);
                if (isOnControl(event)) {
                  return;
                }
                if (event.ctrlKey || event.metaKey || event.shiftKey) {
                  choose(line, event.shiftKey);
                } else {
                  goOnFrom(line);
                }
              }}
            >
              <Tick
                is={checked}
                onTick={shift => {
                  choose(line, shift);
                }}
              />
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

/** A line for the keys. */
function walkedOf(line: Line): ITreeLine {
  return line.kind === 'group'
    ? { level: line.level, open: line.open, text: line.label }
    : { level: line.level, open: null, text: line.row.step };
}

/** The runs that a line stands for: of a sample or a branch, what nothing else of it takes in. */
type Results = (line: Line) => readonly number[];

/** Find them, each once: a sample may have thousands. */
function resultsIn(lines: readonly Line[]): Results {
  const known = new Map<Line, readonly number[] | null>(lines.map(line => [line, null]));
  return line => {
    const found = known.get(line) ?? runsOf(line.kind === 'run' ? [line.row] : lastOf(line.rows));
    known.set(line, found);
    return found;
  };
}

/** What the context menu of a line is about. */
function itemOf(
  line: Line | undefined,
  results: Results,
  plan: number,
  chosen: ReadonlySet<number>
): IItemProps {
  const runs = line === undefined ? [] : results(line);
  if (line === undefined || runs.length === 0) {
    return NO_ITEM;
  }
  if (line.kind === 'run') {
    return runItem(line.row.run_id ?? 0, chosen, plan);
  }
  // Chosen together with others, it is one of all that are chosen.
  const together = runs.every(run => chosen.has(run)) ? chosen : runs;
  return item('branch', line.label, plan, together);
}

/** Whether what a line stands for is chosen; undefined, there is nothing to choose. */
function checkedOf(
  runs: readonly number[],
  chosen: ReadonlySet<number>
): boolean | 'mixed' | undefined {
  const count = runs.filter(run => chosen.has(run)).length;
  return runs.length === 0 ? undefined : count === runs.length ? true : count > 0 ? 'mixed' : false;
}

interface ITickProps {
  is: boolean | 'mixed' | undefined;
  onTick: (shift: boolean) => void;
}

/** A box for the mouse; the keys choose by the space bar, and the line says what it is. */
function Tick({ is, onTick }: ITickProps): React.JSX.Element {
  const { trans } = useHere();
  return (
    <span className="pm-PlanTree-tick" aria-hidden="true">
      {is !== undefined && (
        <input
          ref={node => {
            if (node !== null) {
              node.indeterminate = is === 'mixed';
            }
          }}
          type="checkbox"
          tabIndex={-1}
          title={trans.__('Choose to compare')}
          checked={is === true}
          onChange={event => {
            onTick(isShifted(event));
          }}
        />
      )}
    </span>
  );
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
      {again !== undefined && endedOf(line.rows).length > 0 && (
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
      <span className="pm-Muted pm-PlanTree-note" title={note}>
        {note}
      </span>
    </>
  );
}
