/** Commands that open pipelines: new ones, saved ones, plans, and a step of a method. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { explained } from '../explain/explanation';
import { showExplanation } from '../explain/dialog';
import { pipelineIcon } from '../icons';
import { hasItem, withItem } from '../screen/item';
import type { IApi } from '../tokens';
import type { Args, IContext } from './acting';
import { nothing } from './acting';
import { chooseKept } from './choosing';
import type { ITabArgs } from './tab';

/** A tab that is brought to the front has the focus by then. */
const ACTIVATED_MS = 100;

/** What somebody chooses of all that is kept; says why where there is nothing to choose. */
async function chosenPipeline(api: IApi, trans: TranslationBundle): Promise<Args | null> {
  try {
    return await chooseKept(api, trans);
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
    return null;
  }
}

export function addOpening({ app, api, tabs, open, keyFor, trans }: IContext): void {
  const { commands } = app;
  commands.addCommand(CommandIDs.newPipeline, {
    label: args =>
      args['isPalette'] === true ? trans.__('Draw New Pipeline') : trans.__('New pipeline'),
    caption: trans.__('Draw a new pipeline'),
    icon: args => (args['isPalette'] === true ? undefined : pipelineIcon),
    describedBy: nothing(),
    execute: async () => {
      const tab = open({ key: UUID.uuid4() }, true);
      await tab.ready;
      return tab;
    }
  });
  commands.addCommand(CommandIDs.openPipeline, {
    label: args =>
      args['isPalette'] === true ? trans.__('Open Pipeline…') : trans.__('Open Pipeline'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          template: { type: 'string', description: trans.__('Name of a saved pipeline') },
          version: { type: 'integer', description: trans.__('One of its earlier versions') },
          plan: { type: 'integer', description: trans.__('A plan whose pipeline is opened') },
          viewing: {
            type: 'integer',
            description: trans.__('A plan that is looked at, with the states of its runs')
          },
          draft: { type: 'integer', description: trans.__('A stored draft') },
          drawing: { type: 'string', description: trans.__('Key of an unsaved drawing') }
        }
      }
    },
    isVisible: args => hasItem(app, args),
    execute: async given => {
      const args =
        given['isPalette'] === true ? await chosenPipeline(api, trans) : withItem(app, given);
      if (args === null) {
        return null;
      }
      const { key, drawing } = args;
      const wanted =
        typeof drawing === 'string' && typeof key !== 'string'
          ? { key: await keyFor(drawing), drawing, isAsked: true }
          : tabArgs(args);
      if (wanted === null) {
        const made = open({ key: UUID.uuid4() }, true);
        await made.ready;
        return made;
      }
      const activate = args['activate'] !== false;
      const tab = open(wanted, activate);
      // A tab that is restored unseen must not load the canvas.
      if (activate) {
        const panel = await tab.ready;
        const { viewing }: ITabArgs = wanted;
        if (viewing !== undefined && panel?.model.viewing?.plan.plan_id !== viewing) {
          await panel?.view(viewing);
        }
      }
      return tab;
    }
  });
  commands.addCommand(CommandIDs.viewPlan, {
    label: args =>
      args['isPalette'] === true
        ? trans.__('View Plan in Pipeline…')
        : trans.__('View Plan in Pipeline'),
    describedBy: {
      args: { type: 'object', properties: { plan: { type: 'integer' } } }
    },
    isEnabled: () => tabs.currentWidget !== null,
    execute: async args => {
      const plan = args['plan'];
      if (args['isPalette'] === true) {
        await tabs.currentWidget?.panel?.choosePlan();
        return;
      }
      await tabs.currentWidget?.model?.view(typeof plan === 'number' ? plan : null);
    }
  });
  commands.addCommand(CommandIDs.addStep, {
    label: args =>
      typeof args['method'] === 'string'
        ? trans.__('Add %1 to Pipeline', args['method'])
        : trans.__('Add Step to Pipeline'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          method: { type: 'string', description: trans.__('Name of the method') },
          version: { type: 'integer', description: trans.__('Its version; without, the latest') }
        }
      }
    },
    isVisible: args => hasItem(app, args),
    execute: async args => {
      const { method, version } = withItem(app, args);
      const tab = tabs.currentWidget ?? open({ key: UUID.uuid4() }, true);
      const isInFront = app.shell.currentWidget === tab;
      if (!isInFront) {
        app.shell.activateById(tab.id);
      }
      const panel = await tab.ready;
      if (typeof method !== 'string') {
        if (!isInFront) {
          // What comes to the front takes the focus a moment later, which would end the search.
          await new Promise(resolve => setTimeout(resolve, ACTIVATED_MS));
        }
        panel?.canvas.deeds.quickAdd();
        return;
      }
      panel?.edits.addStep(method, typeof version === 'number' ? version : 'latest');
    }
  });
}

function tabArgs(args: Args): ITabArgs | null {
  const { key, drawing, template, version, draft, view, selection, table, viewing, seen } = args;
  const plan =
    draft ??
    args['plan'] ??
    // A plan that is looked at and nothing else: what is drawn behind it is its own pipeline.
    (typeof key === 'string' || typeof template === 'string' ? undefined : viewing);
  if (typeof key !== 'string' && typeof template !== 'string' && typeof plan !== 'number') {
    return null;
  }
  return {
    key: typeof key === 'string' ? key : UUID.uuid4(),
    ...(typeof drawing === 'string' ? { drawing } : {}),
    ...(args['isAsked'] === true ? { isAsked: true } : {}),
    ...(typeof template === 'string' ? { template } : {}),
    ...(typeof template === 'string' && typeof version === 'number' ? { version } : {}),
    ...(typeof plan === 'number' ? { plan } : {}),
    ...(typeof viewing === 'number' ? { viewing } : {}),
    ...(Array.isArray(seen)
      ? { seen: seen.filter((each): each is number => typeof each === 'number') }
      : {}),
    ...(isView(view) ? { view } : {}),
    ...(Array.isArray(selection)
      ? { selection: selection.filter((each): each is string => typeof each === 'string') }
      : {}),
    ...(typeof table === 'boolean' ? { table } : {})
  };
}

function isView(view: unknown): view is NonNullable<ITabArgs['view']> {
  return (
    typeof view === 'object' &&
    view !== null &&
    'x' in view &&
    'y' in view &&
    'scale' in view &&
    [view.x, view.y, view.scale].every(each => typeof each === 'number' && Number.isFinite(each))
  );
}
