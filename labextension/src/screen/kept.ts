/** How a screen is looked at, kept in the layout so that a reload brings it back. */

import React from 'react';

import type { ITab } from './here';

/** Milliseconds in which changes gather: who scrolls, pans or walks by keys makes many. */
const TOGETHER = 400;

/**
 * Return what keeps a change of how a tab is looked at, for a reload; draws nothing.
 *
 * What is kept once stays with what is kept later, and with what the tab is asked for anew. It is
 * not waited for a pause: where changes go on and on, each of them is kept soon all the same.
 */
export function useKept<A extends object>(tab: ITab<A>, args: A): (change: Partial<A>) => void {
  const asked = React.useRef(args);
  const kept = React.useRef<Partial<A>>({});
  const timer = React.useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  React.useEffect(() => {
    asked.current = args;
  }, [args]);
  // A tab that is closed is not kept any more.
  React.useEffect(
    () => () => {
      clearTimeout(timer.current);
    },
    []
  );
  return React.useCallback(
    (change: Partial<A>): void => {
      kept.current = { ...kept.current, ...change };
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        tab.keep({ ...asked.current, ...kept.current });
      }, TOGETHER);
    },
    [tab]
  );
}

/** How a screen is looked at, as a tab draws it and a layout keeps it. */
export interface IKeptLook<A, L> {
  readonly look: L;
  /** As it is now, also where that is not drawn yet. */
  readonly now: { readonly current: L };
  /** Look at it otherwise from now on, after a reload as well. */
  readonly turn: (change: Partial<L>) => void;
  /** Keep a change for a reload; draws nothing. */
  readonly moved: (change: Partial<L>) => void;
  /** Keep what else the tab is asked for. */
  readonly keep: (change: Partial<A>) => void;
}

/**
 * How a tab is looked at.
 *
 * @param first - how it begins; asked once
 * @param textOf - writes a look as the layout keeps it, in the argument `look` of the tab; the same
 *   one always
 */
export function useKeptLook<A extends { look?: string }, L extends object>(
  tab: ITab<A>,
  args: A,
  first: () => L,
  textOf: (look: L) => string
): IKeptLook<A, L> {
  const [look, setLook] = React.useState(first);
  const now = React.useRef(look);
  const keep = useKept(tab, args);
  const moved = React.useCallback(
    (change: Partial<L>): void => {
      now.current = { ...now.current, ...change };
      const kept: Partial<A> = {};
      kept.look = textOf(now.current);
      keep(kept);
    },
    [keep, textOf]
  );
  const turn = React.useCallback(
    (change: Partial<L>): void => {
      moved(change);
      setLook(now.current);
    },
    [moved]
  );
  return { look, now, turn, moved, keep };
}
