/** One pipeline being drawn: the only place where it is changed. Canvas, table and panels show it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IPlanDetails, IPreview, IStoredDraft } from '../api/drafts';
import type { IProblem } from '../api/errors';
import type { ITemplate } from '../api/templates';
import type { IApi, IPipelineModel, StepStates } from '../tokens';
import type { ICatalogue } from './catalogue';
import { Check } from './check';
import type { IDraft, IPipeline, IPlanRequest } from './document';
import { EMPTY_PIPELINE } from './document';
import { placeMissing } from './drawing';
import { Filed } from './filed';
import { History } from './history';
import { Keeper } from './keeper';
import { newerError } from './newer';
import { Opening } from './opening';
import type { IReading } from './reading';
import { readRequest } from './reading';
import { StoredDraft } from './stored_draft';
import type { IOrigin, UnsavedWork } from './unsaved';
import { Saved } from './saved';
import type { IViewing } from './viewed';
import { Viewed } from './viewed';

interface IModelOptions {
  api: IApi;
  catalogue: ICatalogue;
  unsaved: UnsavedWork;
  /** Names this tab: under it unsaved work is kept. */
  key: string;
  trans: TranslationBundle;
  /** Plans that were looked at in this tab before. */
  seen?: readonly number[];
}

export class PipelineModel implements IPipelineModel {
  constructor(private readonly _options: IModelOptions) {
    this.catalogue = _options.catalogue;
    this._methods = this.catalogue.methods;
    this.key = _options.key;
    this._saved = new Saved(_options.api);
    this._viewed = new Viewed(_options);
    for (const plan of _options.seen ?? []) {
      this._viewed.seen.add(plan);
    }
    this._stored = new StoredDraft(_options.api, () => {
      this._keeper.soon();
    });
    this._keeper = new Keeper(_options.unsaved, _options.key, () => ({
      draft: this._history.current,
      template: this._saved.origin,
      stored: this._stored.origin,
      dirty: this.dirty,
      newer: this._newer,
      partial: this._lost.length > 0
    }));
    const { api, trans, unsaved } = _options;
    this._filed = new Filed({
      api,
      trans,
      model: this,
      saved: this._saved,
      keeper: this._keeper,
      take: (name, draft, lost) => {
        this._history.commit(name, draft);
        this._lost = lost;
        this._moved();
      },
      takeBack: () => {
        this._history.undo();
        this._moved();
      },
      told: () => {
        this._changed.emit();
        this._keeper.soon();
      }
    });
    this._opening = new Opening({
      api,
      trans,
      unsaved,
      keeper: this._keeper,
      saved: this._saved,
      stored: this._stored,
      start: this._start
    });
    this._check = new Check(_options.api);
    this._check.changed.connect(() => {
      this._checked.emit();
    });
    this.catalogue.changed.connect(this._onCatalogue);
  }

  readonly catalogue: ICatalogue;
  readonly key: string;

  // --- what is shown ---------------------------------------------------------------------------

  get document(): IPipeline {
    return this.viewing?.document ?? this._history.current.document;
  }

  get request(): IPlanRequest {
    return this.viewing === null
      ? this._history.current.request
      : readRequest(this.viewing.plan.request);
  }

  get draft(): IDraft {
    return this._history.current;
  }

  get changed(): ISignal<IPipelineModel, void> {
    return this._changed;
  }

  get readOnly(): boolean {
    return this.viewing !== null || this._newer;
  }

  /** Written by a newer program: it is shown, and cannot be changed or saved. */
  get newer(): boolean {
    return this._newer;
  }

  /** What of the document could not be read and was left out. */
  get lost(): readonly string[] {
    return this._lost;
  }

  get name(): string {
    return this._history.current.document.name;
  }

  get dirty(): boolean {
    return !this._saved.has(this._history.current.document);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  // --- edits -----------------------------------------------------------------------------------

  commit(name: string, edit: (document: IPipeline) => IPipeline, merge?: string): boolean {
    return this.commitDraft(
      name,
      ({ document, request }) => {
        const after = edit(document);
        return after === document ? this._history.current : { document: after, request };
      },
      merge
    );
  }

  commitRequest(
    name: string,
    edit: (request: IPlanRequest) => IPlanRequest,
    merge?: string
  ): boolean {
    return this.commitDraft(
      name,
      draft => {
        const after = edit(draft.request);
        return after === draft.request ? draft : { ...draft, request: after };
      },
      merge
    );
  }

  commitDraft(name: string, edit: (draft: IDraft) => IDraft, merge?: string): boolean {
    if (this.readOnly) {
      return false;
    }
    const before = this._history.current;
    const after = edit(before);
    if (after === before) {
      return false;
    }
    this._history.commit(name, after, merge);
    this._moved();
    return true;
  }

  get undoName(): string | null {
    return this.readOnly ? null : this._history.undoName;
  }

  get redoName(): string | null {
    return this.readOnly ? null : this._history.redoName;
  }

  undo(): void {
    if (this.undoName !== null) {
      this._history.undo();
      this._moved();
    }
  }

  redo(): void {
    if (this.redoName !== null) {
      this._history.redo();
      this._moved();
    }
  }

  // --- selection -------------------------------------------------------------------------------

  get selection(): ReadonlySet<string> {
    return this._selection;
  }

  get selectionChanged(): ISignal<IPipelineModel, void> {
    return this._selectionChanged;
  }

  select(names: Iterable<string>): void {
    const wanted = new Set([...names].filter(name => this.document.steps.has(name)));
    const same =
      wanted.size === this._selection.size && [...wanted].every(name => this._selection.has(name));
    if (!same) {
      this._selection = wanted;
      this._selectionChanged.emit();
    }
  }

  get revealed(): ISignal<IPipelineModel, string> {
    return this._revealed;
  }

  reveal(step: string): void {
    this.select([step]);
    this._revealed.emit(step);
  }

  // --- what the server says --------------------------------------------------------------------

  get problems(): readonly IProblem[] {
    return this.viewing === null ? (this._check.preview?.problems ?? []) : [];
  }

  get preview(): IPreview | null {
    return this._check.preview;
  }

  get isChecked(): boolean {
    return this._check.isCurrent;
  }

  get checkError(): unknown {
    return this._check.error;
  }

  get checked(): ISignal<IPipelineModel, void> {
    return this._checked;
  }

  /** Ask the server again: what would run depends also on what ran meanwhile. */
  check(): void {
    this._check.ask(this._history.current, { now: true });
  }

  // --- the draft plan --------------------------------------------------------------------------

  get draftPlan(): number | null {
    return this._stored.origin?.plan ?? null;
  }

  async storeDraft(): Promise<IStoredDraft> {
    if (this._newer) {
      throw newerError(this._options.trans);
    }
    return this._stored.store(
      () => this._history.current,
      () => this._saved.origin?.name ?? null
    );
  }

  noteDraft(plan: number, revision: string, before?: string): boolean {
    return this._stored.note(plan, revision, before);
  }

  forgetDraft(): void {
    this._stored.forget();
  }

  // --- templates -------------------------------------------------------------------------------

  get template(): IOrigin | null {
    return this._saved.origin;
  }

  /** Whether saving it under its name would replace how the newest version is drawn, which is another. */
  async replacesDrawing(): Promise<boolean> {
    return this._saved.isAsNewest(this._history.current.document);
  }

  async save(name?: string): Promise<void> {
    await this._filed.save(name);
  }

  async replace(theirs: ITemplate | null, name: string): Promise<void> {
    await this._filed.replace(theirs, name);
  }

  /** Show what is saved instead of what is drawn, which undo brings back. */
  takeTheirs(theirs: ITemplate): void {
    this._filed.takeTheirs(theirs);
  }

  /** The same with what was last asked of it; of what is saved under no name, begin anew. */
  async takeSaved(): Promise<void> {
    await this._filed.takeSaved();
  }

  renamed(template: { readonly name: string; readonly revision: string }): void {
    this._filed.renamed(template);
  }

  /** What somebody else saved since this was read; `deleted`, it is gone; null, it is as it was. */
  get theirs(): ITemplate | 'deleted' | null {
    return this._saved.theirs;
  }

  /** Ask whether there is such. */
  async lookForTheirs(): Promise<void> {
    await this._filed.lookForTheirs();
  }

  /** Go on with what is drawn here. */
  ignoreTheirs(): void {
    this._filed.ignoreTheirs();
  }

  // --- opening ---------------------------------------------------------------------------------

  /** Open a saved pipeline; `version`, as it was then. */
  async openTemplate(name: string, version?: number): Promise<void> {
    await this._opening.template(name, version);
  }

  /**
   * Open the pipeline of a plan as a draft; of a draft, the draft itself.
   *
   * @param toLook - the plan is what is wanted: its draft is no work that is to be saved
   */
  async openPlan(plan: number, how: { toLook?: boolean } = {}): Promise<void> {
    await this._opening.plan(plan, how);
  }

  openDocument(raw: unknown): void {
    this._opening.document(raw);
  }

  /** Bring back what was not saved when this tab was last seen; null, there is nothing. */
  async openUnsaved(): Promise<string | null> {
    return this._opening.unsaved();
  }

  /** Forget what is kept of unsaved work: its tab was closed on purpose. */
  async discard(): Promise<void> {
    const { origin } = this._stored;
    await this._keeper.discard();
    if (origin !== null && !this._newer) {
      // There is no drawing any more that it could be told.
      await this._options.unsaved.news.forget(origin.plan).catch(() => undefined);
    }
  }

  /** It could not be opened: let go of it, and of nothing that is kept of it. */
  abandon(): void {
    this._keeper.stop();
    this.dispose();
  }

  private readonly _start = (
    reading: IReading,
    request: IPlanRequest,
    { saved }: { saved: boolean }
  ): void => {
    const document = placeMissing(reading.document, this.catalogue);
    this._history = new History({ document, request });
    this._lost = reading.lost;
    this._newer = reading.newer;
    this._saved.document = saved && reading.lost.length === 0 ? document : null;
    this._viewed.leave();
    this._moved();
  };

  // --- looking at a plan -----------------------------------------------------------------------

  get viewing(): IViewing | null {
    return this._viewed.viewing;
  }

  /** The plans that were looked at in this drawing. */
  get seen(): ReadonlySet<number> {
    return this._viewed.seen;
  }

  async view(plan: number | null): Promise<void> {
    if (plan === null) {
      this._viewed.leave();
      // What ran meanwhile may have changed what would run now.
      this.check();
    } else if (!(await this._viewed.look(plan)) || this._isDisposed) {
      return;
    }
    this.select(this._selection);
    this._changed.emit();
    this._statesChanged.emit();
    this._checked.emit();
  }

  get states(): StepStates {
    return this._viewed.states;
  }

  get statesChanged(): ISignal<IPipelineModel, void> {
    return this._statesChanged;
  }

  setStates(states: StepStates, status?: IPlanDetails['status']): void {
    this._viewed.note(states, status);
    this._statesChanged.emit();
  }

  // --- keeping ---------------------------------------------------------------------------------

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.catalogue.changed.disconnect(this._onCatalogue);
    this._check.dispose();
    this._keeper.dispose();
    Signal.clearData(this);
  }

  /** Keep what is not saved, without waiting for a pause. */
  async keepNow(): Promise<void> {
    await this._keeper.now();
  }

  private _moved(): void {
    for (const step of this.document.steps.values()) {
      if (step.version !== 'latest' && step.method !== '') {
        this.catalogue.ensure(step.method, step.version);
      }
    }
    this._changed.emit();
    this.select(this._selection);
    this._check.ask(this._history.current);
    this._keeper.soon();
  }

  private readonly _onCatalogue = (): void => {
    this._changed.emit();
    const { methods } = this.catalogue;
    // Another registration may have mended or broken something; an older version that arrived has not.
    if (methods !== this._methods) {
      this._methods = methods;
      this.check();
    }
  };

  private _methods: ICatalogue['methods'];
  private _history = new History({ document: EMPTY_PIPELINE, request: {} });
  private _lost: readonly string[] = [];
  private _newer = false;
  private _selection: ReadonlySet<string> = new Set();
  private _isDisposed = false;
  private readonly _check: Check;
  private readonly _saved: Saved;
  private readonly _stored: StoredDraft;
  private readonly _keeper: Keeper;
  private readonly _viewed: Viewed;
  private readonly _filed: Filed;
  private readonly _opening: Opening;
  private readonly _changed = new Signal<IPipelineModel, void>(this);
  private readonly _checked = new Signal<IPipelineModel, void>(this);
  private readonly _selectionChanged = new Signal<IPipelineModel, void>(this);
  private readonly _statesChanged = new Signal<IPipelineModel, void>(this);
  private readonly _revealed = new Signal<IPipelineModel, string>(this);
}
