/** The commands of the pipelines that are drawn. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification, type WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { explained } from '../explain/explanation';
import { showExplanation } from '../explain/dialog';
import { pipelineIcon } from '../icons';
import { isDirection } from '../canvas/walking';
import { hasItem, withItem } from '../screen/item';
import type { IApi } from '../tokens';
import { chooseKept } from './choosing';
import type { IStep } from './document';
import { OtherCommands } from './others';
import type { PipelinePanel } from './panel';
import { savePipeline } from './saving';
import type { ITabArgs, PipelineTab } from './tab';

interface IContext {
  app: JupyterFrontEnd;
  api: IApi;
  tabs: WidgetTracker<PipelineTab>;
  open: (args: ITabArgs, activate: boolean) => PipelineTab;
  /** The key of a tab in which an unsaved drawing may be opened. */
  keyFor: (drawing: string) => Promise<string>;
  trans: TranslationBundle;
}

type Args = ReadonlyPartialJSONObject;

/** A tab that is brought to the front has the focus by then. */
const ACTIVATED_MS = 100;

export function addCommands(context: IContext): void {
  addOpening(context);
  addSaving(context);
  addEditing(context);
  addDrawing(context);
}

/** The pipeline in front of everything else. */
function current({ app, tabs }: IContext): PipelinePanel | null {
  const tab = tabs.currentWidget;
  return tab !== null && app.shell.currentWidget === tab ? tab.panel : null;
}

/** What somebody chooses of all that is kept; says why where there is nothing to choose. */
async function chosenPipeline(api: IApi, trans: TranslationBundle): Promise<Args | null> {
  try {
    return await chooseKept(api, trans);
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
    return null;
  }
}

function addOpening({ app, api, tabs, open, keyFor, trans }: IContext): void {
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
        panel?.canvas.quickAdd();
        return;
      }
      panel?.addStep(method, typeof version === 'number' ? version : 'latest');
    }
  });
}

function tabArgs(args: Args): ITabArgs | null {
  const { key, drawing, template, draft, view, selection, table, viewing, seen } = args;
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

function addSaving(context: IContext): void {
  const { commands } = context.app;
  const { trans } = context;
  const canSave = (): boolean => {
    const model = current(context)?.model;
    return model !== undefined && !model.newer && model.viewing === null;
  };
  commands.addCommand(CommandIDs.savePipeline, {
    label: trans.__('Save Pipeline'),
    describedBy: nothing(),
    isEnabled: canSave,
    execute: async () => {
      const panel = current(context);
      return panel !== null && savePipeline(panel.model, trans);
    }
  });
  commands.addCommand(CommandIDs.savePipelineAs, {
    label: trans.__('Save Pipeline As…'),
    describedBy: nothing(),
    isEnabled: canSave,
    execute: async () => {
      const panel = current(context);
      return panel !== null && savePipeline(panel.model, trans, { rename: true });
    }
  });
  commands.addCommand(CommandIDs.exportPipeline, {
    label: trans.__('Download Pipeline as File'),
    describedBy: nothing(),
    // Of what a newer program wrote the file would hold less.
    isEnabled: () => current(context)?.model.newer === false,
    execute: () => {
      const panel = current(context);
      if (panel?.model.newer === false) {
        const name = panel.model.name || 'pipeline';
        const url = URL.createObjectURL(new Blob([panel.text()], { type: 'application/json' }));
        const link = document.createElement('a');
        link.href = url;
        link.download = `${name.replace(/[^\p{L}\p{N} ._-]+/gu, '_')}.json`;
        link.click();
        URL.revokeObjectURL(url);
      }
    }
  });
}

function addEditing(context: IContext): void {
  const { commands } = context.app;
  const { trans } = context;
  const edit = editing(context, commands);
  commands.addCommand(CommandIDs.undoEdit, {
    label: () => {
      const name = current(context)?.model.undoName ?? null;
      return name === null ? trans.__('Undo') : trans.__('Undo: %1', name);
    },
    describedBy: nothing(),
    isEnabled: () => (current(context)?.model.undoName ?? null) !== null,
    execute: () => {
      current(context)?.model.undo();
    }
  });
  commands.addCommand(CommandIDs.redoEdit, {
    label: () => {
      const name = current(context)?.model.redoName ?? null;
      return name === null ? trans.__('Redo') : trans.__('Redo: %1', name);
    },
    describedBy: nothing(),
    isEnabled: () => (current(context)?.model.redoName ?? null) !== null,
    execute: () => {
      current(context)?.model.redo();
    }
  });
  const deletes: INeeds = { changes: true, chosen: 'link' };
  edit(CommandIDs.deleteSelection, trans.__('Delete'), deletes, panel => {
    panel.canvas.deleteSelection();
  });
  edit(CommandIDs.duplicateSelection, trans.__('Duplicate'), CHANGES_CHOSEN, panel => {
    panel.duplicate();
  });
  edit(CommandIDs.copySelection, trans.__('Copy Steps'), { chosen: 'thing' }, panel => {
    const text = panel.copy();
    if (text !== null) {
      Clipboard.copyToSystem(text);
    }
  });
  edit(CommandIDs.cutSelection, trans.__('Cut Steps'), CHANGES_CHOSEN, panel => {
    const text = panel.cut();
    if (text !== null) {
      Clipboard.copyToSystem(text);
    }
  });
  edit(CommandIDs.pasteSteps, trans.__('Paste Steps'), CHANGES, async panel => {
    await pasteFromMenu(panel, trans);
  });
  edit(CommandIDs.selectAll, trans.__('Select All'), {}, panel => {
    const { steps, layout } = panel.model.document;
    panel.canvas.choose(
      steps.keys(),
      [...layout.frames, ...layout.comments].map(each => each.id)
    );
  });
  edit(CommandIDs.clearSelection, trans.__('Select Nothing'), {}, panel => {
    panel.canvas.cancel();
  });
  edit(CommandIDs.editTitle, trans.__('Change Title of Step'), CHANGES_CHOSEN, panel => {
    panel.canvas.editTitle();
  });
  edit(CommandIDs.addComment, trans.__('Add Comment'), CHANGES, panel => {
    panel.canvas.addComment();
  });
  edit(CommandIDs.addFrame, trans.__('Add Frame'), CHANGES, panel => {
    panel.canvas.addFrame();
  });
  // Where nothing can be moved the arrows walk.
  const far = { type: 'integer', description: trans.__('Steps of the grid') };
  const nudged = { dx: far, dy: far };
  edit(CommandIDs.nudge, trans.__('Move Selected Steps'), { args: nudged }, (panel, args) => {
    panel.canvas.nudge(Number(args['dx'] ?? 0), Number(args['dy'] ?? 0));
  });
}

/** A key press hands the page what was copied; a menu has to ask the browser, which may refuse. */
async function pasteFromMenu(panel: PipelinePanel, trans: TranslationBundle): Promise<void> {
  let text: string;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    Notification.warning(
      trans.__('The browser gives menus no clipboard here: press Ctrl+V in the drawing.')
    );
    return;
  }
  if (!panel.paste(text)) {
    Notification.warning(
      trans.__('Nothing was pasted: what was copied last is no part of a pipeline.')
    );
  }
}

function addDrawing(context: IContext): void {
  const { commands } = context.app;
  const { trans } = context;
  const edit = editing(context, commands);
  edit(CommandIDs.arrange, trans.__('Arrange Steps'), CHANGES, panel => {
    panel.arrange();
  });
  const ways: Record<string, string> = {
    left: trans.__('Align Left'),
    right: trans.__('Align Right'),
    top: trans.__('Align at Top'),
    bottom: trans.__('Align at Bottom'),
    columns: trans.__('Distribute Horizontally'),
    rows: trans.__('Distribute Vertically')
  };
  commands.addCommand(CommandIDs.align, {
    label: args => ways[textOf(args['how'])] ?? trans.__('Align Steps'),
    describedBy: {
      args: { type: 'object', properties: { how: { enum: Object.keys(ways) } } }
    },
    isEnabled: () => {
      const model = current(context)?.model;
      return model?.readOnly === false && model.selection.size > 1;
    },
    execute: args => {
      current(context)?.align(textOf(args['how']));
    }
  });
  edit(CommandIDs.fit, trans.__('Show Whole Pipeline'), {}, panel => {
    panel.canvas.viewport.showAll();
  });
  edit(CommandIDs.zoomToSelection, trans.__('Zoom to Selection'), {}, panel => {
    panel.canvas.viewport.zoomToSelection();
  });
  edit(CommandIDs.zoomIn, trans.__('Zoom In on Pipeline'), {}, panel => {
    panel.canvas.viewport.zoom(true);
  });
  const nexts: Record<string, string> = {
    left: trans.__('Select Step to the Left'),
    right: trans.__('Select Step to the Right'),
    up: trans.__('Select Step Above'),
    down: trans.__('Select Step Below')
  };
  commands.addCommand(CommandIDs.walk, {
    label: args => nexts[textOf(args['to'])] ?? trans.__('Select Next Step'),
    describedBy: { args: { type: 'object', properties: { to: { enum: Object.keys(nexts) } } } },
    isEnabled: () => current(context) !== null,
    execute: args => {
      const to = textOf(args['to']);
      if (isDirection(to)) {
        current(context)?.canvas.walk(to);
      }
    }
  });
  commands.addCommand(CommandIDs.walkNotes, {
    label: args =>
      args['back'] === true
        ? trans.__('Select Comment or Frame Before')
        : trans.__('Select Next Comment or Frame'),
    describedBy: { args: { type: 'object', properties: { back: { type: 'boolean' } } } },
    isEnabled: () => current(context) !== null,
    execute: args => {
      current(context)?.canvas.walkNotes(args['back'] === true);
    }
  });
  commands.addCommand(CommandIDs.runSelected, {
    label: trans.__('Run This Step Now…'),
    caption: trans.__('Run the method of the selected step with its values, without a plan'),
    describedBy: nothing(),
    isEnabled: () => selected(context) !== null,
    isVisible: () => commands.hasCommand(OtherCommands.runStep),
    execute: async () => {
      const step = selected(context);
      if (step !== null) {
        await commands.execute(OtherCommands.runStep, {
          method: step.method,
          ...(step.version === 'latest' ? {} : { version: step.version }),
          step: step.name
        });
      }
    }
  });
  commands.addCommand(CommandIDs.unfold, {
    label: trans.__('Show or Hide Runs of Step'),
    caption: trans.__('Unfold the selected step of the plan that is viewed into its runs'),
    describedBy: nothing(),
    isEnabled: () => (current(context)?.unfoldable ?? null) !== null,
    isVisible: () => (current(context)?.model.viewing ?? null) !== null,
    execute: () => {
      current(context)?.toggleRuns();
    }
  });
  edit(CommandIDs.zoomOut, trans.__('Zoom Out of Pipeline'), {}, panel => {
    panel.canvas.viewport.zoom(false);
  });
  commands.addCommand(CommandIDs.toggleTable, {
    label: trans.__('Show Step Table'),
    describedBy: nothing(),
    isToggleable: true,
    isToggled: () => current(context)?.isTableShown ?? false,
    isEnabled: () => current(context) !== null,
    execute: () => {
      const panel = current(context);
      if (panel !== null) {
        panel.isTableShown = !panel.isTableShown;
      }
    }
  });
}

/** The only selected step of the pipeline in front, where it has a method. */
function selected(context: IContext): IStep | null {
  const model = current(context)?.model;
  const [name, ...others] = model?.selection ?? [];
  const step = name === undefined ? undefined : model?.document.steps.get(name);
  return step === undefined || others.length > 0 || step.method === '' ? null : step;
}

/** What a command asks of the pipeline in front; without it, it is not offered. */
interface INeeds {
  /** It can be changed: it is no plan that is looked at. */
  readonly changes?: boolean;
  /** Something is chosen in it; `link`, be it a link. */
  readonly chosen?: 'thing' | 'link';
  /** What the command can be given. */
  readonly args?: ReadonlyJSONObject;
}

const CHANGES: INeeds = { changes: true };
const CHANGES_CHOSEN: INeeds = { changes: true, chosen: 'thing' };

function has(panel: PipelinePanel | null, { changes = false, chosen }: INeeds): boolean {
  return (
    panel !== null &&
    !(changes && panel.model.readOnly) &&
    (chosen === undefined ||
      panel.isAnythingMeant ||
      (chosen === 'link' && panel.canvas.scene.edge !== null))
  );
}

/** Whether a command is asked for by a key, as Lumino says it in the arguments. */
function isByKey({ _luminoEvent: event }: Args): boolean {
  return typeof event === 'object' && event !== null && 'type' in event
    ? event.type === 'keybinding'
    : false;
}

/** Adds a command that acts on the pipeline in front. */
function editing(
  context: IContext,
  commands: CommandRegistry
): (
  id: string,
  label: string,
  needs: INeeds,
  run: (panel: PipelinePanel, args: Args) => void | Promise<void>
) => void {
  return (id, label, needs, run) => {
    commands.addCommand(id, {
      label,
      describedBy: { args: { type: 'object', properties: needs.args ?? {} } },
      // Of a key that has nothing to act on nobody need be warned in the console.
      isEnabled: args => has(current(context), isByKey(args) ? {} : needs),
      execute: async args => {
        const panel = current(context);
        if (panel !== null && (!isByKey(args) || has(panel, needs))) {
          await run(panel, args);
        }
      }
    });
  };
}

function nothing(): { args: ReadonlyJSONObject } {
  return { args: { type: 'object', properties: {} } };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
