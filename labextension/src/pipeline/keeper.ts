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
  /** Something of what was opened could not be read. */
  readonly partial: boolean;
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

  /** It was brought back from a time, and is kept as what it is until it is changed. */
  broughtBack(time: string): void {
    const { draft, template, stored, dirty } = this._work();
    this._unsaved.broughtBack(draft, { template, draft: stored, saved: !dirty }, time);
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
    const work = this._work();
    if (isNotOurs(work)) {
      return;
    }
    const { draft, template, stored, dirty } = work;
    await this._keepRequest(draft.request, template, dirty);
    const isSaved = !dirty && Object.keys(draft.request).length === 0 && stored === null;
    if (isNothing(work) || isSaved) {
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

  /** Nothing more is kept, and nothing forgotten: its tab could not be opened. */
  stop(): void {
    window.clearTimeout(this._timer);
    this._isOver = true;
  }

  /**
   * Forget what is kept of unsaved work: its tab was closed on purpose. What was not understood here
   * stays for whoever understands it.
   */
  async discard(): Promise<void> {
    this.stop();
    const work = this._work();
    if (isNotOurs(work)) {
      return;
    }
    const { draft, template, dirty } = work;
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

function isNothing({ draft, template }: IWork): boolean {
  return draft.document.steps.size === 0 && template === null;
}

/** There is more to it than this page can read: nothing that it does must make it less. */
function isNotOurs(work: IWork): boolean {
  return work.newer || (work.partial && isNothing(work));
}
