/** What a row is about, so that context menus offer what fits it. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** What rows are about. */
export type ItemKind = 'plan' | 'run' | 'branch' | 'template' | 'method';

/** Attributes of an element that say what it is about; the schema's menus select by them. */
export interface IItemProps {
  'data-pm-item': string;
  'data-pm-id': string;
  /** The plan that a run is listed in: it may have reused the run of another. */
  'data-pm-plan'?: string;
  /** How far the plan is that it is about. */
  'data-pm-status'?: string;
  /** The runs that are meant together: all that are chosen, or those of a branch. */
  'data-pm-runs'?: string;
}

/**
 * Mark a row as being about a plan, a run, a branch, a template or a method.
 *
 * @param plan - the plan that the row is a part of
 * @param runs - what several runs are taken for at once; without, the run alone
 */
export function item(
  kind: ItemKind,
  id: number | string,
  plan?: number,
  runs: Iterable<number> = []
): IItemProps {
  const together = [...runs];
  return {
    'data-pm-item': kind,
    'data-pm-id': String(id),
    ...(plan === undefined ? {} : { 'data-pm-plan': String(plan) }),
    ...(together.length === 0 ? {} : { 'data-pm-runs': together.join(' ') })
  };
}

/** Mark a row as being about a plan, which in its state takes only some commands. */
export function planItem({ plan_id, status }: { plan_id: number; status: string }): IItemProps {
  return { ...item('plan', plan_id), 'data-pm-status': status };
}

/** Mark a row as being about a run; with it are meant all that are chosen, if it is one of them. */
export function runItem(run: number, chosen: ReadonlySet<number>, plan?: number): IItemProps {
  return item('run', run, plan, chosen.has(run) ? chosen : []);
}

/** A row that is about nothing: a menu there does not speak of what is around it. */
export const NO_ITEM: IItemProps = { 'data-pm-item': 'none', 'data-pm-id': '' };

/** What an element says that it is about. */
export function readItem(element: HTMLElement): ReadonlyPartialJSONObject | null {
  const { pmItem: kind = '', pmId: id = '', pmPlan: plan = '' } = element.dataset;
  const runs = (element.dataset['pmRuns'] ?? '').match(/\d{1,15}/g)?.map(Number) ?? [];
  switch (kind) {
    case 'plan':
      return /^\d{1,15}$/.test(id) ? { plan: Number(id) } : null;
    case 'run':
      // Some commands take one run, others several.
      return /^\d{1,15}$/.test(id)
        ? {
            run: Number(id),
            runs: runs.length > 0 ? runs : [Number(id)],
            ...(/^\d{1,15}$/.test(plan) ? { within: Number(plan) } : {})
          }
        : null;
    case 'branch':
      return runs.length > 0 ? { branch: id, runs } : null;
    case 'template':
    case 'method':
      return { [kind]: id };
    default:
      return null;
  }
}

/**
 * The arguments of a command, with what the context menu was opened on where they ask for it:
 * `{context: 'run'}` becomes `{context: 'run', run: 47}`.
 */
export function withItem(
  app: Pick<JupyterFrontEnd, 'contextMenuHitTest'>,
  args: ReadonlyPartialJSONObject
): ReadonlyPartialJSONObject {
  const { context } = args;
  if (typeof context !== 'string') {
    return args;
  }
  const element = app.contextMenuHitTest(node => node.dataset['pmItem'] !== undefined);
  const found = element === undefined ? null : readItem(element);
  return found === null || !(context in found) ? args : { ...args, ...found };
}

/** The status of the plan that a context menu was opened on; null, it is not known here. */
export function clickedStatus(
  app: Pick<JupyterFrontEnd, 'contextMenuHitTest'>,
  { context }: ReadonlyPartialJSONObject
): string | null {
  if (context !== 'plan') {
    return null;
  }
  const element = app.contextMenuHitTest(node => node.dataset['pmItem'] !== undefined);
  return element?.dataset['pmStatus'] ?? null;
}

/** Whether a command of a context menu has something to act on; true where it is no such menu. */
export function hasItem(
  app: Pick<JupyterFrontEnd, 'contextMenuHitTest'>,
  args: ReadonlyPartialJSONObject
): boolean {
  const { context } = args;
  return typeof context !== 'string' || context in withItem(app, args);
}
