/** Tells an open pipeline that somebody else saved it, or that a plan has ended, as soon as it is heard. */

import type { IDisposable } from '@lumino/disposable';

import { Looking } from '../screen/looking';
import type { IChange, ILive } from '../tokens';
import type { PipelineModel } from './model';

/** States of a plan that has ended: what it made is reused by the next one. */
const ENDED: ReadonlySet<string | null> = new Set(['completed', 'partial', 'failed', 'cancelled']);
/** Milliseconds between two checks of what would run now; the first comes after so many. */
const CHECKS = { gap: 5_000, first: 300 };

/** Saving writes more than once; one look is enough. */
const TOGETHER_MS = 300;

export class Meanwhile implements IDisposable {
  constructor(
    private readonly _model: PipelineModel,
    private readonly _live: ILive
  ) {
    this._looking = new Looking(() => this._model.lookForTheirs(), TOGETHER_MS, 0);
    this._checking = new Looking(
      () => {
        this._model.check();
        return Promise.resolve();
      },
      CHECKS.gap,
      CHECKS.first
    );
    _model.changed.connect(this._named);
    _live.changed.connect(this._heard);
    this._named();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._model.changed.disconnect(this._named);
      this._live.changed.disconnect(this._heard);
      this._hold?.dispose();
      this._looking.dispose();
      this._checking.dispose();
    }
  }

  /** Listen only while the drawing is a saved pipeline. */
  private readonly _named = (): void => {
    const isSaved = this._model.template !== null;
    if (isSaved && this._hold === null) {
      this._hold = this._live.hold();
    } else if (!isSaved) {
      this._hold?.dispose();
      this._hold = null;
    }
  };

  private readonly _heard = (_: unknown, changes: readonly IChange[] | 'everything'): void => {
    if (
      this._model.template !== null &&
      (changes === 'everything' || changes.some(each => each.kind === 'template'))
    ) {
      // What could not be asked now is asked when it is saved.
      this._looking.ask();
    }
    // Of a plan that is looked at it is asked when one goes back to the draft.
    if (
      this._model.viewing === null &&
      changes !== 'everything' &&
      changes.some(each => each.kind === 'plan' && ENDED.has(each.status))
    ) {
      this._checking.ask();
    }
  };

  private readonly _looking: Looking;
  private readonly _checking: Looking;
  private _hold: IDisposable | null = null;
  private _isDisposed = false;
}
