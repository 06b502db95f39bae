/** What can be done with saved pipelines: another name, away with them. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { ITemplateEntry } from '../api/templates';
import { deleteTemplate, listTemplates, renameTemplate } from '../api/templates';
import { CommandIDs } from '../commands';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { toTabInFront } from '../params/dialog';
import type { UnsavedWork } from '../pipeline/unsaved';
import { hasItem, withItem } from '../screen/item';
import type { IApi, IPipelineTracker } from '../tokens';
import type { PaletteModel } from './model';

interface IContext {
  app: JupyterFrontEnd;
  api: IApi;
  pipelines: IPipelineTracker;
  model: PaletteModel;
  state: IStateDB | null;
  trans: TranslationBundle;
}

interface ITemplateActions {
  versions: (template: ITemplateEntry) => void;
  rename: (template: ITemplateEntry) => void;
  remove: (template: ITemplateEntry) => void;
}

/** Add the commands; what they do, for the buttons of the rows. */
export function addTemplateCommands(context: IContext): ITemplateActions {
  const { app, model, trans } = context;
  const rename = (template: ITemplateEntry): Promise<void> => renamed(context, template);
  const remove = (template: ITemplateEntry): Promise<void> => removed(context, template);
  const versions = (name: string): Promise<void> => shown(context, name);
  const add = (
    id: string,
    label: string,
    work: (template: ITemplateEntry) => Promise<void>
  ): void => {
    const meant = (args: ReadonlyPartialJSONObject): ITemplateEntry | undefined => {
      const { template } = withItem(app, args);
      return model.templates.find(each => each.name === template);
    };
    app.commands.addCommand(id, {
      label,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            template: { type: 'string', description: trans.__('Name of a saved pipeline') }
          }
        }
      },
      isVisible: args => hasItem(app, args),
      execute: async args => {
        const template = meant(args);
        if (template !== undefined) {
          await work(template);
        }
      }
    });
  };
  app.commands.addCommand(CommandIDs.templateVersions, {
    label: args =>
      args['isPalette'] === true
        ? trans.__('Show Versions of Template…')
        : trans.__('Versions of Template…'),
    caption: trans.__('What a template was; open or restore it'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          template: {
            type: 'string',
            description: trans.__('Name of a saved pipeline; without, the one in front')
          }
        }
      }
    },
    isVisible: args => hasItem(app, args),
    execute: async args => {
      const { template } = withItem(app, args);
      const name =
        typeof template === 'string'
          ? template
          : (context.pipelines.current?.template?.name ?? (await chosen(context)));
      if (name !== null) {
        await versions(name);
      }
    }
  });
  add(CommandIDs.renameTemplate, trans.__('Rename Template…'), rename);
  add(CommandIDs.deleteTemplate, trans.__('Delete Template…'), remove);
  return {
    versions: template => void versions(template.name),
    rename: template => void rename(template),
    remove: template => void remove(template)
  };
}

async function tried({ model, trans }: IContext, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // First, so that whoever has read the reason tries again with what is there now.
    await model.refresh();
    await showExplanation(explained(error, trans), trans);
    return;
  }
  await model.refresh();
}

/** The versions of a template, until their dialog is closed. */
async function shown({ app, api, model, trans }: IContext, name: string): Promise<void> {
  const { commands } = app;
  const [view, parts] = await Promise.all([import('./versions'), import('./versions_model')]);
  await view.showVersions({
    model: new parts.VersionsModel(api, name, trans),
    trans,
    restored: () => void model.refresh({ methods: false }),
    goOn: () => {
      toTabInFront(app.shell);
    },
    ...(commands.hasCommand(CommandIDs.openPipeline)
      ? {
          open: (version?: number) =>
            void commands.execute(CommandIDs.openPipeline, {
              template: name,
              ...(version === undefined ? {} : { version })
            })
        }
      : {})
  });
}

/** Ask for a template; null, none was chosen, or there is none. */
async function chosen({ api, trans }: IContext): Promise<string | null> {
  try {
    const templates = await listTemplates(api);
    if (templates.length === 0) {
      throw new Error(trans.__('There is no template yet: draw a pipeline, and save it.'));
    }
    const { button, value } = await InputDialog.getItem({
      title: trans.__('Versions of a template'),
      label: trans.__('Template:'),
      items: templates.map(each => each.name),
      okLabel: trans.__('Show')
    });
    return button.accept ? value : null;
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
    return null;
  }
}

async function renamed(context: IContext, template: ITemplateEntry): Promise<void> {
  const { api, pipelines, trans } = context;
  const { button, value } = await InputDialog.getText({
    title: trans.__('Rename template'),
    label: trans.__('New name of "%1"', template.name),
    text: template.name,
    okLabel: trans.__('Rename')
  });
  const name = value?.trim() ?? '';
  if (button.accept && name !== '' && name !== template.name) {
    await tried(context, async () => {
      const unsaved = await unsavedWork(context);
      const now = await renameTemplate(api, template.name, name, template.revision);
      for (const open of pipelines.models.filter(each => each.template?.name === template.name)) {
        // What was saved meanwhile elsewhere is no other for its new name: saving still tells.
        const seen = open.template?.revision === template.revision ? now.revision : '';
        open.renamed({ name: now.name, revision: seen });
      }
      await unsaved.renameRequest(template.name, now.name);
    });
  }
}

async function removed(context: IContext, template: ITemplateEntry): Promise<void> {
  const { api, trans } = context;
  const { button } = await showDialog({
    title: trans.__('Delete template "%1"?', template.name),
    body: trans.__('It cannot be brought back. Plans that were made from it keep their pipeline.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  if (button.accept) {
    await tried(context, async () => {
      const unsaved = await unsavedWork(context);
      await deleteTemplate(api, template.name, template.revision);
      await unsaved.forgetRequest(template.name);
    });
  }
}

/** Where the samples of a saved pipeline are kept; not read at the start of the Lab. */
async function unsavedWork({ state }: IContext): Promise<UnsavedWork> {
  const parts = await import('../pipeline/unsaved');
  return new parts.UnsavedWork(state);
}
