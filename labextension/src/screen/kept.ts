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
