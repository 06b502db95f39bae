/** How a lineage is looked at: kept in the layout, so that a reload brings it back. */

import React from 'react';

import type { ITab } from '../screen/here';
import { useKeptLook } from '../screen/kept';
import type { Directions } from './ask';
import type { IMiddle } from './moves';
import { readMiddle } from './moves';

export type Form = 'graph' | 'table';

export interface ILook {
  readonly form: Form;
  /** Whether alike runs are drawn as one; null, as the lineage begins. */
  readonly fold: boolean | null;
  /** The groups of alike runs that are drawn apart, by their keys. */
  readonly apart: readonly string[];
  /** The chosen runs; null, the one that was asked for. */
  readonly chosen: readonly number[] | null;
  /** Where a drawing was moved and zoomed to; null, as it begins. */
  readonly middle: IMiddle | null;
  /** The row at the top of the table. */
  readonly top: number;
}

export interface ILineageArgs {
  run: number;
  direction: Directions;
  /** How it is looked at, as `textOf` writes it; absent, as at first. */
  look?: string;
  [name: string]: number | string;
}

const FIRST: ILook = {
  form: 'graph',
  fold: null,
  apart: [],
  chosen: null,
  middle: null,
  top: 0
};

/** Chosen runs and unfolded groups that are kept. */
const KEPT = 500;

/** Read what `textOf` wrote; what is missing or of another kind is as at first. */
export function readLook(text: string): ILook {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return FIRST;
  }
  if (typeof kept !== 'object' || kept === null) {
    return FIRST;
  }
  const { form, fold, apart, chosen, middle, top } = kept as Record<string, unknown>;
  return {
    form: form === 'table' ? form : 'graph',
    fold: typeof fold === 'boolean' ? fold : null,
    apart: Array.isArray(apart) ? apart.filter(key => typeof key === 'string') : [],
    chosen: Array.isArray(chosen)
      ? chosen.filter((run): run is number => Number.isSafeInteger(run))
      : null,
    middle: readMiddle(middle),
    top: typeof top === 'number' && top >= 0 ? top : 0
  };
}

/** As a layout keeps it. */
export function textOf(look: ILook): string {
  return JSON.stringify({
    ...look,
    apart: look.apart.slice(-KEPT),
    chosen: look.chosen?.slice(-KEPT) ?? null
  });
}

export interface ILooking {
  readonly look: ILook;
  readonly direction: Directions;
  /** Look at it otherwise from now on, after a reload as well. */
  readonly turn: (change: Partial<ILook>) => void;
  /** Keep where somebody has moved to; draws nothing. */
  readonly moved: (change: Partial<Pick<ILook, 'middle' | 'top'>>) => void;
  readonly face: (direction: Directions) => void;
}

/** How a lineage is looked at in this tab. */
export function useLook(args: ILineageArgs, tab: ITab<ILineageArgs>): ILooking {
  const { look, turn, moved, keep } = useKeptLook(
    tab,
    args,
    () => readLook(args.look ?? ''),
    textOf
  );
  const [direction, setDirection] = React.useState(args.direction);
  const [answered, setAnswered] = React.useState(args);
  if (answered !== args) {
    // Asked for anew: in the direction that is wanted now.
    setAnswered(args);
    setDirection(args.direction);
  }
  React.useEffect(() => {
    keep({ direction });
  }, [keep, direction]);
  const face = React.useCallback(
    (to: Directions): void => {
      // Other rows stand at the top then.
      turn({ top: 0 });
      setDirection(to);
    },
    [turn]
  );
  return { look, direction, turn, moved, face };
}
