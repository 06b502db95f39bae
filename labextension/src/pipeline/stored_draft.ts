/** The plan as which a drawing is stored before it is submitted, and the revision that was seen. */

import type { IStoredDraft } from '../api/drafts';
import { changeDraft, createDraft } from '../api/drafts';
import { Refused } from '../api/errors';
import type { IApi } from '../tokens';
import type { IDraft } from './document';
import type { IUnsaved } from './unsaved';
import { writePipeline } from './writing';

export class StoredDraft {
  constructor(
    private readonly _api: IApi,
    /** Called when it is another. */
    private readonly _changed: () => void
  ) {}

  /** Null, nothing is stored. */
  origin: IUnsaved['draft'] = null;

  /** Store what is drawn; `template` is the saved pipeline that it is. */
  async store(drawn: () => IDraft, template: () => string | null): Promise<IStoredDraft> {
    // One after the other: the second must know the revision that the first made.
    const after = this._storing.catch(() => undefined).then(() => this._store(drawn(), template()));
    this._storing = after;
    return after;
  }

  /** It was changed elsewhere, and has this revision now; `before`, only if it had that one. */
  note(plan: number, revision: string, before?: string): boolean {
    if (this.origin?.plan !== plan || this.origin.revision !== (before ?? this.origin.revision)) {
      return false;
    }
    this.origin = { plan, revision };
    this._changed();
    return true;
  }

  forget(): void {
    this.origin = null;
    this._changed();
  }

  private async _store(
    { document, request }: IDraft,
    template: string | null
  ): Promise<IStoredDraft> {
    const change = { document: writePipeline(document), request };
    let stored: IStoredDraft | null = null;
    if (this.origin !== null) {
      const { plan, revision } = this.origin;
      try {
        stored = await changeDraft(this._api, plan, revision, change);
      } catch (error) {
        // Submitted, changed elsewhere or gone: what is drawn here becomes a draft of its own.
        if (!(error instanceof Refused) || (error.status !== 409 && error.status !== 404)) {
          throw error;
        }
      }
    }
    // Named once: afterwards the plan has the name that it was given in its preview.
    stored ??= await createDraft(this._api, {
      ...change,
      ...(document.name === '' ? {} : { name: document.name }),
      ...(template === null ? {} : { template })
    });
    this.origin = { plan: stored.plan_id, revision: stored.revision };
    this._changed();
    return stored;
  }

  private _storing: Promise<unknown> = Promise.resolve();
}
