/** The left panel, and what its rows start. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { CATEGORY, CommandIDs } from '../commands';
import { plansIcon } from '../icons';
import { Looking } from '../screen/looking';
import type { IChange } from '../tokens';
import { IApi, ILive, IPipelineTracker } from '../tokens';
import { DOMAIN } from '../translation';
import { PaletteModel } from './model';
import type { SectionName } from './section';
import { discardDrawing } from './discarding';
import { addTemplateCommands } from './templates';
import type { IPaletteActions } from './view';
import { PaletteView } from './view';

const STATE = 'research-process-manager:palette';

/**
 * Changes come in swarms while a plan runs: the lists are read again so many milliseconds after the
 * first of them, and no sooner than so many after the look before.
 */
const TOGETHER = { first: 500, gap: 2_000 };

/** Changes after which the methods are read again; they are many, and runs change none. */
const METHODS: ReadonlySet<string> = new Set(['method', 'module']);

/** Changes after which the lists are not read again: a log changes none, a drawing its own alone. */
const APART: ReadonlySet<string> = new Set(['log', 'drawing']);

export class PalettePanel extends VDomRenderer<PaletteModel> {
  constructor(
    model: PaletteModel,
    private readonly _actions: () => IPaletteActions,
    private readonly _state: IStateDB | null,
    private readonly _live: ILive | null,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this._live?.changed.connect(this._onLive);
    this.id = 'pm-palette';
    this.addClass('pm-Palette');
    this.title.icon = plansIcon;
    this.title.caption = CATEGORY;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
  }

  /** Read which parts were folded, the last time. */
  async restore(): Promise<void> {
    const kept = await this._state?.fetch(STATE);
    if (Array.isArray(kept)) {
      this._folded = new Set(kept as SectionName[]);
      this.update();
    }
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._seen();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this._seen();
    }
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._unseen();
  }

  protected override onBeforeDetach(msg: Message): void {
    super.onBeforeDetach(msg);
    this._unseen();
  }

  override dispose(): void {
    this._unseen();
    this._live?.changed.disconnect(this._onLive);
    this._again.dispose();
    this._drawings.dispose();
    super.dispose();
  }

  /** Nobody listens for a panel that is folded away. */
  private _seen(): void {
    this._held ??= this._live?.hold() ?? null;
    void this.model.refresh();
  }

  private _unseen(): void {
    this._held?.dispose();
    this._held = null;
  }

  protected override render(): React.JSX.Element | null {
    // What was asked before it was closed may be answered after.
    return this.isDisposed ? null : (
      <PaletteView
        model={this.model}
        actions={this._actions()}
        folded={this._folded}
        toggle={this._toggle}
        commands={this._commands}
        trans={this._trans}
      />
    );
  }

  private readonly _toggle = (name: SectionName): void => {
    const folded = new Set(this._folded);
    if (!folded.delete(name)) {
      folded.add(name);
    }
    this._folded = folded;
    void this._state?.save(STATE, [...folded]);
    this.update();
  };

  private readonly _onLive = (_: unknown, changes: readonly IChange[] | 'everything'): void => {
    if (!this.isVisible) {
      return;
    }
    if (changes !== 'everything' && changes.some(({ kind }) => kind === 'drawing')) {
      this._drawings.ask();
    }
    if (changes === 'everything' || changes.some(({ kind }) => !APART.has(kind))) {
      this._methods ||= changes === 'everything' || changes.some(({ kind }) => METHODS.has(kind));
      this._again.ask();
    }
  };

  private async _look(): Promise<void> {
    const methods = this._methods;
    this._methods = false;
    await this.model.refresh({ methods });
    // They were not read: the next look does.
    this._methods ||= methods && this.model.error !== null;
  }

  private _folded: ReadonlySet<SectionName> = new Set();
  private _held: IDisposable | null = null;
  /** Methods may be others than were read. */
  private _methods = false;
  private readonly _again = new Looking(() => this._look(), TOGETHER.gap, TOGETHER.first);
  /** Drawings are kept at every pause of whoever draws. */
  private readonly _drawings = new Looking(
    () => this.model.readDrawings(),
    TOGETHER.gap,
    TOGETHER.first
  );
}

export const palettePlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:palette',
  description: 'The left panel: methods, templates, plans, runs.',
  autoStart: true,
  requires: [IApi, IPipelineTracker],
  optional: [ITranslator, ILayoutRestorer, IStateDB, ILive, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    api: IApi,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    live: ILive | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const model = new PaletteModel(api, pipelines.catalogue, trans);

    const { versions, rename, remove } = addTemplateCommands({
      ...{ app, api, pipelines, model, state, trans }
    });

    const add = async (method: string): Promise<void> => {
      if (pipelines.current?.readOnly !== false && commands.hasCommand(CommandIDs.newPipeline)) {
        await commands.execute(CommandIDs.newPipeline);
      }
      await commands.execute(CommandIDs.addStep, { method });
    };

    // Asked for each time: other plugins add their commands after this one.
    const actions = (): IPaletteActions => ({
      add: method => {
        if (commands.hasCommand(CommandIDs.addStep)) {
          void add(method);
        }
      },
      templateVersions: versions,
      renameTemplate: rename,
      deleteTemplate: remove,
      discardDrawing: drawing => void discardDrawing({ api, model, trans }, drawing),
      ...(commands.hasCommand(CommandIDs.runStep)
        ? { run: method => void commands.execute(CommandIDs.runStep, { method }) }
        : {}),
      ...(commands.hasCommand(CommandIDs.newPipeline)
        ? { newPipeline: () => void commands.execute(CommandIDs.newPipeline) }
        : {}),
      ...(commands.hasCommand(CommandIDs.openPipeline)
        ? {
            openTemplate: template => void commands.execute(CommandIDs.openPipeline, { template }),
            openDrawing: ({ key }) =>
              void commands.execute(CommandIDs.openPipeline, { drawing: key })
          }
        : {}),
      ...(commands.hasCommand(CommandIDs.openRun)
        ? { openRun: run => void commands.execute(CommandIDs.openRun, { run }) }
        : {}),
      openPlan: ({ plan_id: plan, status }) => {
        const command = status === 'draft' ? CommandIDs.openPreview : CommandIDs.openPlan;
        void commands.execute(commands.hasCommand(command) ? command : CommandIDs.openPlans, {
          plan
        });
      }
    });

    const panel = new PalettePanel(model, actions, state, live, commands, trans);
    void panel.restore();
    app.shell.add(panel, 'left', { rank: 600 });
    commands.addCommand(CommandIDs.showMethods, {
      label: trans.__('Show Methods, Templates, Plans and Runs'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        app.shell.activateById(panel.id);
      }
    });
    palette?.addItem({ command: CommandIDs.showMethods, category: CATEGORY });
    palette?.addItem({
      command: CommandIDs.templateVersions,
      category: CATEGORY,
      args: { isPalette: true }
    });
    restorer?.add(panel, panel.id);
    void app.restored.then(() => {
      panel.update();
    });
  }
};
