/** Which pipelines are open; other plugins meet them here. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IPipelineModel, IPipelineTracker } from '../tokens';
import type { Catalogue } from './catalogue';

export class PipelineTracker implements IPipelineTracker {
  constructor(readonly catalogue: Catalogue) {}

  get current(): IPipelineModel | null {
    return this._current;
  }

  get currentChanged(): ISignal<IPipelineTracker, IPipelineModel | null> {
    return this._currentChanged;
  }

  get models(): readonly IPipelineModel[] {
    return this._models;
  }

  add(model: IPipelineModel): void {
    this._models = [...this._models, model];
    this.bringForward(model);
  }

  remove(model: IPipelineModel): void {
    this._models = this._models.filter(each => each !== model);
    if (this._current === model) {
      this.bringForward(null);
    }
  }

  bringForward(model: IPipelineModel | null): void {
    if (this._current !== model) {
      this._current = model;
      this._currentChanged.emit(model);
    }
  }

  show(model: IPipelineModel): void {
    this._shown.emit(model);
  }

  /** Emits what is to be brought to the front. */
  get shown(): ISignal<IPipelineTracker, IPipelineModel> {
    return this._shown;
  }

  private readonly _shown = new Signal<IPipelineTracker, IPipelineModel>(this);
  private _models: readonly IPipelineModel[] = [];
  private _current: IPipelineModel | null = null;
  private readonly _currentChanged = new Signal<IPipelineTracker, IPipelineModel | null>(this);
}
