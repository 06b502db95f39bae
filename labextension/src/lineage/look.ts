/** How a lineage is looked at: kept in the layout, so that a reload brings it back. */

import React from 'react';

import type { ITab } from '../screen/here';
import type { Directions } from './ask';

export type Form = 'graph' | 'table';

export interface ILook {
  readonly form: Form;
  /** Whether alike runs are drawn as one; null, as the lineage begins. */
  readonly fold: boolean | null;
  /** The chosen runs; null, the one that was asked for. */
  readonly chosen: readonly number[] | null;
}

export interface ILineageArgs {
  run: number;
  direction: Directions;
  /** How it is looked at, as `textOf` writes it; absent, as at first. */
  look?: string;
  [name: string]: number | string;
}

const FIRST: ILook = { form: 'graph', fold: null, chosen: null };

/** Chosen runs that are kept. */
const KEPT = 500;
/** Milliseconds until a choice is kept: the arrow keys choose one after the other. */
const SETTLED = 400;

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
  const { form, fold, chosen } = kept as Record<string, unknown>;
  return {
    form: form === 'table' ? form : 'graph',
    fold: typeof fold === 'boolean' ? fold : null,
    chosen: Array.isArray(chosen)
      ? chosen.filter((run): run is number => Number.isSafeInteger(run))
      : null
  };
}

/** As a layout keeps it. */
export function textOf(look: ILook): string {
  return JSON.stringify({ ...look, chosen: look.chosen?.slice(-KEPT) ?? null });
}

export interface ILooking {
  readonly look: ILook;
  readonly direction: Directions;
  /** Look at it otherwise from now on, after a reload as well. */
  readonly turn: (change: Partial<ILook>) => void;
  readonly face: (direction: Directions) => void;
}

/** How a lineage is looked at in this tab. */
export function useLook(args: ILineageArgs, tab: ITab<ILineageArgs>): ILooking {
  const [look, setLook] = React.useState(() => readLook(args.look ?? ''));
  const [direction, setDirection] = React.useState(args.direction);
  const [answered, setAnswered] = React.useState(args);
  if (answered !== args) {
    // Asked for anew: in the direction that is wanted now.
    setAnswered(args);
    setDirection(args.direction);
  }
  React.useEffect(() => {
    const settled = setTimeout(() => {
      tab.keep({ ...args, direction, look: textOf(look) });
    }, SETTLED);
    return () => {
      clearTimeout(settled);
    };
  }, [args, tab, direction, look]);
  const turn = React.useCallback((change: Partial<ILook>): void => {
    setLook(before => ({ ...before, ...change }));
  }, []);
  return { look, direction, turn, face: setDirection };
}
