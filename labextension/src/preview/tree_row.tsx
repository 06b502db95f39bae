/** What rows of the run tree are made of, and what they can ask for. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMark } from '../api/marks';
import type { PlannedRun } from '../api/plans';
import type { Again, Asked, Point } from './request';

export interface ITreeActions {
  /** What is asked for again now. */
  asked: Asked;
  /** Ask for part of the tree or for a planned run again, or no longer. */
  again: (what: Again, again: boolean) => void;
  /** Leave part of the tree out. */
  skip: (point: Point) => void;
  /** A planned run by its key, for its values; null, the plan as it is stored does not have it. */
  runOf: (key: string, step: string, sample: string | null) => Promise<PlannedRun | null>;
  /** Show a run; absent where nothing can. */
  openRun?: (runId: number) => void;
}

/** What all rows of a tree have in common. */
export interface ITreeProps {
  marks: readonly IMark[];
  actions: ITreeActions;
  /** The row that the keys are on, and how it becomes another one. */
  active: string;
  turnTo: (row: string) => void;
  trans: TranslationBundle;
}

interface IRowProps extends Pick<ITreeProps, 'active' | 'turnTo'> {
  /** Names it in the tree: the way that leads to it. */
  id: string;
  level: number;
  open: boolean;
  setOpen: (open: boolean) => void;
  className?: string;
  label: string;
  /** What is said of it after its label. */
  said: string;
  /** Beside the label: what is said, and what can be done by Tab from the row. */
  children: (tabIndex: number) => React.ReactNode;
  /** Shown below it, whether it is open or not. */
  below?: React.ReactNode;
  inside: () => React.ReactNode;
}

/** A row that unfolds. Only the row that the keys are on, and what is in it, is reached by Tab. */
export function TreeRow(props: IRowProps): React.JSX.Element {
  const { id, level, open, setOpen, active, turnTo, label, said, children, inside } = props;
  const tabIndex = id === active ? 0 : -1;
  return (
    <li
      role="treeitem"
      className={props.className}
      data-pm-row={id}
      aria-level={level}
      aria-expanded={open}
      aria-label={said === '' ? label : `${label}, ${said}`}
      tabIndex={tabIndex}
      onFocus={event => {
        event.stopPropagation();
        turnTo(id);
      }}
    >
      <div className="pm-Tree-row">
        <button
          type="button"
          className="pm-Tree-fold"
          tabIndex={-1}
          aria-hidden="true"
          onClick={event => {
            event.currentTarget.closest<HTMLElement>('[role=treeitem]')?.focus();
            setOpen(!open);
          }}
        >
          <span className="pm-Caret" />
          <span className="pm-Tree-label">{label}</span>
        </button>
        {children(tabIndex)}
      </div>
      {props.below}
      {open && inside()}
    </li>
  );
}

interface IAgainProps {
  /** Says which row it is to somebody who does not see the row. */
  label: string;
  asked: boolean;
  onChange: (again: boolean) => void;
  tabIndex: number;
  trans: TranslationBundle;
}

/** Ticked: run although equal runs exist; not ticked: they are reused. */
export function RunAgain({
  label,
  asked,
  onChange,
  tabIndex,
  trans
}: IAgainProps): React.JSX.Element {
  return (
    <label className="pm-Tree-again">
      <input
        type="checkbox"
        tabIndex={tabIndex}
        aria-label={label}
        checked={asked}
        onChange={event => {
          onChange(event.target.checked);
        }}
      />
      {trans.__('Run again')}
    </label>
  );
}
