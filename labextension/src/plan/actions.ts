/** What can be done with a plan. Each returns what to tell the person; empty, nothing was done. */

import { Dialog, showDialog } from '@jupyterlab/apputils';

import type { IDrawn, IRetry, Plan } from '../api/plans';
import {
  cancelPlan,
  exportOf,
  getPlanStatus,
  pythonOf,
  resumePlan,
  retryPlan,
  takeBackRetry
} from '../api/plans';
import type { RunDetails } from '../api/runs';
import { CommandIDs } from '../commands';
import { copy } from '../screen/copy';
import type { IHere } from '../screen/here';
import { fileName, save } from '../screen/save';

type Doing = Pick<IHere, 'api' | 'trans'>;

/** Plans that run or wait to run. */
export const ACTIVE: ReadonlySet<string> = new Set(['submitted', 'running']);
/** Plans that ended before everything had a result. */
export const ENDED_SHORT: ReadonlySet<string> = new Set(['partial', 'failed', 'cancelled']);

/**
 * Ask, then cancel.
 *
 * @param run - the run that is to be stopped; unasked where the plan is of it alone
 */
export async function cancel({ api, trans }: Doing, plan: number, run = 0): Promise<string> {
  const { kind, name, counts } = await getPlanStatus(api, plan);
  const isAlone = run !== 0 && kind === 'run';
  if (!isAlone && !(await agreed(plan, name, counts, run, trans))) {
    return '';
  }
  await cancelPlan(api, plan);
  return trans.__('Plan %1 is cancelled.', plan);
}

async function agreed(
  plan: number,
  name: string,
  counts: Plan['counts'],
  run: number,
  trans: Doing['trans']
): Promise<boolean> {
  const running = counts['running'] ?? 0;
  const lost =
    running === 0
      ? trans.__('What has ended stays; nothing more is started. It can be resumed.')
      : trans._n(
          '%1 run is ended, what it has done is lost. What has ended stays; it can be resumed.',
          '%1 runs are ended, what they have done is lost. What has ended stays; it can be resumed.',
          running
        );
  const { button } = await showDialog({
    title: trans.__('Cancel plan %1 (%2)?', plan, name),
    body:
      run === 0 ? lost : `${trans.__('Run %1 is stopped with its plan, not alone.', run)} ${lost}`,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Let it run') }),
      Dialog.warnButton({ label: trans.__('Cancel the plan') })
    ]
  });
  return button.accept;
}

/** Run what has no result yet. */
export async function resume({ api, trans }: Doing, plan: number): Promise<string> {
  const { missing } = await resumePlan(api, plan);
  return trans._n('%1 run goes on', '%1 runs go on', missing);
}

/** Run chosen parts once more; without a choice, all that failed. */
export async function retry(here: Doing, plan: number, parts: IRetry = {}): Promise<string> {
  return againText(await retryPlan(here.api, plan, parts), here);
}

/** What a retry began. */
export interface IAgain {
  runs: number;
  queued: boolean;
}

/**
 * Run one run of a plan once more, with what is made of it in that plan. What was run by itself has
 * a form instead of a plan to go on with: it is opened, and the answer is null.
 *
 * @param agreed - asked before a plan is changed; where it says no, the answer is null as well
 */
export async function runAgain(
  { api, commands }: Pick<IHere, 'api' | 'commands'>,
  run: Pick<RunDetails, 'run_id' | 'status' | 'method' | 'version'>,
  plan: number,
  agreed: () => Promise<boolean> = () => Promise.resolve(true)
): Promise<IAgain | null> {
  const { kind } = await getPlanStatus(api, plan);
  if (kind === 'run') {
    const { method, version } = run;
    await commands.execute(CommandIDs.runStep, { method, version });
    return null;
  }
  if (!(await agreed())) {
    return null;
  }
  // Only what has a result needs to lose it first, once the launch that runs has ended.
  const again = run.status === 'completed';
  return await retryPlan(api, plan, { run_id: run.run_id, again });
}

/** How much runs again, and when. */
export function againText(answer: IAgain, { trans }: Doing): string {
  const runs = trans._n('%1 run runs again', '%1 runs run again', answer.runs);
  return answer.queued ? trans.__('%1 when the launch that runs now has ended', runs) : runs;
}

/** Forget what was to run again when the running launch has ended: all, or what is chosen. */
export async function takeBack(
  { api, trans }: Doing,
  plan: number,
  parts: Omit<IRetry, 'again'> = {}
): Promise<string> {
  const { runs, again } = await takeBackRetry(api, plan, parts);
  const taken = trans._n('Taken back for %1 run', 'Taken back for %1 runs', runs);
  // What is made of those that are left runs again as well, also what was taken back just now.
  return again === 0
    ? taken
    : trans._n(
        '%2. %1 run is still to run again, with all that is made of it',
        '%2. %1 runs are still to run again, with all that is made of them',
        again,
        taken
      );
}

/**
 * Put the Python that builds a plan, or a drawn pipeline, on the clipboard.
 *
 * @throws Error when it came too late for the browser to copy it
 */
export async function copyPython({ api, trans }: Doing, what: number | IDrawn): Promise<string> {
  copy(await pythonOf(api, what), trans);
  return trans.__('Copied: the Python that builds it. Paste it into a notebook.');
}

/** Save a plan, or a drawn pipeline, as a folder that plain Nextflow runs. */
export async function exportFolder({ api, trans }: Doing, what: number | IDrawn): Promise<string> {
  const archive = await exportOf(api, what);
  const name =
    typeof what === 'number' ? `plan-${what}` : fileName(what.name ?? trans.__('pipeline'));
  save(`${name}.zip`, new Blob([archive], { type: 'application/zip' }));
  return trans.__('Saved %1: a folder that plain Nextflow runs.', `${name}.zip`);
}
