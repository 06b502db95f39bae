/** Runs that are chosen in a list, as files are in a file manager: one by one, or up to another. */

/** What is chosen, and from where a row of several goes on. */
export interface IChosen {
  readonly runs: ReadonlySet<number>;
  /** The one that was chosen or gone to last; null, there is none. */
  readonly from: number | null;
}

export const NONE: IChosen = { runs: new Set(), from: null };

/** The most runs that are compared at once. */
export const MOST = 20;

/** Choose these, or choose them no more where all of them are. */
export function toggled(before: IChosen, runs: readonly number[]): IChosen {
  const after = new Set(before.runs);
  const all = runs.every(run => after.has(run));
  for (const run of runs) {
    if (all) {
      after.delete(run);
    } else {
      after.add(run);
    }
  }
  return { runs: after, from: runs[runs.length - 1] ?? before.from };
}

/**
 * Choose all from the one that was chosen last to this one.
 *
 * @param order - the runs as they are listed
 */
export function extended(before: IChosen, run: number, order: readonly number[]): IChosen {
  const to = order.indexOf(run);
  const from = before.from === null ? to : order.indexOf(before.from);
  if (to < 0 || from < 0) {
    return toggled(before, [run]);
  }
  const between = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { runs: new Set([...before.runs, ...between]), from: before.from ?? run };
}

/** Go on from this run when several are chosen next: the keys or a click came to it. */
export function movedTo(before: IChosen, run: number | null): IChosen {
  return before.from === run ? before : { ...before, from: run };
}

/** What is chosen of these runs: what is listed no more is not chosen either. */
export function still(before: IChosen, listed: readonly number[]): IChosen {
  if (before.runs.size === 0) {
    return before;
  }
  const there = new Set(listed);
  const runs = [...before.runs].filter(run => there.has(run));
  return runs.length === before.runs.size ? before : { ...before, runs: new Set(runs) };
}

/** Whether shift was held while a box was ticked, by mouse or by keys. */
export function isShifted(event: { nativeEvent: Event }): boolean {
  return (event.nativeEvent as Partial<MouseEvent>).shiftKey === true;
}

/** Whether a click was on something in a row that does something else with it. */
export function isOnControl(event: { target: EventTarget }): boolean {
  return event.target instanceof Element && event.target.closest('a, button, input') !== null;
}

/** A click with shift chooses rows: it does not also select their text. */
export function keepText(event: { shiftKey: boolean; preventDefault: () => void }): void {
  if (event.shiftKey) {
    event.preventDefault();
  }
}

/** What a click with such keys means for what is chosen; null, nothing: it opens the run. */
export function clicked(
  before: IChosen,
  run: number,
  order: readonly number[],
  keys: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean }
): IChosen | null {
  if (keys.shiftKey) {
    return extended(before, run, order);
  }
  return keys.ctrlKey || keys.metaKey ? toggled(before, [run]) : null;
}
