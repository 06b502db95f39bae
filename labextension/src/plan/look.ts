/** How a plan is looked at: kept in the layout, so that a reload brings it back. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import type { IChosen } from '../screen/choosing';
import type { ITab } from '../screen/here';
import { useKeptLook } from '../screen/kept';
import type { Column, IFilter } from './rows';
import { ALL, COLUMNS } from './rows';

export const VIEWS = ['tree', 'table', 'timeline'] as const;
export type View = (typeof VIEWS)[number];

export interface ISort {
  /** null: in the order of the plan. */
  readonly column: Column | null;
  readonly descending: boolean;
}

export interface ILook {
  readonly view: View;
  readonly filter: IFilter;
  readonly sort: ISort;
  /** Keys of the groups of the tree that are folded. */
  readonly folded: readonly string[];
  /** The row at the top, by view. */
  readonly top: Readonly<Record<string, number>>;
}

const FIRST: ILook = {
  view: 'tree',
  filter: ALL,
  sort: { column: null, descending: false },
  folded: [],
  top: {}
};

/** Folded groups that are kept; of a plan with more, some are open after a reload. */
const KEPT = 500;

/** Read what `textOf` wrote; what is missing or of another kind is as at first. */
export function readLook(text: string, step: string): ILook {
  const first: ILook = step === '' ? FIRST : { ...FIRST, view: 'table', filter: { ...ALL, step } };
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return first;
  }
  const { view, filter, sort, folded, top } = tableOf(kept);
  const words = tableOf(filter);
  const { column, descending } = tableOf(sort);
  const read = {
    text: textOr(words['text'], first.filter.text),
    state: textOr(words['state'], first.filter.state),
    step: textOr(words['step'], first.filter.step)
  };
  return {
    view: VIEWS.find(each => each === view) ?? first.view,
    filter: read.text + read.state + read.step === '' ? ALL : read,
    sort: {
      column: COLUMNS.find(each => each === column) ?? null,
      descending: descending === true
    },
    folded: Array.isArray(folded) ? folded.filter(each => typeof each === 'string') : [],
    top: Object.fromEntries(
      Object.entries(tableOf(top)).filter(
        (each): each is [string, number] => typeof each[1] === 'number' && each[1] >= 0
      )
    )
  };
}

function tableOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

/** As a layout keeps it. */
export function textOf(look: ILook): string {
  return JSON.stringify({ ...look, folded: look.folded.slice(0, KEPT) });
}

export interface IPlanArgs {
  plan: number;
  /** Show only this step. */
  step: string;
  /** How it is looked at, as `textOf` writes it; absent, as at first. */
  look?: string;
  [name: string]: number | string;
}

/** What tree, table and timeline are given. */
export interface IRowsOfPlan {
  readonly plan: number;
  readonly rows: readonly PlannedRun[];
  readonly chosen: IChosen;
  readonly onChoose: (chosen: IChosen) => void;
  /** Hears which run is looked at; null, a row without one. */
  readonly onSelect: (run: number | null) => void;
  /** The row to begin at. */
  readonly top: number;
  readonly onTop: (row: number) => void;
}

export interface ILooking {
  readonly look: ILook;
  /** Look at it otherwise from now on, after a reload as well. */
  readonly turn: (change: Partial<ILook>) => void;
  /** Keep what is at the top of a view; draws nothing. */
  readonly scrolled: (view: View, row: number) => void;
}

/** How a plan is looked at in this tab. */
export function useLook(args: IPlanArgs, tab: ITab<IPlanArgs>): ILooking {
  const { look, now, turn, moved } = useKeptLook(
    tab,
    args,
    () => readLook(args.look ?? '', args.step),
    textOf
  );
  const scrolled = React.useCallback(
    (view: View, row: number): void => {
      moved({ top: { ...now.current.top, [view]: row } });
    },
    [moved, now]
  );
  return { look, turn, scrolled };
}
