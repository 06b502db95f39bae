/** What a pipeline tab is opened with, read from where it is kept: templates, plans, unsaved work. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { getPlanDetails } from '../api/drafts';
import type { IVersionDetails } from '../api/templates';
import { getTemplate, getVersion } from '../api/templates';
import { withWishesOf } from '../preview/request';
import type { IApi } from '../tokens';
import type { IPlanRequest } from './document';
import type { Keeper } from './keeper';
import type { IReading } from './reading';
import { readPipeline, readRequest } from './reading';
import type { Saved } from './saved';
import { originOf } from './saved';
import type { StoredDraft } from './stored_draft';
import type { IOrigin, UnsavedWork } from './unsaved';

interface IOpeningOptions {
  readonly api: IApi;
  readonly trans: TranslationBundle;
  readonly unsaved: UnsavedWork;
  readonly keeper: Keeper;
  readonly saved: Saved;
  readonly stored: StoredDraft;
  /**
   * Show what was read, with nothing before it.
   *
   * @param saved - what was read is what is saved
   */
  readonly start: (reading: IReading, request: IPlanRequest, how: { saved: boolean }) => void;
}

export class Opening {
  constructor(private readonly _on: IOpeningOptions) {}

  /** Open a saved pipeline; `version`, as it was then. */
  async template(name: string, version?: number): Promise<void> {
    const { api, trans, saved, keeper, start } = this._on;
    const found = await (version === undefined
      ? getTemplate(api, name)
      : getVersion(api, name, version));
    const asked = readRequest(await keeper.requestOf(name));
    saved.origin = 'template' in found ? originIn(found) : originOf(found);
    start(readPipeline(found.document, trans), asked, { saved: true });
  }

  /**
   * Open the pipeline of a plan as a draft; of a draft, the draft itself.
   *
   * @param toLook - the plan is what is wanted: its draft is no work that is to be saved
   */
  async plan(plan: number, { toLook = false } = {}): Promise<void> {
    const found = await getPlanDetails(this._on.api, plan);
    if (found.status === 'draft') {
      this._on.stored.origin = { plan, revision: found.revision };
    }
    const reading = readPipeline(found.document, this._on.trans);
    this._on.start(reading, readRequest(found.request), { saved: toLook });
  }

  document(raw: unknown): void {
    this._on.start(readPipeline(raw, this._on.trans), {}, { saved: false });
  }

  /** Bring back what was not saved when this tab was last seen; false, there is nothing. */
  async unsaved(): Promise<string | null> {
    const unsaved = await this._on.keeper.load();
    if (unsaved === null) {
      return null;
    }
    this._on.saved.origin = unsaved.template;
    this._on.stored.origin = unsaved.draft;
    const reading = readPipeline(unsaved.document, this._on.trans);
    const { request, heard } = await this._caughtUp(readRequest(unsaved.request));
    this._on.start(reading, request, { saved: unsaved.saved === true });
    if (heard === null) {
      this._on.keeper.broughtBack(unsaved.time);
    } else {
      await this._heard(heard);
    }
    return unsaved.time;
  }

  /**
   * What was kept of a request, with what its preview made of it since, which was not told here; and
   * the draft of which that is no news any more.
   */
  private async _caughtUp(
    kept: IPlanRequest
  ): Promise<{ request: IPlanRequest; heard: number | null }> {
    const nothing = { request: kept, heard: null };
    const { origin } = this._on.stored;
    const { news } = this._on.unsaved;
    const told = origin === null ? null : await news.of(origin.plan);
    if (origin === null || told?.before !== origin.revision) {
      return nothing;
    }
    try {
      const stored = await getPlanDetails(this._on.api, origin.plan);
      // What somebody else made of it since is no news of ours.
      if (stored.status !== 'draft' || stored.revision !== told.after) {
        return nothing;
      }
      const request = withWishesOf(kept, readRequest(stored.request));
      this._on.stored.origin = { plan: origin.plan, revision: told.after };
      return { request, heard: origin.plan };
    } catch {
      // What is kept is shown all the same; storing it will say what is wrong.
      return nothing;
    }
  }

  /** Forget what was told of a draft, once what followed from it is kept: a reload needs one of both. */
  private async _heard(plan: number): Promise<void> {
    try {
      await this._on.keeper.now();
      await this._on.unsaved.news.forget(plan);
    } catch {
      // It is told again after the next reload, which changes nothing that is known here.
    }
  }
}

/** What is remembered of a saved pipeline that is drawn as it was in one of its versions. */
function originIn(found: IVersionDetails): IOrigin {
  const { version, content_hash, saved_at, saved_by, note } = found;
  const { name, revision, version: newest, content_hash: newest_hash } = found.template;
  return {
    name,
    revision,
    version: { version, content_hash, newest, newest_hash, saved_at, saved_by, note }
  };
}
