/** Tells an open pipeline that somebody else saved it, or that a plan has ended, as soon as it is heard. */

import type { IDisposable } from '@lumino/disposable';

import { Looking } from '../screen/looking';
import type { IChange, ILive, LiveMode } from '../tokens';
import type { PipelineModel } from './model';

/** States of a plan that has ended: what it made is reused by the next one. */
const ENDED: ReadonlySet<string | null> = new Set(['completed', 'partial', 'failed', 'cancelled']);
/** Milliseconds between two checks of what would run now; the first comes after so many. */
const CHECKS = { gap: 5_000, first: 300 };
/** The same while nothing is heard: of what could not be said, and of what was. */
const UNHEARD = { failed: 10_000, said: 60_000 };
/** What may change which runs are reused: methods, and what a verification found. */
const WEIGHTY: ReadonlySet<string> = new Set(['checked', 'method']);

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
        this._checkedAt = Date.now();
        this._model.check();
        return Promise.resolve();
      },
      CHECKS.gap,
      CHECKS.first
    );
    _model.changed.connect(this._named);
    _live.changed.connect(this._heard);
    _live.modeChanged.connect(this._turned);
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
      this._live.modeChanged.disconnect(this._turned);
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
    if (this._model.viewing === null && this._isToCheck(changes)) {
      this._checking.ask();
    }
  };

  /** What could not be said is asked as soon as somebody can say it. */
  private readonly _turned = (_: unknown, mode: LiveMode): void => {
    if (mode === 'live' && this._model.viewing === null && this._model.checkError !== null) {
      this._checking.ask();
    }
  };

  /** Whether the answer of the last check may be another by now. */
  private _isToCheck(changes: readonly IChange[] | 'everything'): boolean {
    if (changes !== 'everything') {
      return changes.some(
        ({ kind, status }) => WEIGHTY.has(kind) || (kind === 'plan' && ENDED.has(status))
      );
    }
    // One that is heard had a gap in what it heard; where nothing is, it is asked politely.
    const wait = this._model.checkError === null ? UNHEARD.said : UNHEARD.failed;
    return this._live.mode === 'live' || Date.now() - this._checkedAt >= wait;
  }

  private readonly _looking: Looking;
  private readonly _checking: Looking;
  private _checkedAt = Date.now();
  private _hold: IDisposable | null = null;
  private _isDisposed = false;
}
