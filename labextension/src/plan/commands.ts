/** The commands of plans, for menus, palette, notebooks and the buttons of the plan's tab. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import { Clipboard, Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IDrawn, IRetry } from '../api/plans';
import { getRun } from '../api/runs';
import { CATEGORY, CommandIDs } from '../commands';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { newerError } from '../pipeline/newer';
import { addressOf } from '../screen/address';
import type { IHere } from '../screen/here';
import { clickedStatus, hasItem, withItem } from '../screen/item';
import { numberOf } from '../screen/screens';
import type { IPipelineTracker } from '../tokens';
import {
  ACTIVE,
  againText,
  cancel,
  copyPython,
  ENDED_SHORT,
  exportFolder,
  resume,
  retry,
  runAgain
} from './actions';

interface IContext {
  app: JupyterFrontEnd;
  here: IHere;
  pipelines: IPipelineTracker;
  palette: ICommandPalette | null;
  /** The plan whose tab is in front; null, another tab is. */
  inFront: () => number | null;
}

type Args = ReadonlyPartialJSONObject;

export function addCommands(context: IContext): void {
  addActions(context);
  addTaking(context);
  addLink(context);
}

/** Do something; say how it went as a notification, or why it did not as a dialog. */
async function told(here: IHere, work: () => Promise<string>): Promise<void> {
  try {
    const said = await work();
    if (said !== '') {
      Notification.success(said, { autoClose: 4_000 });
    }
  } catch (error) {
    await showExplanation(explained(error, here.trans), here.trans);
  }
}

/** The plan that is meant: by argument, by what was clicked, by what is in front, or asked for. */
async function wantedPlan(context: IContext, args: Args): Promise<number | null> {
  const { app, here, inFront } = context;
  const known = numberOf(withItem(app, args), 'plan') ?? inFront();
  if (known !== null) {
    return known;
  }
  const { trans } = here;
  const { value } = await InputDialog.getNumber({
    title: trans.__('Which plan?'),
    label: trans.__('Number of the plan')
  });
  return value !== null && Number.isSafeInteger(value) && value > 0 ? value : null;
}

function addActions(context: IContext): void {
  const { app, here, palette } = context;
  const { trans } = here;
  const plan = { type: 'integer', description: trans.__('The number of the plan') };
  const add = (
    id: string,
    label: string,
    caption: string,
    properties: Args,
    takes: ReadonlySet<string>,
    work: (plan: number, args: Args) => Promise<string>
  ): void => {
    app.commands.addCommand(id, {
      label: args => (args['isPalette'] === true ? trans.__('%1…', label) : label),
      caption,
      describedBy: { args: { type: 'object', properties: { plan, ...properties } } },
      isVisible: args => hasItem(app, args),
      isEnabled: args => {
        const status = clickedStatus(app, args);
        return status === null || takes.has(status);
      },
      execute: async args => {
        const wanted = await wantedPlan(context, args);
        if (wanted !== null) {
          await told(here, () => work(wanted, args));
        }
      }
    });
    palette?.addItem({ command: id, category: CATEGORY, args: { isPalette: true } });
  };
  add(
    CommandIDs.cancelPlan,
    trans.__('Cancel Plan'),
    trans.__('End what runs and start nothing more; asks first'),
    {},
    ACTIVE,
    number => cancel(here, number)
  );
  add(
    CommandIDs.resumePlan,
    trans.__('Resume Plan'),
    trans.__('Run everything that has no result yet'),
    {},
    ENDED_SHORT,
    number => resume(here, number)
  );
  add(
    CommandIDs.retryPlan,
    trans.__('Retry Failed Runs of Plan'),
    trans.__('Run once more what failed; or a step, a sample, a run, also with a result'),
    {
      step: { type: 'string' },
      sample: { type: 'string' },
      run_id: { type: 'integer' },
      again: { type: 'boolean', description: trans.__('Also what has a result') }
    },
    new Set(['running', ...ENDED_SHORT]),
    (number, args) => retry(here, number, partsOf(args))
  );
  app.commands.addCommand(CommandIDs.retryRun, {
    label: trans.__('Run Again'),
    caption: trans.__('Run this run of a plan, and what is made of it, once more'),
    describedBy: {
      args: { type: 'object', properties: { run: { type: 'integer' }, plan } }
    },
    isVisible: args => hasItem(app, args),
    execute: async args => {
      const given = withItem(app, args);
      const run = numberOf(given, 'run');
      if (run !== null) {
        // A plan may have reused the run of another: what is meant is the plan that lists it.
        const within = numberOf(given, 'plan') ?? numberOf(given, 'within');
        await told(here, () => again(context, run, within));
      }
    }
  });
}

/** Run a run again; a plan that nobody named is named first, unless it is looked at. */
async function again(
  { here, inFront }: IContext,
  run: number,
  within: number | null
): Promise<string> {
  const { trans } = here;
  const details = await getRun(here.api, run);
  const plan = within ?? details.plan_id;
  if (plan === null) {
    return trans.__('Run %1 belongs to no plan: start it by its method.', run);
  }
  const isMeant = within !== null || plan === inFront();
  const answer = await runAgain(here, details, plan, async () =>
    isMeant ? true : await agreed(here, run, plan)
  );
  return answer === null ? '' : trans.__('Plan %1: %2', plan, againText(answer, here));
}

async function agreed({ trans }: IHere, run: number, plan: number): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Start run %1 of plan %2 again?', run, plan),
    body: trans.__('Whatever plan %1 makes of it is made again, too.', plan),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run Again') })]
  });
  return button.accept;
}

function partsOf(args: Args): IRetry {
  const { step, sample, again } = args;
  const run = numberOf(args, 'run_id');
  return {
    ...(typeof step === 'string' ? { step } : {}),
    ...(typeof sample === 'string' ? { sample } : {}),
    ...(run === null ? {} : { run_id: run }),
    ...(again === true ? { again } : {})
  };
}

function addTaking(context: IContext): void {
  const { app, here, palette } = context;
  const { trans } = here;
  const add = (
    id: string,
    label: string,
    caption: string,
    work: (what: number | IDrawn) => Promise<string>
  ): void => {
    app.commands.addCommand(id, {
      label,
      caption,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            plan: {
              type: 'integer',
              description: trans.__('The number of the plan; without it what is in front')
            }
          }
        }
      },
      isVisible: args => hasItem(app, args),
      execute: async args => {
        await told(here, async () => {
          const drawn =
            numberOf(withItem(app, args), 'plan') === null ? await drawnIn(context) : null;
          const what = drawn ?? (await wantedPlan(context, args));
          return what === null ? '' : work(what);
        });
      }
    });
    palette?.addItem({ command: id, category: CATEGORY, args: { isPalette: true } });
  };
  add(
    CommandIDs.copyPython,
    trans.__('Copy as Python'),
    trans.__('Copy the Python that builds this plan or pipeline'),
    what => copyPython(here, what)
  );
  add(
    CommandIDs.exportFolder,
    trans.__('Export as Nextflow Folder'),
    trans.__('Save this plan or pipeline as a folder that plain Nextflow runs'),
    what => exportFolder(here, what)
  );
}

/** What the pipeline in front is: the plan that it views, or the drawing; null, none is in front. */
async function drawnIn({
  app,
  here,
  pipelines,
  inFront
}: IContext): Promise<number | IDrawn | null> {
  const model = pipelines.current;
  const front = app.shell.currentWidget;
  if (model === null || inFront() !== null || front?.hasClass('pm-Pipeline') !== true) {
    return null;
  }
  if (model.viewing !== null) {
    return model.viewing.plan.plan_id;
  }
  if (model.readOnly) {
    throw newerError(here.trans);
  }
  // Not at the start of the Lab: nobody has drawn anything then.
  const { writePipeline } = await import('../pipeline/writing');
  return {
    document: writePipeline(model.document),
    request: model.request,
    name: model.name === '' ? null : model.name
  };
}

function addLink({ app, here }: IContext): void {
  const { trans } = here;
  app.commands.addCommand(CommandIDs.copyLink, {
    label: trans.__('Copy Link'),
    caption: trans.__('Copy the address that opens this in any Lab of this server'),
    describedBy: {
      args: {
        type: 'object',
        properties: { run: { type: 'integer' }, plan: { type: 'integer' } }
      }
    },
    isVisible: args => hasItem(app, args),
    execute: args => {
      const given = withItem(app, args);
      const run = numberOf(given, 'run');
      const plan = numberOf(given, 'plan');
      const what = run !== null ? `run-${run}` : plan === null ? null : `plan-${plan}`;
      if (what !== null) {
        Clipboard.copyToSystem(new URL(addressOf(what), location.href).href);
        Notification.info(trans.__('Copied.'), { autoClose: 2_000 });
      }
    }
  });
}
