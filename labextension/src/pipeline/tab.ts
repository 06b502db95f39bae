/** A pipeline tab. What is heavy is loaded when the tab is first seen, never when it is restored. */

import type { IThemeManager } from '@jupyterlab/apputils';
import { Dialog, MainAreaWidget, Notification, showDialog } from '@jupyterlab/apputils';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';

import { explained } from '../explain/explanation';
import { pipelineIcon } from '../icons';
import type { IApi, ILive } from '../tokens';
import type { IView } from '../canvas/engine';
import { Following } from './following';
import type * as Loaded from './loaded';
import { Meanwhile } from './meanwhile';
import type { PipelineModel } from './model';
import type { PipelinePanel } from './panel';
import type { PipelineTracker } from './tracker';
import type { UnsavedWork } from './unsaved';
import { earlierOf } from './versions';

/** What opens a tab, and what a reload needs to bring it back. */
export interface ITabArgs {
  /** Names the tab: unsaved work is kept under it. */
  readonly key: string;
  /** The unsaved drawing at the server that its work is, where that has another key. */
  readonly drawing?: string | undefined;
  /** That drawing is what was asked for: where it cannot be had, nothing is shown for it. */
  readonly isAsked?: boolean | undefined;
  readonly template?: string | undefined;
  /** An earlier version of it. */
  readonly version?: number | undefined;
  /** A plan whose pipeline becomes a new draft, or the stored draft itself. */
  readonly plan?: number | undefined;
  /** A plan that is looked at. */
  readonly viewing?: number | undefined;
  /** Plans that were looked at in this tab: they are offered again. */
  readonly seen?: readonly number[] | undefined;
  readonly view?: IView | undefined;
  readonly selection?: readonly string[] | undefined;
  readonly table?: boolean | undefined;
}

/** So many of the plans that were looked at are brought back by a reload. */
const SEEN = 20;

/** Whether a tab shows already what is asked for. */
export function isSame(open: ITabArgs, wanted: ITabArgs): boolean {
  if (wanted.isAsked === true) {
    // Not by the key of a tab: since others changed the drawing, what is drawn there is another one.
    return (open.drawing ?? open.key) === wanted.drawing;
  }
  if (open.key === wanted.key) {
    return true;
  }
  if (wanted.template !== undefined) {
    return open.template === wanted.template && open.version === wanted.version;
  }
  if (wanted.viewing !== undefined) {
    // In the drawing that it was submitted from, or was made a draft in; one that shows another stays.
    return open.viewing === undefined
      ? open.seen?.includes(wanted.viewing) === true ||
          (open.template === undefined && open.plan === wanted.viewing)
      : open.viewing === wanted.viewing;
  }
  // Where a plan is looked at, what is drawn from it is asked for as a draft of its own.
  return (
    wanted.plan !== undefined &&
    open.template === undefined &&
    open.plan === wanted.plan &&
    open.viewing !== wanted.plan
  );
}

interface ITabOptions {
  args: ITabArgs;
  api: IApi;
  commands: CommandRegistry;
  trans: TranslationBundle;
  themes: IThemeManager | null;
  state: IStateDB | null;
  live: ILive | null;
  tracker: PipelineTracker;
  save: (tab: PipelineTab) => Promise<boolean>;
}

export class PipelineTab extends MainAreaWidget<Panel> {
  constructor(private readonly _tabOptions: ITabOptions) {
    super({ content: new Panel() });
    const { args, trans } = _tabOptions;
    this.addClass('pm-Pipeline');
    // Ours is part of the panel: the Lab's own folds away what is wider than a button.
    this.toolbar.hide();
    this.node.dataset['jpUndoer'] = 'true';
    this.content.addClass('pm-Pipeline-host');
    this.id = `pm-pipeline-${args.key}`;
    this.title.icon = pipelineIcon;
    this.title.closable = true;
    this.title.label = args.template ?? trans.__('Pipeline');
  }

  /** Null until the tab was seen. */
  get panel(): PipelinePanel | null {
    return this._panel;
  }

  get model(): PipelineModel | null {
    return this._panel?.model ?? null;
  }

  /** Resolves when the drawing is there, or what went wrong is told. */
  get ready(): Promise<PipelinePanel | null> {
    return (this._building ??= this._build());
  }

  /** Emits when what a reload must bring back is another. */
  get placed(): ISignal<this, void> {
    return this._placed;
  }

  /** What brings this tab back. */
  get args(): ITabArgs {
    const { args } = this._tabOptions;
    const panel = this._panel;
    if (panel === null) {
      return args;
    }
    const { template, viewing, seen, selection } = panel.model;
    const drawing = this._unsaved?.kept.keyOf(args.key);
    return {
      key: args.key,
      drawing: drawing === args.key ? undefined : drawing,
      template: template?.name,
      version: earlierOf(template)?.version,
      plan: template === null ? (panel.model.draftPlan ?? args.plan) : undefined,
      viewing: viewing?.plan.plan_id,
      seen: [...seen].slice(-SEEN),
      view: panel.canvas.viewport.chosen ?? undefined,
      selection: [...selection].slice(0, 100),
      table: panel.isTableShown
    };
  }

  override dispose(): void {
    if (!this.isDisposed) {
      window.removeEventListener('pagehide', this._keep);
      this._following?.dispose();
      this._meanwhile?.dispose();
      const { model } = this;
      if (model !== null) {
        this._tabOptions.tracker.remove(model);
        model.dispose();
      }
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected override onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    void this.ready;
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      void this.ready;
    }
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._panel?.activate();
  }

  protected override onCloseRequest(msg: Message): void {
    void this._mayClose().then(may => {
      if (may) {
        super.onCloseRequest(msg);
      }
    });
  }

  private async _mayClose(): Promise<boolean> {
    const { trans, save } = this._tabOptions;
    const { model } = this;
    if (model === null || !model.dirty || model.newer || model.draft.document.steps.size === 0) {
      await model?.discard();
      return true;
    }
    const { button } = await showDialog({
      title: trans.__('Save "%1"?', model.name || trans.__('Unnamed pipeline')),
      body: trans.__('It has changes that are not saved.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Keep open') }),
        Dialog.warnButton({ label: trans.__('Do not save'), actions: ['discard'] }),
        Dialog.okButton({ label: trans.__('Save') })
      ]
    });
    if (button.actions.includes('discard')) {
      await model.discard();
      return true;
    }
    if (button.accept && (await save(this))) {
      await model.discard();
      return true;
    }
    return false;
  }

  private async _build(): Promise<PipelinePanel | null> {
    const { trans } = this._tabOptions;
    const waiting = new Widget();
    waiting.addClass('pm-Pipeline-waiting');
    waiting.node.textContent = trans.__('Opening the pipeline…');
    this.content.addWidget(waiting);
    try {
      const panel = await this._load();
      if (this.isDisposed) {
        panel.dispose();
        return null;
      }
      waiting.dispose();
      this._show(panel);
      return panel;
    } catch (error) {
      this._building = null;
      if (!this.isDisposed) {
        waiting.dispose();
        this._explain(error);
      }
      return null;
    }
  }

  private async _load(): Promise<PipelinePanel> {
    const { args, api, commands, trans, themes, state, tracker } = this._tabOptions;
    let parts: typeof Loaded;
    try {
      parts = await import('./loaded');
    } catch {
      throw new Error(trans.__('The product was updated: reload this page.'));
    }
    await tracker.catalogue.loaded();
    const unsaved = new parts.UnsavedWork(state, api, {
      key: args.drawing,
      isAsked: args.isAsked
    });
    this._unsaved = unsaved;
    unsaved.kept.moved.connect(() => {
      this._placed.emit();
    });
    const model = new parts.PipelineModel({
      api,
      catalogue: tracker.catalogue,
      unsaved,
      key: args.key,
      trans,
      seen: args.seen ?? []
    });
    unsaved.kept.refused.connect((_, error) => {
      const [reason, ...others] = explained(error, trans).text;
      Notification.warning(
        trans.__(
          '"%1" is kept in this browser only: %2',
          model.name || trans.__('Unnamed pipeline'),
          [reason ?? error.message, ...others].join(' ')
        )
      );
    });
    try {
      const restored = await this._open(model);
      if (args.viewing !== undefined) {
        await model.view(args.viewing).catch(() => undefined);
      }
      return new parts.PipelinePanel({ model, api, commands, trans, themes, restored });
    } catch (error) {
      model.abandon();
      throw error;
    }
  }

  /** What the tab was opened with; unsaved work of this very tab comes first. */
  private async _open(model: PipelineModel): Promise<string | null> {
    const { trans } = this._tabOptions;
    const { template, version, plan, viewing, isAsked } = this._tabOptions.args;
    const restored = await model.openUnsaved();
    this._isBroughtBack = restored !== null;
    if (restored !== null) {
      return model.dirty ? restored : null;
    }
    if (isAsked === true) {
      throw new Error(
        trans.__(
          'What is kept of this drawing is no pipeline that this page can read. It stays as it is: update the Research Process Manager, then open it again.'
        )
      );
    }
    if (template !== undefined) {
      await model.openTemplate(template, version);
    } else if (plan !== undefined) {
      await model.openPlan(plan, { toLook: viewing === plan });
    }
    return null;
  }

  private _show(panel: PipelinePanel): void {
    const { args, tracker, api, live } = this._tabOptions;
    const { model } = panel;
    this._panel = panel;
    this.content.addWidget(panel);
    if (args.view !== undefined) {
      panel.canvas.view = args.view;
    }
    panel.isTableShown = args.table === true;
    model.select(args.selection ?? []);
    model.changed.connect(this._retitle);
    panel.placed.connect(() => {
      this._placed.emit();
    });
    this._retitle();
    if (live !== null) {
      this._following = new Following(model, live, api);
      this._meanwhile = new Meanwhile(model, live);
    }
    tracker.add(model);
    window.addEventListener('pagehide', this._keep);
    model.check();
    if (this._isBroughtBack) {
      // What was brought back may be of a time before somebody else saved.
      void model.lookForTheirs().catch(() => undefined);
    }
    void api.status().then(
      status => {
        panel.marks = status.marks;
      },
      () => undefined
    );
    if (this.isVisible) {
      panel.activate();
    }
  }

  private _explain(error: unknown): void {
    const { trans } = this._tabOptions;
    const { title, text } = explained(error, trans);
    const widget = new Widget();
    widget.addClass('pm-Explanation');
    widget.node.setAttribute('role', 'alert');
    const heading = document.createElement('h2');
    heading.textContent = title;
    widget.node.append(heading);
    for (const sentence of text) {
      const line = document.createElement('p');
      line.textContent = sentence;
      widget.node.append(line);
    }
    const again = document.createElement('button');
    again.className = 'jp-mod-styled jp-mod-accept';
    again.textContent = trans.__('Try again');
    again.addEventListener('click', () => {
      widget.dispose();
      void this.ready;
    });
    widget.node.append(again);
    this.content.addWidget(widget);
  }

  /** The page goes, sooner than the pause after an edit ends. */
  private readonly _keep = (): void => {
    void this.model?.keepNow().catch(() => undefined);
  };

  private readonly _retitle = (): void => {
    const { model } = this;
    if (model !== null && !this.isDisposed) {
      const { trans } = this._tabOptions;
      const earlier = earlierOf(model.template);
      const name =
        earlier !== null
          ? trans.__('%1 (version %2)', model.name, earlier.version)
          : model.name === ''
            ? trans.__('Pipeline')
            : model.name;
      const isUnsaved = model.dirty && model.draft.document.steps.size > 0;
      this.title.label = isUnsaved ? `${name} ●` : name;
      this.title.caption = isUnsaved ? trans.__('%1 (not saved)', name) : name;
      this._placed.emit();
    }
  };

  private _panel: PipelinePanel | null = null;
  private _unsaved: UnsavedWork | null = null;
  private _isBroughtBack = false;
  private _following: Following | null = null;
  private _meanwhile: Meanwhile | null = null;
  private _building: Promise<PipelinePanel | null> | null = null;
  private readonly _placed = new Signal<this, void>(this);
}
