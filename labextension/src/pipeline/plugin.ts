/** The pipelines that are drawn: their tracker, their tabs, their commands. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';

import { CATEGORY, CommandIDs } from '../commands';
import { IApi, ILive, IPipelineTracker } from '../tokens';
import { DOMAIN } from '../translation';
import { addCommands } from './actions';
import { Catalogue } from './catalogue';
import { Mirrors } from './mirrors';
import { savePipeline } from './saving';
import type { ITabArgs } from './tab';
import { isSame, PipelineTab } from './tab';
import { PipelineTracker } from './tracker';

export const pipelineTrackerPlugin: JupyterFrontEndPlugin<IPipelineTracker> = {
  id: 'research-process-manager:pipelines',
  description: 'The pipelines that are open.',
  autoStart: true,
  requires: [IApi],
  provides: IPipelineTracker,
  activate: (_app: JupyterFrontEnd, api: IApi): IPipelineTracker =>
    new PipelineTracker(new Catalogue(api))
};

export const pipelinePlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:pipeline',
  description: 'Drawing pipelines.',
  autoStart: true,
  requires: [IApi, IPipelineTracker],
  optional: [
    ITranslator,
    ICommandPalette,
    ILauncher,
    ILayoutRestorer,
    IMainMenu,
    IStateDB,
    IThemeManager,
    ILive
  ],
  activate: (
    app: JupyterFrontEnd,
    api: IApi,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    menu: IMainMenu | null,
    state: IStateDB | null,
    themes: IThemeManager | null,
    live: ILive | null
  ): void => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tabs = new WidgetTracker<PipelineTab>({ namespace: 'pm-pipelines' });
    if (!(pipelines instanceof PipelineTracker)) {
      return;
    }

    const open = (wanted: ITabArgs, activate: boolean): PipelineTab => {
      // What a reload brings back was a tab of its own, whatever it shows.
      let tab = tabs.find(each =>
        activate ? isSame(each.args, wanted) : each.args.key === wanted.key
      );
      if (tab === undefined) {
        // A tab of that key may be there, and draw something else by now.
        const isTaken = tabs.find(each => each.args.key === wanted.key) !== undefined;
        const args = isTaken ? { ...wanted, key: UUID.uuid4() } : wanted;
        const made = new PipelineTab({
          args,
          api,
          commands,
          trans,
          themes,
          state,
          live,
          tracker: pipelines,
          save: async each => each.model !== null && savePipeline(each.model, trans)
        });
        made.placed.connect(() => {
          void tabs.save(made);
        });
        void tabs.add(made);
        shell.add(made, 'main', { activate });
        tab = made;
      }
      if (activate) {
        shell.activateById(tab.id);
      }
      return tab;
    };

    tabs.currentChanged.connect((_, tab) => {
      const model = tab?.model ?? null;
      if (model !== null) {
        pipelines.bringForward(model);
      }
    });

    pipelines.shown.connect((_, model) => {
      const tab = tabs.find(each => each.model === model);
      if (tab !== undefined) {
        shell.activateById(tab.id);
      }
    });

    const mirrors = new Mirrors(state);
    // What is kept under the key of a drawing may be another one, since others changed that.
    const keyFor = async (drawing: string): Promise<string> =>
      ((await mirrors.of(drawing))?.key ?? drawing) === drawing ? drawing : UUID.uuid4();

    addCommands({ app, api, tabs, open, keyFor, trans });

    menu?.editMenu.undoers.undo.add({
      id: CommandIDs.undoEdit,
      isEnabled: widget => widget instanceof PipelineTab
    });
    menu?.editMenu.undoers.redo.add({
      id: CommandIDs.redoEdit,
      isEnabled: widget => widget instanceof PipelineTab
    });
    for (const command of PALETTE) {
      palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
    }
    for (const how of ['left', 'right', 'top', 'bottom', 'columns', 'rows']) {
      palette?.addItem({ command: CommandIDs.align, category: CATEGORY, args: { how } });
    }
    launcher?.add({ command: CommandIDs.newPipeline, category: CATEGORY, rank: 0 });
    if (restorer !== null) {
      void restorer.restore(tabs, {
        command: CommandIDs.openPipeline,
        name: tab => tab.args.key,
        args: tab => ({ ...kept(tab.args), activate: false })
      });
    }
  }
};

const PALETTE = [
  CommandIDs.newPipeline,
  CommandIDs.openPipeline,
  CommandIDs.addStep,
  CommandIDs.savePipeline,
  CommandIDs.savePipelineAs,
  CommandIDs.exportPipeline,
  CommandIDs.undoEdit,
  CommandIDs.redoEdit,
  CommandIDs.copySelection,
  CommandIDs.cutSelection,
  CommandIDs.pasteSteps,
  CommandIDs.deleteSelection,
  CommandIDs.duplicateSelection,
  CommandIDs.selectAll,
  CommandIDs.editTitle,
  CommandIDs.arrange,
  CommandIDs.addComment,
  CommandIDs.addFrame,
  CommandIDs.walkNotes,
  CommandIDs.fit,
  CommandIDs.zoomToSelection,
  CommandIDs.zoomIn,
  CommandIDs.zoomOut,
  CommandIDs.viewPlan,
  CommandIDs.unfold,
  CommandIDs.runSelected,
  CommandIDs.toggleTable
];

/** As plain JSON, which has no undefined. */
function kept(args: ITabArgs): ReadonlyPartialJSONObject {
  return JSON.parse(JSON.stringify(args)) as ReadonlyPartialJSONObject;
}
