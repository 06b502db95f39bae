/** Looks at what keeps changing: seldom, and never without a look after the last change. */

import type { IDisposable } from '@lumino/disposable';

/**
 * Looks when it is asked to, with a pause between two looks however often it is asked.
 *
 * Asked during a look, it looks once more: the answer may have been read before that change. The
 * `Throttler` of Lumino drops what is asked then, so the last change could stay unseen.
 */
export class Looking implements IDisposable {
  /**
   * @param _look - looks; what it throws is dropped, and the next look is the next try
   * @param _gap - milliseconds between two looks
   * @param _first - milliseconds from asking to the first look, in which changes gather
   */
  constructor(
    private readonly _look: () => Promise<unknown>,
    private readonly _gap: number,
    private readonly _first = _gap
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
  }

  /** Look soon. */
  ask(): void {
    this._isAsked = true;
    if (!this._isBusy) {
      this._isBusy = true;
      this._after(this._first);
    }
  }

  private _after(milliseconds: number): void {
    if (!this._isDisposed) {
      this._timer = setTimeout(() => void this._turn(), milliseconds);
    }
  }

  private async _turn(): Promise<void> {
    if (!this._isAsked) {
      this._isBusy = false;
      return;
    }
    this._isAsked = false;
    try {
      await this._look();
    } catch {
      // What looks says what is wrong.
    }
    this._after(this._gap);
  }

  private _isDisposed = false;
  /** It was asked since the last look began. */
  private _isAsked = false;
  /** It looks, or will when the pause has passed. */
  private _isBusy = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
