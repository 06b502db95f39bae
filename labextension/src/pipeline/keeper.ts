/** Keeps the unsaved work of one pipeline tab, a moment after each edit and when the tab goes. */

import type { IDraft, IPlanRequest } from './document';
import type { IUnsaved, UnsavedWork } from './unsaved';

/** How long after an edit the unsaved work is kept. */
const KEEP_MS = 600;

/** What there is to keep of a tab. */
export interface IWork {
  readonly draft: IDraft;
  readonly template: IUnsaved['template'];
  readonly stored: IUnsaved['draft'];
  /** It differs from what is saved under its name. */
  readonly dirty: boolean;
  /** It cannot be written: a newer program made it. */
  readonly newer: boolean;
}

export class Keeper {
  constructor(
    private readonly _unsaved: UnsavedWork,
    private readonly _key: string,
    private readonly _work: () => IWork
  ) {}

  /** What was kept of this tab when it was last seen; null, nothing. */
  async load(): Promise<IUnsaved | null> {
    return this._unsaved.load(this._key);
  }

  /** What was last asked of a saved pipeline. */
  async requestOf(template: string): Promise<unknown> {
    return this._unsaved.requestOf(template);
  }

  /** Keep it when nothing was edited for a moment. */
  soon(): void {
    window.clearTimeout(this._timer);
    if (!this._isOver) {
      this._timer = window.setTimeout(() => void this.now(), KEEP_MS);
    }
  }

  /** Keep what is not saved, without waiting for a pause. */
  async now(): Promise<void> {
    window.clearTimeout(this._timer);
    const { draft, template, stored, dirty, newer } = this._work();
    await this._keepRequest(draft.request, template, dirty);
    const isNothing = draft.document.steps.size === 0 && template === null;
    const isSaved = !dirty && Object.keys(draft.request).length === 0 && stored === null;
    if (newer || isNothing || isSaved) {
      await this._unsaved.forget(this._key);
    } else {
      await this._unsaved.keep(this._key, draft, {
        template,
        draft: stored,
        saved: !dirty
      });
    }
  }

  /** The tab goes; what is not saved is kept for when it comes back. */
  dispose(): void {
    if (!this._isOver) {
      this._isOver = true;
      void this.now();
    }
  }

  /** Forget what is kept of unsaved work: its tab was closed on purpose. */
  async discard(): Promise<void> {
    window.clearTimeout(this._timer);
    this._isOver = true;
    const { draft, template, dirty } = this._work();
    await this._keepRequest(draft.request, template, dirty);
    await this._unsaved.forget(this._key);
  }

  /** The samples of a saved pipeline are there when it is opened again, once it is saved as drawn. */
  private async _keepRequest(
    request: IPlanRequest,
    template: IUnsaved['template'],
    dirty: boolean
  ): Promise<void> {
    if (template !== null && !dirty) {
      await this._unsaved.keepRequest(template.name, request);
    }
  }

  private _timer = 0;
  private _isOver = false;
}
