/** The drawing that a draft was stored from, kept true to what is changed in the preview. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPlanRequest } from '../pipeline/document';
import type { DraftNews } from '../pipeline/draft_news';
import { readRequest } from '../pipeline/reading';
import type { IPipelineModel, IPipelineTracker } from '../tokens';
import type { IDraftChange, PreviewModel } from './model';
import { withWishesOf } from './request';

export class DraftSource {
  constructor(
    private readonly _preview: PreviewModel,
    private readonly _pipelines: IPipelineTracker,
    private readonly _trans: TranslationBundle,
    /** Where what cannot be told yet outlasts a reload. */
    private readonly _news: DraftNews
  ) {
    _preview.draftChanged.connect(this._onChange);
  }

  /** The drawing; undefined, it is not open. */
  get model(): IPipelineModel | undefined {
    return this._pipelines.models.find(each => each.draftPlan === this._preview.planId);
  }

  /** Bring a step of the drawing to the front; false, the drawing is not open. */
  async show(step: string): Promise<boolean> {
    const { model } = this;
    if (model === undefined) {
      return false;
    }
    this._pipelines.show(model);
    if (model.viewing !== null) {
      await model.view(null);
    }
    model.reveal(step);
    return true;
  }

  private readonly _onChange = (_: PreviewModel, change: IDraftChange): void => {
    const { draft, before, asks } = change;
    const untold = this._untold;
    this._untold = {
      draft,
      // What somebody else changed between is not ours to tell.
      before: untold?.draft.revision === before ? untold.before : before,
      asks: asks || untold?.asks === true
    };
    if (!this._tell()) {
      const news = { before, after: draft.revision };
      void this._news.keep(draft.plan_id, news).catch(() => undefined);
    }
  };

  /** Tell the drawing what it does not know; false, only when it is there and can be changed. */
  private readonly _tell = (): boolean => {
    this._stopWaiting();
    const untold = this._untold;
    if (untold === null) {
      return true;
    }
    const { model } = this;
    if (model === undefined) {
      // After a reload a drawing is read when it is first seen.
      this._isLate = true;
      this._pipelines.currentChanged.connect(this._tell);
      return false;
    }
    if (untold.asks && model.readOnly) {
      // A plan is viewed in its tab; the draft is behind it.
      this._isLate = true;
      this._waitsFor = model;
      model.changed.connect(this._tell);
      return false;
    }
    const { draft, before, asks } = untold;
    // One that was read since knows it already, and perhaps more.
    const isNews = model.noteDraft(
      draft.plan_id,
      draft.revision,
      this._isLate ? before : undefined
    );
    this._untold = null;
    if (this._isLate) {
      void this._news.forget(draft.plan_id).catch(() => undefined);
    }
    this._isLate = false;
    if (isNews && asks) {
      // As it is stored, not as it is wished for by now: that may yet be taken back.
      const stored: IPlanRequest = readRequest(draft.request);
      model.commitRequest(this._trans.__('change the plan'), drawn => withWishesOf(drawn, stored));
    }
    return true;
  };

  private _stopWaiting(): void {
    this._pipelines.currentChanged.disconnect(this._tell);
    this._waitsFor?.changed.disconnect(this._tell);
    this._waitsFor = null;
  }

  private _untold: IDraftChange | null = null;
  private _waitsFor: IPipelineModel | null = null;
  private _isLate = false;
}
